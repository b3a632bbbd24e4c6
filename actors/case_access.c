/* Who may see a case: directly, or through a board that has it on its agenda. */
#include "actors/maker.h"
#include "actors/organisation.h"
#include "actors/patient_case.h"
#include "protocol/generated/policy.h"
#include "protocol/generated/user.h"

/* CaseMember.proxy in patient_case.schema. */
enum { PROXY_SEES = 1, PROXY_CONSENTS = 2 };
enum { CASE_ROW_MAX = 256 };

const struct case_member *case_member_in(const struct case_member_list *members, struct uuid user) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (uuid_equal(members->items[i].user, user)) {
            return &members->items[i];
        }
    }
    return NULL;
}

/* Who has another right beside this one is told who the patient is. */
static bool is_masked(const struct case_member *member) {
    return member->role == ROLE_OBSERVER && member->masked;
}

static void add(struct grant *grant, uint16_t roles, uint8_t conditions) {
    struct allowance allowed = policy_of_patient_case(roles, conditions);
    if (allowed.audiences != 0) {
        grant->audiences |= allowed.audiences;
        grant->actions |= allowed.actions;
        grant->roles |= roles;
    }
}

static int64_t earlier(int64_t a, int64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Of the case itself, or (`board`) through one. */
static void add_member(struct grant *grant, const struct patient_case *the_case,
                       const struct case_member *member, struct uuid board, int64_t now) {
    if (member == NULL || (member->until != 0 && member->until <= now)) {
        return;
    }
    uint8_t conditions = the_case->is_restricted ? 0 : PATIENT_CASE_WHEN_FREE;
    struct coverage coverage = case_coverage(the_case, member->user, board, now);
    bool treats = uuid_is_zero(board) && case_treats(member);
    if (uuid_is_zero(board)) {
        conditions |= PATIENT_CASE_WHEN_OWN;
    }
    if (treats || coverage.clinical) {
        conditions |= PATIENT_CASE_WHEN_COVERED;
    }
    if (treats || (coverage.identity && !is_masked(member))) {
        conditions |= PATIENT_CASE_WHEN_NAMED;
    }
    if ((member->proxy & PROXY_SEES) != 0) {
        conditions |= PATIENT_CASE_WHEN_MAY_SEE;
    }
    if ((member->proxy & PROXY_CONSENTS) != 0) {
        conditions |= PATIENT_CASE_WHEN_MAY_CONSENT;
    }
    add(grant, (uint16_t)(1u << member->role), conditions);
    grant->valid_until = earlier(grant->valid_until, member->until);
    grant->valid_until = earlier(grant->valid_until, treats ? 0 : coverage.until);
}

bool case_owner(const struct actor *actor, struct uuid *ret_organisation) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    *ret_organisation = the_case->organisation;
    return the_case->created;
}

static struct grant add_up(const struct patient_case *the_case, struct uuid user, uint16_t rights,
                           int64_t now) {
    struct grant grant = {0};
    uint8_t free = the_case->is_restricted ? 0 : PATIENT_CASE_WHEN_FREE;
    add(&grant, rights & POLICY_REACHING,
        PATIENT_CASE_WHEN_COVERED | PATIENT_CASE_WHEN_NAMED | free);
    add_member(&grant, the_case, case_member_in(&the_case->members, user), (struct uuid){{0}}, now);
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        add_member(&grant, the_case, case_member_in(&link->members, user), link->board, now);
    }
    const struct emergency *emergency = case_emergency(the_case, user, now);
    if (emergency != NULL) {
        add(&grant, 1u << ROLE_EMERGENCY, 0);
        grant.valid_until = earlier(grant.valid_until, emergency->until);
    }
    return grant;
}

