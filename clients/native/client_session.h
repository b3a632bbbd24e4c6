#ifndef CONSILIUM_CLIENTS_NATIVE_CLIENT_SESSION_H
#define CONSILIUM_CLIENTS_NATIVE_CLIENT_SESSION_H

#include "protocol/frame.h"
#include "protocol/generated/session.h"

/*
 * A client's side of the protocol, over connections that come and go: which channels it wants open,
 * the version it holds of each, and the commands that are not answered yet. It reads no socket and
 * no clock; frames go out through `send` and come in through `client_session_frame`.
 *
 * Every new connection begins with `client_session_connected`, which greets; the server's welcome
 * opens all channels again from the version held, and an opened channel sends its unanswered
 * commands again under their first command ids, so that each happens once.
 */

enum {
    CLIENT_REVISION = 1,
    CLIENT_CHANNELS_MAX = 256,
    CLIENT_UNANSWERED_MAX = 1024,
    CLIENT_FRAME_OUT_MAX = 64 * 1024, // what the server takes
};

enum client_channel_state {
    CHANNEL_WAITING = 0, // for a connection, or for the server to be able to
    CHANNEL_OPENING,     // asked for
    CHANNEL_OPEN,
    CHANNEL_ENDED, // by the server, with a reason; forgotten after the handler was told
};

struct client_channel {
    uint16_t number;
    uint8_t kind; // enum channel_kind
    enum client_channel_state state;
    struct uuid id;
    uint64_t version; // last seen of it; 0 = none
    uint8_t audience; // it was seen with
    uint16_t roles;
    uint16_t participant;
    uint32_t open_seq;
    bool awaits_snapshot; // announced; until it has come, `version` is not held
};

struct client_session;

// What a session tells its owner. Members may be NULL, except `send`. Frames, messages and channels
// are borrowed for the call.
struct client_session_handler {
    void (*send)(void *context, struct bytes frame);
    void (*welcomed)(void *context, const struct welcome *welcome);
    void (*opened)(void *context, const struct client_channel *channel,
                   const struct channel_opened *opened);
    void (*ended)(void *context, const struct client_channel *channel, enum channel_end reason);
    // An event (each once, in order), a snapshot, or a notice of an open channel.
    void (*message)(void *context, const struct client_channel *channel, const struct frame *frame);
    // The answer to a command or request of ours.
    void (*answered)(void *context, const struct frame *frame);
    void (*draining)(void *context, uint32_t reconnect_after_ms);
};

struct unanswered; // a command, packed

struct client_session {
    const struct client_session_handler *handler; // given, borrowed
    void *context;                                // given
    struct text client;                           // given, borrowed: program and build
    uint8_t window;                               // given
    struct client_channel *channels;              // owned
    uint32_t channel_count, channel_capacity;
    struct unanswered *oldest, *newest; // owned, in the order they were sent
    uint32_t unanswered_count;
    uint32_t next_seq;
    bool welcomed;
    bool asks_again; // a channel could not be opened just now: client_session_ask_again, later
    uint64_t round_trip_us; // of the last ping; 0 before the first
    uint64_t gaps;          // times that events were missing and asked for again
    uint64_t repeats;       // events that came again and were dropped
};

void client_session_init(struct client_session *session,
                         const struct client_session_handler *handler, void *context,
                         struct text client);
void client_session_finish(struct client_session *session);

void client_session_connected(struct client_session *session);
void client_session_disconnected(struct client_session *session);
// A frame from the server. False when it breaks the protocol: hang up and connect again.
bool client_session_frame(struct client_session *session, struct bytes frame, int64_t now_us);

// Asks for the channels that wait.
void client_session_ask_again(struct client_session *session);

// Wants a channel to be open from now on, whatever happens to the connection. `number` is free.
// False over CLIENT_CHANNELS_MAX or without memory.
bool client_session_open(struct client_session *session, uint16_t number, uint8_t kind,
                         struct uuid id);
void client_session_close(struct client_session *session, uint16_t number);
// NULL when there is no such channel.
const struct client_channel *client_session_channel(const struct client_session *session,
                                                    uint16_t number);

// Sends a command (kept and sent again until it is answered) or a request (not kept), and returns
// its seq; 0 when it could not be: over a bound, or a request without an open channel.
uint32_t client_session_command(struct client_session *session, uint16_t channel,
                                struct encoded message);
uint32_t client_session_request(struct client_session *session, uint16_t channel,
                                struct encoded message);
// Sends a signal when the channel is open; otherwise it is dropped, as the wire might.
void client_session_signal(struct client_session *session, uint16_t channel,
                           struct encoded message);
void client_session_ping(struct client_session *session, int64_t now_us);

#endif
