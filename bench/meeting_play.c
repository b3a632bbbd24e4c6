#include "bench/meeting_play.h"

#include "bench/figure.h"
#include "bench/meeting_plan.h"
#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <stdio.h>

enum {
    FIRST_CASE_CHANNEL = BOT_CHANNEL + 1,
    PAUSE_MS = 510, /* the chair may open two items a second */
    ENTER_MS = 30 * 1000,
    LIMIT_MS = 10 * 1000,
    COMMAND_BYTES = 16 * 1024,
    EVENT_BYTES = 256 * 1024,
    PINGS = 12,
    PING_PAUSE_MS = 260, /* four a second */
};

static uint16_t case_channel(unsigned place) {
    return (uint16_t)(FIRST_CASE_CHANNEL + place);
}

/* What is heard */

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index;
}

static struct uuid board_of(const struct bots *bots, unsigned index) {
    const struct play *play = bots->plan.data;
    (void)index;
    return staff_board_id(play->board);
}

/* Read as a browser reads it; the item it opens, 0 for another one's event. */
static uint32_t opened_item(const struct frame *frame) {
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    arena_init(&arena, EVENT_BYTES);
    const struct item_opened *event = board_decode_down(frame->tag, &reader, &arena);
    uint32_t item = event == NULL ? 0 : event->item;
    arena_finish(&arena);
    return item;
}

static void hear_event(struct play *play, const struct frame *frame) {
    if (frame->channel != play->waited_channel || frame->tag != play->waited_for)
        return;
    if (frame->channel == BOT_CHANNEL && frame->tag == BOARD_ITEM_OPENED) {
        if (opened_item(frame) != play->waited_item)
            return;
        assert(play->switch_count < sizeof play->switches / sizeof *play->switches);
        play->switches[play->switch_count++] = (double)(monotonic_us() - play->stepped_us) / 1000;
    }
    play->heard++;
}

/* What the chair will sign, hashed as a browser hashes it. */
static void read_decision(struct play *play, const struct frame *frame) {
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    struct task_content tasks[16];
    struct writer writer;
    arena_init(&arena, EVENT_BYTES);
    const struct decision_recorded *event = patient_case_decode_down(frame->tag, &reader, &arena);
    assert(event != NULL);
    struct decision_content content = {
        .form = TEXT("consilium decision"),
        .patient_case = staff_case_id(play->first_case + frame->channel - FIRST_CASE_CHANNEL),
        .decision = event->decision,
        .board = event->board,
        .item = event->item,
        .revision = event->revision,
        .template_version = event->template_version,
        .fields = event->fields,
        .side = event->side,
        .standard = event->standard,
        .by = frame->by,
        .at = frame->at,
        .tasks = {event->tasks.count, tasks}};
    for (uint32_t i = 0; i < event->tasks.count; i++) {
        const struct task *task = &event->tasks.items[i];
        tasks[i] = (struct task_content){task->task, task->text, task->owner, task->owner_name,
                                         task->due_at};
    }
    writer_init(&writer, EVENT_BYTES);
    decision_content_write(&writer, &content);
    assert(!writer.failed);
    play->read = sha256_of(writer_bytes(&writer));
    writer_finish(&writer);
    arena_finish(&arena);
}

static void on_message(struct bot *bot, const struct frame *frame) {
    struct play *play = bot->bots->plan.data;
    if (bot->index == PLAY_CHAIR && frame->form == FRAME_EVENT && frame->channel != BOT_CHANNEL &&
        frame->tag == PATIENT_CASE_DECISION_RECORDED)
        read_decision(play, frame);
    if (frame->form == FRAME_EVENT)
        hear_event(play, frame);
    else if (frame->form == FRAME_NUMBERED && frame->channel != BOT_CHANNEL)
        play->list[bot->index].cases++;
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    struct play *play = bot->bots->plan.data;
    struct play_person *person = &play->list[bot->index];
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    if (frame->seq != person->seq || frame->channel != person->channel)
        return;
    arena_init(&arena, EVENT_BYTES);
    const struct refused *refused =
        frame->tag == REPLY_REFUSED ? reply_decode_down(frame->tag, &reader, &arena) : NULL;
    person->refusal = refused == NULL ? REFUSAL_NONE : (uint8_t)refused->reason;
    arena_finish(&arena);
    person->took_ms = (double)(monotonic_us() - person->sent_us) / 1000;
    person->seq = 0;
}

