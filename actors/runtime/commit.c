/*
 * The way of events through the record: to the store, and once they are committed into the state
 * and out to whoever may see them. What is applied here is what a replay applies.
 */
#include "actors/runtime/activation.h"

#include <assert.h>

enum { APPEND_ATTEMPTS_MAX = 3 };

/* Puts the id into field 0 of a packed command, which is nil-free and fixed in size (msgpack bin 8
 * of 16). */
static struct bytes with_command_id(struct turn *turn, struct bytes fields, struct uuid id) {
    enum { HEADER = 1, BIN8 = 0xc4, ID_SIZE = 2 + sizeof id.bytes };
    const uint8_t *from = fields.bytes;
    bool wide = from[0] == 0xdc;
    uint32_t header = wide ? 3 : HEADER;
    uint32_t count = wide ? (uint32_t)(from[1] << 8 | from[2]) : from[0] & 0x0fu;
    bool has_id = count > 0;
    uint32_t rest = has_id ? header + ID_SIZE : header;
    assert(fields.length >= rest && (!has_id || from[header] == BIN8));
    uint32_t length = header + ID_SIZE + (fields.length - rest);
    uint8_t *to = arena_alloc(turn->arena, length);
    turn_check(turn, to != NULL);
    memcpy(to, from, header);
    if (!has_id) {
        to[0] = 0x91;
    }
    to[header] = BIN8;
    to[header + 1] = sizeof id.bytes;
    memcpy(to + header + 2, id.bytes, sizeof id.bytes);
    memcpy(to + header + ID_SIZE, from + rest, fields.length - rest);
    return (struct bytes){length, to};
}

void commit_begin(struct activation *activation, struct turn_frame *frame) {
    assert(activation->phase == PHASE_READY);
    struct host *host = activation->runtime->host;
    struct turn *turn = &frame->turn;
    struct effects *effects = &turn->effects;
    uint64_t first_version = activation->version + 1;
    uint32_t index = 0;
    for (uint32_t i = 0; i < effects->message_count; i++) {
        struct effect_message *message = &effects->messages[i];
        if (message->durable) {
            message->command_id = message_command_id(activation->id, first_version, index++);
            message->command.fields =
                with_command_id(turn, message->command.fields, message->command_id);
        }
    }
    frame->append = (struct append){
        .activation = activation,
        .first_version = first_version,
        .at = turn->now,
        .by = turn->sender.user,
        .command_id = turn->command_id,
        .effects = effects,
        .about = effects->about,
        .settles = frame->letter->settles,
        .trace = frame->letter->trace,
    };
    activation->in_flight = frame;
    activation->phase = PHASE_APPENDING;
    activation->awaiting_store = true;
    host->append(host, &frame->append);
}

bool commit_apply(struct activation *activation, const struct event_header *header,
                  struct bytes fields, struct arena *arena) {
    struct crash_marker *marker = activation->runtime->marker;
    marker->stream = activation->id;
    marker->kind = activation->kind->number;
    marker->tag = header->tag;
    marker->active = 1;
    bool gone = fields.bytes == NULL; /* what it was about is erased */
    bool readable = gone || activation->kind->apply(activation->actor, header, fields, arena);
    marker->active = 0;
    if (!readable) {
        return false;
    }
    activation->version = header->version;
    activation->last_at = header->at;
    return true;
}

/* Notes that an event reached its audiences. */
static void note_audiences(const struct activation *activation, const struct event_header *header,
                           uint64_t versions[AUDIENCE_COUNT]) {
    uint8_t audiences = activation->kind->rules[header->tag].audiences;
    for (uint32_t i = 0; i < AUDIENCE_COUNT; i++) {
        if ((audiences & (1u << i)) != 0) {
            versions[i] = header->version;
        }
    }
}

static void publish_to(struct activation *activation, const struct event_header *header,
                       struct bytes fields, const uint64_t previous[AUDIENCE_COUNT]) {
    struct host *host = activation->runtime->host;
    uint8_t audiences = activation->kind->rules[header->tag].audiences;
    activation->published = header->version;
    if (audiences != 0) {
        host->publish(host, activation, header, audiences, fields, previous);
    }
}

void commit_publish(struct activation *activation, const struct event_header *header,
                    struct bytes fields) {
    uint64_t previous[AUDIENCE_COUNT];
    memcpy(previous, activation->audience_versions, sizeof previous);
    note_audiences(activation, header, activation->audience_versions);
    publish_to(activation, header, fields, previous);
}

static struct event_header header_of(const struct append *append, uint32_t i) {
    return (struct event_header){.version = append->first_version + i,
                                 .at = append->at,
                                 .by = append->by,
                                 .tag = append->effects->events[i].tag};
}

