#include "tests/unit/support_counter.h"

#include "protocol/writer.h"

static const struct message_rule rules[TAG_COUNT] = {
    [COUNTER_ADD] = {"Add", MESSAGE_COMMAND, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                     false},
    [COUNTER_POKE] = {"Poke", MESSAGE_SIGNAL, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                      false},
    [COUNTER_ASK] = {"Ask", MESSAGE_REQUEST, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                     false},
    [COUNTER_TELL] = {"Tell", MESSAGE_COMMAND, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                      false},
    [COUNTER_LATER] = {"Later", MESSAGE_COMMAND, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                       false},
    [COUNTER_RELAY] = {"Relay", MESSAGE_SIGNAL, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                       false},
    [COUNTER_REMIND] = {"Remind", MESSAGE_SIGNAL, COUNTER_MAY_COUNT, true, 0, 100, 100, 64, false,
                        false},
    [COUNTER_ONLY_CHAIR] = {"OnlyChair", MESSAGE_COMMAND, COUNTER_MAY_LEAD, false, 0, 100, 100, 64,
                            false, false},
    [COUNTER_ADDED] = {"Added", MESSAGE_EVENT, 0, false, AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW, 0,
                       0, 64, false, false},
    [COUNTER_CAME] = {"Came", MESSAGE_EVENT, 0, false, AUDIENCE_CLINICAL, 0, 0, 64, false, false},
    [COUNTER_HIDDEN] = {"Hidden", MESSAGE_EVENT, 0, false, AUDIENCE_WORKFLOW, 0, 0, 64, false,
                        false},
};

static void write(struct writer *writer, const struct counter_message *message) {
    writer_fields(writer, 3);
    writer_uuid(writer, message->command_id);
    writer_u32(writer, message->number);
    writer_uuid(writer, message->target);
}

struct encoded counter_encode(struct arena *arena, uint8_t tag,
                              const struct counter_message *message) {
    struct writer writer;
    writer_init_arena(&writer, arena, 64);
    write(&writer, message);
    return (struct encoded){tag, writer_bytes(&writer)};
}

static bool read(struct reader *reader, struct counter_message *ret) {
    uint32_t count;
    return reader_fields(reader, &count) && count == 3 && reader_uuid(reader, &ret->command_id) &&
           reader_u32(reader, &ret->number) && reader_uuid(reader, &ret->target);
}

static const void *decode(uint8_t tag, struct reader *reader, struct arena *arena) {
    (void)tag;
    struct counter_message *message = arena_alloc(arena, sizeof *message);
    return message != NULL && read(reader, message) ? message : NULL;
}

static struct uuid command_id(uint8_t tag, const void *message) {
    return rules[tag].class == MESSAGE_COMMAND
               ? ((const struct counter_message *)message)->command_id
               : (struct uuid){{0}};
}

static void start(struct actor *actor) {
    (void)actor;
}

static void add_event(struct turn *turn, uint8_t tag, uint32_t number) {
    struct counter_message event = {.number = number};
    turn_event(turn, counter_encode(turn->arena, tag, &event));
}

static struct encoded message_of(struct turn *turn, uint8_t tag, uint32_t number,
                                 struct uuid target) {
    struct counter_message message = {.number = number, .target = target};
    return counter_encode(turn->arena, tag, &message);
}

static void add(struct turn *turn, const struct counter_message *message) {
    turn_check(turn, message->number != 666);
    if (message->number == 13) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (message->number != 0) {
        add_event(turn, COUNTER_ADDED, message->number);
        if (message->number == 50) {
            add_event(turn, COUNTER_HIDDEN, 0);
        }
    }
}