/* What is said */

/* Takes the arena's memory back. */
static void say(struct play *play, unsigned index, uint16_t channel, struct encoded command,
                struct arena *arena) {
    struct play_person *person = &play->list[index];
    assert(command.fields.bytes != NULL && person->seq == 0);
    person->channel = channel;
    person->sent_us = monotonic_us();
    person->seq =
        client_session_command(client_session_of(play->bots.list[index].client), channel, command);
    assert(person->seq != 0);
    arena_finish(arena);
}

static bool settle(struct play *play, unsigned index, const char *what) {
    struct play_person *person = &play->list[index];
    for (int64_t end = monotonic_us() + LIMIT_MS * 1000; person->seq != 0 && monotonic_us() < end;)
        bots_turn(&play->bots, 5);
    if (person->seq == 0 && person->refusal == REFUSAL_NONE)
        return true;
    fprintf(stderr, "Item %u, person %u: %s was %s (%d)\n", play->open, index, what,
            person->seq != 0 ? "not answered" : "refused", person->refusal);
    return false;
}

static void await(struct play *play, uint16_t channel, uint8_t tag, uint32_t item) {
    play->heard = 0;
    play->waited_channel = channel;
    play->waited_for = tag;
    play->waited_item = item;
}

static bool all_hear(struct play *play, const char *what) {
    for (int64_t end = monotonic_us() + LIMIT_MS * 1000;
         play->heard < play->people && monotonic_us() < end;)
        bots_turn(&play->bots, 5);
    if (play->heard < play->people)
        fprintf(stderr, "Item %u: %u of %u people heard: %s\n", play->open, play->heard,
                play->people, what);
    return play->heard >= play->people;
}

static void pause_until(struct play *play, int64_t until_us) {
    int64_t left_us = until_us - monotonic_us();
    if (left_us > 0)
        bots_run(&play->bots, (int)(left_us / 1000) + 1);
}

/* What became of the item on the stage. */
static enum item_outcome outcome_here(const struct play *play, bool comes_back) {
    enum fate fate = plan_fate(play->last);
    if (play->open == 0)
        return ITEM_OUTCOME_NONE;
    return fate == FATE_COMES_BACK && comes_back ? ITEM_OUTCOME_LATER : plan_outcome(fate);
}

static uint8_t reason_here(const struct play *play) {
    enum fate fate = plan_fate(play->last);
    bool put_off = play->open != 0 && (fate == FATE_DEFERRED || fate == FATE_NOT_DISCUSSED);
    return put_off ? plan_reason(play->last) : 0;
}

/* Everybody goes to the case at `place`. `comes_back`: the one that is left may come back. */
static bool go_to(struct play *play, unsigned place, bool comes_back) {
    struct arena arena;
    struct open_item command = {.command_id = fresh_id(),
                                .item = play->open,
                                .next = place + 1,
                                .outcome = outcome_here(play, comes_back),
                                .reason = reason_here(play)};
    if (plan_is_unready(place))
        command.unready = TEXT("Pathology reads it out now");
    arena_init(&arena, COMMAND_BYTES);
    pause_until(play, play->stepped_us + (int64_t)PAUSE_MS * 1000);
    await(play, BOT_CHANNEL, BOARD_ITEM_OPENED, place + 1);
    play->stepped_us = monotonic_us();
    say(play, PLAY_CHAIR, BOT_CHANNEL, open_item_encode(&arena, &command), &arena);
    bool gone = settle(play, PLAY_CHAIR, "opening the next") && all_hear(play, "the next opened");
    play->open = place + 1;
    play->last = place;
    play->steps++;
    return gone;
}

