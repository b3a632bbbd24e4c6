#ifndef CONSILIUM_CLIENTS_NATIVE_CONVERSATION_H
#define CONSILIUM_CLIENTS_NATIVE_CONVERSATION_H

#include "clients/native/client.h"
#include "clients/native/http.h"
#include "protocol/generated/reply.h"

/*
 * One client that says one thing after another and waits for each answer: what tools and simple
 * tests need. It comes back by itself when the line breaks, and repeats what the server was too
 * busy for, so that each call ends with the answer or after CONVERSATION_TIMEOUT_MS.
 */

enum { CONVERSATION_TIMEOUT_MS = 60 * 1000, CONVERSATION_PAUSE_MS = 250 };

struct conversation {
    struct client_loop *loop; // owned
    struct client *client;    // owned
    // What is waited for, and what came.
    uint16_t channel;
    uint32_t seq;
    bool settled;
    bool ended; // the client has given up for good
    enum refusal refusal;
    uint64_t version;
    struct uuid user; // of the welcome
};

// Signs in: the bearer token of `login`, for HTTP requests and conversations. The answer's status
// when there was one, 0 when the server could not be asked; 200 is success.
unsigned conversation_sign_in(struct http_client *http, const char *login, const char *password,
                              char ret_token[CLIENT_TOKEN_MAX + 1]);

// Connects and waits to be welcomed. `address`, `token` and `program` are borrowed until the end.
bool conversation_begin(struct conversation *conversation, const struct server_address *address,
                        const char *token, const char *program);
void conversation_end(struct conversation *conversation);

// Opens a channel and waits; false when the actor is not there for this user.
bool conversation_open(struct conversation *conversation, uint16_t channel, enum channel_kind kind,
                       struct uuid id);
// Sends a command and waits for its answer: REFUSAL_NONE with the version it led to, or why not.
// Without an answer REFUSAL_UNAVAILABLE.
enum refusal conversation_say(struct conversation *conversation, uint16_t channel,
                              struct encoded command, uint64_t *ret_version);

#endif
