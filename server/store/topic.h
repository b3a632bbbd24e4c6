/*
 * What a stream says of another one, a person's worklist of a case for instance, is its topic: such
 * events have a key of their own, which is destroyed when what they are about is erased. Their
 * chain still verifies; what they said is gone.
 */
#ifndef CONSILIUM_TOPIC_H
#define CONSILIUM_TOPIC_H

#include "protocol/values.h"

enum { STREAM_OWN_KEY = 1 }; /* `key_id` of whatever a stream says of itself */

/* `key_id` of events about that: 63 bits of SHA-256, and not STREAM_OWN_KEY. */
uint64_t topic_number(struct uuid about);

/* Id of the row of stream_key that holds a stream's key of that number: a UUID of version 8
 * (RFC 9562 5.8) over both, which no stream has. */
struct uuid topic_key(struct uuid stream, uint64_t number);

#endif
