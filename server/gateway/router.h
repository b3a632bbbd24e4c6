/*
 * Which handler answers a method and path. Patterns are split once when they are added; a request's
 * path is split in place. No input, no output.
 */
#ifndef CONSILIUM_ROUTER_H
#define CONSILIUM_ROUTER_H

#include "server/gateway/http.h"

enum { ROUTES_MAX = 128 };

struct routes {
    struct {
        const struct http_route *route;
        void *data;
    } all[ROUTES_MAX];
    uint32_t count;
};
void routes_add(struct routes *routes, const struct http_route *added, size_t count, void *data);

enum route_result {
    ROUTE_FOUND,
    ROUTE_OTHER_METHOD, /* the path exists, not with this method: 405 */
    ROUTE_ABSENT,
};
struct route_match {
    const struct http_route *route;
    void *data;
    struct text captures[HTTP_PATH_PARTS_MAX]; /* borrow from the path */
    uint32_t capture_count;
};
/* `path` is decoded, begins with '/', and has no query. HEAD finds routes of GET. */
enum route_result routes_find(const struct routes *routes, struct text method, struct text path,
                              struct route_match *ret);
/* For 405: "GET, HEAD" of the path, comma separated. */
void routes_allowed(const struct routes *routes, struct text path, char *text, size_t space);

#endif
