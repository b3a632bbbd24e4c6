/* What people do in a meeting: prepare cases, decide, vote and sign; and what its leaders do: step
 * from case to case, and back, hand items over, and end it. All of it is composed from what their
 * windows show them, which may be old, and now and then wrongly. */
#include "tests/simulation/person.h"

#include <string.h>

enum { SECOND = 1000000, CONFIRMED_MAX = SHOWN_ITEMS_MAX };

static const uint16_t board_channels[2] = {CHANNEL_BOARD, CHANNEL_NEXT_BOARD};

static struct uuid board_of(const struct world *world, int at) {
    return at == 0 ? world->board : world->next_board;
}

static bool chances(struct person *person, unsigned percent) {
    return chance_percent(&person->world->time, percent);
}

static uint64_t one_of(struct person *person, uint64_t count) {
    return chance_below(&person->world->time, count);
}

static const struct shown_item *some_item(struct person *person, int at) {
    struct shown_board *shown = &person->boards[at];
    return shown->count == 0 ? NULL : &shown->items[one_of(person, shown->count)];
}

/* In the room without a device: one person, so that they are ticked in and voted for twice. */
static struct uuid somebody_there(void) {
    return (struct uuid){{0x70, 1}};
}

/* Leaders */

/* Late in the day people say what is so: who is to go home signs, and defers the rest. */
static enum item_outcome some_outcome(struct person *person, int at) {
    struct shown_board *shown = &person->boards[at];
    const struct shown_item *open = shown_item(shown, shown->open);
    static const enum item_outcome outcomes[] = {
        ITEM_OUTCOME_NONE,     ITEM_OUTCOME_NONE,          ITEM_OUTCOME_DECIDED,
        ITEM_OUTCOME_DECIDED,  ITEM_OUTCOME_DECIDED,       ITEM_OUTCOME_DEFERRED,
        ITEM_OUTCOME_DEFERRED, ITEM_OUTCOME_NOT_DISCUSSED, ITEM_OUTCOME_LATER,
        ITEM_OUTCOME_STANDARD,
    };
    if (world_is_late(person->world) && open != NULL && chances(person, 80)) {
        return open->decision == DECISION_STATE_NONE ? ITEM_OUTCOME_NOT_DISCUSSED
                                                     : ITEM_OUTCOME_NONE;
    }
    return outcomes[one_of(person, sizeof outcomes / sizeof outcomes[0])];
}

static uint8_t some_reason(struct person *person) {
    return (uint8_t)(chances(person, 90) ? 1 + one_of(person, WORLD_REASONS) : one_of(person, 9));
}

static uint32_t next_item(struct person *person, int at) {
    const struct shown_board *shown = &person->boards[at];
    for (uint32_t i = 0; i < shown->count && world_is_late(person->world); i++) {
        const struct shown_item *item = &shown->items[i];
        bool only_said =
            item->outcome == ITEM_OUTCOME_DECIDED && item->decision == DECISION_STATE_NONE;
        if (item->state == ITEM_STATE_WAITING ||
            (only_said && item->state == ITEM_STATE_DISCUSSED)) {
            return item->item;
        }
    }
    const struct shown_item *item = some_item(person, at);
    return item == NULL || chances(person, 15) ? 0 : item->item;
}

static void say_step(struct person *person, int at, struct open_item step, struct arena *arena) {
    step.command_id = person_new_id(person->world);
    person_commands(person, board_channels[at], BOARD_OPEN_ITEM, step.command_id,
                    open_item_encode(arena, &step));
}

/* Now and then the other leader presses the same key at the same moment. */
static void step(struct person *person, int at, struct arena *arena) {
    struct world *world = person->world;
    struct shown_board *shown = &person->boards[at];
    struct open_item step = {.item = shown->open,
                             .next = next_item(person, at),
                             .outcome = some_outcome(person, at),
                             .reason = some_reason(person)};
    const struct shown_item *next = shown_item(shown, step.next);
    bool lacks = next != NULL && next->missing != 0;
    if (chances(person, lacks ? 85 : 10)) {
        step.unready = TEXT("the family of the " CANARY " waits outside");
    }
    if (chances(person, 5)) {
        step.item = (uint32_t)one_of(person, WORLD_CASES + 1);
    }
    say_step(person, at, step, arena);
    struct person *other = world->people[person->index == 0 ? 1 : 0];
    if (other->heard[board_channels[at] - 1].open && chances(person, 30)) {
        say_step(other, at, step, arena);
    }
}

