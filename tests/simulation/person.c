#include "tests/simulation/person.h"

#include "protocol/frame.h"
#include "protocol/generated/patient_case.h"
#include "protocol/generated/user.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AWAY_LOW_US = 20000,
    AWAY_HIGH_US = 500000,
    FRAME_BYTES = 64 * 1024,
    READ_BYTES = 8 << 20,
    PROOF_LASTS_US = 60 * 1000000,
};

struct heard *person_channel(struct person *person, uint16_t number) {
    return number >= 1 && number <= PERSON_CHANNELS ? &person->heard[number - 1] : NULL;
}

static uint8_t role_of(unsigned index) {
    static const uint8_t roles[WORLD_PEOPLE] = {
        ROLE_CHAIR,    ROLE_COORDINATOR, ROLE_MEMBER, ROLE_MEMBER, ROLE_MEMBER,
        ROLE_OBSERVER, ROLE_REFERRER,    UINT8_MAX,   ROLE_GUEST,
    };
    return roles[index];
}

struct person *person_create(struct world *world, unsigned index) {
    struct person *person = calloc(1, sizeof *person);
    assert(person != NULL);
    person->world = world;
    person->index = index;
    person->user.bytes[0] = 0xee;
    person->user.bytes[1] = (uint8_t)(index + 1);
    person->user.bytes[15] = (uint8_t)(index * 31);
    snprintf(person->name, sizeof person->name, CANARY " %u", index);
    snprintf(person->login, sizeof person->login, CANARY "-%u", index);
    person->board_role = role_of(index);
    person->rights = index == 1 ? RIGHT_COORDINATOR : 0;
    person->slow = index == 3 || index == 4; /* the former is also taken off the board at times */
    person->said = calloc(SAID_MAX, sizeof *person->said);
    assert(person->said != NULL);
    mirror_init(&person->mirror);
    person->heard[CHANNEL_BOARD - 1] =
        (struct heard){.kind = 1, .id = world->board, .wanted = true};
    for (unsigned i = 0; i < WORLD_CASES; i++) {
        person->heard[CHANNEL_FIRST_CASE - 1 + i] =
            (struct heard){.kind = 2, .id = world->cases[i], .wanted = true};
    }
    person->heard[CHANNEL_OWN - 1] = (struct heard){.kind = 3, .id = person->user, .wanted = true};
    person->heard[CHANNEL_NEXT_BOARD - 1] =
        (struct heard){.kind = 1, .id = world->next_board, .wanted = index < 2};
    return person;
}

void person_destroy(struct person *person) {
    for (unsigned i = 0; i < PERSON_CHANNELS; i++) {
        free(person->heard[i].versions);
    }
    for (size_t i = 0; i < person->said_count; i++) {
        free((void *)(uintptr_t)person->said[i].fields.bytes);
    }
    free(person->said);
    mirror_finish(&person->mirror);
    free(person);
}

struct session_identity person_identity(const struct person *person) {
    return (struct session_identity){
        .user = person->user,
        .name = {(uint32_t)strlen(person->name), person->name},
        .sign_in = person->index + 1,
    };
}

bool person_is_slow(const struct person *person) {
    return person->slow;
}

static void send_frame(struct person *person, struct frame frame, struct encoded message) {
    if (person->link == NULL) {
        return;
    }
    uint8_t bytes[FRAME_BYTES];
    struct writer writer;
    frame.tag = message.tag;
    frame.fields = message.fields;
    writer_init_fixed(&writer, bytes, sizeof bytes);
    frame_write(&writer, &frame);
    assert(!writer.failed);
    link_send(person->link, writer_bytes(&writer));
}

void person_asks(struct person *person, uint16_t channel, struct encoded message) {
    send_frame(person,
               (struct frame){.form = FRAME_NUMBERED, .channel = channel, .seq = ++person->seq},
               message);
}

void person_signals(struct person *person, uint16_t channel, struct encoded message) {
    send_frame(person, (struct frame){.form = FRAME_EPHEMERAL, .channel = channel}, message);
}

