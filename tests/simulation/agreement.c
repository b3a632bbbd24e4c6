/* At rest the actors must agree, whatever was lost, repeated or retried on the way between them:
 * who belongs to a board sees its cases and nobody else does through it, a case stands where its
 * slot stands, and worklists say the same. */
#include "tests/simulation/person.h"
#include "tests/simulation/world.h"

#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"

enum { READ_BYTES = 8 << 20 };

static const void *read_snapshot(const struct actor *actor, uint8_t audiences,
                                 struct arena *arena) {
    struct encoded shown = actor->kind->snapshot(actor, audiences, arena);
    struct reader reader = reader_of(shown.fields);
    return actor->kind->number == CHANNEL_KIND_PATIENT_CASE
               ? patient_case_decode_down(shown.tag, &reader, arena)
               : user_decode_down(shown.tag, &reader, arena);
}

static uint8_t role_in_case(const struct member *member) {
    return member->role == ROLE_CHAIR ? (uint8_t)ROLE_COORDINATOR : member->role;
}

static bool same_roster(const struct member_list *board, const struct case_member_list *link) {
    if (board->count != link->count) {
        return false;
    }
    for (uint32_t i = 0; i < board->count; i++) {
        uint32_t j = 0;
        while (j < link->count && !uuid_equal(board->items[i].user, link->items[j].user)) {
            j++;
        }
        if (j == link->count || role_in_case(&board->items[i]) != link->items[j].role) {
            return false;
        }
    }
    return true;
}

static enum case_status status_of(const struct agenda_item *item) {
    static const enum case_status statuses[] = {
        [ITEM_STATE_WAITING] = CASE_STATUS_SCHEDULED,
        [ITEM_STATE_OPEN] = CASE_STATUS_IN_DISCUSSION,
        [ITEM_STATE_DISCUSSED] = CASE_STATUS_DISCUSSED,
        [ITEM_STATE_REMOVED] = CASE_STATUS_OPENED,
    };
    return statuses[item->state];
}

static const struct worklist_entry *entry_of(const struct user_snapshot *user, struct uuid id) {
    for (uint32_t i = 0; i < user->entries.count; i++) {
        if (uuid_equal(user->entries.items[i].id, id)) {
            return &user->entries.items[i];
        }
    }
    return NULL;
}

static void check_case(struct world *world, const struct board_snapshot *board,
                       const struct agenda_item *item, struct arena *arena) {
    const struct actor *actor = world_actor(world, CHANNEL_KIND_PATIENT_CASE, item->patient_case);
    if (actor == NULL) {
        return; /* nobody looks at it just now */
    }
    const struct case_snapshot *the_case =
        read_snapshot(actor, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW, arena);
    if (the_case == NULL || the_case->boards.count != 1 ||
        the_case->boards.items[0].item != item->item) {
        world_fault(world, "at rest a case does not know that it is item %u", item->item);
    } else if (!same_roster(&board->members, &the_case->boards.items[0].members)) {
        world_fault(world, "at rest item %u has another roster than its board", item->item);
    } else if (the_case->status != status_of(item)) {
        world_fault(world, "at rest item %u is %u for its board and %u for its case", item->item,
                    item->state, the_case->status);
    }
}

static void check_worklist(struct world *world, const struct board_snapshot *board,
                           const struct person *person, struct arena *arena) {
    const struct actor *actor = world_actor(world, CHANNEL_KIND_USER, person->user);
    const struct user_snapshot *user =
        actor == NULL ? NULL : read_snapshot(actor, AUDIENCE_OWN, arena);
    if (user == NULL) {
        return;
    }
    const struct member *member = NULL;
    for (uint32_t i = 0; i < board->members.count; i++) {
        if (uuid_equal(board->members.items[i].user, person->user)) {
            member = &board->members.items[i];
        }
    }
    const struct worklist_entry *entry = entry_of(user, world->board);
    if ((member == NULL) != (entry == NULL)) {
        world_fault(world, "at rest the board is %s the worklist of %s wrongly",
                    entry == NULL ? "not on" : "on", person->name);
    } else if (member != NULL &&
               (entry->role != member->role || entry->status != (uint8_t)board->state)) {
        world_fault(world, "at rest %s's worklist tells of another board", person->name);
    }
}

void watch_agreement(struct world *world, const struct board_snapshot *truth) {
    struct arena arena;
    arena_init(&arena, READ_BYTES);
    for (uint32_t i = 0; i < truth->items.count; i++) {
        check_case(world, truth, &truth->items.items[i], &arena);
    }
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        check_worklist(world, truth, world->people[i], &arena);
    }
    arena_finish(&arena);
}
