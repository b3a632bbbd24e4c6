#include "tests/unit/support_world.h"

#include "protocol/generated/organisation_behaviour.h"

#include <assert.h>
#include <stdlib.h>

static const struct actor_kind *kind_of(uint8_t number) {
    for (size_t i = 0; i < ACTOR_KIND_COUNT; i++) {
        if (actor_kinds[i]->number == number) {
            return actor_kinds[i];
        }
    }
    assert(false);
    return NULL;
}

/* The host's part of promise 4: asks the policy at the moment of sending. */
static void fan_out(struct fake_host *fake, struct activation *activation,
                    const struct event_header *header, uint8_t audiences, struct bytes fields) {
    (void)fields;
    struct world *world = (struct world *)fake;
    for (uint32_t i = 1; i <= world->session_count; i++) {
        struct world_session *session = &world->sessions[i];
        if (!session->attached || session->activation != activation) {
            continue;
        }
        session->grant = activation_grant(activation, session->user);
        if ((session->grant.audiences & audiences) != 0 &&
            session->seen_count < sizeof session->seen) {
            session->seen[session->seen_count++] = header->tag;
        }
    }
}

/* What a user's sessions were attached with is what they are everywhere. */
static uint16_t rights_of_user(struct fake_host *fake, struct uuid user,
                               const struct uuid *organisation) {
    (void)organisation;
    struct world *world = (struct world *)fake;
    uint16_t rights = 0;
    for (uint32_t i = 1; i <= world->session_count; i++) {
        rights |= uuid_equal(world->sessions[i].user, user) ? world->sessions[i].rights : 0;
    }
    return rights;
}

void world_start(struct world *world) {
    world_start_with(world, actor_kinds);
}

void world_start_with(struct world *world, const struct actor_kind *const *kinds) {
    memset(world->sessions, 0, sizeof world->sessions);
    fake_host_start(&world->fake, kinds, ACTOR_KIND_COUNT);
    world->fake.on_publish = fan_out;
    world->fake.rights = rights_of_user;
    world->session_count = 0;
    world->next_id = 100000;
    world->factor = PROOF_PASSKEY;
    world->factor_board = uuid_of(A_BOARD);
    arena_init(&world->reading, EFFECT_BYTES_MAX);
}

static struct encoded replay(const struct actor_kind *kind, const struct fake_stream *stream,
                             struct actor *actor, struct arena *arena) {
    kind->start(actor);
    for (uint32_t i = 0; i < stream->count; i++) {
        bool applied =
            kind->apply(actor, &stream->events[i].header, stream->events[i].fields, arena);
        assert(applied);
    }
    return kind->save(actor, arena);
}

static void check_parts(const struct actor *a, const struct actor *b, struct arena *arena) {
    uint32_t count[2];
    const struct saved_part *of_a = a->kind->save_parts(a, arena, &count[0]);
    const struct saved_part *of_b = a->kind->save_parts(b, arena, &count[1]);
    assert(count[0] == count[1]);
    for (uint32_t i = 0; i < count[0]; i++) {
        assert(uuid_equal(of_a[i].about, of_b[i].about));
        assert(bytes_equal(of_a[i].bytes, of_b[i].bytes));
    }
}

static void restore_parts(struct actor *actor, const struct actor *from, struct arena *arena) {
    uint32_t count;
    const struct saved_part *parts = from->kind->save_parts(from, arena, &count);
    for (uint32_t i = 0; i < count; i++) {
        bool restored = from->kind->restore_part(actor, parts[i].bytes);
        assert(restored);
    }
}

