/*
 * What a person has beside the password: authenticator apps, passkeys, recovery codes. Each use is
 * an event: a code that was used is used after a restart, too. The list's row is written with every
 * event, as identity reads it.
 */
#include "actors/user.h"

#include "actors/growing_list.h"

static struct factor *factor_of(const struct user *user, struct uuid id) {
    for (uint32_t i = 0; i < user->factors.count; i++) {
        if (uuid_equal(user->factors.items[i].id, id)) {
            return &user->factors.items[i];
        }
    }
    return NULL;
}

/* The place of a code's hash; its count = none. Codes are long and random, so how long the search
 * takes tells nothing. */
static uint32_t code_of(const struct user *user, struct bytes hash) {
    uint32_t at = 0;
    while (at < user->recovery_codes.count && !bytes_equal(user->recovery_codes.items[at], hash)) {
        at++;
    }
    return at;
}

static void keep_codes(struct user *user, struct bytes_list hashes) {
    struct arena *state = user->actor.state;
    user->recovery_codes.count = 0;
    for (uint32_t i = 0; i < hashes.count; i++) {
        *growing_list_add(state, &user->recovery_codes) = arena_bytes(state, hashes.items[i]);
    }
}

void user_take_over_factors(struct user *user, const struct user_record *saved) {
    struct arena *state = user->actor.state;
    for (uint32_t i = 0; i < saved->factors.count; i++) {
        factor_copy(state, growing_list_add(state, &user->factors), &saved->factors.items[i]);
    }
    keep_codes(user, saved->recovery_codes);
}

/* Events */

void user_apply_factor_added(struct user *user, const struct event_header *header,
                             const struct factor_added *event) {
    (void)header;
    factor_copy(user->actor.state, growing_list_add(user->actor.state, &user->factors),
                &event->factor);
}

void user_apply_factor_removed(struct user *user, const struct event_header *header,
                               const struct factor_removed *event) {
    (void)header;
    struct factor *factor = factor_of(user, event->id);
    if (factor != NULL) {
        growing_list_remove(&user->factors, (uint32_t)(factor - user->factors.items));
    }
    if (user->factors.count == 0) {
        user->recovery_codes.count = 0;
    }
}

void user_apply_recovery_codes_set(struct user *user, const struct event_header *header,
                                   const struct recovery_codes_set *event) {
    (void)header;
    keep_codes(user, event->hashes);
}

void user_apply_recovery_code_used(struct user *user, const struct event_header *header,
                                   const struct recovery_code_used *event) {
    (void)header;
    uint32_t at = code_of(user, event->hash);
    if (at < user->recovery_codes.count) {
        growing_list_remove(&user->recovery_codes, at);
    }
}

void user_apply_factor_used(struct user *user, const struct event_header *header,
                            const struct factor_used *event) {
    (void)header;
    struct factor *factor = factor_of(user, event->id);
    if (factor != NULL) {
        factor->used = event->used;
    }
}

/* Commands */

/* A copy of the list in the turn's arena, with space for one more. */
static struct factor *copy_factors(const struct user *user, struct turn *turn) {
    uint32_t count = user->factors.count;
    struct factor *items = arena_alloc(turn->arena, (count + 1) * sizeof *items);
    turn_check(turn, items != NULL);
    if (count > 0) {
        memcpy(items, user->factors.items, count * sizeof *items);
    }
    return items;
}

static bool has_credential(const struct user *user, struct bytes credential) {
    for (uint32_t i = 0; i < user->factors.count; i++) {
        if (credential.length > 0 && bytes_equal(user->factors.items[i].credential, credential)) {
            return true;
        }
    }
    return false;
}

void user_on_add_factor(const struct user *user, struct turn *turn,
                        const struct add_factor *command) {
    const struct factor *added = &command->factor;
    if (!user_is_open(user, turn)) {
        return;
    }
    if (uuid_is_zero(added->id) || added->secret.length == 0 ||
        (added->kind == FACTOR_KIND_PASSKEY) != (added->credential.length > 0)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (factor_of(user, added->id) != NULL || has_credential(user, added->credential)) {
        turn_refuse(turn, REFUSAL_CONFLICT);
    } else if (user->factors.count == USER_FACTORS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct factor_added event = {.factor = *added};
        turn_event(turn, factor_added_encode(turn->arena, &event));
        struct user_record row = user_row(user);
        row.factors.items = copy_factors(user, turn);
        row.factors.items[row.factors.count++] = *added;
        user_write_row(turn, &row);
    }
}

void user_on_remove_factor(const struct user *user, struct turn *turn,
                           const struct remove_factor *command) {
    const struct factor *known = factor_of(user, command->id);
    if (known == NULL) {
        return; /* it is gone, as was wished */
    }
    struct factor_removed event = {.id = command->id};
    turn_event(turn, factor_removed_encode(turn->arena, &event));
    struct user_record row = user_row(user);
    uint32_t at = (uint32_t)(known - user->factors.items);
    row.factors.items = copy_factors(user, turn);
    row.factors.count--;
    memmove(row.factors.items + at, row.factors.items + at + 1,
            (row.factors.count - at) * sizeof *row.factors.items);
    if (row.factors.count == 0) {
        row.recovery_codes.count = 0;
    }
    user_write_row(turn, &row);
}

void user_on_set_recovery_codes(const struct user *user, struct turn *turn,
                                const struct set_recovery_codes *command) {
    if (user->factors.count == 0) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    struct recovery_codes_set event = {.hashes = command->hashes};
    turn_event(turn, recovery_codes_set_encode(turn->arena, &event));
    struct user_record row = user_row(user);
    row.recovery_codes = command->hashes;
    user_write_row(turn, &row);
}

void user_on_use_recovery_code(const struct user *user, struct turn *turn,
                               const struct use_recovery_code *command) {
    uint32_t at = code_of(user, command->hash);
    if (at == user->recovery_codes.count) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    struct recovery_code_used event = {.hash = command->hash};
    turn_event(turn, recovery_code_used_encode(turn->arena, &event));
    struct user_record row = user_row(user);
    struct bytes *left = arena_alloc(turn->arena, row.recovery_codes.count * sizeof *left);
    turn_check(turn, left != NULL);
    memcpy(left, row.recovery_codes.items, row.recovery_codes.count * sizeof *left);
    left[at] = left[--row.recovery_codes.count];
    row.recovery_codes.items = left;
    user_write_row(turn, &row);
}

void user_on_use_factor(const struct user *user, struct turn *turn,
                        const struct use_factor *command) {
    const struct factor *known = factor_of(user, command->id);
    if (known == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    /* Many passkeys do not count: they say 0 for ever (WebAuthn 6.1.1). */
    bool counts = known->kind != FACTOR_KIND_PASSKEY || known->used > 0 || command->used > 0;
    if (counts && command->used <= known->used) {
        turn_refuse(turn, REFUSAL_CONFLICT);
    } else if (counts) {
        struct factor_used event = {.id = command->id, .used = command->used};
        turn_event(turn, factor_used_encode(turn->arena, &event));
        struct user_record row = user_row(user);
        row.factors.items = copy_factors(user, turn);
        row.factors.items[known - user->factors.items].used = command->used;
        user_write_row(turn, &row);
    }
}
