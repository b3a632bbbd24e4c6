/*
 * What boards tell a case. Nobody gains access by listing a case on a board of their own: who added
 * it must have had access before.
 */
#include "actors/patient_case.h"
#include "protocol/generated/board.h"
#include "protocol/generated/session.h"

const struct board_link *case_board(const struct patient_case *the_case, struct uuid board) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        if (uuid_equal(the_case->boards.items[i].board, board)) {
            return &the_case->boards.items[i];
        }
    }
    return NULL;
}

/*
 * Volatile, as a refusal has no event that could carry it: should it be lost in a crash, the next
 * message of the board about this item is refused again and takes it off then.
 */
void case_decline_listing(struct turn *turn, struct uuid board, uint32_t item,
                          enum refusal reason) {
    turn_refuse(turn, reason);
    struct item_refused message = {.command_id = turn_new_id(turn), .item = item};
    turn_send_volatile(turn, CHANNEL_KIND_BOARD, board, item_refused_encode(turn->arena, &message));
}

static enum case_status status_after(enum item_outcome outcome) {
    switch (outcome) {
    case ITEM_OUTCOME_DEFERRED:
    case ITEM_OUTCOME_NOT_DISCUSSED:
        return CASE_STATUS_DEFERRED;
    case ITEM_OUTCOME_LATER:
        return CASE_STATUS_SCHEDULED;
    default:
        return CASE_STATUS_DISCUSSED;
    }
}

static void change_status(const struct patient_case *the_case, struct turn *turn,
                          enum case_status status) {
    struct status_changed event = {.status = status};
    turn_event(turn, status_changed_encode(turn->arena, &event));
    case_put_entries(the_case, turn, status);
}

/* While a board has it open it is in discussion; the last one that is done says how it stands. */
static void settle_status(const struct patient_case *the_case, struct turn *turn,
                          const struct board_link *said_by, enum case_status status) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        if (link->open && !uuid_equal(link->board, said_by->board)) {
            return;
        }
    }
    if (the_case->status != status) {
        change_status(the_case, turn, status);
    }
}

static void set_open(struct turn *turn, const struct board_link *link, bool open) {
    if (link->open != open) {
        struct opened_for_board event = {.board = link->board, .item = link->item, .open = open};
        turn_event(turn, opened_for_board_encode(turn->arena, &event));
    }
}

const struct discussion *case_discussion(const struct patient_case *the_case, struct uuid board,
                                         uint32_t item) {
    for (uint32_t i = 0; i < the_case->discussions.count; i++) {
        const struct discussion *discussion = &the_case->discussions.items[i];
        if (uuid_equal(discussion->board, board) && discussion->item == item) {
            return discussion;
        }
    }
    return NULL;
}

struct case_outlook case_outlook_of(const struct patient_case *the_case) {
    struct case_outlook outlook = {0};
    for (uint32_t i = 0; i < the_case->card.count; i++) {
        const struct card_entry *entry = &the_case->card.items[i];
        outlook.has[entry->topic] = entry->text.length > 0;
    }
    outlook.has[CARD_TOPIC_IMAGES] = the_case->display_sets.count > 0;
    return outlook;
}

void case_report(struct turn *turn, const struct board_link *link,
                 const struct case_outlook *outlook, enum decision_state decision) {
    struct report_readiness report = {.command_id = turn_new_id(turn),
                                      .patient_case = turn->self,
                                      .item = link->item,
                                      .decision = decision};
    const struct check_list *checks = &link->template.checks;
    report.missing.items =
        arena_alloc(turn->arena, (checks->count + 1) * sizeof *report.missing.items);
    turn_check(turn, report.missing.items != NULL);
    for (uint32_t i = 0; i < checks->count; i++) {
        if (!outlook->has[checks->items[i].topic]) {
            report.missing.items[report.missing.count++] = checks->items[i].topic;
        }
    }
    turn_send(turn, CHANNEL_KIND_BOARD, link->board, report_readiness_encode(turn->arena, &report));
}

void case_report_to_all(const struct patient_case *the_case, struct turn *turn,
                        const struct case_outlook *outlook) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        if (link->has_template) {
            case_report(turn, link, outlook,
                        case_decision_state(the_case, link->board, link->item));
        }
    }
}

