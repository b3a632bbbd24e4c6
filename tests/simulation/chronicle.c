#include "tests/simulation/chronicle.h"

#include "server/store/seal.h"
#include "tests/simulation/person.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_BYTES_MAX = 256 * 1024, ARENA_BYTES = 1 << 20 };

struct chronicle *chronicle_create(struct world *world) {
    struct chronicle *chronicle = calloc(1, sizeof *chronicle);
    assert(chronicle != NULL);
    chronicle->world = world;
    chronicle->keys = keys_for_test(process_key_encryption_key);
    chronicle->seal = seal_create();
    arena_init(&chronicle->arena, ARENA_BYTES);
    return chronicle;
}

void chronicle_destroy(struct chronicle *chronicle) {
    if (chronicle != NULL) {
        keys_close(chronicle->keys);
        seal_destroy(chronicle->seal);
        arena_finish(&chronicle->arena);
        free(chronicle);
    }
}

/* What the author of a row had said, read again; NULL when it was no person. */
static const struct said *said_as(struct world *world, const struct event_row *row,
                                  struct person **ret_person) {
    for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
        struct person *person = world->people[i];
        for (size_t j = person->said_count; j > 0; j--) {
            if (uuid_equal(person->said[j - 1].command_id, row->command_id)) {
                *ret_person = person;
                return &person->said[j - 1];
            }
        }
    }
    return NULL;
}

static const void *composed(struct chronicle *chronicle, const struct event_row *row, uint8_t tag) {
    struct person *person = NULL;
    const struct said *said = said_as(chronicle->world, row, &person);
    if (said == NULL || said->tag != tag) {
        return NULL;
    }
    if (!uuid_equal(person_channel(person, said->channel)->id, row->stream)) {
        world_fault(chronicle->world, "what %s said stands in another stream", person->name);
    }
    struct reader reader = reader_of(said->fields);
    return person_channel(person, said->channel)->kind == CHANNEL_KIND_BOARD
               ? board_decode(tag, &reader, &chronicle->arena)
               : patient_case_decode(tag, &reader, &chronicle->arena);
}

static int place_of_board(const struct chronicle *chronicle, struct uuid id) {
    return uuid_equal(id, chronicle->world->board)        ? 0
           : uuid_equal(id, chronicle->world->next_board) ? 1
                                                          : -1;
}

static int place_of_case(const struct chronicle *chronicle, struct uuid id) {
    for (int i = 0; i < WORLD_CASES; i++) {
        if (uuid_equal(id, chronicle->world->cases[i])) {
            return i;
        }
    }
    return -1;
}

/* Decisions, votes, signatures: where they were meant for, and on what their author had seen */

static void look_at_decision(struct chronicle *chronicle, const struct event_row *row, int at,
                             const struct decision_recorded *event) {
    struct world *world = chronicle->world;
    const struct shown_decision *known = shown_decision(&chronicle->cases[at], event->decision);
    const struct record_decision *record = composed(chronicle, row, PATIENT_CASE_RECORD_DECISION);
    int board = place_of_board(chronicle, event->board);
    uint32_t slot =
        board < 0 || event->item >= CHRONICLE_ITEMS_MAX ? 0 : chronicle->slots[board][event->item];
    uint32_t before = known == NULL ? 0 : known->revision;
    world->meetings.decisions++;
    if (slot != (uint32_t)at + 1) {
        world_fault(world, "a decision for item %u stands in a case that is not its", event->item);
    } else if (event->revision != before + 1) {
        world_fault(world, "revision %u of a decision follows revision %u", event->revision,
                    before);
    } else if (known != NULL && known->is_signed) {
        world_fault(world, "a decision was changed after it was signed");
    } else if (chronicle->boards[board].state == MEETING_STATE_ENDED) {
        world_fault(world, "a decision was recorded after its meeting");
    } else if (event->standard &&
               (event->fields.count != 1 || event->fields.items[0].value.length == 0)) {
        world_fault(world, "a decision by standard of care says nothing");
    } else if (record != NULL && record->based != before) {
        world_fault(world, "a decision was changed by somebody who had not seen it");
    } else if (record != NULL &&
               (record->item != event->item || !uuid_equal(record->board, event->board))) {
        world_fault(world, "a decision stands for another item than it was composed for");
    }
}

