#include "tests/unit/support_runtime.h"

#include "protocol/generated/reply.h"

#include <assert.h>
#include <stdlib.h>

struct uuid uuid_of(uint32_t number) {
    struct uuid id = {{0}};
    for (int i = 0; i < 4; i++) {
        id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    }
    id.bytes[6] = 0x40;
    id.bytes[8] = 0x80;
    return id;
}

static struct bytes own(struct bytes from) {
    uint8_t *copy = malloc(from.length == 0 ? 1 : from.length);
    assert(copy != NULL);
    if (from.length > 0) {
        memcpy(copy, from.bytes, from.length);
    }
    return (struct bytes){from.length, copy};
}

static void disown(struct bytes bytes) {
    free((void *)(uintptr_t)bytes.bytes);
}

/* An actor as it was saved, which lay in an arena. */
static void own_saved(struct saved_actor *saved) {
    struct saved_part *parts = calloc(saved->part_count + 1, sizeof *parts);
    assert(parts != NULL);
    for (uint32_t i = 0; i < saved->part_count; i++) {
        parts[i] = (struct saved_part){saved->parts[i].about, own(saved->parts[i].bytes)};
    }
    saved->parts = parts;
    saved->state.fields = own(saved->state.fields);
}

static void disown_saved(struct saved_actor *saved) {
    for (uint32_t i = 0; i < saved->part_count; i++) {
        disown(saved->parts[i].bytes);
    }
    free((void *)(uintptr_t)saved->parts);
    disown(saved->state.fields);
}

static struct fake_host *fake_of(struct host *host) {
    return (struct fake_host *)host;
}

static struct fake_note *note(struct fake_host *fake, int what, struct activation *activation) {
    assert(fake->note_count < FAKE_NOTES_MAX);
    struct fake_note *added = &fake->notes[fake->note_count++];
    *added = (struct fake_note){.what = what};
    if (activation != NULL) {
        added->actor = activation_id(activation);
    }
    return added;
}

static uint16_t rights(struct host *host, struct uuid user, const struct uuid *organisation,
                       int64_t *ret_until) {
    struct fake_host *fake = (struct fake_host *)host;
    *ret_until = 0;
    return fake->rights == NULL ? 0 : fake->rights(fake, user, organisation);
}

static uint32_t holders(struct host *host, enum role role, struct uuid organisation,
                        struct uuid *ret, uint32_t max) {
    struct fake_host *fake = (struct fake_host *)host;
    return fake->holders == NULL ? 0 : fake->holders(fake, role, organisation, ret, max);
}

static int64_t now(struct host *host) {
    return fake_of(host)->now;
}

static uint64_t random_number(struct host *host) {
    struct fake_host *fake = fake_of(host);
    fake->random = fake->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return fake->random;
}

struct fake_stream *fake_host_stream(struct fake_host *fake, uint8_t kind, struct uuid id) {
    for (uint32_t i = 0; i < fake->stream_count; i++) {
        if (fake->streams[i].kind == kind && uuid_equal(fake->streams[i].id, id)) {
            return &fake->streams[i];
        }
    }
    assert(fake->stream_count < FAKE_STREAMS_MAX);
    struct fake_stream *stream = &fake->streams[fake->stream_count++];
    *stream = (struct fake_stream){.kind = kind, .id = id};
    return stream;
}

static void load(struct host *host, struct activation *activation) {
    struct fake_host *fake = fake_of(host);
    fake->loads++;
    fake->waiting_load = activation;
    if (!fake->loads_wait) {
        fake_host_load_now(fake);
    }
}

