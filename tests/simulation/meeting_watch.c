/* What must be true of a meeting at any moment: in each process that has it in memory, and of each
 * frame to a guest or an observer. And at rest in every window. */
#define _GNU_SOURCE // memmem
#include "tests/simulation/chronicle.h"
#include "tests/simulation/person.h"

#include "actors/board.h"
#include "actors/patient_case.h"
#include "actors/runtime/activation.h"
#include "server/node/node_state.h"

#include <string.h>

static const struct actor *in_memory(struct process *process, uint8_t kind, struct uuid id) {
    struct activation *activation = directory_find(&process->node->runtime->directory, kind, id);
    return activation == NULL ? NULL : activation_actor(activation);
}

static void look_at_board(struct world *world, const struct board *board) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        open += item->state == ITEM_STATE_OPEN;
        if ((item->state == ITEM_STATE_OPEN) != (item->item == board->open_item)) {
            world_fault(world, "item %u is on the stage and %u is open", board->open_item,
                        item->item);
        }
    }
    if (open > 1) {
        world_fault(world, "%u items are open at once", open);
    }
}

void watch_meeting(struct world *world, const struct actor *actor) {
    if (actor->kind->number == CHANNEL_KIND_BOARD) {
        look_at_board(world, (const struct board *)actor);
    } else if (actor->kind->number == CHANNEL_KIND_PATIENT_CASE) {
        watch_votes(world, &((const struct patient_case *)actor)->decisions);
    }
}

/* Told apart from the program's own table: numbers at any time, the rest while the item is open;
 * and of cases that one alone. */
bool watch_guest_may_see(struct link *link, uint8_t kind, struct uuid id, uint8_t audiences) {
    const struct world *world = link->process->world;
    if (kind == CHANNEL_KIND_PATIENT_CASE) {
        return uuid_equal(id, world->cases[WORLD_GUEST_CASE]);
    }
    if ((audiences & AUDIENCE_STATUS) != 0) {
        return true;
    }
    const struct actor *board = in_memory(link->process, kind, id);
    return board == NULL || ((const struct board *)board)->open_item == WORLD_GUEST_ITEM;
}

/* Told apart from the program's own table. The observer has no other right. The fourth person has
 * what the boards' rosters in that case say at this moment: more than an observer's role on one. */
static bool may_know_the_patient(struct link *link, uint8_t kind, struct uuid id) {
    const struct person *person = link->person;
    if (person->index == OBSERVER || kind != CHANNEL_KIND_PATIENT_CASE) {
        return person->index != OBSERVER;
    }
    const struct patient_case *the_case =
        (const struct patient_case *)in_memory(link->process, kind, id);
    bool is_observer = false;
    for (uint32_t i = 0; the_case != NULL && i < the_case->boards.count; i++) {
        const struct case_member *member =
            case_member_in(&the_case->boards.items[i].members, person->user);
        if (member != NULL && member->role < ROLE_OBSERVER) {
            return true;
        }
        is_observer = is_observer || member != NULL;
    }
    return !is_observer;
}

void watch_identity(struct world *world, struct link *link, uint8_t kind, struct uuid id,
                    struct bytes fields) {
    static const char *const secrets[] = {PATIENT_NAME, PATIENT_ID, PATIENT_BIRTH_DATE, WORDS_SAID};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        bool says = fields.length > 0 &&
                    memmem(fields.bytes, fields.length, secrets[i], strlen(secrets[i])) != NULL;
        world->told_who += says;
        if (says && !may_know_the_patient(link, kind, id)) {
            world_fault(world, "%s was told who the patient is", link->person->name);
        }
    }
}

/* At rest */

static bool same_item(const struct shown_item *shown, const struct agenda_item *item) {
    uint16_t missing = 0;
    for (uint32_t i = 0; i < item->missing.count; i++) {
        missing |= (uint16_t)(1u << item->missing.items[i]);
    }
    return shown != NULL && shown->state == item->state && shown->outcome == item->outcome &&
           shown->reason == item->reason && shown->decision == item->decision &&
           shown->missing == missing && shown->standard == item->standard;
}

static bool same_agenda(struct shown_board *shown, const struct board_snapshot *board) {
    for (uint32_t i = 0; i < board->items.count; i++) {
        const struct agenda_item *item = &board->items.items[i];
        if (!same_item(shown_item(shown, item->item), item)) {
            return false;
        }
    }
    return shown->count == board->items.count;
}

static bool hangs_the_same(const struct shown_board *shown, const struct board_snapshot *board) {
    for (uint32_t i = 0; i < board->hangings.count && i < shown->hanging_count; i++) {
        const struct hanging *hanging = &board->hangings.items[i];
        const struct shown_hanging *seen = &shown->hangings[i];
        struct text modality = {(uint32_t)strlen(seen->modality), seen->modality};
        if (!text_equal(modality, hanging->modality) || seen->rows != hanging->rows ||
            seen->columns != hanging->columns || seen->at != hanging->at) {
            return false;
        }
    }
    return shown->hanging_count == board->hangings.count;
}

static void look_at_window(struct world *world, struct person *person, int at,
                           const struct board_snapshot *board) {
    const struct heard *heard =
        person_channel(person, at == 0 ? CHANNEL_BOARD : CHANNEL_NEXT_BOARD);
    struct shown_board *shown = &person->boards[at];
    if (!heard->open) {
        return;
    }
    if (shown->open != board->open_item || shown->state != board->state) {
        world_fault(world, "at rest %s takes item %u for the open one, and it is %u", person->name,
                    shown->open, board->open_item);
    } else if ((heard->audience & AUDIENCE_WORKFLOW) != 0 && !same_agenda(shown, board)) {
        world_fault(world, "at rest %s sees another agenda", person->name);
    } else if ((heard->audience & AUDIENCE_WORKFLOW) != 0 && !hangs_the_same(shown, board)) {
        world_fault(world, "at rest the images of %s are hung as nobody said", person->name);
    }
}

void watch_windows(struct world *world, const struct board_snapshot *board,
                   const struct board_snapshot *next_board) {
    struct chronicle *chronicle = world->chronicle;
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        look_at_window(world, world->people[i], 0, board);
        look_at_window(world, world->people[i], 1, next_board);
    }
    if (!same_agenda(&chronicle->boards[0], board) ||
        !same_agenda(&chronicle->boards[1], next_board)) {
        world_fault(world, "at rest a board is not what its events make of it");
    }
    if (!hangs_the_same(&chronicle->boards[0], board) ||
        !hangs_the_same(&chronicle->boards[1], next_board)) {
        world_fault(world, "at rest a board hangs images as nobody said");
    }
}