struct grant case_grant(const struct actor *actor, struct uuid user, uint16_t rights, int64_t now) {
    const struct patient_case *the_case = (const struct patient_case *)actor;
    if (the_case->erased) {
        return (struct grant){0}; /* as if it had never been */
    }
    if (!the_case->created) {
        return maker_grant(rights, policy_of_patient_case(rights, PATIENT_CASE_WHEN_UNMADE));
    }
    struct grant grant = add_up(the_case, user, rights, now);
    if (the_case->is_restricted) {
        struct patient_case used = *the_case;
        used.is_restricted = false;
        struct grant before = add_up(&used, user, rights, now);
        bool less = before.audiences != grant.audiences || before.actions != grant.actions;
        grant.denial = less ? REFUSAL_RESTRICTED : 0;
    }
    return grant;
}

/* Roles that somebody can be given on a case itself. */
static const uint16_t member_roles =
    1u << ROLE_COORDINATOR | 1u << ROLE_MEMBER | 1u << ROLE_OBSERVER | 1u << ROLE_REFERRER |
    1u << ROLE_PATIENT | 1u << ROLE_PROXY | 1u << ROLE_SPECIALIST | 1u << ROLE_NURSE_NAVIGATOR;

static bool is_member(const struct case_member *member) {
    return !uuid_is_zero(member->user) && member->role < ROLE_COUNT &&
           (member_roles & 1u << member->role) != 0 && member->name.length > 0;
}

/* A case always has one. */
static bool coordinates_for_good(const struct case_member *member) {
    return member->role == ROLE_COORDINATOR && member->until == 0;
}

static bool is_access_list(const struct case_member_list *members) {
    bool has_coordinator = false;
    for (uint32_t i = 0; i < members->count; i++) {
        if (!is_member(&members->items[i])) {
            return false;
        }
        has_coordinator = has_coordinator || coordinates_for_good(&members->items[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(members->items[i].user, members->items[j].user)) {
                return false;
            }
        }
    }
    return has_coordinator;
}

static void put_entry(struct turn *turn, const struct case_member *member, struct text title,
                      struct text patient, enum case_status status, int64_t at) {
    struct put_entry command = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_PATIENT_CASE,
                  .id = turn->self,
                  .title = title,
                  .detail = is_masked(member) ? TEXT("") : patient, /* referrers know them */
                  .role = member->role,
                  .status = (uint8_t)status,
                  .at = at},
    };
    turn_send(turn, CHANNEL_KIND_USER, member->user, put_entry_encode(turn->arena, &command));
}

/* Of the case's own members: who sees what is in it if a consent covers them. */
static bool needs_consent(const struct case_member *member) {
    return member->role == ROLE_MEMBER || member->role == ROLE_SPECIALIST ||
           member->role == ROLE_OBSERVER;
}

/* As the policy has it of a restricted case. */
static bool is_kept_from(const struct patient_case *the_case, const struct case_member *member) {
    return the_case->is_restricted && member->role != ROLE_COORDINATOR &&
           member->role != ROLE_PATIENT && member->role != ROLE_PROXY;
}

/* A worklist says no more than the case itself would show. */
static void put_entry_of(const struct patient_case *the_case, struct turn *turn,
                         const struct case_member *member, enum case_status status, int64_t at) {
    struct coverage coverage = case_coverage(the_case, member->user, (struct uuid){{0}}, turn->now);
    bool open = !needs_consent(member);
    bool lasts = member->until == 0 || member->until > turn->now;
    if (lasts && !is_kept_from(the_case, member) && (open || coverage.clinical)) {
        struct text patient = open || coverage.identity ? the_case->subject.name : TEXT("");
        put_entry(turn, member, the_case->title, patient, status, at);
    } else {
        struct remove_entry command = {.command_id = turn_new_id(turn), .id = turn->self};
        turn_send(turn, CHANNEL_KIND_USER, member->user,
                  remove_entry_encode(turn->arena, &command));
    }
}

