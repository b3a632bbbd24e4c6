/* Headers of a request that decide what is answered. Pure. */
#ifndef CONSILIUM_HTTP_CONDITIONS_H
#define CONSILIUM_HTTP_CONDITIONS_H

#include "protocol/values.h"

#include <stdbool.h>

/* Accept-Encoding (RFC 9110 section 12.5.3). */
bool http_accepts_gzip(struct text accept_encoding);
/* If-None-Match: a weak mark does not matter there (RFC 9110 section 13.1.2). */
bool http_etag_matches(struct text if_none_match, const char *etag);
/* If-Range: the strong comparison. */
bool http_etag_is(struct text if_range, const char *etag);

#endif
