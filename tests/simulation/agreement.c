/* At rest the actors must agree, whatever was lost, repeated or retried on the way between them:
 * who belongs to a board sees its cases and nobody else does through it, a case stands where its
 * slots stand, and worklists say the same. What a meeting adds to that is in meeting_agreement.c.
 */
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
    return member->role == ROLE_CHAIR   ? (uint8_t)ROLE_COORDINATOR
           : member->role == ROLE_GUEST ? (uint8_t)ROLE_MEMBER
                                        : member->role;
}

static bool takes_part(const struct member *member, uint32_t item) {
    for (uint32_t i = 0; i < member->items.count; i++) {
        if (member->items.items[i] == item) {
            return true;
        }
    }
    return member->role != ROLE_GUEST;
}

static bool has_vote(const struct member *member) {
    return member->role == ROLE_CHAIR ||
           (member->role <= ROLE_MEMBER && member->discipline.length > 0 && !member->no_vote);
}

static bool same_roster(const struct member_list *board, const struct board_link *link) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->count; i++) {
        const struct member *member = &board->items[i];
        if (!takes_part(member, link->item)) {
            continue;
        }
        uint32_t j = 0;
        while (j < link->members.count && !uuid_equal(member->user, link->members.items[j].user)) {
            j++;
        }
        const struct case_member *there = &link->members.items[j];
        if (j == link->members.count || role_in_case(member) != there->role ||
            there->signs != (member->role == ROLE_CHAIR) || there->votes != has_vote(member)) {
            return false;
        }
        count++;
    }
    return count == link->members.count;
}

static const struct worklist_entry *entry_of(const struct user_snapshot *user, struct uuid id) {
    for (uint32_t i = 0; i < user->entries.count; i++) {
        if (uuid_equal(user->entries.items[i].id, id)) {
            return &user->entries.items[i];
        }
    }
    return NULL;
}

static const struct agenda_item *item_of(const struct board_snapshot *board,
                                         struct uuid patient_case) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        if (uuid_equal(board->items.items[i].patient_case, patient_case)) {
            return &board->items.items[i];
        }
    }
    return NULL;
}

static void check_roster(struct world *world, const struct board_snapshot *board,
                         struct uuid board_id, const struct agenda_item *item,
                         const struct case_snapshot *the_case) {
    for (uint32_t i = 0; i < the_case->boards.count; i++) {
        const struct board_link *link = &the_case->boards.items[i];
        if (uuid_equal(link->board, board_id) && !same_roster(&board->members, link)) {
            world_fault(world, "at rest item %u has another roster than its board", item->item);
        }
    }
}

static void check_case(struct world *world, const struct board_snapshot *const boards[2],
                       const struct case_snapshot *the_case, struct uuid id) {
    const struct uuid ids[2] = {world->board, world->next_board};
    const struct agenda_item *slots[2];
    uint32_t count = 0;
    for (int i = 0; i < 2; i++) {
        slots[i] = item_of(boards[i], id);
        if (slots[i] != NULL) {
            count++;
            check_roster(world, boards[i], ids[i], slots[i], the_case);
            watch_item(world, boards[i], ids[i], slots[i], the_case);
        }
    }
    if (the_case->boards.count != count) {
        world_fault(world, "at rest a case is on %u agendas and knows of %u", count,
                    the_case->boards.count);
    }
    watch_slots(world, slots, the_case);
}

static void check_worklist(struct world *world, const struct board_snapshot *board,
                           struct uuid board_id, const struct person *person,
                           const struct user_snapshot *user) {
    const struct member *member = NULL;
    for (uint32_t i = 0; i < board->members.count; i++) {
        if (uuid_equal(board->members.items[i].user, person->user)) {
            member = &board->members.items[i];
        }
    }
    const struct worklist_entry *entry = entry_of(user, board_id);
    if ((member == NULL) != (entry == NULL)) {
        world_fault(world, "at rest the board is %s the worklist of %s wrongly",
                    entry == NULL ? "not on" : "on", person->name);
    } else if (member != NULL &&
               (entry->role != member->role || entry->status != (uint8_t)board->state)) {
        world_fault(world, "at rest %s's worklist tells of another board", person->name);
    } else if (member != NULL) {
        watch_expectations(world, board, member, entry);
    }
}

/* NULL when nobody looks at it just now. */
static const void *snapshot_of(struct world *world, uint8_t kind, struct uuid id, uint8_t audiences,
                               struct arena *arena) {
    const struct actor *actor = world_actor(world, kind, id);
    return actor == NULL ? NULL : read_snapshot(actor, audiences, arena);
}

void watch_agreement(struct world *world, const struct board_snapshot *board,
                     const struct board_snapshot *next_board) {
    const struct board_snapshot *const boards[2] = {board, next_board};
    const struct case_snapshot *cases[WORLD_CASES];
    struct arena arena;
    arena_init(&arena, READ_BYTES);
    for (int i = 0; i < 2; i++) {
        if (boards[i]->state == MEETING_STATE_CLOSING) {
            world_fault(world, "at rest a meeting still waits for the answers of its cases");
        }
    }
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        cases[i] = snapshot_of(world, CHANNEL_KIND_PATIENT_CASE, world->cases[i],
                               AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY, &arena);
        if (cases[i] != NULL) {
            check_case(world, boards, cases[i], world->cases[i]);
        }
    }
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        const struct person *person = world->people[i];
        const struct user_snapshot *user =
            snapshot_of(world, CHANNEL_KIND_USER, person->user, AUDIENCE_OWN, &arena);
        if (user == NULL) {
            continue;
        }
        check_worklist(world, board, world->board, person, user);
        check_worklist(world, next_board, world->next_board, person, user);
        for (unsigned j = 0; j < WORLD_CASES; j++) {
            if (cases[j] != NULL) {
                watch_tasks(world, cases[j], person, user);
            }
        }
    }
    arena_finish(&arena);
}
