/*
 * Person names as one looks for them: without case, accents and the spellings of umlauts. Pure.
 *
 * Latin letters of U+00C0 to U+017F become their base letter in lower case, ae, oe and ue become a,
 * o and u as their umlauts do, sharp s becomes ss; Greek and Cyrillic lose case, their common
 * accents and the diaeresis; combining marks are dropped. All else stays as it is.
 */
#ifndef CONSILIUM_IMAGING_NAME_FOLD_H
#define CONSILIUM_IMAGING_NAME_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Writes at most `space` bytes; returns how many. The folding of a beginning is a beginning of the
 * folding. */
size_t name_fold(const char *text, size_t length, char *folded, size_t space);

/* Every word of `words` (parted by spaces, ^ and =) is the beginning of a word of `name`, or what
 * follows a * is anywhere in it; both are folded. */
bool name_fold_matches(const char *words, size_t words_length, const char *name,
                       size_t name_length);

#endif
