#ifndef CONSILIUM_CLIENTS_NATIVE_CLIENT_H
#define CONSILIUM_CLIENTS_NATIVE_CLIENT_H

#include "clients/native/client_loop.h"
#include "clients/native/client_session.h"
#include "clients/native/stream.h"

/*
 * One signed-in window of a native client: it gets a ticket over HTTP, upgrades a second connection
 * to a WebSocket, greets, opens its channels, keeps the line alive, and does all of it again, with
 * growing and scattered pauses, whenever the line breaks and the server did not say it is final.
 *
 * An idle live client holds this struct, its channels and no buffers. From `client_create` until
 * `client_destroy`, which may be called from any callback.
 */

enum {
    CLIENT_FRAME_IN_MAX = 16 * 1024 * 1024, // a snapshot
    CLIENT_BACKLOG_MAX = 1024 * 1024,       // bytes that wait for the socket before it is given up
    CLIENT_CONNECT_TIMEOUT_MS = 15 * 1000,  // for each of the two connections
    CLIENT_PAUSE_FIRST_MS = 100,            // before the second try; doubled for each further one
    CLIENT_PAUSE_MAX_MS = 5 * 1000,
    CLIENT_TOKEN_MAX = 512,
};

// Why a client has no live connection.
enum client_loss {
    LOSS_UNREACHABLE, // no connection, or it broke
    LOSS_CLOSED,      // the server closed the WebSocket; `code` says why
    LOSS_REFUSED,     // no ticket or no upgrade; `code` is the HTTP status
    LOSS_SILENT,      // no sign of life for 2.5 heartbeats
    LOSS_PROTOCOL,    // what came was not our protocol
    LOSS_BACKLOG,     // more waits for the socket than CLIENT_BACKLOG_MAX
};

struct client_handler {
    // The session's news; the context of each is the client's. `send` is the client's own business.
    struct client_session_handler session;
    // A live connection, or an attempt at one, came to nothing. When `returns` the client tries
    // again by itself; otherwise it stays as it is until it is destroyed.
    void (*lost)(void *context, enum client_loss loss, uint32_t code, bool returns);
};

struct client_options {
    const struct server_address *address; // borrowed
    const char *token;                    // bearer token of a sign-in; borrowed
    const char *program;                  // program and build, told to the server; borrowed
    uint8_t window;                       // 1 for a second monitor
    const struct client_handler *handler; // borrowed
    void *context;
};

// Begins to connect in the loop's next turns. NULL without memory.
struct client *client_create(struct client_loop *loop, const struct client_options *options);
void client_destroy(struct client *client);

// Its channels, commands and figures: everything of client_session.h may be called on it.
struct client_session *client_session_of(struct client *client);
bool client_is_live(const struct client *client);
// Bytes that wait for the socket.
size_t client_backlog(const struct client *client);

// For tests and load: breaks the connection as a lost network would, and lets it come back.
void client_break(struct client *client);
// For tests: stops and starts reading, as a client that is overwhelmed. A pause ends with the
// connection.
void client_pause(struct client *client, bool paused);
// For tests: sends bytes as one binary WebSocket message, whatever they are.
void client_send_raw(struct client *client, struct bytes bytes);

// For the loop.
void client_on_ready(struct client *client, uint32_t events);
void client_on_deadline(struct client *client);
size_t *client_heap_place(struct client *client);
int64_t client_deadline_us(const struct client *client);
void client_free(struct client *client);

#endif