static void check_stream(struct world *world, const struct fake_stream *stream) {
    const struct actor_kind *kind = kind_of(stream->kind);
    struct activation *activation = runtime_activate(world->fake.runtime, kind->number, stream->id);
    struct arena arena, states[2];
    struct actor *actors[2];
    arena_init(&arena, STATE_BYTES_MAX);
    for (int i = 0; i < 2; i++) {
        arena_init(&states[i], STATE_BYTES_MAX);
        actors[i] = calloc(1, kind->size);
        assert(actors[i] != NULL);
        *actors[i] = (struct actor){.kind = kind, .id = stream->id, .state = &states[i]};
    }
    struct encoded replayed = replay(kind, stream, actors[0], &arena);
    struct encoded live = kind->save(activation_actor(activation), &arena);
    assert(bytes_equal(replayed.fields, live.fields));
    kind->start(actors[1]);
    bool restored = kind->restore(actors[1], live);
    assert(restored);
    if (kind->save_parts != NULL) {
        restore_parts(actors[1], activation_actor(activation), &arena);
        check_parts(activation_actor(activation), actors[0], &arena);
        check_parts(activation_actor(activation), actors[1], &arena);
    }
    struct encoded again = kind->save(actors[1], &arena);
    assert(bytes_equal(again.fields, live.fields));
    for (int i = 0; i < 2; i++) {
        if (kind->finish != NULL) {
            kind->finish(actors[i]);
        }
        arena_finish(&states[i]);
        free(actors[i]);
    }
    arena_finish(&arena);
}

void world_check_record(struct world *world) {
    for (uint32_t i = 0; i < world->fake.stream_count; i++) {
        if (world->fake.streams[i].count > 0) {
            check_stream(world, &world->fake.streams[i]);
        }
    }
}

void world_stop(struct world *world) {
    world_check_record(world);
    fake_host_stop(&world->fake);
    arena_finish(&world->reading);
}

static void on_attached(struct attach_request *request, enum load_result result,
                        uint16_t participant) {
    struct world_session *session = request->data;
    session->result = result;
    session->participant = participant;
    session->grant = request->who.grant;
    session->attached = result <= LOAD_ABSENT && request->who.grant.audiences != 0;
}

static struct session_number number_of(uint32_t slot) {
    return (struct session_number){.node = 1, .slot = slot, .generation = 1};
}

uint32_t world_attach(struct world *world, uint8_t kind, struct uuid id, struct uuid user,
                      uint16_t rights) {
    uint32_t slot = ++world->session_count;
    assert(slot < WORLD_SESSIONS_MAX);
    struct world_session *session = &world->sessions[slot];
    *session = (struct world_session){
        .user = user,
        .rights = rights,
        .activation = runtime_activate(world->fake.runtime, kind, id),
    };
    struct attach_request request = {
        .activation = session->activation,
        .who = {.session = number_of(slot), .user = user},
        .on_attached = on_attached,
        .data = session,
    };
    runtime_attach(world->fake.runtime, &request);
    fake_host_run(&world->fake);
    return slot;
}

void world_detach(struct world *world, uint32_t slot) {
    struct world_session *session = &world->sessions[slot];
    session->attached = false;
    runtime_detach(world->fake.runtime, session->activation, number_of(slot));
    fake_host_run(&world->fake);
}

static bool encode(uint8_t kind, uint8_t tag, const void *message, struct writer *writer) {
    switch (kind) {
    case CHANNEL_KIND_BOARD:
        return board_encode(tag, message, writer);
    case CHANNEL_KIND_PATIENT_CASE:
        return patient_case_encode(tag, message, writer);
    case CHANNEL_KIND_SERIES:
        return series_encode(tag, message, writer);
    case CHANNEL_KIND_ORGANISATION:
        return organisation_encode(tag, message, writer);
    default:
        return user_encode(tag, message, writer);
    }
}

/* As it comes over the wire: written and read again; a command without an id gets a fresh one. */
static const void *carried(struct world *world, const struct actor_kind *kind, uint8_t tag,
                           const void *message, struct arena *arena) {
    bool command = kind->rules[tag].class == MESSAGE_COMMAND;
    struct uuid *command_id = (struct uuid *)(uintptr_t)message; /* field 0 of every command */
    bool fresh = command && uuid_is_zero(*command_id);
    if (fresh) {
        *command_id = uuid_of(world->next_id++);
    }
    struct writer writer;
    writer_init_arena(&writer, arena, 256 * 1024);
    bool encoded = encode(kind->number, tag, message, &writer);
    assert(encoded && !writer.failed);
    struct reader reader = reader_of(writer_bytes(&writer));
    const void *decoded = kind->decode(tag, &reader, arena);
    assert(decoded != NULL);
    if (fresh) {
        *command_id = (struct uuid){{0}};
    }
    return decoded;
}