static void undo_step(struct person *person, int at, struct arena *arena) {
    struct undo_step undo = {.command_id = person_new_id(person->world),
                             .item = person->boards[at].open};
    person_commands(person, board_channels[at], BOARD_UNDO_STEP, undo.command_id,
                    undo_step_encode(arena, &undo));
}

/* All that waits, as this window shows it: what it did not hear of yet is not in it. */
static struct u32_list what_waits(struct person *person, int at, uint32_t *space) {
    const struct shown_board *shown = &person->boards[at];
    struct u32_list rest = {0, space};
    for (uint32_t i = 0; i < shown->count; i++) {
        const struct shown_item *item = &shown->items[i];
        bool fits = item->state == ITEM_STATE_WAITING && item->decision == DECISION_STATE_NONE;
        if (fits != chances(person, 3)) {
            space[rest.count++] = item->item;
        }
    }
    return rest;
}

static void say_end(struct person *person, int at, struct arena *arena) {
    uint32_t rest[SHOWN_ITEMS_MAX];
    struct end_meeting end = {.command_id = person_new_id(person->world),
                              .item = person->boards[at].open,
                              .outcome = some_outcome(person, at),
                              .reason = some_reason(person)};
    if (chances(person, 25)) {
        end.rest = what_waits(person, at, rest);
        end.rest_reason = some_reason(person);
    }
    person_commands(person, board_channels[at], BOARD_END_MEETING, end.command_id,
                    end_meeting_encode(arena, &end));
}

/* Pressed again, it asks those again that have not answered. */
static void end_meeting(struct person *person, int at, struct arena *arena) {
    struct person *other = person->world->people[person->index == 0 ? 1 : 0];
    bool hurries = chances(person, 30);
    say_end(person, at, arena);
    if (hurries && other->heard[board_channels[at] - 1].open) {
        say_end(other, at, arena);
        say_end(person, at, arena);
        say_end(other, at, arena);
    }
}

static void set_item(struct person *person, int at, struct arena *arena) {
    struct world *world = person->world;
    const struct shown_item *item = some_item(person, at);
    if (item == NULL) {
        return;
    }
    static const unsigned presenters[] = {2, 3, 4, GUEST};
    struct set_item set = {.command_id = person_new_id(world),
                           .item = item->item,
                           .planned_seconds = 120,
                           .presenter = world->people[presenters[one_of(person, 4)]]->user,
                           .standard = chances(person, 60)};
    person_commands(person, board_channels[at], BOARD_SET_ITEM, set.command_id,
                    set_item_encode(arena, &set));
}

/* Most of the time for the right board, and not always at all. */
static void prove_for(struct person *person, struct uuid board) {
    if (chances(person, 95)) {
        person->proved_for = chances(person, 5) ? person->world->next_board : board;
    }
}

static void confirm_standard(struct person *person, int at, struct arena *arena) {
    const struct shown_board *shown = &person->boards[at];
    uint32_t items[CONFIRMED_MAX];
    struct confirm_standard confirm = {.command_id = person_new_id(person->world),
                                       .items = {0, items},
                                       .words = TEXT(STANDARD_WORDS)};
    for (uint32_t i = 0; i < shown->count; i++) {
        const struct shown_item *item = &shown->items[i];
        if (item->standard && item->state == ITEM_STATE_WAITING &&
            (item->decision == DECISION_STATE_NONE || chances(person, 10))) {
            items[confirm.items.count++] = item->item;
        }
    }
    if (confirm.items.count == 0) {
        set_item(person, at, arena);
        return;
    }
    prove_for(person, person_channel(person, board_channels[at])->id);
    person_commands(person, board_channels[at], BOARD_CONFIRM_STANDARD, confirm.command_id,
                    confirm_standard_encode(arena, &confirm));
}