void fake_host_load_now(struct fake_host *fake) {
    struct activation *activation = fake->waiting_load;
    fake->waiting_load = NULL;
    if (fake->database_away) {
        runtime_loaded(activation, LOAD_UNAVAILABLE);
        return;
    }
    struct fake_stream *stream =
        fake_host_stream(fake, activation_kind(activation), activation_id(activation));
    uint64_t after = 0;
    if (stream->has_snapshot && runtime_load_snapshot(activation, &stream->snapshot)) {
        after = stream->snapshot.version;
    }
    for (uint32_t i = 0; i < stream->count; i++) {
        const struct fake_event *event = &stream->events[i];
        if (event->header.version > after &&
            !runtime_load_event(activation, &event->header, event->command_id, event->fields)) {
            runtime_loaded(activation, LOAD_NEWER_VERSION);
            return;
        }
    }
    bool as_it_is = fake->load_result == LOAD_FOUND;
    enum load_result found = stream->count == 0 ? LOAD_ABSENT : LOAD_FOUND;
    runtime_loaded(activation, as_it_is ? found : fake->load_result);
}

static void append(struct host *host, const struct append *asked) {
    struct fake_host *fake = fake_of(host);
    assert(fake->waiting_append == NULL || fake->appends_wait);
    fake->waiting_append = asked;
    if (fake->appends_wait) {
        return;
    }
    if (fake->database_away) {
        fake_host_answer_append(fake, APPEND_UNAVAILABLE);
    } else {
        fake_host_commit(fake);
    }
}

static void settle_row(struct fake_host *fake, struct uuid command_id) {
    for (uint32_t i = 0; i < fake->pending_count; i++) {
        if (uuid_equal(fake->pending[i].command_id, command_id)) {
            disown(fake->pending[i].command.fields);
            fake->pending[i] = fake->pending[--fake->pending_count];
            return;
        }
    }
}

void fake_host_record(struct fake_host *fake) {
    const struct append *asked = fake->waiting_append;
    const struct effects *effects = asked->effects;
    struct fake_stream *stream = fake_host_stream(fake, activation_kind(asked->activation),
                                                  activation_id(asked->activation));
    assert(asked->first_version == stream->count + 1);
    stream->events =
        realloc(stream->events, (stream->count + effects->event_count) * sizeof *stream->events);
    assert(stream->events != NULL);
    for (uint32_t i = 0; i < effects->event_count; i++) {
        stream->events[stream->count++] = (struct fake_event){
            .header = {.version = asked->first_version + i,
                       .at = asked->at,
                       .by = asked->by,
                       .tag = effects->events[i].tag},
            .command_id = asked->command_id,
            .fields = own(effects->events[i].fields),
        };
    }
    settle_row(fake, asked->settles);
    for (uint32_t i = 0; i < effects->message_count; i++) {
        const struct effect_message *message = &effects->messages[i];
        if (!message->durable) {
            continue;
        }
        fake->pending = realloc(fake->pending, (fake->pending_count + 1) * sizeof *fake->pending);
        assert(fake->pending != NULL);
        fake->pending[fake->pending_count++] = (struct fake_pending){
            .kind = message->target_kind,
            .target = message->target,
            .command_id = message->command_id,
            .command = {message->command.tag, own(message->command.fields)},
            .due_at = message->due_at,
        };
    }
}

static bool recorded(struct fake_host *fake, const struct append *asked) {
    struct fake_stream *stream = fake_host_stream(fake, activation_kind(asked->activation),
                                                  activation_id(asked->activation));
    for (uint32_t i = 0; i < stream->count; i++) {
        if (uuid_equal(stream->events[i].command_id, asked->command_id)) {
            return true;
        }
    }
    return false;
}

void fake_host_commit(struct fake_host *fake) {
    if (recorded(fake, fake->waiting_append)) {
        fake_host_answer_append(fake, APPEND_DUPLICATE);
        return;
    }
    fake_host_record(fake);
    fake_host_answer_append(fake, APPEND_COMMITTED);
}

void fake_host_answer_append(struct fake_host *fake, enum append_result result) {
    struct activation *activation = fake->waiting_append->activation;
    fake->waiting_append = NULL;
    runtime_appended(activation, result);
}

