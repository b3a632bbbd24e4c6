#include "actors/user.h"

#include "actors/growing_list.h"
#include "actors/kinds.h"
#include "protocol/generated/policy.h"

#include <assert.h>

static struct arena *state_of(struct user *user) {
    return user->actor.state;
}

static struct preference *preference_of(const struct user *user, struct text name) {
    for (uint32_t i = 0; i < user->preferences.count; i++) {
        if (text_equal(user->preferences.items[i].name, name)) {
            return &user->preferences.items[i];
        }
    }
    return NULL;
}

static struct read_mark *mark_of(const struct user *user, struct uuid patient_case) {
    for (uint32_t i = 0; i < user->read_marks.count; i++) {
        if (uuid_equal(user->read_marks.items[i].patient_case, patient_case)) {
            return &user->read_marks.items[i];
        }
    }
    return NULL;
}

/* What somebody is in the tenant's root from the start. */
static uint16_t rights_of_root(bool administrator, bool coordinator, bool specialist) {
    uint16_t belongs = specialist ? 1u << ROLE_SPECIALIST : 0;
    return rights_of(administrator, coordinator) | belongs;
}

/* Events */

static void apply_user_registered(struct user *user, const struct event_header *header,
                                  const struct user_registered *event) {
    (void)header;
    user->registered = true;
    user->login = arena_text(state_of(user), event->login);
    user->name = arena_text(state_of(user), event->name);
    uint16_t rights = rights_of_root(event->administrator, event->coordinator, event->specialist);
    if (rights != 0) {
        *growing_list_add(state_of(user), &user->memberships) =
            (struct membership){.roles = rights};
    }
}

static void apply_verifier_set(struct user *user, const struct event_header *header,
                               const struct verifier_set *event) {
    (void)header;
    user->verifier = arena_text(state_of(user), event->verifier);
}

static void apply_preference_set(struct user *user, const struct event_header *header,
                                 const struct preference_set *event) {
    (void)header;
    struct preference *preference = preference_of(user, event->name);
    if (event->value.length == 0) {
        if (preference != NULL) {
            growing_list_remove(&user->preferences,
                                (uint32_t)(preference - user->preferences.items));
        }
        return;
    }
    if (preference == NULL) {
        preference = growing_list_add(state_of(user), &user->preferences);
        preference->name = arena_text(state_of(user), event->name);
    }
    preference->value = arena_text(state_of(user), event->value);
}

static void apply_read_marked(struct user *user, const struct event_header *header,
                              const struct read_marked *event) {
    (void)header;
    struct read_mark *mark = mark_of(user, event->patient_case);
    if (mark == NULL) {
        mark = growing_list_add(state_of(user), &user->read_marks);
        mark->patient_case = event->patient_case;
    }
    mark->version = event->version;
}

/* Commands */

static bool is_login(struct text login) {
    for (uint32_t i = 0; i < login.length; i++) {
        if ((unsigned char)login.bytes[i] <= ' ' ||
            (login.bytes[i] >= 'A' && login.bytes[i] <= 'Z')) {
            return false;
        }
    }
    return login.length > 0;
}

void user_write_row(struct turn *turn, const struct user_record *record) {
    struct encoded row = user_record_encode(turn->arena, record);
    turn_check(turn, row.fields.bytes != NULL);
    struct text login = record->shown.login;
    struct bytes key = {login.length, (const uint8_t *)login.bytes};
    turn_row(turn, USER_LOGIN_LIST, key, row.fields);
}

struct user_record user_row(const struct user *user) {
    return (struct user_record){
        .verifier = user->verifier,
        .shown = {.name = user->name, .login = user->login, .memberships = user->memberships},
        .factors = user->factors,
        .recovery_codes = user->recovery_codes,
    };
}