static bool record(struct play *play, unsigned author, struct uuid decision) {
    struct arena arena;
    struct field_value fields[] = {
        {.key = TEXT("recommendation"),
         .value = TEXT("Invented words as a recommendation has them: " PLAY_WORDS ", then what the "
                       "specimen says; radiotherapy if the margin is narrow.")},
        {.key = TEXT("intent"), .value = TEXT("curative")}};
    struct task task = {.task = fresh_id(),
                        .text = TEXT("Tell the patient and arrange the date"),
                        .owner = play->staff->people[author].id,
                        .owner_name = TEXT("A member")};
    struct record_decision command = {.command_id = fresh_id(),
                                      .decision = decision,
                                      .board = staff_board_id(play->board),
                                      .item = play->open,
                                      .fields = {2, fields},
                                      .side = play->last % 2 == 0 ? SIDE_RIGHT : SIDE_LEFT,
                                      .tasks = {1, &task}};
    arena_init(&arena, COMMAND_BYTES);
    await(play, case_channel(play->last), PATIENT_CASE_DECISION_RECORDED, 0);
    say(play, author, case_channel(play->last), record_decision_encode(&arena, &command), &arena);
    bool recorded = settle(play, author, "the decision") && all_hear(play, "the decision");
    play->decisions[play->decision_count++] = play->list[author].took_ms;
    return recorded;
}

/* All at once; one of them against it. */
static bool vote(struct play *play, unsigned author, struct uuid decision) {
    unsigned voters[PLAY_VOTERS];
    bool voted = true;
    for (unsigned i = 0; i < PLAY_VOTERS; i++) {
        struct arena arena;
        struct cast_vote command = {.command_id = fresh_id(), .decision = decision, .revision = 1};
        if (i == 0) {
            command.choice = VOTE_CHOICE_DISSENT;
            command.reason = TEXT("Systemic treatment first");
        }
        voters[i] = 1 + (author + i) % (play->people - 1);
        arena_init(&arena, COMMAND_BYTES);
        say(play, voters[i], case_channel(play->last), cast_vote_encode(&arena, &command), &arena);
    }
    for (unsigned i = 0; i < PLAY_VOTERS; i++)
        voted &= settle(play, voters[i], "a vote");
    return voted;
}

/* Everything the chair has with the first signature, one thing with each after that. */
static bool prove(struct play *play) {
    if (play->may_sign)
        return staff_prove(play->staff, PLAY_CHAIR);
    play->may_sign = staff_step_up(play->staff, PLAY_CHAIR, play->board);
    return play->may_sign;
}

static bool sign(struct play *play, struct uuid decision) {
    struct arena arena;
    struct sign_decision command = {.command_id = fresh_id(),
                                    .decision = decision,
                                    .revision = 1,
                                    .patient_id = TEXT("0"), /* of everybody here */
                                    .side = play->last % 2 == 0 ? SIDE_RIGHT : SIDE_LEFT,
                                    .meaning = SIGNING_MEANING_APPROVED,
                                    .content = {SHA256_BYTES, play->read.bytes}};
    if (!prove(play))
        return false;
    arena_init(&arena, COMMAND_BYTES);
    await(play, case_channel(play->last), PATIENT_CASE_DECISION_SIGNED, 0);
    say(play, PLAY_CHAIR, case_channel(play->last), sign_decision_encode(&arena, &command), &arena);
    return settle(play, PLAY_CHAIR, "the signature") && all_hear(play, "the signature");
}

static bool decide(struct play *play) {
    unsigned author = 1 + play->last % (play->people - 1);
    struct uuid decision = fresh_id();
    return record(play, author, decision) && vote(play, author, decision) && sign(play, decision);
}

/* Standard of care is marked and then confirmed in one go. */
static bool confirm_standard(struct play *play) {
    uint32_t items[PLAY_CASES_MAX];
    struct confirm_standard confirm = {.command_id = fresh_id(), .items = {0, items}};
    struct arena arena;
    bool marked = true;
    for (unsigned place = 0; marked && place < play->cases; place++) {
        struct set_item set = {
            .command_id = fresh_id(), .item = place + 1, .planned_seconds = 60, .standard = true};
        if (plan_fate(place) != FATE_STANDARD)
            continue;
        arena_init(&arena, COMMAND_BYTES);
        say(play, PLAY_CHAIR, BOT_CHANNEL, set_item_encode(&arena, &set), &arena);
        marked = settle(play, PLAY_CHAIR, "marking it as standard");
        items[confirm.items.count++] = place + 1;
    }
    if (!marked || confirm.items.count == 0)
        return marked;
    confirm.words = TEXT(PLAN_STANDARD_WORDS);
    if (!prove(play))
        return false;
    arena_init(&arena, COMMAND_BYTES);
    await(play, BOT_CHANNEL, BOARD_STANDARD_CONFIRMED, 0);
    say(play, PLAY_CHAIR, BOT_CHANNEL, confirm_standard_encode(&arena, &confirm), &arena);
    return settle(play, PLAY_CHAIR, "confirming") && all_hear(play, "what is standard");
}

