#include "server/gateway/cookie.h"

#include <stdio.h>

const char *cookie_name(bool tls) {
    (void)tls;
    return "__Host-consilium";
}

struct text cookie_find(struct text header, const char *name) {
    size_t name_length = strlen(name);
    uint32_t at = 0;
    while (at < header.length) {
        while (at < header.length && (header.bytes[at] == ' ' || header.bytes[at] == ';')) {
            at++;
        }
        uint32_t end = at;
        while (end < header.length && header.bytes[end] != ';') {
            end++;
        }
        struct text pair = {end - at, header.bytes + at};
        if (pair.length > name_length && pair.bytes[name_length] == '=' &&
            memcmp(pair.bytes, name, name_length) == 0) {
            return (struct text){(uint32_t)(pair.length - name_length - 1),
                                 pair.bytes + name_length + 1};
        }
        at = end;
    }
    return (struct text){0, NULL};
}

size_t cookie_write(char *line, size_t space, bool tls, struct text token, uint32_t max_age_s) {
    int length =
        snprintf(line, space, "%s=%.*s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%u",
                 cookie_name(tls), (int)token.length, token.bytes == NULL ? "" : token.bytes,
                 token.length == 0 ? 0 : max_age_s);
    return length > 0 && (size_t)length < space ? (size_t)length : 0;
}
