#include "server/gateway/router.h"

#include <assert.h>
#include <stdio.h>

void routes_add(struct routes *routes, const struct http_route *added, size_t count, void *data) {
    assert(routes->count + count <= ROUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(added[i].pattern[0] == '/');
        routes->all[routes->count].route = &added[i];
        routes->all[routes->count].data = data;
        routes->count++;
    }
}

/* The part that begins at *at (just after a '/'); *at moves to the next one. False at the end. */
static bool next_part(struct text whole, uint32_t *at, struct text *ret) {
    if (*at > whole.length) {
        return false;
    }
    uint32_t begin = *at;
    uint32_t end = begin;
    while (end < whole.length && whole.bytes[end] != '/') {
        end++;
    }
    *ret = (struct text){end - begin, whole.bytes + begin};
    *at = end + 1;
    return true;
}

static bool matches(const char *pattern, struct text path, struct route_match *match) {
    struct text whole = {(uint32_t)strlen(pattern), pattern};
    uint32_t pattern_at = 1;
    uint32_t path_at = 1;
    match->capture_count = 0;
    for (;;) {
        struct text expected;
        struct text actual;
        bool more = next_part(whole, &pattern_at, &expected);
        if (more != next_part(path, &path_at, &actual)) {
            return false;
        }
        if (!more) {
            return true;
        }
        if (text_equal(expected, TEXT("*"))) {
            uint32_t begin = (uint32_t)(actual.bytes - path.bytes);
            match->captures[match->capture_count++] =
                (struct text){path.length - begin, path.bytes + begin};
            return true;
        }
        if (expected.length > 0 && expected.bytes[0] == ':') {
            if (actual.length == 0) {
                return false;
            }
            assert(match->capture_count < HTTP_PATH_PARTS_MAX);
            match->captures[match->capture_count++] = actual;
        } else if (!text_equal(expected, actual)) {
            return false;
        }
    }
}

static bool method_fits(const char *route_method, struct text method) {
    struct text own = {(uint32_t)strlen(route_method), route_method};
    return text_equal(own, method) ||
           (text_equal(method, TEXT("HEAD")) && text_equal(own, TEXT("GET")));
}

enum route_result routes_find(const struct routes *routes, struct text method, struct text path,
                              struct route_match *ret) {
    if (path.length == 0 || path.bytes[0] != '/') {
        return ROUTE_ABSENT;
    }
    bool known = false;
    for (uint32_t i = 0; i < routes->count; i++) {
        if (!matches(routes->all[i].route->pattern, path, ret)) {
            continue;
        }
        known = true;
        if (method_fits(routes->all[i].route->method, method)) {
            ret->route = routes->all[i].route;
            ret->data = routes->all[i].data;
            return ROUTE_FOUND;
        }
    }
    return known ? ROUTE_OTHER_METHOD : ROUTE_ABSENT;
}

void routes_allowed(const struct routes *routes, struct text path, char *text, size_t space) {
    size_t length = 0;
    struct route_match match;
    text[0] = 0;
    for (uint32_t i = 0; i < routes->count; i++) {
        if (matches(routes->all[i].route->pattern, path, &match)) {
            int written = snprintf(text + length, space - length, "%s%s", length > 0 ? ", " : "",
                                   routes->all[i].route->method);
            if (written < 0 || (size_t)written >= space - length) {
                return;
            }
            length += (size_t)written;
        }
    }
}
