/*
 * The patient's consent, and access without it in an emergency. The treating team (coordinators and
 * navigators of the case itself) sees a case by law. Whoever else does is covered by a consent, as
 * soon as one is asked for, was given, or was withdrawn; without any of that the treatment they
 * take part in is ground enough.
 */
#include "actors/growing_list.h"
#include "actors/patient_case.h"
#include "protocol/generated/policy.h"
#include "protocol/generated/user.h"
#include "protocol/sha256.h"

static const int64_t emergency_us = INT64_C(30) * 60 * 1000000;

bool case_treats(const struct case_member *member) {
    return member->role == ROLE_COORDINATOR || member->role == ROLE_NURSE_NAVIGATOR;
}

static bool lists(const struct uuid_list *list, struct uuid id) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (uuid_equal(list->items[i], id)) {
            return true;
        }
    }
    return false;
}

/* Of a board's member or, with `board` zero, of the case's own. */
static bool covers(const struct consent *consent, struct uuid user, struct uuid board) {
    bool everybody = consent->people.count == 0 && consent->boards.count == 0;
    return everybody || lists(&consent->people, user) ||
           (!uuid_is_zero(board) && lists(&consent->boards, board));
}

static bool in_force(const struct consent *consent, int64_t now) {
    return consent->withdrawn_at == 0 && (consent->until == 0 || consent->until > now);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

struct coverage case_coverage(const struct patient_case *the_case, struct uuid user,
                              struct uuid board, int64_t now) {
    struct coverage coverage = {.clinical = !the_case->asks_consent,
                                .identity = !the_case->asks_consent};
    for (uint32_t i = 0; i < the_case->consents.count; i++) {
        const struct consent *consent = &the_case->consents.items[i];
        if (in_force(consent, now) && covers(consent, user, board)) {
            coverage.clinical |= consent->clinical;
            coverage.identity |= consent->clinical && consent->identity;
            coverage.until = earlier(coverage.until, consent->until);
        }
    }
    return coverage;
}

const struct emergency *case_emergency(const struct patient_case *the_case, struct uuid user,
                                       int64_t now) {
    for (uint32_t i = the_case->emergencies.count; i-- > 0;) {
        const struct emergency *emergency = &the_case->emergencies.items[i];
        if (uuid_equal(emergency->user, user) && emergency->until > now) {
            return emergency;
        }
    }
    return NULL;
}

static struct consent *consent_of(const struct patient_case *the_case, struct uuid id) {
    for (uint32_t i = 0; i < the_case->consents.count; i++) {
        if (uuid_equal(the_case->consents.items[i].id, id)) {
            return &the_case->consents.items[i];
        }
    }
    return NULL;
}

/* Commands */

/* A copy with consents of its own, in the turn's arena; one more fits. */
static struct patient_case copy_of(const struct patient_case *the_case, struct turn *turn) {
    struct patient_case after = *the_case;
    after.consents.items =
        arena_alloc(turn->arena, (the_case->consents.count + 1) * sizeof(struct consent));
    turn_check(turn, after.consents.items != NULL);
    for (uint32_t i = 0; i < the_case->consents.count; i++) {
        after.consents.items[i] = the_case->consents.items[i];
    }
    after.asks_consent = true;
    return after;
}

static void tell_of(const struct patient_case *after, struct turn *turn) {
    case_tell_coverage(after, turn);
    case_tell_tasks(after, turn);
}

static void close_consents(struct patient_case *the_case, struct uuid which, int64_t at,
                           struct uuid by) {
    for (uint32_t i = 0; i < the_case->consents.count; i++) {
        struct consent *consent = &the_case->consents.items[i];
        bool meant = uuid_is_zero(which) || uuid_equal(consent->id, which);
        if (meant && consent->withdrawn_at == 0) {
            consent->withdrawn_at = at;
            consent->withdrawn_by = by;
        }
    }
    the_case->asks_consent = true;
}

/* Words whose hash is another's would be shown later as what nobody read. */
static bool is_what_was_shown(const struct wording *wording) {
    struct bytes words = {wording->text.length, (const uint8_t *)wording->text.bytes};
    struct sha256 hash = sha256_of(words);
    return bytes_equal(wording->hash, (struct bytes){sizeof hash.bytes, hash.bytes});
}

/* Its moment comes as a command, after a restart as well. */
static void watch_end_of(struct turn *turn, const struct consent *consent) {
    if (consent->until != 0) {
        struct consent_due timer = {
            .command_id = turn_new_id(turn), .consent = consent->id, .until = consent->until};
        turn_durable_timer(turn, consent->until, consent_due_encode(turn->arena, &timer));
    }
}

void case_on_give_consent(const struct patient_case *the_case, struct turn *turn,
                          const struct give_consent *command) {
    const struct consent *consent = &command->consent;
    if (!the_case->created) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
    } else if (uuid_is_zero(consent->id) || !consent->clinical ||
               consent->wording.text.length == 0 || consent->how.length == 0 ||
               !is_what_was_shown(&consent->wording) ||
               (consent->until != 0 && consent->until <= turn->now)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else if (consent_of(the_case, consent->id) != NULL) {
        turn_refuse(turn, REFUSAL_CONFLICT);
    } else if (the_case->consents.count == CASE_CONSENTS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
    } else {
        struct consent_given event = {.consent = *consent};
        event.consent.given_at = turn->now;
        event.consent.given_by = turn->sender.user;
        event.consent.withdrawn_at = 0;
        event.consent.withdrawn_by = (struct uuid){{0}};
        turn_event(turn, consent_given_encode(turn->arena, &event));
        struct patient_case after = copy_of(the_case, turn);
        after.consents.items[after.consents.count++] = event.consent;
        tell_of(&after, turn);
        watch_end_of(turn, consent);
    }
}

void case_on_consent_due(const struct patient_case *the_case, struct turn *turn,
                         const struct consent_due *command) {
    const struct consent *consent = consent_of(the_case, command->consent);
    if (consent != NULL && consent->withdrawn_at == 0 && consent->until == command->until) {
        struct consent_ended event = {.consent = command->consent};
        turn_event(turn, consent_ended_encode(turn->arena, &event));
        tell_of(the_case, turn); /* by now it covers nobody: see in_force */
    }
}

void case_on_withdraw_consent(const struct patient_case *the_case, struct turn *turn,
                              const struct withdraw_consent *command) {
    bool all = uuid_is_zero(command->consent);
    const struct consent *consent = all ? NULL : consent_of(the_case, command->consent);
    if (!the_case->created || (!all && consent == NULL)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    bool changes = consent != NULL && consent->withdrawn_at == 0;
    for (uint32_t i = 0; all && i < the_case->consents.count; i++) {
        changes |= the_case->consents.items[i].withdrawn_at == 0;
    }
    if (changes || (all && !the_case->asks_consent)) {
        struct consent_withdrawn event = {.consent = command->consent};
        turn_event(turn, consent_withdrawn_encode(turn->arena, &event));
        struct patient_case after = copy_of(the_case, turn);
        close_consents(&after, command->consent, turn->now, turn->sender.user);
        tell_of(&after, turn);
    }
}

static void tell(struct turn *turn, struct uuid user, const struct break_glass *command) {
    struct put_entry message = {
        .command_id = turn_new_id(turn),
        .entry = {.kind = ENTRY_KIND_EMERGENCY,
                  .id = turn_new_id(turn),
                  .title = {.length = command->reason.length < 200 ? command->reason.length : 200,
                            .bytes = command->reason.bytes},
                  .detail = command->name,
                  .role = ROLE_EMERGENCY,
                  .at = turn->now,
                  .about = turn->self},
    };
    while (message.entry.title.length > 0 && message.entry.title.length == 200 &&
           (command->reason.bytes[message.entry.title.length] & 0xc0) == 0x80) {
        message.entry.title.length--; /* whole characters */
    }
    turn_send(turn, CHANNEL_KIND_USER, user, put_entry_encode(turn->arena, &message));
}

static bool is_told(const struct case_member *member) {
    return case_treats(member) || member->role == ROLE_PATIENT || member->role == ROLE_PROXY;
}

void case_on_break_glass(const struct patient_case *the_case, struct turn *turn,
                         const struct break_glass *command) {
    struct uuid user = turn->sender.user;
    uint16_t rights = the_case->created ? turn_rights_in(turn, the_case->organisation) : 0;
    if ((policy_of_organisation(rights, 0).actions & ORGANISATION_MAY_BREAK_GLASS) == 0) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    if (command->reason.length == 0 || command->name.length == 0) {
        turn_refuse(turn, REFUSAL_MALFORMED);
        return;
    }
    if ((case_grant(&the_case->actor, user, rights, turn->now).audiences & AUDIENCE_CLINICAL) !=
        0) {
        turn_refuse(turn, REFUSAL_BAD_STATE); /* they see it already */
        return;
    }
    struct glass_broken event = {.emergency = {.user = user,
                                               .name = command->name,
                                               .reason = command->reason,
                                               .at = turn->now,
                                               .until = turn->now + emergency_us}};
    turn_event(turn, glass_broken_encode(turn->arena, &event));
    struct uuid_list officers = turn_holders_in(turn, ROLE_PRIVACY_OFFICER, the_case->organisation);
    for (uint32_t i = 0; i < officers.count; i++) {
        tell(turn, officers.items[i], command);
    }
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        const struct case_member *member = &the_case->members.items[i];
        if (is_told(member) && !lists(&officers, member->user)) {
            tell(turn, member->user, command);
        }
    }
}

/* Events */

void case_apply_consent_given(struct patient_case *the_case, const struct event_header *header,
                              const struct consent_given *event) {
    (void)header;
    struct arena *state = the_case->actor.state;
    consent_copy(state, growing_list_add(state, &the_case->consents), &event->consent);
    the_case->asks_consent = true;
}

void case_apply_consent_withdrawn(struct patient_case *the_case, const struct event_header *header,
                                  const struct consent_withdrawn *event) {
    close_consents(the_case, event->consent, header->at, header->by);
}

/* It says when it ends itself: this tells pages that the moment has come. */
void case_apply_consent_ended(struct patient_case *the_case, const struct event_header *header,
                              const struct consent_ended *event) {
    (void)the_case;
    (void)header;
    (void)event;
}

void case_apply_glass_broken(struct patient_case *the_case, const struct event_header *header,
                             const struct glass_broken *event) {
    (void)header;
    struct arena *state = the_case->actor.state;
    if (the_case->emergencies.count == CASE_EMERGENCIES_MAX) {
        growing_list_remove(&the_case->emergencies, 0);
    }
    emergency_copy(state, growing_list_add(state, &the_case->emergencies), &event->emergency);
}

/* What a patient is told */

static bool is_read_by(const struct who_sees_list *viewers, struct uuid user) {
    for (uint32_t i = 0; i < viewers->count; i++) {
        if (uuid_equal(viewers->items[i].user, user)) {
            return true;
        }
    }
    return false;
}

static bool sees_content(const struct case_member *member) {
    return case_treats(member) || member->role == ROLE_MEMBER || member->role == ROLE_SPECIALIST ||
           member->role == ROLE_OBSERVER;
}

static void add_viewers(struct uuid board, const struct case_member_list *members,
                        struct who_sees_list *viewers) {
    for (uint32_t i = 0; i < members->count && viewers->count < CASE_VIEWERS_MAX; i++) {
        const struct case_member *member = &members->items[i];
        if (!sees_content(member) || is_read_by(viewers, member->user)) {
            continue;
        }
        viewers->items[viewers->count++] = (struct who_sees){
            .user = member->user,
            .name = member->name,
            .discipline = member->discipline,
            .role = member->role,
            .by_law = uuid_is_zero(board) && case_treats(member),
            .board = board,
        };
    }
}

/* Of a restricted case: who keeps it. */
static void add_keepers(const struct case_member_list *members, struct who_sees_list *viewers) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->items[i].role == ROLE_COORDINATOR) {
            struct case_member_list one = {1, &members->items[i]};
            add_viewers((struct uuid){{0}}, &one, viewers);
        }
    }
}

struct who_sees_list case_viewers(const struct patient_case *the_case, struct arena *arena) {
    struct who_sees_list viewers = {
        .items = arena_alloc(arena, CASE_VIEWERS_MAX * sizeof(struct who_sees))};
    if (viewers.items == NULL) {
        return viewers;
    }
    if (the_case->is_restricted) {
        add_keepers(&the_case->members, &viewers);
        return viewers;
    }
    add_viewers((struct uuid){{0}}, &the_case->members, &viewers);
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        add_viewers(link->board, &link->members, &viewers);
    }
    return viewers;
}
