#include "server/identity/base64url.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_write(struct bytes bytes, char *ret) {
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    for (uint32_t i = 0; i < bytes.length; i++) {
        bits = bits << 8 | bytes.bytes[i];
        held += 8;
        while (held >= 6) {
            held -= 6;
            ret[at++] = alphabet[bits >> held & 63];
        }
    }
    if (held > 0) {
        ret[at++] = alphabet[bits << (6 - held) & 63];
    }
    ret[at] = 0;
}

bool base64url_read(struct text text, uint8_t *ret, size_t space, uint32_t *ret_length) {
    uint32_t bits = 0;
    unsigned held = 0;
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        const char *place = text.bytes[i] == 0 ? NULL : strchr(alphabet, text.bytes[i]);
        if (place == NULL) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(place - alphabet);
        held += 6;
        if (held >= 8) {
            if (length == space) {
                return false;
            }
            held -= 8;
            ret[length++] = (uint8_t)(bits >> held);
        }
    }
    if (held == 6 || (bits & ((1u << held) - 1)) != 0) {
        return false;
    }
    *ret_length = length;
    return true;
}