static bool apply_all(struct activation *activation, const struct append *append) {
    const struct effects *effects = append->effects;
    struct arena *arena = runtime_arena(activation->runtime);
    bool readable = true;
    activation->runtime->marker->command_id = append->command_id;
    for (uint32_t i = 0; readable && i < effects->event_count; i++) {
        struct event_header header = header_of(append, i);
        readable = commit_apply(activation, &header, effects->events[i].fields, arena);
    }
    runtime_give_arena(activation->runtime, arena);
    return readable;
}

/* The state holds the whole command by now, so the audiences' versions do too before the first
 * event leaves: a snapshot that a changed grant brings in the middle is then of one moment. */
static void publish_all(struct activation *activation, const struct append *append) {
    const struct effects *effects = append->effects;
    uint64_t previous[AUDIENCE_COUNT];
    memcpy(previous, activation->audience_versions, sizeof previous);
    for (uint32_t i = 0; i < effects->event_count; i++) {
        struct event_header header = header_of(append, i);
        note_audiences(activation, &header, activation->audience_versions);
    }
    for (uint32_t i = 0; i < effects->event_count; i++) {
        struct event_header header = header_of(append, i);
        publish_to(activation, &header, effects->events[i].fields, previous);
        note_audiences(activation, &header, previous);
    }
}

static void wish_for_snapshot(struct activation *activation) {
    struct host *host = activation->runtime->host;
    if (activation->version - activation->saved >= RUNTIME_SNAPSHOT_EVERY) {
        activation->saved = activation->version;
        host->save(host, activation);
    }
}

static void committed(struct activation *activation, struct turn_frame *frame) {
    const struct append *append = &frame->append;
    if (!apply_all(activation, append)) {
        /* The state is now half of it; what is committed is read again from the record. */
        activation->held = frame->letter;
        frame->letter = NULL;
        turn_end(frame);
        supervisor_rebuild(activation);
        return;
    }
    recent_commands_note(&activation->recent, append->command_id, activation->version);
    uint64_t version = activation->version;
    if (frame->letter->form != LETTER_EVENTS) {
        /* The row it came from, if any, went in the same transaction. Answered before it is
         * published: the command may end its own sender's channel. */
        frame->letter->settles = (struct uuid){{0}};
        answer_accepted(activation, frame->letter, version);
    }
    publish_all(activation, append);
    activation->phase = PHASE_READY;
    turn_carry_out(activation, frame);
    turn_end(frame);
    wish_for_snapshot(activation);
    activation_compact(activation);
    activation_enqueue(activation);
}

static bool waits_for_database(const struct letter *letter) {
    return letter_is_of_session(letter) && letter->form != LETTER_EVENTS;
}

static void try_again_later(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    int64_t wait = activation->retry_us * 2;
    if (wait == 0) {
        wait = RUNTIME_RETRY_FIRST_US;
    }
    activation->retry_us = wait < RUNTIME_RETRY_LAST_US ? wait : RUNTIME_RETRY_LAST_US;
    bool set =
        timers_add(&runtime->timers, runtime->now + activation->retry_us, activation->kind->number,
                   activation->id, (struct encoded){.tag = TIMER_TAG_RETRY_LOAD});
    if (!set) {
        activation_lose(activation, LOAD_UNAVAILABLE);
    }
}

/* The database cannot be reached, or takes nothing. Sessions are told; what is in the record waits
 * with us. */
static void stay_without_database(struct activation *activation) {
    activation->database_away = true;
    struct letter *letter;
    while ((letter = mailbox_take(&activation->mailbox, waits_for_database)) != NULL) {
        answer_turned_away(activation, letter, REFUSAL_UNAVAILABLE);
    }
    try_again_later(activation);
}

/* What came out of the record is tried for ever, but not without a pause: a full disk would have
 * the loop do nothing else. */
static void hold_and_catch_up(struct activation *activation, struct turn_frame *frame) {
    struct letter *letter = frame->letter;
    activation->held = letter;
    frame->letter = NULL;
    turn_end(frame);
    if (activation->rebuild_wanted) {
        supervisor_rebuild(activation);
        return;
    }
    activation->phase = PHASE_CATCHING_UP;
    if (letter->attempts > APPEND_ATTEMPTS_MAX) {
        stay_without_database(activation);
    } else {
        activation_request_load(activation);
    }
    activation_enqueue(activation);
}