static bool stays(const struct case_member_list *members, struct uuid user) {
    bool found = false;
    for (uint32_t i = 0; i < members->count && !found; i++) {
        const struct case_member *member = &members->items[i];
        found = uuid_equal(member->user, user) && member->until == 0 &&
                (member->role == ROLE_COORDINATOR || member->role == ROLE_MEMBER);
    }
    return found;
}

/* Who is here for a while, a guest for instance, may not make it last by a board of their own. */
static bool may_list(const struct patient_case *the_case, struct uuid user, int64_t now) {
    struct grant grant = case_grant(&the_case->actor, user, 0, now);
    bool lasting = stays(&the_case->members, user);
    for (uint32_t i = 0; i < the_case->boards.count && !lasting; i++) {
        lasting = stays(&the_case->boards.items[i].members, user);
    }
    return lasting && (grant.roles & (1u << ROLE_COORDINATOR | 1u << ROLE_MEMBER)) != 0;
}

static bool is_roster(const struct case_member_list *members) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->items[i].role < ROLE_COORDINATOR || members->items[i].role > ROLE_OBSERVER) {
            return false;
        }
    }
    return true;
}

/* Whose access through the board of `link` changes; `link` with no members = it has no access to
 * give any more. */
static void tell_tasks_of_board(const struct patient_case *the_case, struct turn *turn,
                                const struct board_link *link) {
    struct patient_case after = *the_case;
    struct board_link *links =
        arena_alloc(turn->arena, (the_case->boards.count + 1) * sizeof *links);
    turn_check(turn, links != NULL);
    after.boards = (struct board_link_list){0, links};
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        if (!uuid_equal(the_case->boards.items[i].board, link->board)) {
            links[after.boards.count++] = the_case->boards.items[i];
        }
    }
    links[after.boards.count++] = *link;
    case_tell_tasks(&after, turn);
}

void case_on_list(const struct patient_case *the_case, struct turn *turn,
                  const struct list_on_board *command) {
    const struct board_link *known = case_board(the_case, command->board);
    bool listed_anew = known == NULL || known->item != command->item;
    struct board_link link = {.board = command->board,
                              .item = command->item,
                              .members = command->members,
                              .has_template = command->has_template,
                              .template = command->template,
                              .sealed = !listed_anew && known->sealed,
                              .open = !listed_anew && known->open};
    if (!the_case->created) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_NOT_FOUND);
    } else if (!is_roster(&command->members)) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_MALFORMED);
    } else if (known == NULL && !may_list(the_case, command->by, turn->now)) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_NOT_PERMITTED);
    } else if (known == NULL && the_case->is_restricted) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_RESTRICTED);
    } else if (known == NULL && the_case->boards.count == CASE_BOARDS_MAX) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_TOO_MANY);
    } else if (known != NULL && command->item < known->item) {
        return; /* numbers only grow: this was said before the one we know */
    } else if (known == NULL || !board_link_equal(known, &link)) {
        struct listed_on_board event = {.link = link};
        turn_event(turn, listed_on_board_encode(turn->arena, &event));
        if (known == NULL || !case_member_list_equal(&known->members, &link.members)) {
            tell_tasks_of_board(the_case, turn, &link);
        }
        if (listed_anew) {
            settle_status(the_case, turn, &link, CASE_STATUS_SCHEDULED);
        }
        if (listed_anew && link.has_template) {
            struct case_outlook outlook = case_outlook_of(the_case);
            case_report(turn, &link, &outlook,
                        case_decision_state(the_case, link.board, link.item));
        }
    }
}

void case_on_unlist(const struct patient_case *the_case, struct turn *turn,
                    const struct unlist_from_board *command) {
    const struct board_link *known = case_board(the_case, command->board);
    if (known == NULL || known->item != command->item) {
        return;
    }
    struct unlisted_from_board event = {.board = command->board, .item = command->item};
    turn_event(turn, unlisted_from_board_encode(turn->arena, &event));
    tell_tasks_of_board(the_case, turn, &(struct board_link){.board = command->board});
    bool comes = the_case->status == CASE_STATUS_SCHEDULED || known->open;
    if (comes) {
        settle_status(the_case, turn, known,
                      the_case->boards.count == 1 ? CASE_STATUS_OPENED : CASE_STATUS_SCHEDULED);
    }
}

