#include "actors/runtime/mailbox.h"

#include <assert.h>
#include <stdlib.h>

enum { SLAB_LETTERS = 128 };

struct letter_slab {
    struct letter_slab *next;
    struct letter letters[SLAB_LETTERS];
};

static void lane_append(struct lane *lane, struct letter *letter) {
    letter->next = NULL;
    if (lane->last == NULL) {
        lane->first = letter;
    } else {
        lane->last->next = letter;
    }
    lane->last = letter;
}

static struct letter *lane_pop(struct lane *lane) {
    struct letter *letter = lane->first;
    lane->first = letter->next;
    if (lane->first == NULL) {
        lane->last = NULL;
    }
    return letter;
}

bool mailbox_push(struct mailbox *mailbox, struct letter *letter, bool command) {
    if (mailbox->count >= RUNTIME_MAILBOX_MAX) {
        return false;
    }
    letter->order = mailbox->order++;
    mailbox->count++;
    lane_append(command ? &mailbox->commands : &mailbox->passing, letter);
    return true;
}

void mailbox_return(struct mailbox *mailbox, struct letter *letter) {
    struct lane *lane = &mailbox->commands;
    letter->next = lane->first;
    lane->first = letter;
    if (lane->last == NULL) {
        lane->last = letter;
    }
    mailbox->count++;
}

struct letter *mailbox_pop(struct mailbox *mailbox, bool commands) {
    struct letter *command = commands ? mailbox->commands.first : NULL;
    struct letter *passing = mailbox->passing.first;
    if (command == NULL && passing == NULL) {
        return NULL;
    }
    mailbox->count--;
    /* Orders wrap around; two waiting letters are never 2^31 apart. */
    if (passing == NULL || (command != NULL && (int32_t)(command->order - passing->order) < 0)) {
        return lane_pop(&mailbox->commands);
    }
    return lane_pop(&mailbox->passing);
}

struct letter *mailbox_take(struct mailbox *mailbox, bool (*chosen)(const struct letter *letter)) {
    struct lane *lane = &mailbox->commands;
    struct letter *before = NULL;
    for (struct letter *letter = lane->first; letter != NULL; letter = letter->next) {
        if (!chosen(letter)) {
            before = letter;
            continue;
        }
        if (before == NULL) {
            lane->first = letter->next;
        } else {
            before->next = letter->next;
        }
        if (lane->last == letter) {
            lane->last = before;
        }
        mailbox->count--;
        return letter;
    }
    return NULL;
}

static bool add_slab(struct letter_pool *pool) {
    struct letter_slab *slab = malloc(sizeof *slab);
    if (slab == NULL) {
        return false;
    }
    slab->next = pool->slabs;
    pool->slabs = slab;
    for (size_t i = 0; i < SLAB_LETTERS; i++) {
        letter_pool_give(pool, &slab->letters[i]);
    }
    return true;
}

struct letter *letter_pool_take(struct letter_pool *pool) {
    if (pool->free == NULL && !add_slab(pool)) {
        return NULL;
    }
    struct letter *letter = pool->free;
    pool->free = letter->next;
    return letter;
}

void letter_pool_give(struct letter_pool *pool, struct letter *letter) {
    letter->next = pool->free;
    pool->free = letter;
}

void letter_pool_finish(struct letter_pool *pool) {
    while (pool->slabs != NULL) {
        struct letter_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        free(slab);
    }
    *pool = (struct letter_pool){0};
}

bool letter_pack(struct letter *letter, struct bytes fields) {
    letter->form = LETTER_PACKED;
    letter->packed.length = fields.length;
    letter->packed.heap = NULL;
    uint8_t *to = letter->packed.bytes;
    if (fields.length > LETTER_INLINE_MAX) {
        to = letter->packed.heap = malloc(fields.length);
        if (to == NULL) {
            return false;
        }
    }
    memcpy(to, fields.bytes, fields.length);
    return true;
}

struct bytes letter_fields(const struct letter *letter) {
    assert(letter->form == LETTER_PACKED);
    return (struct bytes){letter->packed.length,
                          letter->packed.heap != NULL ? letter->packed.heap : letter->packed.bytes};
}