static void settle(struct host *host, struct activation *activation, struct uuid command_id) {
    struct fake_host *fake = fake_of(host);
    note(fake, NOTE_SETTLE, activation)->command_id = command_id;
    settle_row(fake, command_id);
}

static void save(struct host *host, struct activation *activation) {
    struct fake_host *fake = fake_of(host);
    struct fake_stream *stream =
        fake_host_stream(fake, activation_kind(activation), activation_id(activation));
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    note(fake, NOTE_SAVE, activation);
    if (stream->has_snapshot) {
        disown_saved(&stream->snapshot);
    }
    runtime_save(activation, &arena, &stream->snapshot);
    own_saved(&stream->snapshot);
    stream->has_snapshot = true;
    arena_finish(&arena);
}

static void answer(struct host *host, struct activation *activation, struct session_number session,
                   uint16_t channel, uint32_t seq, struct encoded reply) {
    (void)channel;
    struct fake_note *added = note(fake_of(host), NOTE_ANSWER, activation);
    added->slot = session.slot;
    added->seq = seq;
    added->tag = reply.tag;
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    struct reader reader = reader_of(reply.fields);
    struct accepted accepted = {0};
    if (reply.tag == REPLY_ACCEPTED && accepted_read(&reader, &arena, &accepted)) {
        added->version = accepted.version;
    } else if (reply.tag == REPLY_REFUSED && refused_read(&reader, &arena, &added->refused)) {
        added->refusal = added->refused.reason;
    }
    arena_finish(&arena);
}

static void publish(struct host *host, struct activation *activation,
                    const struct event_header *header, uint8_t audiences, struct bytes fields,
                    const uint64_t previous[AUDIENCE_COUNT]) {
    struct fake_host *fake = fake_of(host);
    struct fake_note *added = note(fake, NOTE_PUBLISH, activation);
    added->tag = header->tag;
    added->version = header->version;
    added->audiences = audiences;
    memcpy(added->previous, previous, sizeof added->previous);
    if (fake->on_publish != NULL) {
        fake->on_publish(fake, activation, header, audiences, fields);
    }
}

static void ephemera(struct host *host, struct activation *activation) {
    note(fake_of(host), NOTE_EPHEMERA, activation);
}

static void forward(struct host *host, const struct effect_message *message,
                    struct uuid command_id) {
    struct fake_host *fake = fake_of(host);
    note(fake, NOTE_FORWARD, NULL)->actor = message->target;
    if (fake->forwards_deliver) {
        runtime_deliver(fake->runtime, message->target_kind, message->target, message->command,
                        command_id, (struct uuid){{0}});
    }
}

static void lost(struct host *host, struct activation *activation, enum load_result why) {
    note(fake_of(host), NOTE_LOST, activation)->why = why;
}

static void drop(struct host *host, struct activation *activation) {
    note(fake_of(host), NOTE_DROP, activation);
}

static void rebuilt(struct host *host, struct activation *activation) {
    note(fake_of(host), NOTE_REBUILT, activation);
}

static void recall(struct host *host, struct activation *activation, struct uuid command_id) {
    struct fake_stream *stream =
        fake_host_stream(fake_of(host), activation_kind(activation), activation_id(activation));
    uint64_t version = 0;
    for (uint32_t i = 0; i < stream->count; i++) {
        if (uuid_equal(stream->events[i].command_id, command_id)) {
            version = stream->events[i].header.version;
        }
    }
    runtime_recalled(activation, true, version);
}

void fake_host_start(struct fake_host *fake, const struct actor_kind *const *kinds, size_t count) {
    *fake = (struct fake_host){
        .host = {.now = now,
                 .rights = rights,
                 .holders = holders,
                 .random = random_number,
                 .load = load,
                 .append = append,
                 .settle = settle,
                 .save = save,
                 .answer = answer,
                 .publish = publish,
                 .ephemera = ephemera,
                 .forward = forward,
                 .lost = lost,
                 .drop = drop,
                 .rebuilt = rebuilt,
                 .recall = recall},
        .now = INT64_C(1795392000000000), /* 2026-11-23 */
        .random = 1,
        .forwards_deliver = true,
        .load_result = LOAD_FOUND,
    };
    fake->runtime = runtime_create(&fake->host, kinds, count);
    assert(fake->runtime != NULL);
}