static void on_register_user(const struct user *user, struct turn *turn,
                             const struct register_user *command) {
    if (user->registered) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    if (!is_login(command->login) || command->name.length == 0 || command->verifier.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct user_registered registered = {.login = command->login,
                                         .name = command->name,
                                         .administrator = command->administrator,
                                         .coordinator = command->coordinator,
                                         .specialist = command->specialist};
    struct verifier_set verifier = {.verifier = command->verifier};
    turn_event(turn, user_registered_encode(turn->arena, &registered));
    turn_event(turn, verifier_set_encode(turn->arena, &verifier));
    struct membership root = {
        .roles = rights_of_root(command->administrator, command->coordinator, command->specialist)};
    struct user_record row = {
        .verifier = command->verifier,
        .shown = {.name = command->name,
                  .login = command->login,
                  .memberships = {.count = root.roles == 0 ? 0 : 1, .items = &root}}};
    user_write_row(turn, &row);
}

static void on_change_verifier(const struct user *user, struct turn *turn,
                               const struct change_verifier *command) {
    if (!user_is_open(user, turn)) {
        return;
    }
    if (command->verifier.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!text_equal(user->verifier, command->verifier)) {
        struct verifier_set event = {.verifier = command->verifier};
        turn_event(turn, verifier_set_encode(turn->arena, &event));
        struct user_record row = user_row(user);
        row.verifier = command->verifier;
        user_write_row(turn, &row);
    }
}

static void on_set_preference(const struct user *user, struct turn *turn,
                              const struct set_preference *command) {
    const struct preference *known = preference_of(user, command->name);
    bool removes = command->value.length == 0;
    if (command->name.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && !removes && user->preferences.count == USER_PREFERENCES_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL ? !removes : !text_equal(known->value, command->value)) {
        struct preference_set event = {.name = command->name, .value = command->value};
        turn_event(turn, preference_set_encode(turn->arena, &event));
    }
}

static void on_mark_read(const struct user *user, struct turn *turn,
                         const struct mark_read *command) {
    const struct read_mark *known = mark_of(user, command->patient_case);
    if (uuid_is_zero(command->patient_case)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && user->read_marks.count == USER_READ_MARKS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known == NULL || known->version < command->version) {
        /* Never back: a second window may be behind the first. */
        struct read_marked event = {.patient_case = command->patient_case,
                                    .version = command->version};
        turn_event(turn, read_marked_encode(turn->arena, &event));
    }
}

static const struct user_behaviour behaviour = {
    .register_user = on_register_user,
    .set_preference = on_set_preference,
    .mark_read = on_mark_read,
    .put_entry = user_on_put_entry,
    .remove_entry = user_on_remove_entry,
    .forget_topic = user_on_forget_topic,
    .change_verifier = on_change_verifier,
    .add_factor = user_on_add_factor,
    .remove_factor = user_on_remove_factor,
    .set_recovery_codes = user_on_set_recovery_codes,
    .use_recovery_code = user_on_use_recovery_code,
    .use_factor = user_on_use_factor,
    .factor_added = user_apply_factor_added,
    .factor_removed = user_apply_factor_removed,
    .recovery_codes_set = user_apply_recovery_codes_set,
    .recovery_code_used = user_apply_recovery_code_used,
    .factor_used = user_apply_factor_used,
    .user_registered = apply_user_registered,
    .verifier_set = apply_verifier_set,
    .preference_set = apply_preference_set,
    .read_marked = apply_read_marked,
    .entry_put = user_apply_entry_put,
    .entry_removed = user_apply_entry_removed,
    .topic_forgotten = user_apply_topic_forgotten,
    .set_note = user_on_set_note,
    .set_membership = user_on_set_membership,
    .membership_due = user_on_membership_due,
    .close_account = user_on_close_account,
    .account_closed = user_apply_account_closed,
    .note_set = user_apply_note_set,
    .membership_set = user_apply_membership_set,
    .membership_ended = user_apply_membership_ended,
};

/* The kind */

static void start(struct actor *actor) {
    (void)actor;
    assert(user_behaviour_complete(&behaviour));
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    user_dispatch(&behaviour, (struct user *)actor, turn, tag, message);
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    return user_apply(&behaviour, (struct user *)actor, header, fields, arena);
}

/* Who is not there yet is made by the server alone, after it has asked who may. */
static struct grant grant(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now) {
    (void)rights;
    (void)now;
    const struct user *it = (const struct user *)actor;
    bool self = it->registered && !it->closed && uuid_equal(actor->id, user);
    uint16_t roles = self ? 1u << ROLE_SELF : 0;
    struct allowance allowed = policy_of_user(roles, 0);
    return (struct grant){
        .audiences = allowed.audiences, .actions = allowed.actions, .roles = roles};
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

static struct user_snapshot shown(const struct user *user) {
    const struct membership *root = user_membership(user, (struct uuid){{0}});
    uint16_t rights = root == NULL ? 0 : root->roles;
    return (struct user_snapshot){
        .name = user->name,
        .login = user->login,
        .administrator = (rights & RIGHT_ADMINISTRATOR) != 0,
        .entries = user->entries,
        .preferences = user->preferences,
        .read_marks = user->read_marks,
        .notes = user->notes,
        .coordinator = (rights & RIGHT_COORDINATOR) != 0,
        .memberships = user->memberships,
        .closed = user->closed,
    };
}

static struct encoded show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    bool own = (audiences & AUDIENCE_OWN) != 0;
    struct user_snapshot snapshot =
        own ? shown((const struct user *)actor) : (struct user_snapshot){0};
    return user_snapshot_encode(arena, &snapshot);
}

static struct encoded save(const struct actor *actor, struct arena *arena) {
    const struct user *user = (const struct user *)actor;
    struct user_record record = user_row(user);
    record.shown = shown(user);
    record.shown.notes = (struct note_list){0}; /* in the parts, with whatever is about a case */
    record.shown.entries = user_own_entries(user, arena);
    return user_record_encode(arena, &record);
}

static void take_over(struct user *user, const struct user_record *saved) {
    struct arena *state = state_of(user);
    user->registered = true;
    user->closed = saved->shown.closed;
    user->verifier = arena_text(state, saved->verifier);
    user->login = arena_text(state, saved->shown.login);
    user->name = arena_text(state, saved->shown.name);
    for (uint32_t i = 0; i < saved->shown.memberships.count; i++) {
        *growing_list_add(state, &user->memberships) = saved->shown.memberships.items[i];
    }
    for (uint32_t i = 0; i < saved->shown.preferences.count; i++) {
        preference_copy(state, growing_list_add(state, &user->preferences),
                        &saved->shown.preferences.items[i]);
    }
    for (uint32_t i = 0; i < saved->shown.read_marks.count; i++) {
        *growing_list_add(state, &user->read_marks) = saved->shown.read_marks.items[i];
    }
    user_take_over_entries(user, saved->shown.entries);
    user_take_over_factors(user, saved);
}

static bool restore(struct actor *actor, struct encoded saved) {
    struct arena scratch;
    arena_init(&scratch, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(saved.fields);
    struct user_record record;
    bool readable = user_record_read(&reader, &scratch, &record);
    if (readable) {
        take_over((struct user *)actor, &record);
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

const struct actor_kind user_kind = {
    .name = "user",
    .number = CHANNEL_KIND_USER,
    .state_format = 4,
    .size = sizeof(struct user),
    .rules = user_rules,
    .start = start,
    .decode = user_decode,
    .command_id = user_command_id,
    .handle = handle,
    .apply = apply,
    .grant = grant,
    .attach = attach,
    .detach = detach,
    .snapshot = show,
    .save = save,
    .restore = restore,
    .save_parts = user_save_parts,
    .restore_part = user_restore_part,
    .ephemera = ephemera,
};