static void tick(struct person *person, int at, struct arena *arena) {
    struct uuid id = person_new_id(person->world);
    if (chances(person, 30)) {
        struct tick_out out = {.command_id = id, .person = somebody_there()};
        person_commands(person, board_channels[at], BOARD_TICK_OUT, id,
                        tick_out_encode(arena, &out));
        return;
    }
    struct tick_in in = {.command_id = id,
                         .person = {.person = somebody_there(),
                                    .name = TEXT(CANARY " of the ward"),
                                    .no_vote = chances(person, 30)}};
    person_commands(person, board_channels[at], BOARD_TICK_IN, id, tick_in_encode(arena, &in));
}

static void say_hand_over(struct person *person, int at, uint32_t item, struct arena *arena) {
    struct world *world = person->world;
    struct move_to_meeting move = {
        .command_id = person_new_id(world), .item = item, .board = board_of(world, 1 - at)};
    person_commands(person, board_channels[at], BOARD_MOVE_TO_MEETING, move.command_id,
                    move_to_meeting_encode(arena, &move));
}

static void hand_over(struct person *person, int at, struct arena *arena) {
    const struct shown_board *shown = &person->boards[at];
    const struct shown_item *item = some_item(person, at);
    for (uint32_t i = 0; i < shown->count && chances(person, 70); i++) {
        if (shown->items[i].outcome == ITEM_OUTCOME_DEFERRED) {
            item = &shown->items[i];
        }
    }
    if (item != NULL) {
        say_hand_over(person, at, item->item, arena);
        if (chances(person, 20)) {
            say_hand_over(person, at, item->item, arena);
        }
    }
}

void person_asks_for_answers(struct person *person, struct arena *arena) {
    for (int at = 0; at < 2; at++) {
        struct shown_board *shown = &person->boards[at];
        bool open = person->heard[board_channels[at] - 1].open;
        for (uint32_t i = 0; open && i < shown->count; i++) {
            if (shown->items[i].state == ITEM_STATE_MOVING) {
                say_hand_over(person, at, shown->items[i].item, arena);
            }
        }
    }
}

/* A guest of one item, who comes and goes. */
static void invite(struct person *person, struct arena *arena) {
    struct world *world = person->world;
    const struct person *guest = world->people[GUEST];
    struct uuid id = person_new_id(world);
    uint32_t items[] = {WORLD_GUEST_ITEM};
    if (chances(person, 25)) {
        struct remove_member remove = {.command_id = id, .user = guest->user};
        person_commands(person, CHANNEL_BOARD, BOARD_REMOVE_MEMBER, id,
                        remove_member_encode(arena, &remove));
        return;
    }
    struct add_member add = {
        .command_id = id,
        .member = {.user = guest->user,
                   .role = ROLE_GUEST,
                   .name = {(uint32_t)strlen(guest->name), guest->name},
                   .items = {1, items}},
    };
    person_commands(person, CHANNEL_BOARD, BOARD_ADD_MEMBER, id, add_member_encode(arena, &add));
}

void wish_to_lead(struct person *person, struct arena *arena) {
    bool next = person->heard[CHANNEL_NEXT_BOARD - 1].open && person->boards[1].count > 0;
    int at = next && chances(person, 35) ? 1 : 0;
    bool late = world_is_late(person->world);
    uint64_t wish = one_of(person, 100);
    if (wish < (late ? 40 : 50)) {
        step(person, at, arena);
    } else if (wish < (late ? 80 : 51)) {
        end_meeting(person, at, arena);
    } else if (late || wish < 63) {
        undo_step(person, at, arena);
    } else if (wish < 77) {
        confirm_standard(person, at, arena);
    } else if (wish < 83) {
        tick(person, at, arena);
    } else if (wish < 90) {
        hand_over(person, at, arena);
    } else {
        invite(person, arena);
    }
}

/* Who presents arranges the images, now and then composed for an item that is no longer open; and
 * once more as it was, or as images come. */
