/*
 * Text of a data set as UTF-8 (PS3.5 section 6.1, Specific Character Set of PS3.3 C.12.1.1.2).
 *
 * Decoding goes through iconv, whose converters are files loaded when first opened. A process that
 * will lose the right to open files makes the `character_sets` before; afterwards decoding touches
 * no file. Bytes that mean nothing in their set become U+FFFD: text is never refused and never
 * dropped silently. One `character_sets` serves one thread.
 */
#ifndef CONSILIUM_IMAGING_CHARACTER_SET_H
#define CONSILIUM_IMAGING_CHARACTER_SET_H

#include "server/imaging/bounded_output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct character_sets; // every converter, opened once

/* What (0008,0005) selects. A value, copied freely; zeroed it is the default repertoire. */
struct character_set {
    uint8_t initial;  // converter of text before any escape sequence
    bool code_switch; // ISO 2022 escape sequences are obeyed
};

struct character_sets *character_sets_create(void);
void character_sets_destroy(struct character_sets *sets);

/* Reads the value of Specific Character Set. A term that is unknown selects the default repertoire,
 * in which every byte above 127 becomes U+FFFD. */
struct character_set character_set_select(const char *value, size_t size);

/* Appends `bytes` as UTF-8. `person_name` tells that ^ and = end an escape sequence's effect
 * (PS3.5 section 6.1.2.5.3). A backslash in the output is always a value delimiter or a literal of
 * the text, never the second half of a character. */
void character_set_decode(struct character_sets *sets, struct character_set set,
                          const uint8_t *bytes, size_t size, bool person_name,
                          struct bounded_output *output);

#endif