static void handle(struct actor *actor, struct turn *turn, uint8_t tag, const void *raw) {
    struct counter *counter = (struct counter *)actor;
    const struct counter_message *message = raw;
    switch (tag) {
    case COUNTER_ADD:
    case COUNTER_ONLY_CHAIR:
        add(turn, message);
        break;
    case COUNTER_POKE:
        turn_check(turn, message->number != 666);
        counter->pokes++;
        turn_ephemera(turn);
        break;
    case COUNTER_TELL:
        add_event(turn, COUNTER_ADDED, 1);
        turn_send(turn, COUNTER_KIND, message->target,
                  message_of(turn, COUNTER_ADD, message->number, turn->self));
        while (message->number == 777 && arena_alloc(turn->arena, 8) != NULL) {
        }
        break;
    case COUNTER_LATER:
        add_event(turn, COUNTER_ADDED, 1);
        turn_durable_timer(turn, turn->now + 1000000,
                           message_of(turn, COUNTER_ADD, message->number, turn->self));
        break;
    case COUNTER_RELAY:
        counter->pokes++;
        if (message->number > 0) {
            turn_send_volatile(turn, COUNTER_KIND, message->target,
                               message_of(turn, COUNTER_RELAY, message->number - 1, turn->self));
        }
        break;
    case COUNTER_REMIND:
        turn_timer(turn, turn->now + 1000000, message_of(turn, COUNTER_POKE, 0, turn->self));
        break;
    default:
        break;
    }
}

static bool apply(struct actor *actor, const struct event_header *header, struct bytes fields,
                  struct arena *arena) {
    (void)arena;
    struct counter *counter = (struct counter *)actor;
    struct counter_message event;
    struct reader reader = reader_of(fields);
    if (header->tag < COUNTER_ADDED || header->tag > COUNTER_HIDDEN || !read(&reader, &event)) {
        return false;
    }
    if (header->tag == COUNTER_CAME) {
        counter->came++;
    }
    counter->total += event.number;
    return true;
}

static struct grant grant(const struct actor *actor, struct uuid user, uint16_t rights,
                          int64_t now) {
    (void)now;
    const struct counter *counter = (const struct counter *)actor;
    uint32_t number = (uint32_t)(user.bytes[14] << 8 | user.bytes[15]);
    bool revoked = counter->total >= COUNTER_REVOKES_CHAIRS;
    if (number == 0 || (number >= COUNTER_CHAIRS_FROM && revoked)) {
        return (struct grant){0};
    }
    unsigned roles = number >= COUNTER_CHAIRS_FROM ? 1u << ROLE_CHAIR : 1u << ROLE_MEMBER;
    roles |= rights;
    bool leads = (roles & 1u << ROLE_CHAIR) != 0;
    return (struct grant){.audiences = AUDIENCE_CLINICAL,
                          .roles = (uint16_t)roles,
                          .actions =
                              leads ? COUNTER_MAY_COUNT | COUNTER_MAY_LEAD : COUNTER_MAY_COUNT};
}

static uint16_t attach(struct actor *actor, struct turn *turn, const struct attachment *who) {
    struct counter *counter = (struct counter *)actor;
    counter->attached++;
    add_event(turn, COUNTER_CAME, 0);
    if (who->participant != 0) {
        return who->participant;
    }
    return ++counter->last_participant;
}

static void detach(struct actor *actor, struct turn *turn, struct session_number session) {
    (void)session;
    ((struct counter *)actor)->attached--;
    turn_ephemera(turn);
}

static struct encoded save(const struct actor *actor, struct arena *arena) {
    const struct counter *counter = (const struct counter *)actor;
    struct counter_message state = {.number = (uint32_t)counter->total};
    state.target.bytes[0] = (uint8_t)counter->came;
    return counter_encode(arena, 0, &state);
}

static bool restore(struct actor *actor, struct encoded saved) {
    struct counter *counter = (struct counter *)actor;
    struct counter_message state;
    struct reader reader = reader_of(saved.fields);
    if (!read(&reader, &state)) {
        return false;
    }
    counter->total += state.number; /* as lists grow: restored twice it would count twice */
    counter->came += state.target.bytes[0];
    return true;
}

const struct actor_kind counter_kind = {
    .name = "counter",
    .number = COUNTER_KIND,
    .state_format = 1,
    .size = sizeof(struct counter),
    .rules = rules,
    .start = start,
    .decode = decode,
    .command_id = command_id,
    .handle = handle,
    .apply = apply,
    .grant = grant,
    .attach = attach,
    .detach = detach,
    .save = save,
    .restore = restore,
};