/* For who runs the organisation: see ORGANISATION_CASES. */
static void write_row(const struct patient_case *the_case, struct turn *turn,
                      enum case_status status, int64_t status_at) {
    struct case_row row = {
        .status = (uint8_t)status,
        .status_at = status_at,
        .asks_consent = the_case->asks_consent,
        .restricted = the_case->is_restricted,
    };
    for (uint32_t i = 0; i < the_case->consents.count; i++) {
        const struct consent *consent = &the_case->consents.items[i];
        if (consent->withdrawn_at != 0) {
            row.withdrawn_at =
                consent->withdrawn_at > row.withdrawn_at ? consent->withdrawn_at : row.withdrawn_at;
            continue;
        }
        bool longer = consent->until == 0 || (row.until != 0 && consent->until > row.until);
        row.until = !row.in_force || longer ? consent->until : row.until;
        row.in_force = true;
    }
    char *list = arena_alloc(turn->arena, ORGANISATION_LIST_NAME_MAX);
    struct writer writer;
    writer_init_arena(&writer, turn->arena, CASE_ROW_MAX);
    case_row_write(&writer, &row);
    turn_check(turn, list != NULL && !writer.failed);
    organisation_list_name(ORGANISATION_CASES, the_case->organisation, list);
    turn_row(turn, list, (struct bytes){sizeof turn->self.bytes, turn->self.bytes},
             writer_bytes(&writer));
}

void case_put_entries(const struct patient_case *the_case, struct turn *turn,
                      enum case_status status) {
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        put_entry_of(the_case, turn, &the_case->members.items[i], status, turn->now);
    }
    write_row(the_case, turn, status, turn->now);
}

void case_tell_coverage(const struct patient_case *after, struct turn *turn) {
    for (uint32_t i = 0; i < after->members.count; i++) {
        const struct case_member *member = &after->members.items[i];
        if (needs_consent(member)) {
            put_entry_of(after, turn, member, after->status, after->status_at);
        }
    }
    write_row(after, turn, after->status, after->status_at);
}

void case_tell_all(const struct patient_case *after, struct turn *turn) {
    for (uint32_t i = 0; i < after->members.count; i++) {
        put_entry_of(after, turn, &after->members.items[i], after->status, after->status_at);
    }
    write_row(after, turn, after->status, after->status_at);
}

static bool is_coordinator(const struct case_member_list *members, struct uuid user) {
    const struct case_member *member = case_member_in(members, user);
    return member != NULL && member->role == ROLE_COORDINATOR;
}

/* Its moment comes as a command, after a restart as well. */
static void watch_end_of(struct turn *turn, const struct case_member *member) {
    if (member->until != 0) {
        struct access_due timer = {
            .command_id = turn_new_id(turn), .user = member->user, .until = member->until};
        turn_durable_timer(turn, member->until, access_due_encode(turn->arena, &timer));
    }
}

void case_on_create(const struct patient_case *the_case, struct turn *turn,
                    const struct create_case *command) {
    if (the_case->created) {
        turn_refuse(turn, REFUSAL_CONFLICT);
        return;
    }
    uint16_t rights = turn_rights_in(turn, command->organisation);
    if (!maker_may(turn, policy_of_patient_case(rights, PATIENT_CASE_WHEN_UNMADE),
                   PATIENT_CASE_MAY_MAKE)) {
        return;
    }
    if (command->title.length == 0 || command->subject.name.length == 0 ||
        !is_access_list(&command->members) ||
        (maker_coordinates(turn) && !is_coordinator(&command->members, turn->sender.user))) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    struct case_created event = {.subject = command->subject,
                                 .title = command->title,
                                 .members = command->members,
                                 .organisation = command->organisation,
                                 .asks_consent = command->asks_consent};
    turn_event(turn, case_created_encode(turn->arena, &event));
    struct patient_case made = *the_case;
    made.title = command->title;
    made.subject = command->subject;
    made.members = command->members;
    made.asks_consent = command->asks_consent;
    made.organisation = command->organisation;
    case_put_entries(&made, turn, CASE_STATUS_OPENED);
    for (uint32_t i = 0; i < command->members.count; i++) {
        watch_end_of(turn, &command->members.items[i]);
    }
}