void wish_to_hang(struct person *person, struct arena *arena) {
    static const char *const modalities[] = {"CT", "MR"};
    struct hanging_pane panes[2] = {{.series = HANGING_SERIES_CURRENT, .linked = true},
                                    {.series = HANGING_SERIES_PRIOR, .linked = true}};
    const char *modality = modalities[one_of(person, 2)];
    uint8_t columns = (uint8_t)one_of(person, 3);
    struct remember_hanging remember = {
        .command_id = person_new_id(person->world),
        .item = chances(person, 90) ? person->boards[0].open : (uint32_t)one_of(person, 4),
        .hanging = {.modality = {(uint32_t)strlen(modality), modality},
                    .rows = columns > 0,
                    .columns = columns,
                    .panes = {columns, panes}}};
    person_commands(person, CHANNEL_BOARD, BOARD_REMEMBER_HANGING, remember.command_id,
                    remember_hanging_encode(arena, &remember));
}

/* Cases */

static void set_card(struct person *person, unsigned at, struct arena *arena) {
    static const enum card_topic topics[] = {CARD_TOPIC_QUESTION, CARD_TOPIC_PATHOLOGY,
                                             CARD_TOPIC_GUIDELINE, CARD_TOPIC_HISTORY};
    enum card_topic topic = topics[one_of(person, 4)];
    struct set_card set = {.command_id = person_new_id(person->world),
                           .topic = topic,
                           .based = chances(person, 90) ? person->cases[at].card_at[topic] : 0};
    if (chances(person, 80)) {
        set.text = chances(person, 50) ? TEXT(CANARY " as it stands") : TEXT(CANARY " as it was");
    }
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + at), PATIENT_CASE_SET_CARD,
                    set.command_id, set_card_encode(arena, &set));
}

static struct task some_task(struct person *person) {
    struct world *world = person->world;
    unsigned owner = (unsigned)one_of(person, 6);
    struct task task = {.task = person_new_id(world), .text = TEXT("A biopsy for " CANARY)};
    if (owner < 5) {
        task.owner = world->people[owner]->user;
        task.owner_name = TEXT(CANARY);
    }
    if (chances(person, 60)) {
        task.due_at = world->time.now + chance_between(&world->time, SECOND / 2, 6 * SECOND);
    }
    return task;
}

static void record_decision(struct person *person, unsigned at, struct arena *arena) {
    struct world *world = person->world;
    int board = chances(person, 50) ? 0 : 1;
    const struct shown_item *item = shown_item_of(&person->boards[board], world->cases[at]);
    if (item == NULL) {
        board = 1 - board;
        item = shown_item_of(&person->boards[board], world->cases[at]);
    }
    if (item == NULL || (item->state == ITEM_STATE_WAITING && chances(person, 60))) {
        return;
    }
    const struct shown_decision *known =
        shown_decision_for(&person->cases[at], board_of(world, board), item->item);
    struct task tasks[2] = {some_task(person), some_task(person)};
    struct field_value recommendation = {.key = TEXT("recommendation"),
                                         .value = TEXT("What is best for " CANARY)};
    struct record_decision record = {.command_id = person_new_id(world),
                                     .decision =
                                         known == NULL ? person_new_id(world) : known->decision,
                                     .board = board_of(world, board),
                                     .item = item->item,
                                     .based = known == NULL ? 0 : known->revision,
                                     .fields = {chances(person, 93), &recommendation},
                                     .side = (enum side)one_of(person, 4),
                                     .tasks = {(uint32_t)one_of(person, 3), tasks}};
    if (chances(person, 8)) {
        record.based += chances(person, 50) ? 1 : UINT32_MAX;
    }
    if (chances(person, 8)) {
        record.item = 1 + (uint32_t)one_of(person, WORLD_CASES + 1);
    }
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + at), PATIENT_CASE_RECORD_DECISION,
                    record.command_id, record_decision_encode(arena, &record));
}

static const struct shown_decision *some_decision(struct person *person, unsigned at,
                                                  bool unsigned_one) {
    struct shown_case *shown = &person->cases[at];
    uint32_t first =
        shown->decision_count == 0 ? 0 : (uint32_t)one_of(person, shown->decision_count);
    for (uint32_t i = 0; i < shown->decision_count; i++) {
        const struct shown_decision *decision =
            &shown->decisions[(first + i) % shown->decision_count];
        if (!unsigned_one || !decision->is_signed) {
            return decision;
        }
    }
    return NULL;
}