void runtime_appended(struct activation *activation, enum append_result result) {
    assert(activation->awaiting_store);
    activation->awaiting_store = false;
    activation->runtime->now = runtime_now(activation->runtime);
    struct turn_frame *frame = activation->in_flight;
    activation->in_flight = NULL;
    if (activation->phase == PHASE_GONE) {
        turn_end(frame);
        activation_settle_end(activation);
        return;
    }
    switch (result) {
    case APPEND_COMMITTED:
        if (activation->rebuild_wanted) {
            hold_and_catch_up(activation, frame);
        } else {
            committed(activation, frame);
        }
        return;
    case APPEND_FENCED:
        answer_turned_away(activation, frame->letter, REFUSAL_UNAVAILABLE);
        frame->letter = NULL;
        turn_end(frame);
        activation_lose(activation, LOAD_NOT_OWNED);
        return;
    case APPEND_DUPLICATE:
        frame->letter->recorded = true;
        break;
    case APPEND_TAKEN:
        frame->letter->taken = true;
        break;
    case APPEND_UNAVAILABLE:
    case APPEND_CONFLICT:
        frame->letter->attempts++;
        break;
    }
    hold_and_catch_up(activation, frame);
}

void runtime_appended_before(struct activation *activation, uint64_t version) {
    activation->in_flight->letter->recorded_version = version;
    runtime_appended(activation, APPEND_DUPLICATE);
}

void commit_recall(struct activation *activation, struct turn_frame *frame) {
    struct host *host = activation->runtime->host;
    activation->in_flight = frame;
    activation->phase = PHASE_APPENDING;
    activation->awaiting_store = true;
    host->recall(host, activation, frame->letter->command_id);
}

void runtime_recalled(struct activation *activation, bool known, uint64_t version) {
    struct turn_frame *frame = activation->in_flight;
    if (!known || activation->phase == PHASE_GONE || activation->rebuild_wanted) {
        runtime_appended(activation, APPEND_UNAVAILABLE);
        return;
    }
    activation->awaiting_store = false;
    activation->in_flight = NULL;
    activation->runtime->now = runtime_now(activation->runtime);
    activation->phase = PHASE_READY;
    if (version != 0) {
        answer_accepted(activation, frame->letter, version);
    } else {
        turn_conclude_without_events(activation, frame);
    }
    turn_end(frame);
    activation_enqueue(activation);
}

/* Called once the state is up to date: was the held command committed or not? */
static void conclude_held(struct activation *activation) {
    struct letter *letter = activation->held;
    activation->held = NULL;
    if (letter == NULL) {
        return;
    }
    uint64_t version;
    if (recent_commands_find(&activation->recent, letter->command_id, &version)) {
        if (letter->form != LETTER_EVENTS) {
            answer_accepted(activation, letter, version);
        }
    } else if (letter->recorded) {
        version = letter->recorded_version != 0 ? letter->recorded_version : activation->version;
        answer_accepted(activation, letter, version);
    } else if (letter->taken) {
        answer_refused(activation, letter, &(struct refused){.reason = REFUSAL_CONFLICT});
    } else if (letter->attempts < APPEND_ATTEMPTS_MAX || !uuid_is_zero(letter->settles)) {
        mailbox_return(&activation->mailbox, letter);
        return;
    } else {
        answer_turned_away(activation, letter, REFUSAL_UNAVAILABLE);
        return;
    }
    letter_free(activation->runtime, letter);
}

static void loaded(struct activation *activation) {
    struct host *host = activation->runtime->host;
    bool rebuilt = activation->rebuilding;
    bool lacks = activation->lacks;
    activation->database_away = false;
    activation->retry_us = 0;
    activation->rebuilding = activation->lacks = false;
    activation->phase = PHASE_READY;
    activation->published = activation->version;
    conclude_held(activation);
    if (rebuilt) {
        attendance_renew(activation);
    }
    if ((rebuilt || lacks) && host->rebuilt != NULL) {
        host->rebuilt(host, activation);
    }
    attendance_serve(activation);
    if (activation->version == 0) {
        activation_look_for_use(activation);
    }
    activation_enqueue(activation);
}

void runtime_loaded(struct activation *activation, enum load_result result) {
    assert(activation->awaiting_load);
    activation->awaiting_load = false;
    activation->runtime->now = runtime_now(activation->runtime);
    bool known = activation->phase == PHASE_CATCHING_UP || activation->rebuilding;
    if (activation->phase == PHASE_GONE) {
        activation_settle_end(activation);
    } else if (result == LOAD_FOUND || (result == LOAD_ABSENT && activation->version == 0)) {
        loaded(activation);
    } else if (result == LOAD_UNAVAILABLE && known) {
        stay_without_database(activation);
    } else if (result == LOAD_UNAVAILABLE) {
        attendance_refuse(activation, LOAD_UNAVAILABLE);
        if (activation->phase != PHASE_GONE) {
            stay_without_database(activation);
        }
        if (activation->phase != PHASE_GONE && !mailbox_has(&activation->mailbox, true) &&
            activation->holds == 0) {
            activation_lose(activation, LOAD_UNAVAILABLE);
        }
    } else {
        activation_lose(activation, result == LOAD_ABSENT ? LOAD_UNAVAILABLE : result);
    }
}
