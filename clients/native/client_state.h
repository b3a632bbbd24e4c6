#ifndef CONSILIUM_CLIENTS_NATIVE_CLIENT_STATE_H
#define CONSILIUM_CLIENTS_NATIVE_CLIENT_STATE_H

#include "clients/native/client.h"
#include "clients/native/websocket.h"

// What client.c and client_handshake.c share; nobody else includes it.

enum client_phase {
    CLIENT_RESTING = 0, // until the deadline: connects for a ticket
    CLIENT_TICKET,      // until the answer: connects for the WebSocket
    CLIENT_UPGRADE,     // until 101
    CLIENT_LIVE,        // until the line breaks
    CLIENT_STOPPED,     // for good: the server said so
};

enum { CLIENT_TICKET_MAX = 256 };

struct client {
    // Given.
    struct client_loop *loop;
    struct client_options options;
    // Owned.
    struct stream stream;
    struct client_session session;
    struct websocket_reader reader;
    uint8_t *out; // what the socket did not take yet
    size_t out_length, out_sent, out_capacity;
    uint8_t *in; // an HTTP answer that is not whole yet
    size_t in_length, in_capacity;
    // Derived.
    enum client_phase phase;
    bool doomed, paused;
    uint32_t interest; // what epoll waits for
    uint32_t failures; // attempts since the last welcome
    uint32_t heartbeat_ms;
    uint32_t drain_after_ms; // the server's wish for the next pause; 0 = none
    int64_t deadline_us, heard_us;
    size_t heap_place;
    struct client *next_doomed;
    char ticket[CLIENT_TICKET_MAX + 1];
    char accept[WEBSOCKET_ACCEPT_LENGTH + 1]; // what the server must answer
};

// Ends this connection; the handler hears of it, and a pause begins unless it is final.
void client_lose(struct client *client, enum client_loss loss, uint32_t code, bool final);
// client_out.c. Puts bytes on the wire, or behind those that wait. Loses the client over
// CLIENT_BACKLOG_MAX.
void client_put(struct client *client, const void *bytes, size_t length);
// Sends one frame, masked.
void client_put_frame(struct client *client, enum websocket_opcode opcode, const uint8_t *payload,
                      size_t length);
// Writes what waits. False when the connection is lost.
bool client_flush(struct client *client);
// Tells epoll what the client waits for.
void client_update_interest(struct client *client);

// client_handshake.c: the HTTP requests of the two phases before CLIENT_LIVE, and their answers.
void client_ask_ticket(struct client *client);
void client_ask_upgrade(struct client *client);
// Takes what came; may go on to the next phase, and leaves in `*input` what follows the upgrade.
void client_take_answer(struct client *client, struct websocket_input *input, bool ended);
// The WebSocket is open.
void client_go_live(struct client *client);
// Starts the connection of a phase.
void client_connect(struct client *client, enum client_phase phase);

#endif
