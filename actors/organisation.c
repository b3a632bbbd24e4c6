#include "actors/organisation.h"

#include "actors/growing_list.h"
#include "actors/kinds.h"
#include "protocol/generated/board.h"
#include "protocol/generated/policy.h"

#include <assert.h>

enum { INVITATION_ROW_MAX = 1024 };

static struct arena *state_of(struct organisation *organisation) {
    return organisation->actor.state;
}

static struct invitation *invitation_of(const struct organisation *organisation, struct uuid id) {
    for (uint32_t i = 0; i < organisation->invitations.count; i++) {
        if (uuid_equal(organisation->invitations.items[i].id, id)) {
            return &organisation->invitations.items[i];
        }
    }
    return NULL;
}

/* Events */

static void apply_organisation_created(struct organisation *organisation,
                                       const struct event_header *header,
                                       const struct organisation_created *event) {
    (void)header;
    organisation->created = true;
    organisation->name = arena_text(state_of(organisation), event->name);
    organisation->parent = event->parent;
}

static void apply_organisation_renamed(struct organisation *organisation,
                                       const struct event_header *header,
                                       const struct organisation_renamed *event) {
    (void)header;
    organisation->name = arena_text(state_of(organisation), event->name);
}

void organisation_list_name(const char *what, struct uuid of_what,
                            char ret[ORGANISATION_LIST_NAME_MAX]) {
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(what);
    assert(length + 2 + 2 * sizeof of_what.bytes <= ORGANISATION_LIST_NAME_MAX);
    memcpy(ret, what, length);
    ret[length++] = ' ';
    for (size_t i = 0; i < sizeof of_what.bytes; i++) {
        ret[length++] = digits[of_what.bytes[i] >> 4];
        ret[length++] = digits[of_what.bytes[i] & 15];
    }
    ret[length] = 0;
}

/* The oldest that nobody waits for any more; NULL = all are open. */
static const struct invitation *closed_one(const struct organisation *organisation, int64_t now) {
    for (uint32_t i = 0; i < organisation->invitations.count; i++) {
        const struct invitation *invitation = &organisation->invitations.items[i];
        if (invitation->state != INVITATION_STATE_OPEN || invitation->until <= now) {
            return invitation;
        }
    }
    return NULL;
}

static void apply_invitation_made(struct organisation *organisation,
                                  const struct event_header *header,
                                  const struct invitation_made *event) {
    (void)header;
    const struct invitation *old = invitation_of(organisation, event->instead_of);
    if (old != NULL) {
        growing_list_remove(&organisation->invitations,
                            (uint32_t)(old - organisation->invitations.items));
    }
    invitation_copy(state_of(organisation),
                    growing_list_add(state_of(organisation), &organisation->invitations),
                    &event->invitation);
}

static void apply_invitation_withdrawn(struct organisation *organisation,
                                       const struct event_header *header,
                                       const struct invitation_withdrawn *event) {
    (void)header;
    invitation_of(organisation, event->invitation)->state = INVITATION_STATE_WITHDRAWN;
}

static void apply_invitation_taken(struct organisation *organisation,
                                   const struct event_header *header,
                                   const struct invitation_taken *event) {
    (void)header;
    struct invitation *invitation = invitation_of(organisation, event->invitation);
    invitation->state = INVITATION_STATE_TAKEN;
    invitation->taken_by = event->user;
}

/* Commands */

static void write_row(struct turn *turn, struct text name, struct uuid parent) {
    struct organisation_snapshot row = {.name = name, .parent = parent};
    struct bytes key = {sizeof turn->self.bytes, turn->self.bytes};
    turn_row(turn, ORGANISATION_LIST, key, organisation_snapshot_encode(turn->arena, &row).fields);
}

static void put_row(struct turn *turn, const char *what, struct uuid of_what, struct bytes key,
                    struct bytes row) {
    if (!uuid_is_zero(of_what)) {
        char *list = arena_alloc(turn->arena, ORGANISATION_LIST_NAME_MAX);
        turn_check(turn, list != NULL);
        organisation_list_name(what, of_what, list);
        turn_row(turn, list, key, row);
    }
}

/* Its row in every list that it stands in. */
static void put_rows(struct turn *turn, const struct invitation *invitation, struct bytes row) {
    struct uuid id = invitation->id;
    struct bytes key = {sizeof id.bytes, arena_copy(turn->arena, id.bytes, sizeof id.bytes)};
    put_row(turn, ORGANISATION_INVITATIONS, turn->self, key, row);
    put_row(turn, CASE_INVITATIONS, invitation->patient_case, key, row);
    put_row(turn, BOARD_INVITATIONS, invitation->board, key, row);
}

