#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_PREPARATION_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_PREPARATION_H

#include "clients/native/conversation.h"
#include "protocol/generated/preparation.h"

// What the demonstration's board asks of its cases, and what its coordinator wrote about them. One
// case lacks something, so that it can be seen what that looks like.

// Its lists are static.
extern const struct template demo_template;

// Writes the case card on an open channel, once: `name` is the case's in the manifest. False with
// a reason in words.
bool demo_write_card(struct conversation *conversation, uint16_t channel, const char *name,
                     const char **ret_reason);

#endif
