/*
 * The last RUNTIME_RECENT_COMMANDS command ids that were committed, with the version they led to,
 * so that a retry gets the original answer without a turn. Older ones are found by the store's
 * index. The ring grows with use: most actors never see 64 commands before they are passivated.
 */
#ifndef CONSILIUM_RECENT_COMMANDS_H
#define CONSILIUM_RECENT_COMMANDS_H

#include "protocol/values.h"

struct recent_command {
    struct uuid id;
    uint64_t version;
};

struct recent_commands {
    struct recent_command *ring; /* owned */
    uint8_t capacity;
    uint8_t count;
    uint8_t first; /* the oldest, once the ring has its full size */
};

void recent_commands_finish(struct recent_commands *recent);
/* A command of several events is noted once for each: the last version stands. Out of memory loses
 * the oldest, which the store's index then answers. */
void recent_commands_note(struct recent_commands *recent, struct uuid id, uint64_t version);
bool recent_commands_find(const struct recent_commands *recent, struct uuid id,
                          uint64_t *ret_version);
/* The i-th from the oldest. */
struct recent_command recent_commands_at(const struct recent_commands *recent, uint8_t i);

#endif
