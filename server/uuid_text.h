/* UUIDs as text, RFC 4122 3: 8-4-4-4-12 hexadecimal digits. Written in lower case, read in either.
 */
#ifndef CONSILIUM_UUID_TEXT_H
#define CONSILIUM_UUID_TEXT_H

#include "protocol/values.h"

enum { UUID_TEXT_LENGTH = 36 };

bool uuid_of_text(struct text text, struct uuid *ret);
void uuid_to_text(struct uuid uuid, char ret[UUID_TEXT_LENGTH + 1]);
/* Version 4, variant 1 from 16 random bytes. */
struct uuid uuid_of_random(const uint8_t bytes[16]);

#endif