void world_whisper(struct world *world, uint32_t slot, uint8_t tag, const void *message) {
    struct world_session *session = &world->sessions[slot];
    const struct actor_kind *kind = kind_of(activation_kind(session->activation));
    struct arena *arena = runtime_arena(world->fake.runtime);
    struct incoming incoming = {
        .tag = tag,
        .message = carried(world, kind, tag, message, arena),
        .arena = arena,
        .sender = {.session = number_of(slot),
                   .user = session->user,
                   .roles = session->grant.roles,
                   .actions = session->grant.actions,
                   .participant = session->participant},
        .channel = 1,
        .seq = world->next_id,
    };
    if (kind->rules[tag].proved) {
        incoming.sender.factor = world->factor;
        incoming.sender.factor_board = world->factor_board;
    }
    runtime_push(world->fake.runtime, session->activation, &incoming);
}

enum refusal world_serve(struct world *world, uint8_t kind_number, struct uuid id, struct uuid by,
                         uint8_t tag, const void *message) {
    const struct actor_kind *kind = kind_of(kind_number);
    struct arena *arena = runtime_arena(world->fake.runtime);
    struct incoming incoming = {
        .tag = tag,
        .message = carried(world, kind, tag, message, arena),
        .arena = arena,
        .sender = {.session = number_of(WORLD_SESSIONS_MAX),
                   .user = by,
                   .roles = 1u << ROLE_SYSTEM},
        .channel = 1,
        .seq = world->next_id,
    };
    fake_host_forget_notes(&world->fake);
    runtime_push(world->fake.runtime, runtime_activate(world->fake.runtime, kind_number, id),
                 &incoming);
    fake_host_run(&world->fake);
    const struct fake_note *answer = fake_host_answer(&world->fake, WORLD_SESSIONS_MAX);
    assert(answer != NULL);
    return answer->refusal;
}

enum refusal world_say(struct world *world, uint32_t slot, uint8_t tag, const void *message) {
    fake_host_forget_notes(&world->fake);
    world_whisper(world, slot, tag, message);
    fake_host_run(&world->fake);
    const struct fake_note *answer = fake_host_answer(&world->fake, slot);
    return answer == NULL ? REFUSAL_NONE : answer->refusal;
}

void world_system(struct world *world, uint8_t kind, struct uuid id, struct encoded command) {
    bool taken = runtime_deliver(world->fake.runtime, kind, id, command, (struct uuid){{0}},
                                 (struct uuid){{0}});
    assert(taken);
    fake_host_run(&world->fake);
}

bool world_saw(const struct world *world, uint32_t slot, uint8_t tag) {
    return memchr(world->sessions[slot].seen, tag, world->sessions[slot].seen_count) != NULL;
}

void world_forget(struct world *world) {
    for (uint32_t i = 1; i <= world->session_count; i++) {
        world->sessions[i].seen_count = 0;
    }
    fake_host_forget_notes(&world->fake);
}

static struct actor *actor_of(struct world *world, uint8_t kind, struct uuid id) {
    struct activation *activation = runtime_activate(world->fake.runtime, kind, id);
    return activation_actor(activation);
}

struct board *world_board(struct world *world, struct uuid id) {
    return (struct board *)actor_of(world, CHANNEL_KIND_BOARD, id);
}

struct patient_case *world_case(struct world *world, struct uuid id) {
    return (struct patient_case *)actor_of(world, CHANNEL_KIND_PATIENT_CASE, id);
}

struct bytes world_content(struct world *world, struct uuid patient_case, struct uuid decision) {
    const struct patient_case *the_case = world_case(world, patient_case);
    const struct decision *known = case_decision(the_case, decision);
    struct bytes none = {0};
    return known == NULL ? none : case_decision_content(the_case, known, &world->reading);
}

struct series *world_series(struct world *world, struct uuid id) {
    return (struct series *)actor_of(world, CHANNEL_KIND_SERIES, id);
}

struct user *world_user(struct world *world, struct uuid id) {
    return (struct user *)actor_of(world, CHANNEL_KIND_USER, id);
}

