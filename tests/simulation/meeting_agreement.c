/*
 * At rest the actors must agree about a meeting, too: what a board holds of each case is what the
 * case says, an item that went to another meeting is on one agenda, and worklists say what is
 * expected of whom. Counted here anew from what the actors show.
 */
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"

static const struct board_link *link_of(const struct case_snapshot *the_case, struct uuid board) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        if (uuid_equal(the_case->boards.items[i].board, board)) {
            return &the_case->boards.items[i];
        }
    }
    return NULL;
}

static const struct decision *decision_of(const struct case_snapshot *the_case, struct uuid board,
                                          uint32_t item) {
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        const struct decision *decision = &the_case->decisions.items[i];
        if (decision->item == item && uuid_equal(decision->board, board)) {
            return decision;
        }
    }
    return NULL;
}

static bool lacks(const struct case_snapshot *the_case, enum card_topic topic) {
    for (uint32_t i = 0; i < the_case->card.count; i++) {
        if (the_case->card.items[i].topic == topic && the_case->card.items[i].text.length > 0) {
            return false;
        }
    }
    return true; /* there are no images in this world */
}

static bool says_what_is_missing(const struct agenda_item *item, const struct template *template,
                                 const struct case_snapshot *the_case) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < template->checks.count; i++) {
        enum card_topic topic = template->checks.items[i].topic;
        if (lacks(the_case, topic)) {
            if (at == item->missing.count || item->missing.items[at] != topic) {
                return false;
            }
            at++;
        }
    }
    return at == item->missing.count;
}

static bool says_how_it_ended(const struct agenda_item *item, const struct board_snapshot *board,
                              struct uuid board_id, const struct case_snapshot *the_case) {
    if (item->state != ITEM_STATE_DISCUSSED) {
        return true;
    }
    for (uint32_t i = 0; i < the_case->discussions.count; i++) {
        const struct discussion *said = &the_case->discussions.items[i];
        if (said->item == item->item && uuid_equal(said->board, board_id)) {
            const struct phrase_list *reasons = &board->template.defer_reasons;
            struct text reason =
                item->reason == 0 ? (struct text){0, NULL} : reasons->items[item->reason - 1].text;
            return said->outcome == (uint8_t)item->outcome && text_equal(said->reason, reason);
        }
    }
    return false;
}

void watch_item(struct world *world, const struct board_snapshot *board, struct uuid board_id,
                const struct agenda_item *item, const struct case_snapshot *the_case) {
    const struct board_link *link = link_of(the_case, board_id);
    const struct decision *decision = decision_of(the_case, board_id, item->item);
    enum decision_state state = decision == NULL           ? DECISION_STATE_NONE
                                : decision->signed_at == 0 ? DECISION_STATE_RECORDED
                                                           : DECISION_STATE_SIGNED;
    if (link == NULL || link->item != item->item) {
        world_fault(world, "at rest a case does not know that it is item %u", item->item);
    } else if (item->decision != state) {
        world_fault(world, "at rest the decision of item %u is %u for its board and %u in fact",
                    item->item, item->decision, state);
    } else if (board->state != MEETING_STATE_ENDED &&
               !says_what_is_missing(item, &board->template, the_case)) {
        world_fault(world, "at rest item %u lacks something else than its board believes",
                    item->item);
    } else if (board->state != MEETING_STATE_ENDED && link->sealed) {
        world_fault(world, "at rest item %u is sealed and its meeting goes on", item->item);
    } else if (!says_how_it_ended(item, board, board_id, the_case)) {
        world_fault(world, "at rest the case of item %u does not know how that ended", item->item);
    }
}

/* Votes: each person once */

static bool votes_twice(const struct decision *decision) {
    for (uint32_t i = 0; i < decision->votes.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (uuid_equal(decision->votes.items[i].person, decision->votes.items[j].person)) {
                return true;
            }
        }
    }
    return false;
}

void watch_votes(struct world *world, const struct decision_list *decisions) {
    for (uint32_t i = 0; i < decisions->count; i++) {
        if (votes_twice(&decisions->items[i])) {
            world_fault(world, "somebody has voted twice on one decision");
        }
    }
}

/* Where a case stands, which may be on two agendas: deferred on one and to come on the other. */

static enum case_status status_of(const struct agenda_item *item) {
    bool comes = item->state == ITEM_STATE_WAITING;
    if (item->state == ITEM_STATE_OPEN) {
        return CASE_STATUS_IN_DISCUSSION;
    }
    switch (item->outcome) {
    case ITEM_OUTCOME_DEFERRED:
    case ITEM_OUTCOME_NOT_DISCUSSED:
        return comes ? CASE_STATUS_SCHEDULED : CASE_STATUS_DEFERRED;
    case ITEM_OUTCOME_LATER:
        return CASE_STATUS_SCHEDULED;
    default:
        return comes ? CASE_STATUS_SCHEDULED : CASE_STATUS_DISCUSSED;
    }
}

