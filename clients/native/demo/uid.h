#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_UID_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_UID_H

#include <stdint.h>

/*
 * Identifiers of the demonstration data. They are computed from names, so that every run on every
 * machine writes the same images under the same identifiers and a second upload of them is
 * recognised as "already there" instead of doubling the demonstration.
 */

enum {
    UID_TEXT_MAX = 64, // PS3.5 section 9.1: at most 64 characters
    UUID_LENGTH = 16,
};

// The name-based UUID (RFC 4122 section 4.3, version 5) of `name` in our demonstration namespace.
void demo_uuid(uint8_t ret_uuid[UUID_LENGTH], const char *name);

// The same UUID as a DICOM UID: "2.25." and its decimal value (PS3.5 section B.2).
void demo_uid(char ret_uid[UID_TEXT_MAX + 1], const char *name);

#endif