static void drop_invitation(struct turn *turn, const struct invitation *invitation) {
    put_rows(turn, invitation, (struct bytes){0, NULL});
}

static void write_invitation(struct turn *turn, const struct invitation *invitation) {
    struct writer writer;
    writer_init_arena(&writer, turn->arena, INVITATION_ROW_MAX);
    invitation_write(&writer, invitation);
    struct bytes row = writer_bytes(&writer);
    turn_check(turn, row.length > 0);
    put_rows(turn, invitation, row);
}

static void on_create_organisation(const struct organisation *organisation, struct turn *turn,
                                   const struct create_organisation *command) {
    if (organisation->created) {
        turn_refuse(turn, REFUSAL_CONFLICT);
    } else if (command->name.length == 0 || uuid_equal(command->parent, turn->self)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else {
        struct organisation_created event = {.name = command->name, .parent = command->parent};
        turn_event(turn, organisation_created_encode(turn->arena, &event));
        write_row(turn, command->name, command->parent);
    }
}

static void on_rename_organisation(const struct organisation *organisation, struct turn *turn,
                                   const struct rename_organisation *command) {
    if (command->name.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!text_equal(command->name, organisation->name)) {
        struct organisation_renamed event = {.name = command->name};
        turn_event(turn, organisation_renamed_encode(turn->arena, &event));
        write_row(turn, command->name, organisation->parent);
    }
}

static void on_invite(const struct organisation *organisation, struct turn *turn,
                      const struct invite *command) {
    const struct invitation *invitation = &command->invitation;
    bool full = organisation->invitations.count == ORGANISATION_INVITATIONS_MAX;
    const struct invitation *old = full ? closed_one(organisation, turn->now) : NULL;
    bool to_board = !uuid_is_zero(invitation->board);
    bool gives = invitation->roles != 0 || !uuid_is_zero(invitation->patient_case) ||
                 (to_board && invitation->items.count > 0 && invitation->access_until != 0);
    if (!organisation->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (uuid_is_zero(invitation->id) || !gives || invitation->until <= turn->now ||
               invitation->secret_hash.length != ORGANISATION_SECRET_HASH_BYTES) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (invitation_of(organisation, invitation->id) != NULL) {
        turn_refuse(turn, REFUSAL_CONFLICT);
    } else if (full && old == NULL) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct invitation_made event = {.invitation = *invitation};
        event.invitation.state = INVITATION_STATE_OPEN;
        event.invitation.taken_by = (struct uuid){{0}};
        event.instead_of = old == NULL ? (struct uuid){{0}} : old->id;
        turn_event(turn, invitation_made_encode(turn->arena, &event));
        if (old != NULL) {
            drop_invitation(turn, old);
        }
        write_invitation(turn, &event.invitation);
    }
}

static void on_withdraw_invitation(const struct organisation *organisation, struct turn *turn,
                                   const struct withdraw_invitation *command) {
    const struct invitation *invitation = invitation_of(organisation, command->invitation);
    if (invitation == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (invitation->state != INVITATION_STATE_WITHDRAWN) {
        /* A used one, too: who came by it does not come by it again. */
        struct invitation_withdrawn event = {.invitation = command->invitation};
        turn_event(turn, invitation_withdrawn_encode(turn->arena, &event));
        struct invitation after = *invitation;
        after.state = INVITATION_STATE_WITHDRAWN;
        write_invitation(turn, &after);
        if (invitation->state == INVITATION_STATE_TAKEN && !uuid_is_zero(invitation->board)) {
            struct dismiss_guest dismissal = {.command_id = turn_new_id(turn),
                                              .link = invitation->id};
            turn_send(turn, CHANNEL_KIND_BOARD, invitation->board,
                      dismiss_guest_encode(turn->arena, &dismissal));
        }
    }
}

/* The secret is 32 random bytes and what is compared its hash: time tells nobody how much of a
 * guess was right. */
static void on_take_invitation(const struct organisation *organisation, struct turn *turn,
                               const struct take_invitation *command) {
    const struct invitation *invitation = invitation_of(organisation, command->invitation);
    if (invitation == NULL || !bytes_equal(invitation->secret_hash, command->secret_hash)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (invitation->state == INVITATION_STATE_TAKEN &&
        uuid_equal(invitation->taken_by, command->user) && invitation->until > turn->now) {
        return; /* cut short the last time, and done again */
    }
    if (invitation->state != INVITATION_STATE_OPEN || invitation->until <= turn->now) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
        return;
    }
    struct invitation_taken event = {.invitation = command->invitation, .user = command->user};
    turn_event(turn, invitation_taken_encode(turn->arena, &event));
    struct invitation after = *invitation;
    after.state = INVITATION_STATE_TAKEN;
    after.taken_by = command->user;
    write_invitation(turn, &after);
}

static const struct organisation_behaviour behaviour = {
    .create_organisation = on_create_organisation,
    .rename_organisation = on_rename_organisation,
    .invite = on_invite,
    .withdraw_invitation = on_withdraw_invitation,
    .take_invitation = on_take_invitation,
    .organisation_created = apply_organisation_created,
    .organisation_renamed = apply_organisation_renamed,
    .invitation_made = apply_invitation_made,
    .invitation_withdrawn = apply_invitation_withdrawn,
    .invitation_taken = apply_invitation_taken,
};

/* The kind */

static void start(struct actor *actor) {
    (void)actor;
    assert(organisation_behaviour_complete(&behaviour));
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    organisation_dispatch(&behaviour, (struct organisation *)actor, turn, tag, message);
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    return organisation_apply(&behaviour, (struct organisation *)actor, header, fields, arena);
}

/* It owns itself: its administrators are those of it and of those above. */
static bool owner(const struct actor *actor, struct uuid *ret_organisation) {
    *ret_organisation = actor->id;
    return true;
}

static struct grant grant(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now) {
    (void)user;
    (void)now;
    bool created = ((const struct organisation *)actor)->created;
    struct allowance allowed =
        policy_of_organisation(rights, created ? 0 : ORGANISATION_WHEN_UNMADE);
    return (struct grant){.audiences = allowed.audiences,
                          .actions = allowed.actions,
                          .roles = allowed.audiences == 0 ? 0 : rights};
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    (void)actor;
    (void)turn;
    (void)who;
    return 0;
}

static void detach(struct actor *actor, struct turn *turn, struct session_number session) {
    (void)actor;
    (void)turn;
    (void)session;
}

static struct encoded show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    const struct organisation *organisation = (const struct organisation *)actor;
    struct organisation_snapshot snapshot = {.name = organisation->name,
                                             .parent = organisation->parent};
    if ((audiences & AUDIENCE_OWN) != 0) {
        snapshot.invitations = organisation->invitations;
    }
    return organisation_snapshot_encode(arena, &snapshot);
}

static struct encoded save(const struct actor *actor, struct arena *arena) {
    return show(actor, AUDIENCE_OWN, arena);
}

static bool restore(struct actor *actor, struct encoded saved) {
    struct organisation *organisation = (struct organisation *)actor;
    struct arena scratch;
    arena_init(&scratch, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(saved.fields);
    struct organisation_snapshot snapshot;
    bool readable = organisation_snapshot_read(&reader, &scratch, &snapshot);
    if (readable) {
        organisation->created = true;
        organisation->name = arena_text(state_of(organisation), snapshot.name);
        organisation->parent = snapshot.parent;
        for (uint32_t i = 0; i < snapshot.invitations.count; i++) {
            invitation_copy(state_of(organisation),
                            growing_list_add(state_of(organisation), &organisation->invitations),
                            &snapshot.invitations.items[i]);
        }
    }
    arena_finish(&scratch);
    return readable;
}

static struct encoded ephemera(const struct actor *actor, uint8_t audiences, uint32_t since,
                               struct arena *arena, uint32_t *ret_tick) {
    (void)actor;
    (void)audiences;
    (void)arena;
    *ret_tick = since;
    return (struct encoded){0};
}

const struct actor_kind organisation_kind = {
    .name = "organisation",
    .number = CHANNEL_KIND_ORGANISATION,
    .state_format = 1,
    .size = sizeof(struct organisation),
    .rules = organisation_rules,
    .start = start,
    .decode = organisation_decode,
    .command_id = organisation_command_id,
    .handle = handle,
    .apply = apply,
    .owner = owner,
    .grant = grant,
    .attach = attach,
    .detach = detach,
    .snapshot = show,
    .save = save,
    .restore = restore,
    .ephemera = ephemera,
};
