/*
 * Messages that wait for one actor, in two lanes. While an append of the actor is in flight its
 * commands wait (they must see the state that the append makes), but signals and requests go on.
 * When nothing is in flight the lanes are taken in the order of arrival.
 *
 * Letters come from a pool of the runtime, so that a message costs no malloc; the mailbox itself is
 * a few pointers, because most actors are idle most of the time.
 */
#ifndef CONSILIUM_MAILBOX_H
#define CONSILIUM_MAILBOX_H

#include "actors/runtime/runtime.h"

enum { LETTER_INLINE_MAX = 56 };

enum letter_form {
    LETTER_MESSAGE, /* decoded, in `arena` */
    LETTER_PACKED,  /* the fields, to be decoded when its turn comes */
    LETTER_EVENTS,  /* decided by attach or detach while an append was in flight; in `arena` */
};

struct letter {
    struct letter *next;
    enum letter_form form;
    uint8_t tag;
    uint8_t attempts; /* turns taken for it whose append did not succeed */
    bool recorded;    /* the store has seen this command id */
    bool taken;       /* the store refused it: what it wants to be called is another's */
    uint16_t channel;
    uint32_t seq;
    uint32_t order;
    uint64_t recorded_version; /* where the store looked it up; 0 = it did not */
    uint64_t version;          /* of the actor when the letter came */
    uint64_t trace;            /* the host's number for it */
    struct sender sender;
    struct uuid command_id;
    struct uuid settles;
    struct arena *arena; /* owned; NULL for packed ones */
    union {
        const void *message;
        struct {
            uint32_t length;
            uint8_t
                *heap; /* owned when the fields are longer than LETTER_INLINE_MAX, otherwise NULL */
            uint8_t bytes[LETTER_INLINE_MAX];
        } packed;
        struct {
            uint32_t count;
            struct encoded *list;
        } events;
    };
};

struct lane {
    struct letter *first;
    struct letter *last;
};

struct mailbox {
    struct lane commands;
    struct lane passing; /* signals and requests */
    uint32_t order;
    uint16_t count;
};

/* False = full; the letter stays the caller's. */
bool mailbox_push(struct mailbox *mailbox, struct letter *letter, bool command);
/* Puts a command back in front; never full. */
void mailbox_return(struct mailbox *mailbox, struct letter *letter);
/* The next letter; `commands` false = while an append is in flight. NULL = none. */
struct letter *mailbox_pop(struct mailbox *mailbox, bool commands);
/* Gives the first command that `chosen` says yes to; NULL = none. */
struct letter *mailbox_take(struct mailbox *mailbox, bool (*chosen)(const struct letter *letter));

static inline bool mailbox_has(const struct mailbox *mailbox, bool commands) {
    return mailbox->passing.first != NULL || (commands && mailbox->commands.first != NULL);
}

/* Letters not in use. */
struct letter_pool {
    struct letter *free;
    struct letter_slab *slabs;
};

struct letter *letter_pool_take(struct letter_pool *pool); /* not cleared; NULL = out of memory */
void letter_pool_give(struct letter_pool *pool, struct letter *letter);
void letter_pool_finish(struct letter_pool *pool);

/* Copies the fields into a letter. False = out of memory. */
bool letter_pack(struct letter *letter, struct bytes fields);
struct bytes letter_fields(const struct letter *letter);

#endif