static void sign(struct person *person, unsigned at, struct arena *arena) {
    const struct shown_decision *decision = some_decision(person, at, true);
    if (decision == NULL) {
        return;
    }
    struct sha256 read = decision->content;
    struct sign_decision sign = {.command_id = person_new_id(person->world),
                                 .decision = decision->decision,
                                 .revision = decision->revision,
                                 .patient_id = TEXT(PATIENT_ID),
                                 .side = decision->side,
                                 .meaning = SIGNING_MEANING_APPROVED,
                                 .content = {SHA256_BYTES, read.bytes}};
    if (chances(person, 5)) {
        read.bytes[one_of(person, SHA256_BYTES)] ^= 1; /* their page showed other words */
    }
    if (chances(person, 10)) {
        sign.patient_id = TEXT("another " PATIENT_ID);
    }
    if (chances(person, 10)) {
        sign.side = (enum side)one_of(person, 4);
    }
    if (chances(person, 5)) {
        sign.revision++;
    }
    prove_for(person, decision->board);
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + at), PATIENT_CASE_SIGN_DECISION,
                    sign.command_id, sign_decision_encode(arena, &sign));
}

static void vote(struct person *person, unsigned at, struct arena *arena) {
    const struct shown_decision *decision = some_decision(person, at, chances(person, 90));
    if (decision == NULL) {
        return;
    }
    struct cast_vote cast = {.command_id = person_new_id(person->world),
                             .decision = decision->decision,
                             .revision = decision->revision,
                             .choice = (enum vote_choice)one_of(person, 3)};
    if (chances(person, 80)) {
        cast.reason = TEXT("not for " CANARY);
    }
    if (person->board_role == ROLE_COORDINATOR && chances(person, 50)) {
        cast.person = somebody_there();
        cast.name = TEXT(CANARY " of the ward");
    }
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + at), PATIENT_CASE_CAST_VOTE,
                    cast.command_id, cast_vote_encode(arena, &cast));
}

static void close_task(struct person *person, unsigned at, struct arena *arena) {
    struct shown_case *shown = &person->cases[at];
    if (shown->task_count == 0) {
        return;
    }
    const struct shown_task *task = &shown->tasks[one_of(person, shown->task_count)];
    struct close_task close = {.command_id = person_new_id(person->world),
                               .task = task->task,
                               .state = (enum task_state)one_of(person, 3)};
    if (chances(person, 80)) {
        close.reason = TEXT("no more for " CANARY);
    }
    person_commands(person, (uint16_t)(CHANNEL_FIRST_CASE + at), PATIENT_CASE_CLOSE_TASK,
                    close.command_id, close_task_encode(arena, &close));
}

/* Mostly the one that is on the stage; late in the day one that has to be signed. */
static unsigned some_case(struct person *person) {
    struct world *world = person->world;
    const struct shown_item *open = shown_item(&person->boards[0], person->boards[0].open);
    for (unsigned i = 0; i < WORLD_CASES && world_is_late(world); i++) {
        if (some_decision(person, i, true) != NULL) {
            return i;
        }
    }
    for (unsigned i = 0; i < WORLD_CASES && open != NULL && chances(person, 60); i++) {
        if (uuid_equal(world->cases[i], open->patient_case)) {
            return i;
        }
    }
    return (unsigned)one_of(person, WORLD_CASES);
}

void wish_about_a_case(struct person *person, struct arena *arena) {
    unsigned at = some_case(person);
    uint64_t wish = one_of(person, 100);
    bool is_chair = person->board_role == ROLE_CHAIR;
    if (!person->heard[CHANNEL_FIRST_CASE - 1 + at].open) {
        return;
    }
    if (wish < 30) {
        set_card(person, at, arena);
    } else if (wish < (is_chair ? 45 : 60)) {
        record_decision(person, at, arena);
    } else if (wish < (is_chair ? 50 : 78)) {
        vote(person, at, arena);
    } else if (wish < (is_chair ? 88 : 82)) {
        sign(person, at, arena);
    } else {
        close_task(person, at, arena);
    }
}
