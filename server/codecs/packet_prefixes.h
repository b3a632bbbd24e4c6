/*
 * How many bytes of one of our HTJ2K codestreams each reduced resolution needs, exactly.
 *
 * In RPCL order with one precinct a resolution the packets of a resolution follow one another, and
 * their headers (ISO 15444-1 B.10) say how long they are; so the lengths are read, not searched for
 * by decoding. That the last packet ends where the tile ends is checked: a codestream that is not
 * built as expected is refused rather than measured wrongly.
 */
#ifndef CONSILIUM_CODECS_PACKET_PREFIXES_H
#define CONSILIUM_CODECS_PACKET_PREFIXES_H

#include "server/codecs/htj2k.h"

/* ret_prefixes[n - 1]: bytes from the first on that decode exactly at reduction n, that is with
 * each side divided by 2^n. False when the codestream is no such one. */
bool packet_prefixes_find(const uint8_t *bytes, size_t size,
                          uint64_t ret_prefixes[HTJ2K_DECOMPOSITIONS]);

#endif