void case_note_discussion(const struct patient_case *the_case, struct turn *turn,
                          const struct board_link *link, enum item_outcome outcome,
                          struct text reason) {
    const struct discussion *known = case_discussion(the_case, link->board, link->item);
    struct discussed event = {.discussion = {.board = link->board,
                                             .item = link->item,
                                             .outcome = (uint8_t)outcome,
                                             .reason = reason,
                                             .unready = known == NULL ? TEXT("") : known->unready,
                                             .at = turn->now}};
    turn_event(turn, discussed_encode(turn->arena, &event));
    set_open(turn, link, false);
    settle_status(the_case, turn, link, status_after(outcome));
}

static void on_opened(const struct patient_case *the_case, struct turn *turn,
                      const struct board_link *link, struct text unready) {
    if (unready.length > 0) {
        struct discussed event = {
            .discussion = {
                .board = link->board, .item = link->item, .unready = unready, .at = turn->now}};
        turn_event(turn, discussed_encode(turn->arena, &event));
    }
    set_open(turn, link, true);
    if (the_case->status != CASE_STATUS_IN_DISCUSSION) {
        change_status(the_case, turn, CASE_STATUS_IN_DISCUSSION);
        stage_pass_floor(&the_case->stage, turn, (struct uuid){{0}});
        turn_ephemera(turn);
    }
}

/* The item is not open any more, and nothing was made of it. */
static void on_left(const struct patient_case *the_case, struct turn *turn,
                    const struct board_link *link, enum case_status status) {
    set_open(turn, link, false);
    if (the_case->status == CASE_STATUS_IN_DISCUSSION) {
        settle_status(the_case, turn, link, status);
    }
}

void case_on_board_status(const struct patient_case *the_case, struct turn *turn,
                          const struct board_status *command) {
    const struct board_link *link = case_board(the_case, command->board);
    if (link == NULL || link->item != command->item) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_NOT_FOUND);
        return;
    }
    switch (command->status) {
    case CASE_STATUS_IN_DISCUSSION:
        on_opened(the_case, turn, link, command->unready);
        break;
    case CASE_STATUS_DISCUSSED:
        if (command->outcome != ITEM_OUTCOME_NONE) {
            case_note_discussion(the_case, turn, link, command->outcome, command->reason);
        } else {
            on_left(the_case, turn, link, CASE_STATUS_DISCUSSED);
        }
        break;
    case CASE_STATUS_SCHEDULED: /* the step that opened it was taken back */
        on_left(the_case, turn, link, CASE_STATUS_SCHEDULED);
        break;
    default:
        turn_refuse(turn, REFUSAL_MALFORMED);
        break;
    }
}

static void set_sealed(struct turn *turn, const struct board_link *link, bool sealed) {
    struct sealed_for_board event = {.board = link->board, .item = link->item, .sealed = sealed};
    turn_event(turn, sealed_for_board_encode(turn->arena, &event));
}

/* From the answer on no decision of this meeting is recorded or signed. One that is recorded and
 * not signed keeps the case open, and with it the meeting. The answer names the closing that it is
 * for: once that is called off, the case may decide again and the answer is not true any more. */
void case_on_seal(const struct patient_case *the_case, struct turn *turn,
                  const struct seal_for_board *command) {
    const struct board_link *link = case_board(the_case, command->board);
    if (link == NULL || link->item != command->item) {
        case_decline_listing(turn, command->board, command->item, REFUSAL_NOT_FOUND);
        return;
    }
    enum decision_state decision = case_decision_state(the_case, link->board, link->item);
    set_sealed(turn, link, decision != DECISION_STATE_RECORDED);
    struct item_sealed answer = {.command_id = turn_new_id(turn),
                                 .item = link->item,
                                 .decision = decision,
                                 .closing = command->closing};
    turn_send(turn, CHANNEL_KIND_BOARD, link->board, item_sealed_encode(turn->arena, &answer));
}

void case_on_unseal(const struct patient_case *the_case, struct turn *turn,
                    const struct unseal_for_board *command) {
    const struct board_link *link = case_board(the_case, command->board);
    if (link != NULL && link->item == command->item && link->sealed) {
        set_sealed(turn, link, false);
    }
}
