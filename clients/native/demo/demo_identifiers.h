#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_IDENTIFIERS_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_IDENTIFIERS_H

#include "clients/native/demo/uid.h"
#include "protocol/values.h"

#include <string.h>

// Identifiers of what the demonstration makes on a server, from its names: loading it again says
// the same commands under the same ids, and the server knows them.

// Id of "KIND/NAME": a case, a board, a command, a view.
struct uuid demo_id(const char *kind, const char *name);

static inline struct text demo_text(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

enum { UUID_TEXT_LENGTH = 36 };

// The form of RFC 4122 section 3, as paths and JSON have it.
void demo_uuid_text(char ret_text[UUID_TEXT_LENGTH + 1], struct uuid uuid);

#endif
