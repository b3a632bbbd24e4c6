/*
 * JSON of others for ../imaging/json_scan, which reads ours: without the space that may stand
 * between its tokens (RFC 8259 2). Nothing else is looked at.
 */
#ifndef CONSILIUM_ARCHIVES_JSON_SQUEEZE_H
#define CONSILIUM_ARCHIVES_JSON_SQUEEZE_H

#include "protocol/values.h"

/* In place; what is left of `length` bytes. */
struct text json_squeeze(char *bytes, size_t length);

#endif