static bool end_meeting(struct play *play) {
    struct arena arena;
    struct end_meeting command = {.command_id = fresh_id(),
                                  .item = play->open,
                                  .outcome = outcome_here(play, false),
                                  .reason = reason_here(play)};
    arena_init(&arena, COMMAND_BYTES);
    await(play, BOT_CHANNEL, BOARD_MEETING_ENDED, 0);
    say(play, PLAY_CHAIR, BOT_CHANNEL, end_meeting_encode(&arena, &command), &arena);
    return settle(play, PLAY_CHAIR, "the end") && all_hear(play, "the end");
}

/* In the order of the agenda; then those that come back. */
static bool discuss_all(struct play *play) {
    bool fine = true, comes_back = true;
    for (unsigned place = 0; fine && place < play->cases; place++) {
        enum fate fate = plan_fate(place);
        if (fate == FATE_STANDARD)
            continue;
        fine = go_to(play, place, comes_back) && (fate != FATE_DECIDED || decide(play));
    }
    for (unsigned place = 0; fine && place < play->cases; place++) {
        if (plan_fate(place) != FATE_COMES_BACK)
            continue;
        fine = go_to(play, place, comes_back) && decide(play);
        comes_back = false;
    }
    return fine;
}

bool play_meeting(struct play *play) {
    return confirm_standard(play) && discuss_all(play) && end_meeting(play);
}

/* Coming and going */

static unsigned cases_open(const struct play *play) {
    unsigned open = 0;
    for (unsigned i = 0; i < play->people; i++)
        open += play->list[i].cases;
    return open;
}

bool play_begin(struct play *play) {
    struct bots_plan plan = {.staff = play->staff,
                             .count = play->people,
                             .kind = CHANNEL_KIND_BOARD,
                             .person = person_of,
                             .actor = board_of,
                             .message = on_message,
                             .answered = on_answered,
                             .data = play};
    assert(play->people <= PLAY_PEOPLE_MAX && play->people > PLAY_VOTERS);
    /* Then the last one discussed is not the first to come back. */
    assert(play->cases <= PLAY_CASES_MAX && play->cases % 10 == 0);
    if (!bots_init(&play->bots, &plan) || !bots_all_open(&play->bots, ENTER_MS))
        return false;
    for (unsigned i = 0; i < play->people; i++)
        for (unsigned place = 0; place < play->cases; place++)
            client_session_open(client_session_of(play->bots.list[i].client), case_channel(place),
                                CHANNEL_KIND_PATIENT_CASE, staff_case_id(play->first_case + place));
    unsigned wanted = play->people * play->cases;
    for (int64_t end = monotonic_us() + ENTER_MS * 1000;
         cases_open(play) < wanted && monotonic_us() < end;)
        bots_turn(&play->bots, 20);
    if (cases_open(play) < wanted)
        fprintf(stderr, "%u of %u cases are open\n", cases_open(play), wanted);
    return cases_open(play) >= wanted;
}

void play_end(struct play *play) {
    bots_finish(&play->bots);
}

double play_round_trip_ms(struct play *play) {
    struct client_session *chair = client_session_of(play->bots.list[PLAY_CHAIR].client);
    double samples[PINGS];
    for (unsigned i = 0; i < PINGS; i++) {
        int64_t begin_us = monotonic_us();
        chair->round_trip_us = UINT64_MAX;
        client_session_ping(chair, begin_us);
        while (chair->round_trip_us == UINT64_MAX && monotonic_us() - begin_us < LIMIT_MS * 1000)
            bots_turn(&play->bots, 5);
        samples[i] = (double)(monotonic_us() - begin_us) / 1000;
        bots_run(&play->bots, PING_PAUSE_MS);
    }
    return median(samples, PINGS);
}