void watch_slots(struct world *world, const struct agenda_item *const slots[2],
                 const struct case_snapshot *the_case) {
    bool open = false, fits = false;
    uint32_t to_come = 0, count = 0;
    for (int i = 0; i < 2; i++) {
        if (slots[i] == NULL) {
            continue;
        }
        enum case_status status = status_of(slots[i]);
        count++;
        open = open || status == CASE_STATUS_IN_DISCUSSION;
        fits = fits || status == the_case->status;
        to_come += slots[i]->state == ITEM_STATE_WAITING || slots[i]->state == ITEM_STATE_OPEN;
        if (slots[i]->state == ITEM_STATE_MOVING) {
            world_fault(world, "at rest item %u is still on its way", slots[i]->item);
        }
    }
    if (count == 0 || to_come > 1) {
        world_fault(world, "at rest a case is on %u agendas and to come on %u", count, to_come);
    } else if (!fits || (open && the_case->status != CASE_STATUS_IN_DISCUSSION)) {
        const struct agenda_item *item = slots[0] == NULL ? slots[1] : slots[0];
        world_fault(world, "at rest item %u is %u for its board and %u for its case", item->item,
                    item->state, the_case->status);
    }
    watch_votes(world, &the_case->decisions);
}

/* What is expected of whom */

static bool somebody_is_of(const struct board_snapshot *board, struct text discipline) {
    for (uint32_t i = 0; i < board->members.count; i++) {
        const struct member *member = &board->members.items[i];
        if (member->role <= ROLE_MEMBER && text_equal(member->discipline, discipline)) {
            return true;
        }
    }
    return false;
}

static bool owes(const struct board_snapshot *board, const struct member *member,
                 const struct check *check) {
    bool nobodys = check->owed_by.length == 0 || !somebody_is_of(board, check->owed_by);
    if (nobodys) {
        return member->role == ROLE_COORDINATOR;
    }
    return member->role <= ROLE_MEMBER && text_equal(member->discipline, check->owed_by);
}

static bool owes_something(const struct board_snapshot *board, const struct member *member,
                           const struct agenda_item *item) {
    for (uint32_t i = 0; i < item->missing.count; i++) {
        for (uint32_t j = 0; j < board->template.checks.count; j++) {
            const struct check *check = &board->template.checks.items[j];
            if (check->topic == item->missing.items[i] && owes(board, member, check)) {
                return true;
            }
        }
    }
    return false;
}

void watch_expectations(struct world *world, const struct board_snapshot *board,
                        const struct member *member, const struct worklist_entry *entry) {
    uint32_t prepares = 0, lacking = 0;
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        if (item->state != ITEM_STATE_DISCUSSED && board->published &&
            board->state != MEETING_STATE_ENDED) {
            prepares += uuid_equal(item->presenter, member->user);
            lacking += owes_something(board, member, item);
        }
    }
    if (entry->prepare != prepares || entry->owes != lacking) {
        world_fault(world, "at rest a worklist says %u to prepare and %u owed: it is %u and %u",
                    entry->prepare, entry->owes, prepares, lacking);
    }
}

/* Tasks: with their owner while they are open, and with the coordinators once they were due, or
 * when their owner gave them back */

static bool is_signed(const struct case_snapshot *the_case, struct uuid decision) {
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        if (uuid_equal(the_case->decisions.items[i].decision, decision)) {
            return the_case->decisions.items[i].signed_at != 0;
        }
    }
    return false;
}

static bool lists(const struct case_member_list *members, struct uuid user) {
    for (uint32_t i = 0; i < members->count; i++) {
        if (uuid_equal(members->items[i].user, user)) {
            return true;
        }
    }
    return false;
}

static bool knows_of(const struct case_snapshot *the_case, struct uuid user) {
    bool knows = lists(&the_case->members, user);
    for (uint32_t i = 0; i < the_case->boards.count && !knows; i++) {
        knows = lists(&the_case->boards.items[i].members, user);
    }
    return knows;
}

static bool coordinates(const struct case_snapshot *the_case, struct uuid user) {
    for (uint32_t i = 0; i < the_case->members.count; i++) {
        const struct case_member *member = &the_case->members.items[i];
        if (member->role == ROLE_COORDINATOR && uuid_equal(member->user, user)) {
            return true;
        }
    }
    return false;
}

void watch_tasks(struct world *world, const struct case_snapshot *the_case,
                 const struct person *person, const struct user_snapshot *user) {
    for (uint32_t i = 0; i < the_case->tasks.count; i++) {
        const struct task *task = &the_case->tasks.items[i];
        bool open = task->state == TASK_STATE_OPEN;
        bool is_due = open && task->due_at != 0 && task->due_at < world->time.now;
        bool given_back =
            task->state == TASK_STATE_REFUSED && uuid_equal(task->closed_by, task->owner);
        bool theirs = uuid_equal(task->owner, person->user)
                          ? open && knows_of(the_case, person->user)
                          : (is_due || given_back) && coordinates(the_case, person->user);
        bool wanted = theirs && is_signed(the_case, task->decision);
        bool there = false;
        for (uint32_t j = 0; j < user->entries.count; j++) {
            there = there || uuid_equal(user->entries.items[j].id, task->task);
        }
        if (there != wanted) {
            world_fault(world, "at rest a task is %s the worklist of %s wrongly",
                        there ? "on" : "not on", person->name);
        }
    }
}
