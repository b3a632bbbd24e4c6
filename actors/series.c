#include "actors/series.h"

#include "actors/growing_list.h"
#include "actors/kinds.h"
#include "actors/maker.h"
#include "actors/template.h"
#include "protocol/generated/board.h"
#include "protocol/generated/policy.h"
#include "protocol/generated/user.h"

#include <assert.h>

/* A meeting may take a day; one that began before that takes no hanging any more. */
#define MEETING_HOURS_MAX 24
#define HOUR_US (3600 * INT64_C(1000000))

static struct arena *state_of(struct series *series) {
    return series->actor.state;
}

static struct series_member *member_of(const struct series *series, struct uuid user) {
    for (uint32_t i = 0; i < series->members.count; i++) {
        if (uuid_equal(series->members.items[i].user, user)) {
            return &series->members.items[i];
        }
    }
    return NULL;
}

/* Events */

static void put_member(struct series *series, const struct series_member *member) {
    struct series_member *place = member_of(series, member->user);
    if (place == NULL) {
        place = growing_list_add(state_of(series), &series->members);
    }
    series_member_copy(state_of(series), place, member);
}

static void apply_series_created(struct series *series, const struct event_header *header,
                                 const struct series_created *event) {
    series->created = true;
    series->title = arena_text(state_of(series), event->title);
    series->edited_by = header->by;
    series->organisation = event->organisation;
    template_copy(state_of(series), &series->template, &event->template);
    for (uint32_t i = 0; i < event->members.count; i++) {
        put_member(series, &event->members.items[i]);
    }
}

static void apply_template_edited(struct series *series, const struct event_header *header,
                                  const struct template_edited *event) {
    series->edited_by = header->by;
    template_copy(state_of(series), &series->template, &event->template);
}

static void apply_series_member_put(struct series *series, const struct event_header *header,
                                    const struct series_member_put *event) {
    (void)header;
    put_member(series, &event->member);
}

static void apply_series_member_dropped(struct series *series, const struct event_header *header,
                                        const struct series_member_dropped *event) {
    (void)header;
    const struct series_member *member = member_of(series, event->user);
    if (member != NULL) {
        growing_list_remove(&series->members, (uint32_t)(member - series->members.items));
    }
}

static void apply_meeting_planned(struct series *series, const struct event_header *header,
                                  const struct meeting_planned *event) {
    (void)header;
    if (series->meetings.count == SERIES_MEETINGS_MAX) {
        growing_list_remove(&series->meetings, 0);
    }
    *growing_list_add(state_of(series), &series->meetings) =
        (struct series_meeting){.board = event->board, .starts_at = event->starts_at};
}

static void apply_hanging_kept(struct series *series, const struct event_header *header,
                               const struct hanging_kept *event) {
    (void)header;
    hanging_put(state_of(series), &series->hangings, &event->hanging);
}

/* Commands */

static bool is_member(const struct series_member *member) {
    return !uuid_is_zero(member->user) && member->role <= ROLE_OBSERVER && member->name.length > 0;
}

static bool is_roster(const struct series_member_list *members) {
    uint32_t roles = 0;
    for (uint32_t i = 0; i < members->count; i++) {
        if (!is_member(&members->items[i])) {
            return false;
        }
        roles |= 1u << members->items[i].role;
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(members->items[i].user, members->items[j].user)) {
                return false;
            }
        }
    }
    uint32_t needed = 1u << ROLE_CHAIR | 1u << ROLE_COORDINATOR;
    return (roles & needed) == needed;
}

static bool is_coordinator(const struct series_member_list *members, struct uuid user) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (uuid_equal(members->items[i].user, user)) {
            return members->items[i].role == ROLE_COORDINATOR;
        }
    }
    return false;
}

static void put_entry(struct turn *turn, struct text title, const struct series_member *member) {
    struct put_entry command = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_SERIES,
                  .id = turn->self,
                  .title = title,
                  .role = member->role},
    };
    turn_send(turn, CHANNEL_KIND_USER, member->user, put_entry_encode(turn->arena, &command));
}

static void on_create_series(const struct series *series, struct turn *turn,
                             const struct create_series *command) {
    if (series->created) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    uint16_t rights = turn_rights_in(turn, command->organisation);
    if (!maker_may(turn, policy_of_series(rights, SERIES_WHEN_UNMADE), SERIES_MAY_MAKE)) {
        return;
    }
    if (command->title.length == 0 || !is_roster(&command->members) ||
        !template_is_whole(&command->template) ||
        (maker_coordinates(turn) && !is_coordinator(&command->members, turn->sender.user))) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct series_created event = {.title = command->title,
                                   .members = command->members,
                                   .template = command->template,
                                   .organisation = command->organisation};
    event.template.version = 1;
    turn_event(turn, series_created_encode(turn->arena, &event));
    for (uint32_t i = 0; i < command->members.count; i++) {
        put_entry(turn, command->title, &command->members.items[i]);
    }
}

