/* links: server */
/* A path: what a route takes out of it lies within it, is a whole part, and a UUID of it is one
 * that is written like that. The first byte picks the method. */
#include "server/gateway/router.h"
#include "server/uuid_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void nothing(struct http_exchange *exchange, void *data) {
    (void)exchange;
    (void)data;
}

static const struct http_route list[] = {
    {"GET", "/api/cases/:case/instances/:uid/frames/:frame", 0, ROUTE_SIGNED_IN, nothing},
    {"GET", "/api/cases/:case/display-sets", 0, ROUTE_SIGNED_IN, nothing},
    {"POST", "/api/cases/:case/uploads", 1, ROUTE_SIGNED_IN, nothing},
    {"GET", "/api/me", 0, ROUTE_OPEN, nothing},
};

static void check_capture(struct text path, struct text part) {
    struct uuid id;
    char written[UUID_TEXT_LENGTH + 1] = {0};
    if (part.length == 0 || part.bytes <= path.bytes ||
        part.bytes + part.length > path.bytes + path.length || part.bytes[-1] != '/' ||
        memchr(part.bytes, '/', part.length) != NULL) {
        abort();
    }
    if (uuid_of_text(part, &id)) {
        uuid_to_text(id, written);
        for (uint32_t i = 0; i < part.length; i++) {
            if ((part.bytes[i] | 32) != (written[i] | 32)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const struct text methods[] = {TEXT("GET"), TEXT("POST"), TEXT("HEAD"), TEXT("OTHER")};
    static struct routes routes;
    struct route_match match;
    char allowed[64];
    if (size == 0) {
        return 0;
    }
    if (routes.count == 0) {
        routes_add(&routes, list, sizeof list / sizeof list[0], NULL);
    }
    char *copy = malloc(size);
    copy[0] = '/';
    memcpy(copy + 1, bytes + 1, size - 1);
    struct text path = {(uint32_t)size, copy};
    if (routes_find(&routes, methods[bytes[0] % 4], path, &match) == ROUTE_FOUND) {
        for (uint32_t i = 0; i < match.capture_count; i++) {
            check_capture(path, match.captures[i]);
        }
    }
    routes_allowed(&routes, path, allowed, sizeof allowed);
    free(copy);
    return 0;
}