/* Before each try, as a person would whose signature was refused for want of a proof. */
static void prove(struct person *person, const struct said *said) {
    const struct link *link = person->link;
    if (!uuid_is_zero(said->proved_for) && link != NULL && link->process->node != NULL &&
        !link->process->paused) {
        node_arm_signature(link->process->node, person_identity(person).sign_in, said->proved_for,
                           PROOF_PASSKEY, person->world->time.now + PROOF_LASTS_US);
    }
}

void person_repeats(struct person *person, struct said *said) {
    prove(person, said);
    said->seq = ++person->seq;
    said->times++;
    send_frame(person,
               (struct frame){.form = FRAME_NUMBERED, .channel = said->channel, .seq = said->seq},
               (struct encoded){said->tag, said->fields});
}

void person_commands(struct person *person, uint16_t channel, uint8_t tag, struct uuid command_id,
                     struct encoded message) {
    if (person->said_count == SAID_MAX) {
        return;
    }
    struct said *said = &person->said[person->said_count++];
    *said = (struct said){.command_id = command_id,
                          .channel = channel,
                          .tag = tag,
                          .proved_for = person->proved_for,
                          .fields = model_bytes_copy(message.fields)};
    person->proved_for = (struct uuid){{0}};
    person->world->commands_sent++;
    person_repeats(person, said);
}

static void ask_channels(struct person *person) {
    struct arena arena;
    arena_init(&arena, 4096);
    for (uint16_t i = 0; i < PERSON_CHANNELS; i++) {
        struct heard *heard = &person->heard[i];
        if (heard->wanted && !heard->open && !heard->asked) {
            heard->asked = true;
            struct open_channel open = {.channel = (uint16_t)(i + 1),
                                        .kind = (enum channel_kind)heard->kind,
                                        .id = heard->id,
                                        .version = heard->version,
                                        .audience = heard->audience};
            person_asks(person, 0, open_channel_encode(&arena, &open));
            heard->asked_seq = person->seq;
        }
    }
    arena_finish(&arena);
}

static void try_again(void *data) {
    struct person *person = data;
    person->tries_again = false;
    if (person->world->finished) {
        return;
    }
    if (person->link == NULL) {
        person_connects(person);
    } else if (person->greeted) {
        ask_channels(person);
    }
}

static void later(struct person *person) {
    if (person->tries_again) {
        return;
    }
    person->tries_again = true;
    plan_after(&person->world->time,
               chance_between(&person->world->time, AWAY_LOW_US, AWAY_HIGH_US), try_again, person);
}

void person_connects(struct person *person) {
    if (person->link != NULL) {
        return;
    }
    struct process *process = &person->world->processes[person->next_process++ % WORLD_PROCESSES];
    person->greeted = false;
    person->link = link_open(person, process);
    struct arena arena;
    arena_init(&arena, 4096);
    person_asks(person, 0,
                hello_encode(&arena, &(struct hello){.revision = 1, .client = TEXT("simulation")}));
    arena_finish(&arena);
}

/* A snapshot that was announced and never came: nothing is held. */
static void forget_promised(struct heard *heard) {
    if (heard->awaits_snapshot) {
        heard->awaits_snapshot = false;
        heard->version = 0;
        heard->audience = 0;
    }
}

void person_loses(struct person *person, struct link *link) {
    if (person->link != link) {
        return;
    }
    person->link = NULL;
    person->greeted = false;
    person->handle = 0;
    mirror_forget_ephemera(&person->mirror);
    for (unsigned i = 0; i < PERSON_CHANNELS; i++) {
        person->heard[i].open = false;
        person->heard[i].asked = false;
        forget_promised(&person->heard[i]);
    }
    later(person);
}

static void begin_anew(struct heard *heard, uint64_t version) {
    heard->awaits_snapshot = true;
    heard->version = version;
    heard->snapshot_version = version;
    heard->version_count = 0;
}

