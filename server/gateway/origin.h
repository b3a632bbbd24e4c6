/*
 * Does a request come from our own pages? A browser says where a request comes from (Fetch
 * standard 3.2, header Origin); a page of another site must not be able to sign in, change or open
 * anything with our cookie.
 */
#ifndef CONSILIUM_ORIGIN_H
#define CONSILIUM_ORIGIN_H

#include "protocol/values.h"

#include <stdbool.h>

/* True when `origin` is scheme://host of the request itself. `host` is the Host header, with its
 * port. */
bool origin_is_own(struct text origin, struct text host, bool tls);
/* Letters, digits, and what stands in host names, addresses and ports: safe to put into a header.
 */
bool host_is_plain(struct text host);
struct text host_without_port(struct text host);
/* localhost (RFC 6761 6.3), 127.0.0.0/8 or [::1], with or without a port. */
bool host_is_loopback(struct text host);

#endif
