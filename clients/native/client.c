#include "clients/native/client_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { FINAL_CODE_FIRST = 4500, PIECES_A_TURN = 4, ASK_AGAIN_MS = 500 };

static int64_t after_ms(const struct client *client, int64_t pause_ms) {
    return client->loop->now_us + pause_ms * 1000;
}

static void set_deadline(struct client *client, int64_t deadline_us) {
    client->deadline_us = deadline_us;
    client_loop_schedule(client->loop, client, deadline_us);
}

void client_update_interest(struct client *client) {
    if (client->stream.state == STREAM_CLOSED)
        return;
    uint32_t wanted = client->paused ? EPOLLRDHUP : EPOLLIN;
    if (client->stream.wants_write || client->out_length > client->out_sent)
        wanted |= EPOLLOUT;
    if (wanted == client->interest)
        return;
    struct epoll_event event = {.events = wanted, .data.ptr = client};
    int changed = epoll_ctl(client->loop->epoll, EPOLL_CTL_MOD, client->stream.descriptor, &event);
    assert(changed == 0);
    client->interest = wanted;
}

static void drop_connection(struct client *client) {
    stream_close(&client->stream); // closing takes the descriptor out of the epoll set
    websocket_reader_finish(&client->reader);
    free(client->out);
    free(client->in);
    client->out = client->in = NULL;
    client->out_length = client->out_sent = client->out_capacity = 0;
    client->in_length = client->in_capacity = 0;
}

// Doubles with each failure and scatters over its upper half, so that those who were cut together
// do not come back together.
static int64_t next_pause_ms(struct client *client) {
    uint32_t random;
    if (client->drain_after_ms != 0) {
        int64_t wished_ms = client->drain_after_ms;
        client->drain_after_ms = 0;
        return wished_ms;
    }
    client_loop_random(client->loop, &random, sizeof(random));
    uint32_t doublings = client->failures < 10 ? client->failures : 10;
    int64_t pause_ms = (int64_t)CLIENT_PAUSE_FIRST_MS << doublings;
    pause_ms = pause_ms < CLIENT_PAUSE_MAX_MS ? pause_ms : CLIENT_PAUSE_MAX_MS;
    return pause_ms / 2 + random % (pause_ms / 2 + 1);
}

void client_lose(struct client *client, enum client_loss loss, uint32_t code, bool final) {
    if (client->phase == CLIENT_STOPPED || client->phase == CLIENT_RESTING)
        return;
    drop_connection(client);
    client_session_disconnected(&client->session);
    client->phase = final ? CLIENT_STOPPED : CLIENT_RESTING;
    set_deadline(client, final ? 0 : after_ms(client, next_pause_ms(client)));
    client->failures++;
    if (client->options.handler->lost != NULL)
        client->options.handler->lost(client->options.context, loss, code, !final);
}

void client_connect(struct client *client, enum client_phase phase) {
    drop_connection(client);
    client->phase = phase;
    if (!stream_connect(&client->stream, client->options.address)) {
        client_lose(client, LOSS_UNREACHABLE, 0, false);
        return;
    }
    client->interest = EPOLLIN | EPOLLOUT;
    struct epoll_event event = {.events = client->interest, .data.ptr = client};
    if (epoll_ctl(client->loop->epoll, EPOLL_CTL_ADD, client->stream.descriptor, &event) != 0) {
        client_lose(client, LOSS_UNREACHABLE, 0, false);
        return;
    }
    set_deadline(client, after_ms(client, CLIENT_CONNECT_TIMEOUT_MS));
}

static void send_message(void *context, struct bytes frame) {
    struct client *client = context;
    if (client->phase == CLIENT_LIVE)
        client_put_frame(client, WEBSOCKET_BINARY, frame.bytes, frame.length);
}

void client_send_raw(struct client *client, struct bytes bytes) {
    send_message(client, bytes);
}

static void end_with(struct client *client, uint16_t code, enum client_loss loss, bool final) {
    uint8_t payload[2];
    size_t length = websocket_close_payload(payload, code);
    client_put_frame(client, WEBSOCKET_CLOSE, payload, length);
    client_lose(client, loss, code, final);
}

