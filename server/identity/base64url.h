/* base64url without padding (RFC 4648 5), as browsers' scripts and WebAuthn write bytes. */
#ifndef CONSILIUM_BASE64URL_H
#define CONSILIUM_BASE64URL_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum { BASE64URL_TEXT_OF_32 = 43 };
#define BASE64URL_LENGTH(bytes) (((bytes)*8 + 5) / 6)

/* Writes BASE64URL_LENGTH(bytes.length) characters and a zero. */
void base64url_write(struct bytes bytes, char *ret);
/* False = other characters, a length or trailing bits that no bytes give, or more than `space`. */
bool base64url_read(struct text text, uint8_t *ret, size_t space, uint32_t *ret_length);

#endif
