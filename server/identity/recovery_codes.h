/*
 * Codes on paper for the day the telephone is gone: ten, each works once. Sixteen of 31 letters and
 * digits are 79 bits, so a plain hash of one is enough: nobody tries them all.
 */
#ifndef CONSILIUM_RECOVERY_CODES_H
#define CONSILIUM_RECOVERY_CODES_H

#include "protocol/values.h"

#include <stdbool.h>

enum {
    RECOVERY_CODES = 10,
    RECOVERY_CODE_LENGTH = 16,
    RECOVERY_CODE_TEXT = RECOVERY_CODE_LENGTH + 3, /* in fours, with dashes */
    RECOVERY_CODE_RANDOM = 2 * RECOVERY_CODE_LENGTH,
    RECOVERY_HASH_BYTES = 32,
};

void recovery_code_write(const uint8_t random[RECOVERY_CODE_RANDOM],
                         char ret[RECOVERY_CODE_TEXT + 1]);
/* As somebody typed it: case, spaces and dashes do not matter. False = it cannot be one. */
bool recovery_code_hash(struct text typed, uint8_t ret_hash[RECOVERY_HASH_BYTES]);

#endif