// Handles one thing that came. False when the connection has ended with it.
static bool on_event(struct client *client, enum websocket_event event,
                     const struct websocket_received *received) {
    struct bytes frame = {(uint32_t)received->length, received->bytes};
    switch (event) {
    case WEBSOCKET_GOT_MESSAGE:
        if (!client_session_frame(&client->session, frame, client->loop->now_us))
            end_with(client, WEBSOCKET_PROTOCOL_ERROR, LOSS_PROTOCOL, false);
        // Before the next heartbeat: a channel waits for a server that is busy.
        if (client->session.asks_again && client->deadline_us > after_ms(client, ASK_AGAIN_MS))
            set_deadline(client, after_ms(client, ASK_AGAIN_MS));
        break;
    case WEBSOCKET_GOT_PING:
        client_put_frame(client, WEBSOCKET_PONG, received->bytes, received->length);
        break;
    case WEBSOCKET_GOT_CLOSE:
        end_with(client, received->code, LOSS_CLOSED, received->code >= FINAL_CODE_FIRST);
        break;
    case WEBSOCKET_FAILED:
        end_with(client, received->code, LOSS_PROTOCOL, false);
        break;
    case WEBSOCKET_GOT_PONG:
    case WEBSOCKET_NEED_MORE:
        break;
    }
    return client->phase == CLIENT_LIVE && !client->doomed;
}

static void take(struct client *client, struct websocket_input input, bool ended) {
    client->heard_us = client->loop->now_us;
    if (client->phase == CLIENT_TICKET || client->phase == CLIENT_UPGRADE)
        client_take_answer(client, &input, ended);
    while (client->phase == CLIENT_LIVE && !client->doomed && input.left > 0) {
        struct websocket_received received;
        enum websocket_event event = websocket_next(&client->reader, &input, &received);
        if (event == WEBSOCKET_NEED_MORE || !on_event(client, event, &received))
            return;
    }
}

static void read_some(struct client *client) {
    const struct stream *stream = &client->stream;
    // A few pieces at a time, so that one busy client does not starve the loop's others.
    for (int piece = 0; piece < PIECES_A_TURN; piece++) {
        int descriptor = stream->descriptor;
        size_t length = 0;
        enum stream_result result = stream_read(&client->stream, client->loop->read_piece,
                                                sizeof(client->loop->read_piece), &length);
        if (result == STREAM_AGAIN)
            return;
        bool ended = result != STREAM_DONE;
        take(client, (struct websocket_input){client->loop->read_piece, length}, ended);
        bool replaced = stream->descriptor != descriptor || stream->state != STREAM_OPEN;
        if (client->doomed || replaced)
            return;
        if (ended) {
            client_lose(client, LOSS_UNREACHABLE, 0, false);
            return;
        }
        // A short read of a plain socket emptied it; TLS may hold another record.
        if (stream->tls == NULL && length < sizeof(client->loop->read_piece))
            return;
    }
}

void client_on_ready(struct client *client, uint32_t events) {
    if (client->doomed || client->stream.state == STREAM_CLOSED)
        return;
    if (client->stream.state != STREAM_OPEN) {
        enum stream_result result = stream_advance(&client->stream);
        if (result == STREAM_AGAIN) {
            client_update_interest(client);
            return;
        }
        if (result != STREAM_DONE) {
            client_lose(client, LOSS_UNREACHABLE, 0, false);
            return;
        }
        if (client->phase == CLIENT_TICKET)
            client_ask_ticket(client);
        else
            client_ask_upgrade(client);
    }
    if ((events & EPOLLOUT) != 0 && client->stream.state == STREAM_OPEN && !client_flush(client))
        return;
    if (client->stream.state != STREAM_OPEN)
        return;
    // The line has ended while the client did not read: it reads what is left, and why.
    bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (ended)
        client->paused = false;
    bool readable = ended || (events & EPOLLIN) != 0;
    if (readable && !client->paused)
        read_some(client);
    if (!client->doomed)
        client_update_interest(client);
}

void client_go_live(struct client *client) {
    client->phase = CLIENT_LIVE;
    client->heard_us = client->loop->now_us;
    websocket_reader_init(&client->reader, CLIENT_FRAME_IN_MAX);
    client_session_connected(&client->session);
}