void fake_host_stop(struct fake_host *fake) {
    fake->note_count = 0;
    runtime_destroy(fake->runtime);
    for (uint32_t i = 0; i < fake->stream_count; i++) {
        struct fake_stream *stream = &fake->streams[i];
        for (uint32_t j = 0; j < stream->count; j++) {
            disown(stream->events[j].fields);
        }
        free(stream->events);
        if (stream->has_snapshot) {
            disown_saved(&stream->snapshot);
        }
    }
    for (uint32_t i = 0; i < fake->pending_count; i++) {
        disown(fake->pending[i].command.fields);
    }
    free(fake->pending);
}

void fake_host_crash(struct fake_host *fake, const struct actor_kind *const *kinds, size_t count) {
    fake->note_count = 0;
    runtime_destroy(fake->runtime);
    fake->waiting_append = NULL;
    fake->waiting_load = NULL;
    for (uint32_t i = 0; i < fake->pending_count; i++) {
        fake->pending[i].delivered = false;
    }
    fake->runtime = runtime_create(&fake->host, kinds, count);
}

static bool is_held(const struct fake_host *fake, const struct fake_pending *pending) {
    return (fake->held_kinds & 1u << pending->kind) != 0;
}

static bool deliver_pending(struct fake_host *fake) {
    for (uint32_t i = 0; i < fake->pending_count; i++) {
        struct fake_pending *row = &fake->pending[i];
        if (row->delivered || is_held(fake, row) || row->due_at > fake->now) {
            continue;
        }
        row->delivered = runtime_deliver(fake->runtime, row->kind, row->target, row->command,
                                         row->command_id, row->command_id);
        return true;
    }
    return false;
}

void fake_host_forget_held(struct fake_host *fake) {
    for (uint32_t i = fake->pending_count; i > 0; i--) {
        if (is_held(fake, &fake->pending[i - 1])) {
            disown(fake->pending[i - 1].command.fields);
            fake->pending[i - 1] = fake->pending[--fake->pending_count];
        }
    }
}

void fake_host_run(struct fake_host *fake) {
    do {
        while (runtime_run(fake->runtime, INT64_MAX)) {
        }
    } while (deliver_pending(fake));
}

void fake_host_pass(struct fake_host *fake, int64_t microseconds) {
    int64_t end = fake->now + microseconds;
    fake_host_run(fake);
    for (;;) {
        int64_t next = runtime_next_timer(fake->runtime);
        if (next == 0 || next > end) {
            break;
        }
        if (next > fake->now) {
            fake->now = next;
        }
        fake_host_run(fake);
    }
    fake->now = end;
    fake_host_run(fake);
}

const struct fake_note *fake_host_note(const struct fake_host *fake, int what, uint32_t n) {
    for (uint32_t i = 0; i < fake->note_count; i++) {
        if ((int)fake->notes[i].what == what && n-- == 0) {
            return &fake->notes[i];
        }
    }
    return NULL;
}

uint32_t fake_host_count(const struct fake_host *fake, int what) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake->note_count; i++) {
        count += (int)fake->notes[i].what == what;
    }
    return count;
}

const struct fake_note *fake_host_answer(const struct fake_host *fake, uint32_t slot) {
    for (uint32_t i = fake->note_count; i > 0; i--) {
        const struct fake_note *found = &fake->notes[i - 1];
        if (found->what == NOTE_ANSWER && found->slot == slot) {
            return found;
        }
    }
    return NULL;
}

void fake_host_forget_notes(struct fake_host *fake) {
    fake->note_count = 0;
}