static void look_at_signature(struct chronicle *chronicle, const struct event_row *row, int at,
                              const struct decision_signed *event) {
    struct world *world = chronicle->world;
    const struct shown_decision *known = shown_decision(&chronicle->cases[at], event->decision);
    const struct sign_decision *sign = composed(chronicle, row, PATIENT_CASE_SIGN_DECISION);
    world->meetings.signatures++;
    if (known == NULL || known->is_signed) {
        world_fault(world, "what was signed is not a decision that waits for it");
    } else if (known->revision != event->revision ||
               (sign != NULL && sign->revision != event->revision)) {
        world_fault(world, "a signature stands on another revision than its signer named");
    } else if (sign != NULL &&
               (sign->side != known->side || !text_equal(sign->patient_id, TEXT(PATIENT_ID)))) {
        world_fault(world, "a decision was signed by somebody who misread it");
    } else if (!event->has_signature || event->signature.factor == SIGNING_FACTOR_UNKNOWN) {
        world_fault(world, "a decision was signed by somebody who did not prove who they are");
    } else if (!bytes_equal(event->signature.content,
                            (struct bytes){SHA256_BYTES, known->content.bytes})) {
        world_fault(world, "a signature is bound to something else than the decision");
    } else if (sign != NULL && !bytes_equal(sign->content, event->signature.content)) {
        world_fault(world, "a decision was signed that is not what its signer read");
    } else if (!uuid_equal(event->by, world->people[0]->user)) {
        world_fault(world, "a decision was signed by somebody who is not the chair");
    }
}

static void look_at_vote(struct chronicle *chronicle, const struct event_row *row, int at,
                         const struct vote_cast *event) {
    struct world *world = chronicle->world;
    const struct shown_decision *known = shown_decision(&chronicle->cases[at], event->decision);
    const struct cast_vote *vote = composed(chronicle, row, PATIENT_CASE_CAST_VOTE);
    world->meetings.votes++;
    if (known == NULL || vote == NULL || !uuid_equal(vote->decision, event->decision)) {
        world_fault(world, "a vote stands on another decision than it was cast for");
    } else if (known->is_signed) {
        world_fault(world, "a vote was cast after the signature");
    } else if (event->vote.revision != known->revision || vote->revision != known->revision) {
        world_fault(world, "a vote stands on another revision than was read");
    }
}

static void note_seal(struct chronicle *chronicle, int at, const struct sealed_for_board *event) {
    int board = place_of_board(chronicle, event->board);
    assert(board >= 0);
    chronicle->sealed[board][at] = event->sealed;
}

static void case_grows(struct chronicle *chronicle, const struct event_row *row, int at,
                       const void *event) {
    switch (row->type) {
    case PATIENT_CASE_DECISION_RECORDED:
        look_at_decision(chronicle, row, at, event);
        break;
    case PATIENT_CASE_DECISION_SIGNED:
        look_at_signature(chronicle, row, at, event);
        break;
    case PATIENT_CASE_VOTE_CAST:
        look_at_vote(chronicle, row, at, event);
        break;
    case PATIENT_CASE_SEALED_FOR_BOARD:
        note_seal(chronicle, at, event);
        break;
    default:
        break;
    }
    struct event_header header = {
        .version = row->version, .at = row->at, .by = row->user, .tag = row->type};
    shown_case_hears(&chronicle->cases[at], row->stream, &header, event);
}

/* Steps: from the item that they were composed for, to one that alone is open */

static void look_at_step(struct chronicle *chronicle, const struct event_row *row,
                         const struct shown_board *board) {
    const struct open_item *step = composed(chronicle, row, BOARD_OPEN_ITEM);
    const struct end_meeting *end = composed(chronicle, row, BOARD_END_MEETING);
    const struct undo_step *undo = composed(chronicle, row, BOARD_UNDO_STEP);
    chronicle->world->meetings.steps += step != NULL;
    chronicle->world->meetings.undone += undo != NULL;
    if ((step != NULL && step->item != board->open) || (end != NULL && end->item != board->open) ||
        (undo != NULL && undo->item != board->open)) {
        world_fault(chronicle->world, "a step was made from item %u and meant for another",
                    board->open);
    }
}

