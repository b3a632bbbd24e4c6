#include "clients/native/demo/demo_identifiers.h"

#include <assert.h>
#include <stdio.h>

struct uuid demo_id(const char *kind, const char *name) {
    char text[256];
    struct uuid id;
    int length = snprintf(text, sizeof(text), "%s/%s", kind, name);
    assert(length > 0 && (size_t)length < sizeof(text));
    demo_uuid(id.bytes, text);
    return id;
}

void demo_uuid_text(char ret_text[UUID_TEXT_LENGTH + 1], struct uuid uuid) {
    static const char digits[] = "0123456789abcdef";
    char *at = ret_text;
    for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
        bool group_ends = i == 4 || i == 6 || i == 8 || i == 10;
        if (group_ends)
            *at++ = '-';
        *at++ = digits[uuid.bytes[i] >> 4];
        *at++ = digits[uuid.bytes[i] & 0xf];
    }
    *at = '\0';
}
