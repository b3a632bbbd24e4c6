/* links: actors actor_test_support; timeout: 120 */
/*
 * Ten thousand races against the step from one item to the next: two leaders press the same key at
 * once, and what others composed for the item that is being left arrives before, between and after
 * them, in an order that is drawn from a seed. Boards and cases are the real ones.
 */
#include "tests/unit/support_meeting.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

enum {
    RACES = 10000,
    RACES_OF_A_WORLD = 250,
    ITEMS = 6, /* the last is never opened, so that no race ends the meeting */
    MOVES_MAX = 9,
    FIRST_DECISION = 50000,
};

/* What may be under way, composed while an item is open. */
enum move_kind { STEP, OTHER_STEP, UNDO, END, FLOOR, SETTLE, DECIDE, VOTE };

struct move {
    enum move_kind kind;
    uint32_t slot;
    struct uuid id;
    uint32_t seq;
};

static struct world world;
static uint64_t seed;
static uint32_t chair, coordinator, presenter, other;
static uint32_t chairs_place[ITEMS + 1], members_place[ITEMS + 1]; /* at the cases */
static uint32_t revisions[ITEMS + 1];
static uint32_t steps_back;
static uint32_t at, next, elsewhere; /* the item of this race, where it goes, and where else */

/* Xorshift64* (Vigna 2016). */
static uint32_t draw(uint32_t limit) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 32) % limit;
}

static uint32_t come_to_case(uint32_t item, uint32_t person) {
    return world_attach(&world, CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE + item - 1),
                        world_person(person), 0);
}

static void begin(void) {
    world_start(&world);
    world_people(&world);
    meeting_plan(&world, meeting_series(&world), A_BOARD);
    chair = meeting_come(&world, CHAIR);
    coordinator = meeting_come(&world, COORDINATOR);
    presenter = meeting_come(&world, MEMBER);
    other = meeting_come(&world, SECOND_MEMBER);
    for (uint32_t item = 1; item <= ITEMS; item++) {
        world_make_case(&world, A_CASE + item - 1);
        struct add_item add = {.patient_case = uuid_of(A_CASE + item - 1),
                               .planned_seconds = 180,
                               .presenter = world_person(MEMBER)};
        assert_int_equal(world_say(&world, coordinator, BOARD_ADD_ITEM, &add), REFUSAL_NONE);
        chairs_place[item] = come_to_case(item, CHAIR);
        members_place[item] = come_to_case(item, MEMBER);
        revisions[item] = 0;
    }
}

static void open_first(void) {
    struct open_item open = {.next = 1, .unready = TEXT("For the race")};
    assert_int_equal(world_say(&world, chair, BOARD_OPEN_ITEM, &open), REFUSAL_NONE);
    at = 1;
}

static uint32_t some_other(uint32_t one, uint32_t two) {
    uint32_t item = 1 + draw(ITEMS - 1);
    while (item == one || item == two) {
        item = 1 + draw(ITEMS - 1);
    }
    return item;
}

static void step_to(const struct move *move, uint32_t item) {
    struct open_item command = {.command_id = move->id,
                                .item = at,
                                .next = item,
                                .outcome = ITEM_OUTCOME_DEFERRED,
                                .reason = 1,
                                .unready = TEXT("For the race")};
    world_whisper(&world, move->slot, BOARD_OPEN_ITEM, &command);
}

static void decide(const struct move *move) {
    struct field_value recommendation = {.key = TEXT("recommendation"),
                                         .value = TEXT("As guidelined")};
    struct record_decision command = {.command_id = move->id,
                                      .decision = uuid_of(FIRST_DECISION + at),
                                      .board = uuid_of(A_BOARD),
                                      .item = at,
                                      .based = revisions[at],
                                      .fields = {1, &recommendation}};
    world_whisper(&world, move->slot, PATIENT_CASE_RECORD_DECISION, &command);
}

static void vote(const struct move *move) {
    struct cast_vote command = {.command_id = move->id,
                                .decision = uuid_of(FIRST_DECISION + at),
                                .revision = revisions[at]};
    world_whisper(&world, move->slot, PATIENT_CASE_CAST_VOTE, &command);
}

static void say(const struct move *move) {
    struct undo_step undo = {.command_id = move->id, .item = at};
    struct end_meeting end = {
        .command_id = move->id, .item = at, .outcome = ITEM_OUTCOME_DEFERRED, .reason = 1};
    struct request_floor floor = {.command_id = move->id, .item = at};
    struct settle_stage settle = {.command_id = move->id,
                                  .layout = {.item = at, .rows = 1, .columns = 1}};
    switch (move->kind) {
    case STEP:
        step_to(move, next);
        break;
    case OTHER_STEP:
        step_to(move, elsewhere);
        break;
    case UNDO:
        world_whisper(&world, move->slot, BOARD_UNDO_STEP, &undo);
        break;
    case END:
        world_whisper(&world, move->slot, BOARD_END_MEETING, &end);
        break;
    case FLOOR:
        world_whisper(&world, move->slot, STAGE_REQUEST_FLOOR, &floor);
        break;
    case SETTLE:
        world_whisper(&world, move->slot, STAGE_SETTLE_STAGE, &settle);
        break;
    case DECIDE:
        decide(move);
        break;
    case VOTE:
        vote(move);
        break;
    }
}

