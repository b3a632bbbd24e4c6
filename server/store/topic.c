#include "server/store/topic.h"

#include "protocol/sha256.h"

#include <string.h>

uint64_t topic_number(struct uuid about) {
    struct sha256 hash = sha256_of((struct bytes){sizeof about.bytes, about.bytes});
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | hash.bytes[i];
    number &= INT64_MAX; /* the column is signed */
    return number <= STREAM_OWN_KEY ? STREAM_OWN_KEY + 1 : number;
}

struct uuid topic_key(struct uuid stream, uint64_t number) {
    uint8_t both[sizeof stream.bytes + sizeof number];
    memcpy(both, stream.bytes, sizeof stream.bytes);
    for (size_t i = 0; i < sizeof number; i++)
        both[sizeof stream.bytes + i] = (uint8_t)(number >> (56 - 8 * i));
    struct sha256 hash = sha256_of((struct bytes){sizeof both, both});
    struct uuid key;
    memcpy(key.bytes, hash.bytes, sizeof key.bytes);
    key.bytes[6] = (uint8_t)((key.bytes[6] & 0x0f) | 0x80);
    key.bytes[8] = (uint8_t)((key.bytes[8] & 0x3f) | 0x80);
    return key;
}
