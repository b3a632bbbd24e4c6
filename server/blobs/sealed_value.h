/*
 * A short value sealed whole, for columns of the database: AES-256-GCM with a random 96-bit nonce
 * in front and the tag behind. `place` says where the value belongs (table, column, row) and is
 * additional data: a value moved to another place does not open.
 */
#ifndef CONSILIUM_BLOBS_SEALED_VALUE_H
#define CONSILIUM_BLOBS_SEALED_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEALED_VALUE_KEY_SIZE 32
#define SEALED_VALUE_OVERHEAD 28 // nonce and tag

/* Writes size + SEALED_VALUE_OVERHEAD bytes. */
bool sealed_value_seal(const uint8_t key[SEALED_VALUE_KEY_SIZE], const void *place,
                       size_t place_size, const void *bytes, size_t size, uint8_t *ret_sealed);

/* Writes size - SEALED_VALUE_OVERHEAD bytes. False when it does not verify. */
bool sealed_value_open(const uint8_t key[SEALED_VALUE_KEY_SIZE], const void *place,
                       size_t place_size, const uint8_t *sealed, size_t size, uint8_t *ret_bytes);

#endif
