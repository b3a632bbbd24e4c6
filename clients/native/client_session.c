#include "clients/native/client_session.h"

#include <assert.h>
#include <stdlib.h>

enum { CONTROL_ARENA_MAX = 8 * 1024, CONTROL_FIELDS_MAX = 256 };

struct unanswered {
    struct unanswered *next;
    uint32_t seq;
    uint16_t channel;
    uint8_t tag;
    uint32_t length;
    uint8_t fields[];
};

void client_session_init(struct client_session *session,
                         const struct client_session_handler *handler, void *context,
                         struct text client) {
    assert(handler->send != NULL);
    *session = (struct client_session){
        .handler = handler, .context = context, .client = client, .next_seq = 1};
}

void client_session_finish(struct client_session *session) {
    while (session->oldest != NULL) {
        struct unanswered *next = session->oldest->next;
        free(session->oldest);
        session->oldest = next;
    }
    free(session->channels);
    session->newest = NULL;
    session->channels = NULL;
    session->channel_count = session->channel_capacity = 0;
}

static struct client_channel *find(const struct client_session *session, uint16_t number) {
    for (uint32_t i = 0; i < session->channel_count; i++) {
        if (session->channels[i].number == number)
            return &session->channels[i];
    }
    return NULL;
}

const struct client_channel *client_session_channel(const struct client_session *session,
                                                    uint16_t number) {
    return find(session, number);
}

static void send_frame(struct client_session *session, const struct frame *frame) {
    uint8_t bytes[CLIENT_FRAME_OUT_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes, sizeof(bytes));
    frame_write(&writer, frame);
    // What is kept was measured when it was given to us, and the rest is small.
    assert(!writer.failed);
    session->handler->send(session->context, writer_bytes(&writer));
}

static uint32_t take_seq(struct client_session *session) {
    uint32_t seq = session->next_seq++;
    if (session->next_seq == 0)
        session->next_seq = 1; // 0 is a snapshot's
    return seq;
}

static uint32_t send_numbered(struct client_session *session, uint16_t channel, uint32_t seq,
                              uint8_t tag, struct bytes fields) {
    struct frame frame = {
        .form = FRAME_NUMBERED, .channel = channel, .tag = tag, .seq = seq, .fields = fields};
    send_frame(session, &frame);
    return seq;
}

// Sends a message of channel 0.
static uint32_t send_control(struct client_session *session, uint8_t tag, const void *message) {
    uint8_t bytes[CONTROL_FIELDS_MAX];
    struct writer writer;
    writer_init_fixed(&writer, bytes, sizeof(bytes));
    bool known = session_encode(tag, message, &writer);
    assert(known && !writer.failed);
    return send_numbered(session, 0, take_seq(session), tag, writer_bytes(&writer));
}

void client_session_connected(struct client_session *session) {
    struct hello hello = {
        .revision = CLIENT_REVISION, .client = session->client, .window = session->window};
    session->welcomed = false;
    send_control(session, SESSION_HELLO, &hello);
}

// A snapshot that was announced and never came: nothing is held, so nothing can be resumed.
static void forget_unseen(struct client_channel *channel) {
    if (channel->awaits_snapshot)
        channel->version = 0;
    channel->awaits_snapshot = false;
}

void client_session_disconnected(struct client_session *session) {
    session->welcomed = false;
    for (uint32_t i = 0; i < session->channel_count; i++) {
        session->channels[i].state = CHANNEL_WAITING;
        forget_unseen(&session->channels[i]);
    }
}

static void ask_for(struct client_session *session, struct client_channel *channel) {
    struct open_channel open = {.channel = channel->number,
                                .kind = (enum channel_kind)channel->kind,
                                .id = channel->id,
                                .version = channel->version,
                                .audience = channel->audience};
    channel->state = CHANNEL_OPENING;
    channel->open_seq = send_control(session, SESSION_OPEN_CHANNEL, &open);
}

bool client_session_open(struct client_session *session, uint16_t number, uint8_t kind,
                         struct uuid id) {
    assert(number != 0 && find(session, number) == NULL);
    if (session->channel_count == CLIENT_CHANNELS_MAX)
        return false;
    if (session->channel_count == session->channel_capacity) {
        uint32_t capacity = session->channel_capacity == 0 ? 2 : 2 * session->channel_capacity;
        struct client_channel *grown =
            realloc(session->channels, capacity * sizeof(*session->channels));
        if (grown == NULL)
            return false;
        session->channels = grown;
        session->channel_capacity = capacity;
    }
    struct client_channel *channel = &session->channels[session->channel_count++];
    *channel = (struct client_channel){.number = number, .kind = kind, .id = id};
    if (session->welcomed)
        ask_for(session, channel);
    return true;
}

static void forget_channel(struct client_session *session, struct client_channel *channel) {
    *channel = session->channels[--session->channel_count];
}

