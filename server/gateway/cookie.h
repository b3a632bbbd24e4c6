/*
 * The sign-in cookie. Its name begins with __Host- (RFC 6265bis 4.1.3.2), so no other host and no
 * unencrypted page can set it. Its value is a random token; nothing else is in it.
 */
#ifndef CONSILIUM_COOKIE_H
#define CONSILIUM_COOKIE_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum { COOKIE_LINE_MAX = 256 };

const char *cookie_name(bool tls);
/* Value of the cookie in a Cookie header; length 0 = not there. Borrows from the header. */
struct text cookie_find(struct text header, const char *name);
/* A Set-Cookie value; an empty token takes the cookie away. max_age_s bounds how long a browser
 * keeps it. */
size_t cookie_write(char *line, size_t space, bool tls, struct text token, uint32_t max_age_s);

#endif