static bool is_last_coordinator(const struct patient_case *the_case,
                                const struct case_member *member) {
    uint32_t others = 0;
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        const struct case_member *each = &the_case->members.items[i];
        others += each != member && coordinates_for_good(each);
    }
    return member->role == ROLE_COORDINATOR && others == 0;
}

/* Whether somebody could still drive the stage with access through boards alone. */
static bool drives_through_board(const struct patient_case *the_case, struct uuid user) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct case_member *member = case_member_in(&the_case->boards.items[i].members, user);
        if (member != NULL && member->role < ROLE_OBSERVER) {
            return true;
        }
    }
    return false;
}

/* The case as it will be: without `user`, and with `member` unless that is NULL. */
static struct patient_case with_member(const struct patient_case *the_case, struct turn *turn,
                                       struct uuid user, const struct case_member *member) {
    struct patient_case after = *the_case;
    struct case_member *members =
        arena_alloc(turn->arena, (the_case->members.count + 1) * sizeof *members);
    turn_check(turn, members != NULL);
    after.members = (struct case_member_list){0, members};
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        if (!uuid_equal(the_case->members.items[i].user, user)) {
            members[after.members.count++] = the_case->members.items[i];
        }
    }
    if (member != NULL) {
        members[after.members.count++] = *member;
    }
    return after;
}

void case_on_grant_access(const struct patient_case *the_case, struct turn *turn,
                          const struct grant_access *command) {
    const struct case_member *member = &command->member;
    const struct case_member *known = case_member_in(&the_case->members, member->user);
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (!is_member(member)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (known == NULL && the_case->members.count == CASE_MEMBERS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else if (known != NULL && !coordinates_for_good(member) &&
               is_last_coordinator(the_case, known)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, member->user);
    } else if (known == NULL || !case_member_equal(known, member)) {
        struct access_granted event = {.member = *member};
        turn_event(turn, access_granted_encode(turn->arena, &event));
        if (member->role >= ROLE_OBSERVER && !drives_through_board(the_case, member->user)) {
            stage_forget_user(&the_case->stage, turn, member->user);
        }
        put_entry_of(the_case, turn, member, the_case->status, the_case->status_at);
        struct patient_case after = with_member(the_case, turn, member->user, member);
        case_tell_tasks_of(&after, turn, member->user);
        watch_end_of(turn, member);
    }
}

/* The turn has an event. */
static void leave(const struct patient_case *the_case, struct turn *turn, struct uuid user) {
    if (!drives_through_board(the_case, user)) {
        stage_forget_user(&the_case->stage, turn, user);
    }
    struct remove_entry entry = {.command_id = turn_new_id(turn), .id = turn->self};
    turn_send(turn, CHANNEL_KIND_USER, user, remove_entry_encode(turn->arena, &entry));
    struct patient_case after = with_member(the_case, turn, user, NULL);
    case_tell_tasks_of(&after, turn, user);
}

void case_on_revoke_access(const struct patient_case *the_case, struct turn *turn,
                           const struct revoke_access *command) {
    const struct case_member *member = case_member_in(&the_case->members, command->user);
    if (member == NULL) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (is_last_coordinator(the_case, member)) {
        turn_refuse_subject(turn, REFUSAL_BAD_STATE, command->user);
        return;
    }
    struct access_revoked event = {.user = command->user};
    turn_event(turn, access_revoked_encode(turn->arena, &event));
    leave(the_case, turn, command->user);
}

void case_on_access_due(const struct patient_case *the_case, struct turn *turn,
                        const struct access_due *command) {
    const struct case_member *member = case_member_in(&the_case->members, command->user);
    if (member != NULL && member->until == command->until) {
        struct access_ended event = {.user = command->user};
        turn_event(turn, access_ended_encode(turn->arena, &event));
        leave(the_case, turn, command->user);
    }
}