static void on_opened(struct person *person, const struct channel_opened *opened) {
    struct heard *heard = person_channel(person, opened->channel);
    heard->asked = false;
    heard->open = true;
    heard->audience = opened->audience;
    heard->roles = opened->roles;
    heard->participant = opened->participant;
    if (opened->channel == CHANNEL_BOARD) { /* all ephemera come anew with an opened channel */
        mirror_forget_ephemera(&person->mirror);
    }
    if (opened->resumption == RESUMPTION_SNAPSHOT) {
        begin_anew(heard, opened->version);
    }
    for (size_t i = 0; i < person->said_count; i++) {
        if (!person->said[i].answered && person->said[i].channel == opened->channel) {
            person_repeats(person, &person->said[i]);
        }
    }
}

static void on_session(struct person *person, const struct frame *frame, struct arena *arena) {
    struct reader reader = reader_of(frame->fields);
    const void *message = session_decode_down(frame->tag, &reader, arena);
    if (message == NULL) {
        world_fault(person->world, "session message %u cannot be read", frame->tag);
        return;
    }
    if (frame->tag == SESSION_WELCOME) {
        person->greeted = true;
        ask_channels(person);
    } else if (frame->tag == SESSION_CHANNEL_OPENED) {
        on_opened(person, message);
    } else if (frame->tag == SESSION_CHANNEL_ENDED) {
        const struct channel_ended *ended = message;
        struct heard *heard = person_channel(person, ended->channel);
        heard->open = false;
        forget_promised(heard);
        later(person);
    } else if (frame->tag == SESSION_GRANT_CHANGED) {
        const struct grant_changed *changed = message;
        struct heard *heard = person_channel(person, changed->channel);
        heard->audience = changed->audience;
        heard->roles = changed->roles;
        begin_anew(heard, changed->version);
    } else if (frame->tag == REPLY_REFUSED) { /* a channel that may not be opened (yet) */
        for (unsigned i = 0; i < PERSON_CHANNELS; i++) {
            struct heard *heard = &person->heard[i];
            heard->asked = heard->asked && heard->asked_seq != frame->seq;
        }
        later(person);
    }
}

/* However often it is said: the answer is the version of its last event in the record. */
static void check_version(struct person *person, const struct said *said, uint64_t version) {
    const struct model_tables *tables = &person->world->database.tables;
    struct uuid stream = person_channel(person, said->channel)->id;
    uint64_t recorded = 0;
    for (size_t i = 0; i < tables->event_count; i++) {
        const struct event_row *row = &tables->events[i];
        if (row->version > recorded && uuid_equal(row->command_id, said->command_id) &&
            uuid_equal(row->stream, stream)) {
            recorded = row->version;
        }
    }
    if (recorded != 0 && recorded != version) {
        world_fault(person->world, "a command said again got another answer: %llu, not %llu",
                    (unsigned long long)version, (unsigned long long)recorded);
    }
}

static void on_answer(struct person *person, const struct frame *frame, struct arena *arena) {
    for (size_t i = 0; i < person->said_count; i++) {
        struct said *said = &person->said[i];
        if (said->seq != frame->seq || said->channel != frame->channel) {
            continue;
        }
        struct reader reader = reader_of(frame->fields);
        struct accepted accepted = {0};
        struct refused refused = {0};
        if (frame->tag == REPLY_ACCEPTED && accepted_read(&reader, arena, &accepted)) {
            check_version(person, said, accepted.version);
            said->accepted = true;
            said->answered = true;
            person->world->commands_accepted++;
        } else if (refused_read(&reader, arena, &refused)) {
            bool again = refused.reason == REFUSAL_BUSY || refused.reason == REFUSAL_UNAVAILABLE ||
                         refused.reason == REFUSAL_TOO_FAST || refused.reason == REFUSAL_NOT_FOUND;
            said->answered = !again || person->world->quiet;
        }
        return;
    }
}