void client_on_deadline(struct client *client) {
    int64_t now_us = client->loop->now_us;
    int64_t heartbeat_us = (int64_t)client->heartbeat_ms * 1000;
    if (client->phase == CLIENT_RESTING) {
        client_connect(client, CLIENT_TICKET);
    } else if (client->phase != CLIENT_LIVE || !client->session.welcomed) {
        client_lose(client, LOSS_UNREACHABLE, 0, false); // took too long
    } else if (!client->paused && now_us - client->heard_us > heartbeat_us * 5 / 2) {
        client_lose(client, LOSS_SILENT, 0, false);
    } else {
        client_session_ask_again(&client->session);
        client_session_ping(&client->session, now_us);
        if (client->phase == CLIENT_LIVE)
            set_deadline(client, now_us + heartbeat_us);
    }
}

static const struct client_session_handler *told(const struct client *client) {
    return &client->options.handler->session;
}

static void on_welcome(void *context, const struct welcome *welcome) {
    struct client *client = context;
    client->failures = 0;
    // A little sooner than asked, for the way there.
    client->heartbeat_ms = welcome->heartbeat_ms > 100 ? welcome->heartbeat_ms * 9 / 10 : 90;
    set_deadline(client, after_ms(client, client->heartbeat_ms));
    if (told(client)->welcomed != NULL)
        told(client)->welcomed(client->options.context, welcome);
}

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    struct client *client = context;
    if (told(client)->opened != NULL)
        told(client)->opened(client->options.context, channel, opened);
}

static void on_ended(void *context, const struct client_channel *channel, enum channel_end reason) {
    struct client *client = context;
    if (told(client)->ended != NULL)
        told(client)->ended(client->options.context, channel, reason);
}

static void on_message(void *context, const struct client_channel *channel,
                       const struct frame *frame) {
    struct client *client = context;
    if (told(client)->message != NULL)
        told(client)->message(client->options.context, channel, frame);
}

static void on_answered(void *context, const struct frame *frame) {
    struct client *client = context;
    if (told(client)->answered != NULL)
        told(client)->answered(client->options.context, frame);
}

static void on_draining(void *context, uint32_t reconnect_after_ms) {
    struct client *client = context;
    client->drain_after_ms = reconnect_after_ms;
    if (told(client)->draining != NULL)
        told(client)->draining(client->options.context, reconnect_after_ms);
}

static const struct client_session_handler session_handler = {
    .send = send_message,
    .welcomed = on_welcome,
    .opened = on_opened,
    .ended = on_ended,
    .message = on_message,
    .answered = on_answered,
    .draining = on_draining,
};

struct client *client_create(struct client_loop *loop, const struct client_options *options) {
    assert(strlen(options->token) <= CLIENT_TOKEN_MAX);
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    client->loop = loop;
    client->options = *options;
    client->heap_place = SIZE_MAX;
    client->stream.descriptor = -1;
    struct text program = {(uint32_t)strlen(options->program), options->program};
    client_session_init(&client->session, &session_handler, client, program);
    client->session.window = options->window;
    set_deadline(client, loop->now_us);
    return client;
}

void client_destroy(struct client *client) {
    if (client == NULL || client->doomed)
        return;
    drop_connection(client);
    set_deadline(client, 0);
    client->phase = CLIENT_STOPPED;
    client->doomed = true;
    client->next_doomed = client->loop->doomed;
    client->loop->doomed = client;
}

void client_free(struct client *client) {
    assert(client->loop->doomed == client);
    client->loop->doomed = client->next_doomed;
    client_session_finish(&client->session);
    free(client);
}

struct client_session *client_session_of(struct client *client) {
    return &client->session;
}

bool client_is_live(const struct client *client) {
    return client->phase == CLIENT_LIVE && client->session.welcomed;
}

size_t client_backlog(const struct client *client) {
    return client->out_length - client->out_sent;
}

void client_break(struct client *client) {
    client_lose(client, LOSS_UNREACHABLE, 0, false);
}

void client_pause(struct client *client, bool paused) {
    client->paused = paused;
    client_update_interest(client);
}

size_t *client_heap_place(struct client *client) {
    return &client->heap_place;
}

int64_t client_deadline_us(const struct client *client) {
    return client->deadline_us;
}