/* Both leaders, and some of the rest, each from a window of its own, shuffled. */
static uint32_t compose(struct move moves[MOVES_MAX]) {
    const struct move all[] = {
        {.kind = STEP, .slot = chair},
        {.kind = STEP, .slot = coordinator},
        {.kind = OTHER_STEP, .slot = chair},
        {.kind = UNDO, .slot = coordinator},
        {.kind = END, .slot = chair},
        {.kind = FLOOR, .slot = other},
        {.kind = SETTLE, .slot = presenter},
        {.kind = DECIDE, .slot = members_place[at]},
        {.kind = VOTE, .slot = chairs_place[at]},
    };
    uint32_t count = 0;
    for (uint32_t i = 0; i < MOVES_MAX; i++) {
        bool possible = all[i].kind != VOTE || revisions[at] > 0;
        if (i < 2 || (possible && draw(2) == 0)) {
            moves[count] = all[i];
            moves[count++].id = uuid_of(world.next_id++);
        }
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t j = draw(i + 1);
        struct move moved = moves[i];
        moves[i] = moves[j];
        moves[j] = moved;
    }
    return count;
}

static uint32_t written(uint8_t kind, struct uuid stream, struct uuid command_id) {
    const struct fake_stream *found = fake_host_stream(&world.fake, kind, stream);
    uint32_t count = 0, first = found->count > 200 ? found->count - 200 : 0; /* those of one race */
    for (uint32_t i = first; i < found->count; i++) {
        count += uuid_equal(found->events[i].command_id, command_id);
    }
    return count;
}

static const struct fake_note *answer_to(const struct move *move) {
    for (uint32_t i = 0; i < world.fake.note_count; i++) {
        const struct fake_note *note = &world.fake.notes[i];
        if (note->what == NOTE_ANSWER && note->slot == move->slot && note->seq == move->seq) {
            return note;
        }
    }
    return NULL;
}

/* A step back counts, too, where it is possible still. */
static bool moves_on(const struct move *move) {
    return move->kind == STEP || move->kind == OTHER_STEP ||
           (move->kind == UNDO && answer_to(move)->refusal == REFUSAL_NONE);
}

/* At a case it lands on that of the item it was composed for, whatever is open by then. */
static void check_at_case(const struct move *move) {
    assert_int_equal(written(CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE + at - 1), move->id), 1);
    for (uint32_t item = 1; item <= ITEMS; item++) {
        if (item != at) {
            assert_int_equal(
                written(CHANNEL_KIND_PATIENT_CASE, uuid_of(A_CASE + item - 1), move->id), 0);
        }
    }
}

static void check_late(const struct move *move) {
    const struct fake_note *answer = answer_to(move);
    assert_non_null(answer);
    assert_int_equal(answer->refusal, REFUSAL_WRONG_ITEM);
    assert_int_equal(answer->refused.item, meeting_board(&world)->open_item);
    assert_int_equal(written(CHANNEL_KIND_BOARD, uuid_of(A_BOARD), move->id), 0);
}

static void check_in_time(const struct move *move) {
    const struct fake_note *answer = answer_to(move);
    assert_true(answer == NULL || answer->refusal != REFUSAL_WRONG_ITEM);
    if (move->kind == END) {
        assert_int_equal(answer->refusal, REFUSAL_UNDECIDED);
    }
}

static void check_open(uint32_t item) {
    const struct board *board = meeting_board(&world);
    assert_int_equal(board->open_item, item);
    for (uint32_t i = 0; i < board->items.count; i++) {
        bool open = board->items.items[i].state == ITEM_STATE_OPEN;
        assert_int_equal(open, board->items.items[i].item == item);
    }
}

static void check(const struct move *moves, uint32_t count, uint32_t came_from) {
    bool moved = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct move *move = &moves[i];
        if (move->kind == DECIDE || move->kind == VOTE) {
            continue;
        }
        if (moved) {
            check_late(move);
        } else if (moves_on(move)) {
            assert_true(written(CHANNEL_KIND_BOARD, uuid_of(A_BOARD), move->id) > 0);
            check_open(move->kind == STEP         ? next
                       : move->kind == OTHER_STEP ? elsewhere
                                                  : came_from);
            steps_back += move->kind == UNDO;
            moved = true;
        } else {
            check_in_time(move);
        }
    }
    assert_true(moved);
}

static void check_cases(const struct move *moves, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        bool decides = moves[i].kind == DECIDE;
        bool too_late = false; /* a vote on what has changed meanwhile */
        for (uint32_t j = 0; j < i; j++) {
            too_late = too_late || (moves[i].kind == VOTE && moves[j].kind == DECIDE);
        }
        if (decides || (moves[i].kind == VOTE && !too_late)) {
            check_at_case(&moves[i]);
        }
    }
}

static void race(void) {
    struct move moves[MOVES_MAX];
    uint32_t came_from = meeting_board(&world)->stepped_from;
    next = some_other(at, at);
    elsewhere = some_other(at, next);
    fake_host_pass(&world.fake, (int64_t)draw(8) * SECOND);
    fake_host_forget_notes(&world.fake);
    uint32_t count = compose(moves);
    bool decides = false;
    for (uint32_t i = 0; i < count; i++) {
        moves[i].seq = ++world.next_id;
        say(&moves[i]);
        decides = decides || moves[i].kind == DECIDE;
        if (draw(4) == 0) {
            fake_host_run(&world.fake);
        }
    }
    fake_host_run(&world.fake);
    check(moves, count, came_from);
    check_cases(moves, count);
    revisions[at] += decides;
}

static void nothing_composed_for_one_item_is_written_on_the_next(void **unused) {
    (void)unused;
    seed = 2026;
    for (uint32_t i = 0; i < RACES; i++) {
        if (i % RACES_OF_A_WORLD == 0) {
            begin();
        }
        at = meeting_board(&world)->open_item;
        if (at == 0) { /* the first step was taken back */
            open_first();
        }
        race();
        if (i % RACES_OF_A_WORLD == RACES_OF_A_WORLD - 1) {
            world_stop(&world);
        }
    }
    assert_in_range(steps_back, RACES / 100, RACES); /* it was often possible */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_composed_for_one_item_is_written_on_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