void client_session_close(struct client_session *session, uint16_t number) {
    struct client_channel *channel = find(session, number);
    if (channel == NULL)
        return;
    struct close_channel close = {.channel = number};
    if (channel->state == CHANNEL_OPEN || channel->state == CHANNEL_OPENING)
        send_control(session, SESSION_CLOSE_CHANNEL, &close);
    forget_channel(session, channel);
}

uint32_t client_session_command(struct client_session *session, uint16_t channel,
                                struct encoded message) {
    size_t length = message.fields.length;
    if (message.fields.bytes == NULL || length > CLIENT_FRAME_OUT_MAX - FRAME_HEAD_SIZE_MAX ||
        session->unanswered_count == CLIENT_UNANSWERED_MAX)
        return 0;
    struct unanswered *command = malloc(sizeof(*command) + length);
    if (command == NULL)
        return 0;
    *command = (struct unanswered){.seq = take_seq(session),
                                   .channel = channel,
                                   .tag = message.tag,
                                   .length = message.fields.length};
    memcpy(command->fields, message.fields.bytes, length);
    if (session->newest != NULL)
        session->newest->next = command;
    else
        session->oldest = command;
    session->newest = command;
    session->unanswered_count++;
    const struct client_channel *target = find(session, channel);
    if (target != NULL && target->state == CHANNEL_OPEN)
        send_numbered(session, channel, command->seq, command->tag, message.fields);
    return command->seq;
}

uint32_t client_session_request(struct client_session *session, uint16_t channel,
                                struct encoded message) {
    const struct client_channel *target = find(session, channel);
    if (message.fields.bytes == NULL || target == NULL || target->state != CHANNEL_OPEN ||
        message.fields.length > CLIENT_FRAME_OUT_MAX - FRAME_HEAD_SIZE_MAX)
        return 0;
    return send_numbered(session, channel, take_seq(session), message.tag, message.fields);
}

void client_session_signal(struct client_session *session, uint16_t channel,
                           struct encoded message) {
    const struct client_channel *target = find(session, channel);
    if (message.fields.bytes == NULL || target == NULL || target->state != CHANNEL_OPEN ||
        message.fields.length > CLIENT_FRAME_OUT_MAX - FRAME_HEAD_SIZE_MAX)
        return;
    struct frame frame = {
        .form = FRAME_EPHEMERAL, .channel = channel, .tag = message.tag, .fields = message.fields};
    send_frame(session, &frame);
}

void client_session_ping(struct client_session *session, int64_t now_us) {
    struct ping ping = {.sent_at = now_us};
    if (session->welcomed)
        send_control(session, SESSION_PING, &ping);
}

void client_session_ask_again(struct client_session *session) {
    if (!session->welcomed)
        return;
    session->asks_again = false;
    for (uint32_t i = 0; i < session->channel_count; i++) {
        if (session->channels[i].state == CHANNEL_WAITING)
            ask_for(session, &session->channels[i]);
    }
}

static void on_welcome(struct client_session *session, const struct welcome *welcome) {
    session->welcomed = true;
    if (session->handler->welcomed != NULL)
        session->handler->welcomed(session->context, welcome);
    client_session_ask_again(session);
}

static void on_opened(struct client_session *session, const struct channel_opened *opened) {
    struct client_channel *channel = find(session, opened->channel);
    if (channel == NULL || channel->state != CHANNEL_OPENING)
        return; // closed by us meanwhile
    channel->state = CHANNEL_OPEN;
    channel->audience = opened->audience;
    channel->roles = opened->roles;
    channel->participant = opened->participant;
    channel->awaits_snapshot = opened->resumption == RESUMPTION_SNAPSHOT;
    if (channel->awaits_snapshot)
        channel->version = opened->version;
    struct client_channel told = *channel; // the handler may open and close channels
    if (session->handler->opened != NULL)
        session->handler->opened(session->context, &told, opened);
    for (struct unanswered *command = session->oldest; command != NULL; command = command->next) {
        struct bytes fields = {command->length, command->fields};
        if (command->channel == told.number)
            send_numbered(session, told.number, command->seq, command->tag, fields);
    }
}

static void await_again(struct client_session *session, struct client_channel *channel) {
    channel->state = CHANNEL_WAITING;
    session->asks_again = true;
}

static void end_channel(struct client_session *session, struct client_channel *channel,
                        enum channel_end reason) {
    struct client_channel told = *channel;
    told.state = CHANNEL_ENDED;
    forget_channel(session, channel);
    if (session->handler->ended != NULL)
        session->handler->ended(session->context, &told, reason);
}

static void on_grant(struct client_session *session, const struct grant_changed *grant) {
    struct client_channel *channel = find(session, grant->channel);
    if (channel == NULL)
        return;
    channel->audience = grant->audience;
    channel->roles = grant->roles;
    channel->version = grant->version;
    channel->awaits_snapshot = true;
}