struct uuid world_person(uint32_t number) {
    return uuid_of(number);
}

void world_people(struct world *world) {
    static const char *const logins[] = {"root",   "chair",    "coord",    "member",
                                         "second", "observer", "referrer", "stranger"};
    struct arena arena;
    arena_init(&arena, EFFECT_BYTES_MAX);
    for (uint32_t i = 0; i < 8; i++) {
        struct text login = {(uint32_t)strlen(logins[i]), logins[i]};
        struct register_user command = {.command_id = uuid_of(world->next_id++),
                                        .login = login,
                                        .name = login,
                                        .verifier = TEXT("$argon2id$test"),
                                        .administrator = i == 0};
        world_system(world, CHANNEL_KIND_USER, world_person(ADMINISTRATOR + i),
                     register_user_encode(&arena, &command));
        arena_reset(&arena);
    }
    arena_finish(&arena);
}

void world_make_board(struct world *world, uint32_t number) {
    struct member members[] = {
        {.user = world_person(CHAIR),
         .role = ROLE_CHAIR,
         .name = TEXT("Chair"),
         .discipline = TEXT("Surgery")},
        {.user = world_person(COORDINATOR),
         .role = ROLE_COORDINATOR,
         .name = TEXT("Coordinator"),
         .discipline = TEXT("Office")},
        {.user = world_person(MEMBER),
         .role = ROLE_MEMBER,
         .name = TEXT("Member"),
         .discipline = TEXT("Radiology")},
        {.user = world_person(SECOND_MEMBER),
         .role = ROLE_MEMBER,
         .name = TEXT("Second"),
         .discipline = TEXT("Pathology")},
        {.user = world_person(OBSERVER),
         .role = ROLE_OBSERVER,
         .name = TEXT("Observer"),
         .discipline = TEXT("")},
    };
    struct create_board command = {
        .title = TEXT("Thorax"), .starts_at = world->fake.now, .members = {5, members}};
    uint32_t slot = world_attach(world, CHANNEL_KIND_BOARD, uuid_of(number),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    enum refusal refusal = world_say(world, slot, BOARD_CREATE_BOARD, &command);
    assert(refusal == REFUSAL_NONE);
    world_detach(world, slot);
}

void world_make_case(struct world *world, uint32_t number) {
    struct case_member members[] = {
        {.user = world_person(COORDINATOR), .role = ROLE_COORDINATOR, .name = TEXT("Coordinator")},
        {.user = world_person(CHAIR), .role = ROLE_MEMBER, .name = TEXT("Chair")},
        {.user = world_person(REFERRER), .role = ROLE_REFERRER, .name = TEXT("Referrer")},
    };
    struct create_case command = {
        .subject = {.name = TEXT("Doe^Jane"),
                    .birth_date = TEXT("1960-01-02"),
                    .sex = TEXT("F"),
                    .patient_id = TEXT("4711")},
        .title = TEXT("Nodule in the left lung"),
        .members = {3, members},
    };
    uint32_t slot = world_attach(world, CHANNEL_KIND_PATIENT_CASE, uuid_of(number),
                                 world_person(ADMINISTRATOR), RIGHT_ADMINISTRATOR);
    enum refusal refusal = world_say(world, slot, PATIENT_CASE_CREATE_CASE, &command);
    assert(refusal == REFUSAL_NONE);
    world_detach(world, slot);
}

uint32_t world_meeting(struct world *world, uint32_t count) {
    world_people(world);
    world_make_board(world, A_BOARD);
    uint32_t chair =
        world_attach(world, CHANNEL_KIND_BOARD, uuid_of(A_BOARD), world_person(CHAIR), 0);
    for (uint32_t i = 0; i < count; i++) {
        world_make_case(world, A_CASE + i);
        struct add_item command = {.patient_case = uuid_of(A_CASE + i),
                                   .planned_seconds = 180,
                                   .presenter = world_person(MEMBER)};
        enum refusal refusal = world_say(world, chair, BOARD_ADD_ITEM, &command);
        assert(refusal == REFUSAL_NONE);
    }
    return chair;
}