static void look_at_outcome(struct chronicle *chronicle, struct uuid board,
                            const struct shown_item *item) {
    struct world *world = chronicle->world;
    int at = place_of_case(chronicle, item->patient_case);
    const struct shown_decision *decision =
        shown_decision_for(&chronicle->cases[at], board, item->item);
    bool says_decided =
        item->outcome == ITEM_OUTCOME_DECIDED || item->outcome == ITEM_OUTCOME_STANDARD;
    bool says_why =
        item->outcome == ITEM_OUTCOME_DEFERRED || item->outcome == ITEM_OUTCOME_NOT_DISCUSSED;
    if (decision != NULL && !decision->is_signed) {
        world_fault(world, "a meeting ended while a decision waits for its signature");
    } else if (says_decided && decision == NULL) {
        world_fault(world, "a meeting ended with an item that is decided without a decision");
    } else if (item->state != ITEM_STATE_DISCUSSED || !(says_decided || says_why) ||
               (says_why && (item->reason < 1 || item->reason > WORLD_REASONS))) {
        world_fault(world, "a meeting ended with an item without a decision or a reason");
    }
}

static void look_at_end(struct chronicle *chronicle, struct uuid id,
                        const struct shown_board *board) {
    chronicle->world->meetings.ended++;
    for (uint32_t i = 0; i < board->count; i++) {
        look_at_outcome(chronicle, id, &board->items[i]);
    }
}

/* What a case answers is true until it is told that the meeting goes on. */
static void look_at_answer(struct chronicle *chronicle, struct shown_board *board, int at,
                           const struct closing_answered *event) {
    const struct shown_item *item = shown_item(board, event->item);
    int place = item == NULL ? -1 : place_of_case(chronicle, item->patient_case);
    if (place >= 0 && event->decision != DECISION_STATE_RECORDED && !chronicle->sealed[at][place]) {
        world_fault(chronicle->world, "an answer was taken from a case that is not sealed");
    }
}

/* What is put off as the meeting ends is all that waits, as its chair saw it, and nothing that has
 * a decision. */
static void look_at_rest(struct chronicle *chronicle, const struct event_row *row,
                         struct shown_board *board, const struct rest_put_off *event) {
    struct world *world = chronicle->world;
    const struct end_meeting *end = composed(chronicle, row, BOARD_END_MEETING);
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < board->count; i++) {
        waiting += board->items[i].state == ITEM_STATE_WAITING;
    }
    for (uint32_t i = 0; i < event->items.count; i++) {
        const struct shown_item *item = shown_item(board, event->items.items[i]);
        if (item == NULL || item->state != ITEM_STATE_WAITING ||
            item->decision != DECISION_STATE_NONE) {
            world_fault(world, "what does not wait was put off with the rest");
        }
    }
    if (waiting != event->items.count) {
        world_fault(world, "a meeting ended over an item that waits");
    } else if (end == NULL || !u32_list_equal(&end->rest, &event->items) ||
               end->rest_reason != event->reason) {
        world_fault(world, "something was put off that nobody had named");
    }
    world->meetings.put_off++;
}

static void board_grows(struct chronicle *chronicle, const struct event_row *row, int at,
                        const void *event) {
    struct shown_board *board = &chronicle->boards[at];
    if (row->part == 0) {
        look_at_step(chronicle, row, board);
    }
    if (row->type == BOARD_ITEM_ADDED) {
        const struct item_added *added = event;
        int slot = place_of_case(chronicle, added->patient_case);
        assert(slot >= 0 && added->item < CHRONICLE_ITEMS_MAX);
        chronicle->slots[at][added->item] = (uint8_t)(slot + 1);
        chronicle->listed[slot] = true;
    }
    if (row->type == BOARD_CLOSING_ANSWERED) {
        look_at_answer(chronicle, board, at, event);
    }
    if (row->type == BOARD_REST_PUT_OFF) {
        look_at_rest(chronicle, row, board, event);
    }
    chronicle->world->meetings.handed_over += row->type == BOARD_ITEM_ADDED && at == 1;
    chronicle->world->meetings.confirmed += row->type == BOARD_STANDARD_CONFIRMED;
    chronicle->world->meetings.called_off += row->type == BOARD_CLOSING_CALLED_OFF;
    chronicle->world->meetings.hung += row->type == BOARD_HANGING_REMEMBERED;
    shown_board_hears(board, row->type, event);
    if (row->type == BOARD_MEETING_ENDED) {
        look_at_end(chronicle, row->stream, board);
    }
}

/* While an item is handed over it waits on both for a moment, but is opened on neither. */
static bool is_open_beside(const struct shown_item *one, const struct shown_item *other) {
    return one->state == ITEM_STATE_OPEN &&
           (other->state == ITEM_STATE_OPEN || other->state == ITEM_STATE_WAITING);
}