static void on_edit_template(const struct series *series, struct turn *turn,
                             const struct edit_template *command) {
    if (!series->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (command->template.version != series->template.version) {
        turn_refuse_subject(turn, REFUSAL_CHANGED, series->edited_by);
    } else if (!template_is_whole(&command->template)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (!template_equal(&command->template, &series->template)) {
        struct template_edited event = {.template = command->template};
        event.template.version++;
        turn_event(turn, template_edited_encode(turn->arena, &event));
    }
}

static bool is_last(const struct series *series, const struct series_member *member, uint8_t role) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < series->members.count; i++) {
        count += series->members.items[i].role == role;
    }
    return member->role == role && count == 1;
}

static void on_put_series_member(const struct series *series, struct turn *turn,
                                 const struct put_series_member *command) {
    const struct series_member *member = &command->member;
    const struct series_member *known = member_of(series, member->user);
    if (!series->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!is_member(member)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && series->members.count == SERIES_MEMBERS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known != NULL && member->role != ROLE_CHAIR && is_last(series, known, ROLE_CHAIR)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, member->user);
    } else if (known == NULL || !series_member_equal(known, member)) {
        struct series_member_put event = {.member = *member};
        turn_event(turn, series_member_put_encode(turn->arena, &event));
        put_entry(turn, series->title, member);
    }
}

static void on_drop_series_member(const struct series *series, struct turn *turn,
                                  const struct drop_series_member *command) {
    const struct series_member *known = member_of(series, command->user);
    if (known == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (is_last(series, known, ROLE_CHAIR)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, command->user);
    } else {
        struct series_member_dropped event = {.user = command->user};
        turn_event(turn, series_member_dropped_encode(turn->arena, &event));
        struct remove_entry entry = {.command_id = turn_new_id(turn), .id = turn->self};
        turn_send(turn, CHANNEL_KIND_USER, command->user, remove_entry_encode(turn->arena, &entry));
    }
}

static struct member_list members_for_a_meeting(const struct series *series, struct turn *turn) {
    struct member_list list = {0,
                               arena_alloc(turn->arena, SERIES_MEMBERS_MAX * sizeof *list.items)};
    turn_check(turn, list.items != NULL);
    for (uint32_t i = 0; i < series->members.count; i++) {
        const struct series_member *member = &series->members.items[i];
        list.items[list.count++] = (struct member){.user = member->user,
                                                   .role = member->role,
                                                   .name = member->name,
                                                   .discipline = member->discipline,
                                                   .no_vote = member->no_vote};
    }
    return list;
}

/* Not before 1, which is the earliest moment that is one: 0 would be never. */
static int64_t cut_off_of(const struct series *series, int64_t starts_at) {
    int64_t at = starts_at - series->template.cut_off_hours * HOUR_US;
    return at < 1 ? 1 : at;
}

static const struct series_meeting *meeting_of(const struct series *series, struct uuid board) {
    for (uint32_t i = 0; i < series->meetings.count; i++) {
        if (uuid_equal(series->meetings.items[i].board, board)) {
            return &series->meetings.items[i];
        }
    }
    return NULL;
}

static void on_plan_meeting(const struct series *series, struct turn *turn,
                            const struct plan_meeting *command) {
    if (!series->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (uuid_is_zero(command->board) || command->title.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    if (meeting_of(series, command->board) != NULL) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, command->board);
        return;
    }
    struct meeting_planned event = {.board = command->board, .starts_at = command->starts_at};
    turn_event(turn, meeting_planned_encode(turn->arena, &event));
    struct create_board message = {.command_id = turn_new_id(turn),
                                   .title = command->title,
                                   .starts_at = command->starts_at,
                                   .members = members_for_a_meeting(series, turn),
                                   .series = turn->self,
                                   .organisation = series->organisation,
                                   .has_template = true,
                                   .template = series->template,
                                   .cut_off_at = cut_off_of(series, command->starts_at),
                                   .hangings = series->hangings};
    turn_send(turn, CHANNEL_KIND_BOARD, command->board, create_board_encode(turn->arena, &message));
}