static enum channel_end end_of(enum refusal reason) {
    switch (reason) {
    case REFUSAL_NEWER_VERSION:
        return CHANNEL_END_NEWER_VERSION;
    case REFUSAL_QUARANTINED:
        return CHANNEL_END_QUARANTINED;
    case REFUSAL_TOO_MANY:
        return CHANNEL_END_TOO_MANY;
    default:
        return CHANNEL_END_NOT_FOUND;
    }
}

// An OpenChannel was refused: for good, or until `client_session_ask_again`.
static void on_refused_open(struct client_session *session, uint32_t seq,
                            const struct refused *refused) {
    struct client_channel *channel = NULL;
    for (uint32_t i = 0; i < session->channel_count && channel == NULL; i++) {
        if (session->channels[i].state == CHANNEL_OPENING && session->channels[i].open_seq == seq)
            channel = &session->channels[i];
    }
    if (channel == NULL)
        return;
    bool passing = refused->reason == REFUSAL_BUSY || refused->reason == REFUSAL_UNAVAILABLE ||
                   refused->reason == REFUSAL_TOO_FAST;
    if (passing)
        await_again(session, channel);
    else
        end_channel(session, channel, end_of(refused->reason));
}

static void on_ended(struct client_session *session, const struct channel_ended *ended) {
    struct client_channel *channel = find(session, ended->channel);
    if (channel == NULL)
        return;
    if (ended->reason == CHANNEL_END_UNAVAILABLE)
        await_again(session, channel);
    else
        end_channel(session, channel, ended->reason);
}

static bool on_control(struct client_session *session, const struct frame *frame, int64_t now_us) {
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_MAX);
    struct reader reader = reader_of(frame->fields);
    const void *message = session_decode_down(frame->tag, &reader, &arena);
    bool known = message != NULL || frame->tag > SESSION_STORE_CHANGED; // of a newer server
    switch (message != NULL ? frame->tag : 0) {
    case SESSION_WELCOME:
        on_welcome(session, message);
        break;
    case SESSION_CHANNEL_OPENED:
        on_opened(session, message);
        break;
    case SESSION_PONG:
        session->round_trip_us = (uint64_t)(now_us - ((const struct pong *)message)->sent_at);
        break;
    case SESSION_CHANNEL_ENDED:
        on_ended(session, message);
        break;
    case SESSION_GRANT_CHANGED:
        on_grant(session, message);
        break;
    case SESSION_DRAINING:
        if (session->handler->draining != NULL)
            session->handler->draining(session->context,
                                       ((const struct draining *)message)->reconnect_after_ms);
        break;
    case REPLY_REFUSED:
        on_refused_open(session, frame->seq, message);
        break;
    default:
        break;
    }
    arena_finish(&arena);
    return known;
}

static void on_answer(struct client_session *session, const struct frame *frame) {
    struct unanswered *before = NULL, *command = session->oldest;
    while (command != NULL && command->seq != frame->seq) {
        before = command;
        command = command->next;
    }
    if (command != NULL) {
        if (before != NULL)
            before->next = command->next;
        else
            session->oldest = command->next;
        if (session->newest == command)
            session->newest = before;
        session->unanswered_count--;
        free(command);
    }
    if (session->handler->answered != NULL)
        session->handler->answered(session->context, frame);
}

// Asks for a channel again from the version held: something between it and this event is missing.
static void heal_gap(struct client_session *session, struct client_channel *channel) {
    struct close_channel close = {.channel = channel->number};
    session->gaps++;
    forget_unseen(channel);
    send_control(session, SESSION_CLOSE_CHANNEL, &close);
    ask_for(session, channel);
}

static void on_event(struct client_session *session, struct client_channel *channel,
                     const struct frame *frame) {
    if (frame->version <= channel->version) {
        session->repeats++;
        return;
    }
    // `previous` is the last version that this audience was shown: holding it, or more by way of a
    // snapshot, nothing is missing.
    if (frame->previous > channel->version) {
        heal_gap(session, channel);
        return;
    }
    channel->version = frame->version;
    if (session->handler->message != NULL)
        session->handler->message(session->context, channel, frame);
}

bool client_session_frame(struct client_session *session, struct bytes bytes, int64_t now_us) {
    struct frame frame;
    if (!frame_read(bytes, &frame) || frame.tag < TAG_DOWN)
        return false;
    if (frame.channel == 0)
        return on_control(session, &frame, now_us);
    struct client_channel *channel = find(session, frame.channel);
    if (frame.form == FRAME_NUMBERED && frame.seq != 0) {
        on_answer(session, &frame);
    } else if (channel == NULL || channel->state != CHANNEL_OPEN) {
        // Was under way when we closed the channel, or before it is healed.
    } else if (frame.form == FRAME_EVENT) {
        on_event(session, channel, &frame);
    } else {
        if (frame.form == FRAME_NUMBERED)
            channel->awaits_snapshot = false;
        if (session->handler->message != NULL)
            session->handler->message(session->context, channel, &frame);
    }
    return true;
}
