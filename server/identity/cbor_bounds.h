/*
 * Whether CBOR (RFC 8949) of a peer promises no more than it holds. libcbor, beneath libfido2,
 * allocates what the header of a map or an array says before it has seen an item of it: 34 GB of
 * nine bytes. What is read here is the shape alone.
 */
#ifndef CONSILIUM_CBOR_BOUNDS_H
#define CONSILIUM_CBOR_BOUNDS_H

#include "protocol/values.h"

#include <stdbool.h>

enum { CBOR_ITEMS_MAX = 64, CBOR_DEEP_MAX = 4 };

/* Whole data items one after the other, of definite lengths, no tags; at most CBOR_ITEMS_MAX of
 * them, counting those inside of others. Nothing at all is fine. */
bool cbor_is_bounded(struct bytes bytes);

#endif
