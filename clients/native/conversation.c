#include "clients/native/conversation.h"

#include "clients/native/json_text.h"

#include <stdio.h>
#include <string.h>

enum { LOGIN_BODY_MAX = 1024, ANSWER_ARENA_MAX = 4096 };

unsigned conversation_sign_in(struct http_client *http, const char *login, const char *password,
                              char ret_token[CLIENT_TOKEN_MAX + 1]) {
    char quoted_login[LOGIN_BODY_MAX / 4], quoted_password[LOGIN_BODY_MAX / 4];
    char body[LOGIN_BODY_MAX];
    struct http_response response;
    if (!json_quote(login, quoted_login, sizeof(quoted_login)) ||
        !json_quote(password, quoted_password, sizeof(quoted_password)))
        return 0;
    int length = snprintf(body, sizeof(body), "{\"login\":%s,\"password\":%s,\"bearer\":true}",
                          quoted_login, quoted_password);
    if (!http_client_request(http, "POST", "/api/sign-in", "application/json", body, (size_t)length,
                             &response))
        return 0;
    if (response.status == 200 && !json_find_text(response.body, response.body_length, "token",
                                                  ret_token, CLIENT_TOKEN_MAX + 1))
        return 0;
    return response.status;
}

static void on_welcomed(void *context, const struct welcome *welcome) {
    struct conversation *conversation = context;
    conversation->user = welcome->user;
    conversation->settled |= conversation->channel == 0 && conversation->seq == 0;
}

static void on_opened(void *context, const struct client_channel *channel,
                      const struct channel_opened *opened) {
    struct conversation *conversation = context;
    (void)opened;
    conversation->settled |= conversation->seq == 0 && channel->number == conversation->channel;
}

static void on_channel_ended(void *context, const struct client_channel *channel,
                             enum channel_end reason) {
    struct conversation *conversation = context;
    (void)reason;
    // What was answered just before stays answered: a command may end its own channel.
    if (channel->number == conversation->channel && !conversation->settled) {
        conversation->settled = true;
        conversation->refusal = REFUSAL_NOT_FOUND;
    }
}

static void on_answered(void *context, const struct frame *frame) {
    struct conversation *conversation = context;
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    if (frame->channel != conversation->channel || frame->seq != conversation->seq)
        return;
    arena_init(&arena, ANSWER_ARENA_MAX);
    const void *answer = reply_decode_down(frame->tag, &reader, &arena);
    conversation->settled = true;
    conversation->refusal = REFUSAL_MALFORMED;
    if (answer != NULL && frame->tag == REPLY_ACCEPTED) {
        conversation->refusal = REFUSAL_NONE;
        conversation->version = ((const struct accepted *)answer)->version;
    } else if (answer != NULL) {
        conversation->refusal = ((const struct refused *)answer)->reason;
    }
    arena_finish(&arena);
}

static void on_lost(void *context, enum client_loss loss, uint32_t code, bool returns) {
    (void)loss;
    (void)code;
    if (!returns)
        ((struct conversation *)context)->ended = true;
}

static const struct client_handler handler = {
    .session = {.welcomed = on_welcomed,
                .opened = on_opened,
                .ended = on_channel_ended,
                .answered = on_answered},
    .lost = on_lost,
};

// Turns the loop until what is waited for has come. False after the timeout.
static bool settle(struct conversation *conversation, uint16_t channel, uint32_t seq) {
    struct client_loop *loop = conversation->loop;
    int64_t limit_us = loop->now_us + (int64_t)CONVERSATION_TIMEOUT_MS * 1000;
    conversation->channel = channel;
    conversation->seq = seq;
    while (!conversation->settled && !conversation->ended && loop->now_us < limit_us)
        client_loop_turn(loop, CONVERSATION_PAUSE_MS);
    return conversation->settled;
}

static void expect(struct conversation *conversation) {
    conversation->settled = false;
    conversation->refusal = REFUSAL_NONE;
    conversation->version = 0;
}

bool conversation_begin(struct conversation *conversation, const struct server_address *address,
                        const char *token, const char *program) {
    *conversation = (struct conversation){.loop = client_loop_create()};
    if (conversation->loop == NULL)
        return false;
    const struct client_options options = {.address = address,
                                           .token = token,
                                           .program = program,
                                           .handler = &handler,
                                           .context = conversation};
    conversation->client = client_create(conversation->loop, &options);
    if (conversation->client != NULL && settle(conversation, 0, 0))
        return true;
    conversation_end(conversation);
    return false;
}

void conversation_end(struct conversation *conversation) {
    client_destroy(conversation->client);
    client_loop_destroy(conversation->loop);
    conversation->client = NULL;
    conversation->loop = NULL;
}

bool conversation_open(struct conversation *conversation, uint16_t channel, enum channel_kind kind,
                       struct uuid id) {
    struct client_session *session = client_session_of(conversation->client);
    expect(conversation);
    return client_session_open(session, channel, (uint8_t)kind, id) &&
           settle(conversation, channel, 0) && conversation->refusal == REFUSAL_NONE;
}

static void rest(struct conversation *conversation) {
    int64_t until_us = conversation->loop->now_us + (int64_t)CONVERSATION_PAUSE_MS * 1000;
    while (conversation->loop->now_us < until_us)
        client_loop_turn(conversation->loop, CONVERSATION_PAUSE_MS);
}

static bool is_passing(enum refusal refusal) {
    return refusal == REFUSAL_BUSY || refusal == REFUSAL_UNAVAILABLE || refusal == REFUSAL_TOO_FAST;
}

enum refusal conversation_say(struct conversation *conversation, uint16_t channel,
                              struct encoded command, uint64_t *ret_version) {
    struct client_session *session = client_session_of(conversation->client);
    int64_t limit_us = conversation->loop->now_us + (int64_t)CONVERSATION_TIMEOUT_MS * 1000;
    for (;;) {
        expect(conversation);
        // A repetition carries the same command id, so it happens once at the most.
        uint32_t seq = client_session_command(session, channel, command);
        if (seq == 0)
            return REFUSAL_MALFORMED;
        if (!settle(conversation, channel, seq))
            return REFUSAL_UNAVAILABLE;
        if (!is_passing(conversation->refusal) || conversation->loop->now_us > limit_us)
            break;
        rest(conversation);
    }
    if (ret_version != NULL)
        *ret_version = conversation->version;
    return conversation->refusal;
}
