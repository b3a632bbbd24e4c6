#ifndef CONSILIUM_CLIENTS_NATIVE_WEBSOCKET_H
#define CONSILIUM_CLIENTS_NATIVE_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The client's side of a WebSocket connection (RFC 6455), without the connection: bytes in,
 * messages out, and the other way round. Nothing here reads a socket, a clock or randomness.
 *
 * A reader borrows what it is given for as long as `websocket_next` is called on it, copies only
 * what a later piece must complete, and gives that memory back with the message: an idle reader
 * owns none. `websocket_reader_finish` frees what is left.
 */

enum {
    WEBSOCKET_HEADER_MAX = 14,    // section 5.2: 2 + 8 length + 4 mask
    WEBSOCKET_CONTROL_MAX = 125,  // section 5.5
    WEBSOCKET_KEY_LENGTH = 24,    // base64 of 16 bytes
    WEBSOCKET_ACCEPT_LENGTH = 28, // base64 of a SHA-1
};

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_CLOSE = 0x8,
    WEBSOCKET_PING = 0x9,
    WEBSOCKET_PONG = 0xa,
};

// Section 7.4.1; those that this side sends.
enum websocket_code {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_UNSUPPORTED = 1003, // text: everything of ours is binary
    WEBSOCKET_NO_CODE = 1005,     // never sent: a close frame without a code
    WEBSOCKET_TOO_BIG = 1009,
};

enum websocket_event {
    WEBSOCKET_NEED_MORE,   // everything given was taken
    WEBSOCKET_GOT_MESSAGE, // a binary message
    WEBSOCKET_GOT_PING,    // to be answered with a pong of the same payload
    WEBSOCKET_GOT_PONG,
    WEBSOCKET_GOT_CLOSE, // to be answered with a close of the same code, unless one was sent
    WEBSOCKET_FAILED,    // the peer broke the protocol: send a close with `code` and hang up
};

struct websocket_reader {
    size_t message_max; // given
    uint8_t header[WEBSOCKET_HEADER_MAX];
    uint8_t header_length;
    bool in_payload, in_message, failed;
    uint8_t opcode; // of the frame in hand
    bool final;
    uint64_t payload_left;
    uint8_t *message; // owned: what came of a message that is not whole yet
    size_t message_length, message_capacity;
    bool message_given; // the caller has seen `message`; it goes at the next call
    uint8_t control[WEBSOCKET_CONTROL_MAX];
    uint8_t control_length;
};

// What has come and is not read yet; advanced by `websocket_next`.
struct websocket_input {
    const uint8_t *bytes;
    size_t left;
};

struct websocket_received {
    const uint8_t *bytes; // borrowed until the next call
    size_t length;
    uint16_t code; // of a close frame, or to fail with
};

void websocket_reader_init(struct websocket_reader *reader, size_t message_max);
void websocket_reader_finish(struct websocket_reader *reader);

// The next thing in `input`. Call it until it says WEBSOCKET_NEED_MORE or WEBSOCKET_FAILED.
enum websocket_event websocket_next(struct websocket_reader *reader, struct websocket_input *input,
                                    struct websocket_received *ret_received);

// Writes the header of a masked frame and returns its length. A payload follows in the same
// masking; a long message may be split: continuation frames, `final` on the last.
size_t websocket_header(uint8_t ret_header[WEBSOCKET_HEADER_MAX], enum websocket_opcode opcode,
                        bool final, uint64_t payload_length, const uint8_t mask[4]);
// Masks in place (section 5.3). `offset` is how much of the frame's payload went before.
void websocket_mask(uint8_t *bytes, size_t length, const uint8_t mask[4], size_t offset);
// The payload of a close frame; returns its length.
size_t websocket_close_payload(uint8_t ret_payload[2], uint16_t code);

// Section 4.1: the key of a handshake from 16 random bytes, and the answer it must get. Both end
// with NUL.
void websocket_key(char ret_key[WEBSOCKET_KEY_LENGTH + 1], const uint8_t random[16]);
void websocket_accept(char ret_accept[WEBSOCKET_ACCEPT_LENGTH + 1], const char *key);

#endif