/* What is true after each transaction. */
static void look_at_agendas(struct chronicle *chronicle) {
    struct world *world = chronicle->world;
    for (int i = 0; i < CHRONICLE_BOARDS; i++) {
        const struct shown_board *board = &chronicle->boards[i];
        uint32_t open = 0;
        for (uint32_t j = 0; j < board->count; j++) {
            open += board->items[j].state == ITEM_STATE_OPEN;
        }
        if (open > 1) {
            world_fault(world, "%u items are open at once", open);
        }
    }
    for (int i = 0; i < WORLD_CASES; i++) {
        const struct shown_item *here = shown_item_of(&chronicle->boards[0], world->cases[i]);
        const struct shown_item *there = shown_item_of(&chronicle->boards[1], world->cases[i]);
        if (chronicle->listed[i] && here == NULL && there == NULL) {
            world_fault(world, "a case that was handed over is on no agenda");
        } else if (here != NULL && there != NULL &&
                   (is_open_beside(here, there) || is_open_beside(there, here))) {
            world_fault(world, "a case is open on one agenda and to come on the other");
        }
    }
}

/* Rows are opened as the store does it. */

static bool takes_key(struct chronicle *chronicle, const struct database_batch *batch,
                      struct uuid stream) {
    const struct model_tables *tables = &chronicle->world->database.tables;
    const struct stream_key_row *key = model_stream_key(tables, stream);
    for (size_t i = 0; i < batch->stream_key_count && key == NULL; i++) {
        if (uuid_equal(batch->stream_keys[i].stream, stream)) {
            key = &batch->stream_keys[i];
        }
    }
    for (size_t i = 0; i < tables->tenant_key_count; i++) {
        const struct tenant_key_row *tenant = &tables->tenant_keys[i];
        keys_add_tenant(chronicle->keys, tenant->tenant, tenant->generation, tenant->wrapped);
    }
    return key != NULL &&
           keys_add_stream(chronicle->keys, key->tenant, stream, key->generation, key->wrapped);
}

static bool open_row(struct chronicle *chronicle, const struct database_batch *batch,
                     const struct event_row *row, uint8_t kind, struct bytes *ret) {
    static uint8_t plain[ROW_BYTES_MAX];
    uint8_t key[KEY_BYTES];
    struct seal_header header = seal_event_header(row, kind);
    if ((!keys_has_stream(chronicle->keys, row->stream) &&
         !takes_key(chronicle, batch, row->stream)) ||
        row->payload.length > sizeof plain ||
        !keys_derive(chronicle->keys, row->tenant, row->stream, KEY_EVENT, key) ||
        !seal_open(chronicle->seal, key, &header, row->payload, plain)) {
        return false;
    }
    *ret = (struct bytes){row->payload.length - SEAL_BYTES, plain};
    return true;
}

/* Most rows are of stages and conversations, and are of no interest here. */
static bool tells_of_a_meeting(const struct event_row *row, bool of_board) {
    return of_board ? row->type != STAGE_FLOOR_CHANGED && row->type != STAGE_STAGE_SETTLED &&
                          row->type != STAGE_POINTERS_QUIETED
                    : row->type >= PATIENT_CASE_CARD_SET && row->type != PATIENT_CASE_DISCUSSED;
}

static void look_at_row(struct chronicle *chronicle, const struct database_batch *batch,
                        const struct event_row *row) {
    int board = place_of_board(chronicle, row->stream);
    int the_case = place_of_case(chronicle, row->stream);
    struct bytes fields;
    if ((board < 0 && the_case < 0) || !tells_of_a_meeting(row, board >= 0)) {
        return;
    }
    uint8_t kind = board >= 0 ? CHANNEL_KIND_BOARD : CHANNEL_KIND_PATIENT_CASE;
    if (!open_row(chronicle, batch, row, kind, &fields)) {
        world_fault(chronicle->world, "a row that was committed cannot be opened");
        return;
    }
    arena_reset(&chronicle->arena);
    struct reader reader = reader_of(fields);
    const void *event = board >= 0
                            ? board_decode_down(row->type, &reader, &chronicle->arena)
                            : patient_case_decode_down(row->type, &reader, &chronicle->arena);
    assert(event != NULL);
    if (board >= 0) {
        board_grows(chronicle, row, board, event);
    } else {
        case_grows(chronicle, row, the_case, event);
    }
}

void chronicle_commits(struct chronicle *chronicle, const struct database_batch *batch) {
    for (size_t i = 0; i < batch->event_count; i++) {
        look_at_row(chronicle, batch, &batch->events[i]);
    }
    if (batch->event_count > 0) {
        look_at_agendas(chronicle);
    }
}
