/* Is this text UTF-8 (RFC 3629): shortest forms, no surrogates, nothing beyond U+10FFFF? */
#ifndef CONSILIUM_UTF8_H
#define CONSILIUM_UTF8_H

#include "protocol/values.h"

bool text_is_utf8(struct text text);

#endif
