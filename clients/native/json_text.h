#ifndef CONSILIUM_CLIENTS_NATIVE_JSON_TEXT_H
#define CONSILIUM_CLIENTS_NATIVE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The little JSON (RFC 8259) that a native client needs of our server's answers: the value of one
 * named text, and a text written as a JSON string.
 */

// Copies the value of the first member `name` whose value is a string, at any depth, unescaped but
// for \u (which our server does not need in what clients ask for). False when there is none or it
// is longer than `size - 1`.
bool json_find_text(const uint8_t *json, size_t length, const char *name, char *ret_text,
                    size_t size);

// Writes `text` with its quotes; false when it needs more than `size`.
bool json_quote(const char *text, char *ret_quoted, size_t size);

#endif