/* A meeting that heard of it from another one tells nobody, so that words come to rest. */
static void on_keep_hanging(const struct series *series, struct turn *turn,
                            const struct keep_hanging *command) {
    if (meeting_of(series, command->board) == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (!hanging_is_whole(&command->hanging)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    if (!hanging_is_news(&series->hangings, &command->hanging)) {
        return;
    }
    struct hanging_kept event = {.hanging = command->hanging};
    turn_event(turn, hanging_kept_encode(turn->arena, &event));
    uint32_t told = 0;
    for (uint32_t i = series->meetings.count; i > 0 && told < SERIES_TOLD_MAX; i--) {
        const struct series_meeting *meeting = &series->meetings.items[i - 1];
        bool over = meeting->starts_at + MEETING_HOURS_MAX * HOUR_US < turn->now;
        if (!over && !uuid_equal(meeting->board, command->board)) {
            struct take_hanging message = {.command_id = turn_new_id(turn),
                                           .hanging = command->hanging};
            turn_send(turn, CHANNEL_KIND_BOARD, meeting->board,
                      take_hanging_encode(turn->arena, &message));
            told++;
        }
    }
}

static const struct series_behaviour behaviour = {
    .create_series = on_create_series,
    .edit_template = on_edit_template,
    .put_series_member = on_put_series_member,
    .drop_series_member = on_drop_series_member,
    .plan_meeting = on_plan_meeting,
    .keep_hanging = on_keep_hanging,
    .series_created = apply_series_created,
    .template_edited = apply_template_edited,
    .series_member_put = apply_series_member_put,
    .series_member_dropped = apply_series_member_dropped,
    .meeting_planned = apply_meeting_planned,
    .hanging_kept = apply_hanging_kept,
};

/* The kind */

static void start(struct actor *actor) {
    (void)actor;
    assert(series_behaviour_complete(&behaviour));
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *message) {
    series_dispatch(&behaviour, (struct series *)actor, turn, tag, message);
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    return series_apply(&behaviour, (struct series *)actor, header, fields, arena);
}

static bool owner(const struct actor *actor, struct uuid *ret_organisation) {
    const struct series *series = (const struct series *)actor;
    *ret_organisation = series->organisation;
    return series->created;
}

static struct grant grant(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now) {
    (void)now;
    const struct series *series = (const struct series *)actor;
    const struct series_member *member = member_of(series, user);
    if (!series->created) {
        return maker_grant(rights, policy_of_series(rights, SERIES_WHEN_UNMADE));
    }
    uint16_t roles =
        (uint16_t)((rights & POLICY_REACHING) | (member == NULL ? 0 : 1u << member->role));
    struct allowance allowed = policy_of_series(roles, 0);
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

static struct series_snapshot snapshot_of(const struct series *series) {
    return (struct series_snapshot){.title = series->title,
                                    .members = series->members,
                                    .template = series->template,
                                    .meetings = series->meetings,
                                    .edited_by = series->edited_by,
                                    .organisation = series->organisation,
                                    .hangings = series->hangings};
}

static struct encoded show(const struct actor *actor, uint8_t audiences, struct arena *arena) {
    bool workflow = (audiences & AUDIENCE_WORKFLOW) != 0;
    struct series_snapshot snapshot =
        workflow ? snapshot_of((const struct series *)actor) : (struct series_snapshot){0};
    return series_snapshot_encode(arena, &snapshot);
}

static struct encoded save(const struct actor *actor, struct arena *arena) {
    struct series_snapshot snapshot = snapshot_of((const struct series *)actor);
    return series_snapshot_encode(arena, &snapshot);
}

static void take_over(struct series *series, const struct series_snapshot *saved) {
    struct arena *state = state_of(series);
    series->created = true;
    series->title = arena_text(state, saved->title);
    series->edited_by = saved->edited_by;
    series->organisation = saved->organisation;
    template_copy(state, &series->template, &saved->template);
    for (uint32_t i = 0; i < saved->members.count; i++) {
        put_member(series, &saved->members.items[i]);
    }
    for (uint32_t i = 0; i < saved->hangings.count; i++) {
        hanging_put(state, &series->hangings, &saved->hangings.items[i]);
    }
    for (uint32_t i = 0; i < saved->meetings.count; i++) {
        *growing_list_add(state, &series->meetings) = saved->meetings.items[i];
    }
}

static bool restore(struct actor *actor, struct encoded saved) {
    struct arena scratch;
    arena_init(&scratch, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(saved.fields);
    struct series_snapshot snapshot;
    bool readable = series_snapshot_read(&reader, &scratch, &snapshot);
    if (readable) {
        take_over((struct series *)actor, &snapshot);
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

const struct actor_kind series_kind = {
    .name = "series",
    .number = CHANNEL_KIND_SERIES,
    .state_format = 2,
    .size = sizeof(struct series),
    .rules = series_rules,
    .start = start,
    .decode = series_decode,
    .command_id = series_command_id,
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
