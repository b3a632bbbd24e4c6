/*
 * What a client takes: the Accept header as DICOMweb uses it (PS3.18 8.7.4 and 8.7.5, RFC 9110
 * 12.5.1). Pure and bounded.
 */
#ifndef CONSILIUM_DICOMWEB_ACCEPT_H
#define CONSILIUM_DICOMWEB_ACCEPT_H

#include "protocol/values.h"

#include <stdbool.h>

enum { ACCEPT_RANGES_MAX = 32 };

struct accept_range {
    bool multipart;              /* multipart/related; `media_type` is that of the parts */
    struct text media_type;      /* without parameters; "" = any */
    struct text transfer_syntax; /* "" = none is said, "*" = as it is stored */
    unsigned quality;            /* thousandths */
};

struct accept {
    struct accept_range ranges[ACCEPT_RANGES_MAX]; /* best first, as they came when equal */
    uint32_t count;
};

/* An empty header takes anything. What is malformed, is over the bound or has quality 0 is left
 * out; when nothing is left, nothing is taken. Borrows. */
void accept_parse(struct text header, struct accept *ret);

/* The type is named or covered by "*" of the whole, or by its first half ("image/"). */
bool accept_covers(const struct accept_range *range, const char *media_type);
/* Whether the answer may be of this transfer syntax. What says none takes any. */
bool accept_takes_syntax(const struct accept_range *range, const char *uid);
/* Whether application/dicom+json is taken, also by its name of old. */
bool accept_takes_json(const struct accept *accept);

#endif