static void on_stage_message(struct person *person, uint8_t tag, const void *message) {
    if (tag == BOARD_BOARD_SNAPSHOT) {
        const struct board_snapshot *snapshot = message;
        if (snapshot->has_stage) {
            mirror_snapshot(&person->mirror, &snapshot->stage);
        }
    } else if (tag == STAGE_EPHEMERA) {
        mirror_ephemera(&person->mirror, message);
    } else if (tag == STAGE_FLOOR_CHANGED) {
        mirror_floor(&person->mirror, &((const struct floor_changed *)message)->floor);
    } else if (tag == STAGE_STAGE_SETTLED) {
        mirror_settled(&person->mirror, message);
    } else if (tag == STAGE_POINTERS_QUIETED) {
        person->mirror.quiet = ((const struct pointers_quieted *)message)->quiet;
    } else if (tag == STAGE_HANDLE_BOUND) {
        person->handle = ((const struct handle_bound *)message)->handle;
    }
}

static const void *decode_down(uint8_t kind, uint8_t tag, struct bytes fields,
                               struct arena *arena) {
    struct reader reader = reader_of(fields);
    switch (kind) {
    case CHANNEL_KIND_BOARD:
        return board_decode_down(tag, &reader, arena);
    case CHANNEL_KIND_PATIENT_CASE:
        return patient_case_decode_down(tag, &reader, arena);
    default:
        return user_decode_down(tag, &reader, arena);
    }
}

static void on_event(struct person *person, struct heard *heard, const struct frame *frame) {
    if (frame->previous != heard->version) {
        world_fault(person->world, "%s: a gap, %llu after %llu but %llu was seen", person->name,
                    (unsigned long long)frame->version, (unsigned long long)frame->previous,
                    (unsigned long long)heard->version);
    }
    heard->version = frame->version;
    if ((heard->version_count & (heard->version_count - 1)) == 0) {
        size_t space = heard->version_count == 0 ? 1 : heard->version_count * 2;
        heard->versions = realloc(heard->versions, space * sizeof *heard->versions);
        assert(heard->versions != NULL);
    }
    heard->versions[heard->version_count++] = frame->version;
}

static void on_channel(struct person *person, const struct frame *frame, struct arena *arena) {
    struct heard *heard = person_channel(person, frame->channel);
    if (frame->tag == REPLY_ACCEPTED || frame->tag == REPLY_REFUSED) {
        on_answer(person, frame, arena);
        return;
    }
    if (heard == NULL || !heard->open) {
        world_fault(person->world, "%s got a frame on a channel that is not open", person->name);
        return;
    }
    const void *message = decode_down(heard->kind, frame->tag, frame->fields, arena);
    if (message == NULL) {
        world_fault(person->world, "message %u of kind %u cannot be read", frame->tag, heard->kind);
        return;
    }
    if (frame->form == FRAME_EVENT) {
        on_event(person, heard, frame);
    } else if (frame->form == FRAME_NUMBERED && frame->seq == 0) {
        heard->awaits_snapshot = false;
    }
    if (frame->channel == CHANNEL_BOARD) {
        on_stage_message(person, frame->tag, message);
    }
    if (heard->kind == CHANNEL_KIND_BOARD) {
        shown_board_hears(&person->boards[frame->channel == CHANNEL_BOARD ? 0 : 1], frame->tag,
                          message);
    } else if (heard->kind == CHANNEL_KIND_PATIENT_CASE) {
        struct event_header header = {
            .version = frame->version, .at = frame->at, .by = frame->by, .tag = frame->tag};
        shown_case_hears(&person->cases[frame->channel - CHANNEL_FIRST_CASE], heard->id, &header,
                         message);
    }
}

void person_hears(struct person *person, struct link *link, struct bytes bytes) {
    if (person->link != link) {
        return;
    }
    struct frame frame;
    struct arena arena;
    arena_init(&arena, READ_BYTES);
    if (frame_read(bytes, &frame)) {
        if (frame.channel == 0) {
            on_session(person, &frame, &arena);
        } else {
            on_channel(person, &frame, &arena);
        }
    }
    arena_finish(&arena);
}
