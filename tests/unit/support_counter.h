/*
 * The smallest actor that does everything a runtime must stand: it counts. Its messages are
 * [command_id, number, target]; what a number means is said at each tag.
 */
#ifndef CONSILIUM_SUPPORT_COUNTER_H
#define CONSILIUM_SUPPORT_COUNTER_H

#include "actors/runtime/actor.h"

enum { COUNTER_MAY_COUNT = 1, COUNTER_MAY_LEAD = 2 };
enum counter_tag {
    COUNTER_ADD = 1,    /* command; 13 is refused, 0 accepted without an event, 666 fails a check */
    COUNTER_POKE = 2,   /* signal; 666 fails a check */
    COUNTER_ASK = 3,    /* request */
    COUNTER_TELL = 4,   /* command: adds 1 here and, durably, `number` at `target`; 777 leaves the
                           turn no space for more */
    COUNTER_LATER = 5,  /* command: adds 1 now and, by a durable timer, `number` in a second */
    COUNTER_RELAY = 6,  /* signal: passes on `number` - 1 to `target`, until 0 */
    COUNTER_REMIND = 7, /* signal: a volatile timer pokes it in a second */
    COUNTER_ONLY_CHAIR = 8, /* command of chairs: adds `number` */
    COUNTER_ADDED = 72,
    COUNTER_CAME = 73,
    COUNTER_HIDDEN = 74, /* seen by nobody but the workflow audience */
};

struct counter_message {
    struct uuid command_id;
    uint32_t number;
    struct uuid target;
};

struct counter {
    struct actor actor;
    uint64_t total; /* committed */
    uint64_t came;  /* committed */
    uint32_t pokes; /* ephemeral */
    uint32_t attached;
    uint16_t last_participant;
};

extern const struct actor_kind counter_kind;
/* The same behaviour with another number, for messages between kinds. */
enum { COUNTER_KIND = 9 };

struct encoded counter_encode(struct arena *arena, uint8_t tag,
                              const struct counter_message *message);
/* Users from this number on are chairs, until revoked; below, members; uuid zero may see nothing.
 */
enum { COUNTER_CHAIRS_FROM = 1000 };
/* Adding this many in one command revokes all chairs. */
enum { COUNTER_REVOKES_CHAIRS = 77 };

#endif
