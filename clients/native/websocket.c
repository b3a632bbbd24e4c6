#include "clients/native/websocket.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

void websocket_reader_init(struct websocket_reader *reader, size_t message_max) {
    *reader = (struct websocket_reader){.message_max = message_max};
}

static void forget_message(struct websocket_reader *reader) {
    free(reader->message);
    reader->message = NULL;
    reader->message_length = reader->message_capacity = 0;
    reader->message_given = false;
}

void websocket_reader_finish(struct websocket_reader *reader) {
    forget_message(reader);
}

static enum websocket_event fail(struct websocket_reader *reader, uint16_t code,
                                 struct websocket_received *ret_received) {
    reader->failed = true;
    *ret_received = (struct websocket_received){.code = code};
    return WEBSOCKET_FAILED;
}

// Bytes of the header that are known to be needed, from those that are there.
static size_t header_length_of(const struct websocket_reader *reader) {
    if (reader->header_length < 2)
        return 2;
    uint8_t length = reader->header[1] & 0x7f;
    return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static bool take_header(struct websocket_reader *reader, struct websocket_input *input) {
    while (reader->header_length < header_length_of(reader)) {
        if (input->left == 0)
            return false;
        reader->header[reader->header_length++] = *input->bytes++;
        input->left--;
    }
    return true;
}

static uint64_t payload_length_of(const uint8_t *header) {
    uint8_t length = header[1] & 0x7f;
    size_t width = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (width == 0)
        return length;
    uint64_t extended = 0;
    for (size_t i = 0; i < width; i++)
        extended = extended << 8 | header[2 + i];
    return extended;
}

static bool is_control(uint8_t opcode) {
    return (opcode & 0x8) != 0;
}

// Judges a whole header: 0, or the code to fail with.
static uint16_t begin_frame(struct websocket_reader *reader) {
    const uint8_t *header = reader->header;
    reader->final = (header[0] & 0x80) != 0;
    reader->opcode = header[0] & 0x0f;
    reader->payload_left = payload_length_of(header);
    reader->in_payload = true;
    reader->header_length = 0;
    bool reserved_bits = (header[0] & 0x70) != 0; // no extension was agreed on
    bool masked = (header[1] & 0x80) != 0;        // a server must not
    if (reserved_bits || masked)
        return WEBSOCKET_PROTOCOL_ERROR;
    if (is_control(reader->opcode)) {
        bool known = reader->opcode <= WEBSOCKET_PONG;
        bool fits = reader->final && reader->payload_left <= WEBSOCKET_CONTROL_MAX;
        reader->control_length = 0;
        return known && fits ? 0 : WEBSOCKET_PROTOCOL_ERROR;
    }
    if (reader->opcode > WEBSOCKET_BINARY)
        return WEBSOCKET_PROTOCOL_ERROR;
    if ((reader->opcode == WEBSOCKET_CONTINUATION) != reader->in_message)
        return WEBSOCKET_PROTOCOL_ERROR;
    if (reader->opcode == WEBSOCKET_TEXT)
        return WEBSOCKET_UNSUPPORTED;
    if (reader->payload_left > reader->message_max - reader->message_length)
        return WEBSOCKET_TOO_BIG;
    reader->in_message = true;
    return 0;
}

// Section 7.4: codes that may be on the wire.
static bool is_wire_code(uint16_t code) {
    bool defined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    return defined || (code >= 3000 && code <= 4999);
}

static enum websocket_event end_control(struct websocket_reader *reader,
                                        struct websocket_received *ret_received) {
    *ret_received =
        (struct websocket_received){.bytes = reader->control, .length = reader->control_length};
    if (reader->opcode == WEBSOCKET_PING)
        return WEBSOCKET_GOT_PING;
    if (reader->opcode == WEBSOCKET_PONG)
        return WEBSOCKET_GOT_PONG;
    ret_received->code = WEBSOCKET_NO_CODE;
    if (reader->control_length == 1)
        return fail(reader, WEBSOCKET_PROTOCOL_ERROR, ret_received);
    if (reader->control_length >= 2) {
        uint16_t code = (uint16_t)(reader->control[0] << 8 | reader->control[1]);
        if (!is_wire_code(code))
            return fail(reader, WEBSOCKET_PROTOCOL_ERROR, ret_received);
        ret_received->code = code;
        ret_received->bytes += 2;
        ret_received->length -= 2;
    }
    reader->failed = true; // nothing may follow a close frame
    return WEBSOCKET_GOT_CLOSE;
}

// Keeps a piece of a message that is not whole. False when there is no memory.
static bool keep(struct websocket_reader *reader, const uint8_t *bytes, size_t length) {
    size_t needed = reader->message_length + length;
    if (needed > reader->message_capacity) {
        // The frame's own length is known, so the usual unfragmented message is allocated once.
        size_t whole = reader->message_length + (size_t)reader->payload_left;
        uint8_t *grown = realloc(reader->message, whole);
        if (grown == NULL)
            return false;
        reader->message = grown;
        reader->message_capacity = whole;
    }
    if (length > 0)
        memcpy(reader->message + reader->message_length, bytes, length);
    reader->message_length = needed;
    return true;
}

static enum websocket_event take_payload(struct websocket_reader *reader,
                                         struct websocket_input *input,
                                         struct websocket_received *ret_received) {
    size_t part = input->left < reader->payload_left ? input->left : (size_t)reader->payload_left;
    const uint8_t *bytes = input->bytes;
    bool whole = part == reader->payload_left;
    if (part > 0)
        input->bytes += part;
    input->left -= part;
    if (is_control(reader->opcode)) {
        if (part > 0)
            memcpy(reader->control + reader->control_length, bytes, part);
        reader->control_length = (uint8_t)(reader->control_length + part);
    } else if (whole && reader->final && reader->message_length == 0) {
        // Everything is in the caller's bytes: nothing to copy.
        *ret_received = (struct websocket_received){.bytes = bytes, .length = part};
    } else if (!keep(reader, bytes, part)) {
        return fail(reader, WEBSOCKET_TOO_BIG, ret_received);
    } else {
        *ret_received =
            (struct websocket_received){.bytes = reader->message, .length = reader->message_length};
    }
    reader->payload_left -= part;
    if (!whole)
        return WEBSOCKET_NEED_MORE;
    reader->in_payload = false;
    if (is_control(reader->opcode))
        return end_control(reader, ret_received);
    if (!reader->final)
        return WEBSOCKET_NEED_MORE;
    reader->in_message = false;
    reader->message_given = reader->message != NULL;
    return WEBSOCKET_GOT_MESSAGE;
}

enum websocket_event websocket_next(struct websocket_reader *reader, struct websocket_input *input,
                                    struct websocket_received *ret_received) {
    assert(!reader->failed);
    if (reader->message_given)
        forget_message(reader);
    for (;;) {
        if (!reader->in_payload) {
            if (!take_header(reader, input))
                return WEBSOCKET_NEED_MORE;
            uint16_t code = begin_frame(reader);
            if (code != 0)
                return fail(reader, code, ret_received);
        }
        if (input->left == 0 && reader->payload_left > 0)
            return WEBSOCKET_NEED_MORE;
        enum websocket_event event = take_payload(reader, input, ret_received);
        if (event != WEBSOCKET_NEED_MORE)
            return event;
    }
}

size_t websocket_header(uint8_t ret_header[WEBSOCKET_HEADER_MAX], enum websocket_opcode opcode,
                        bool final, uint64_t payload_length, const uint8_t mask[4]) {
    size_t width = payload_length > UINT16_MAX ? 8 : payload_length >= 126 ? 2 : 0;
    uint8_t short_length = (uint8_t)(width == 8 ? 127 : width == 2 ? 126 : payload_length);
    ret_header[0] = (uint8_t)((final ? 0x80 : 0) | opcode);
    ret_header[1] = 0x80 | short_length;
    for (size_t i = 0; i < width; i++)
        ret_header[2 + i] = (uint8_t)(payload_length >> (8 * (width - 1 - i)));
    memcpy(ret_header + 2 + width, mask, 4);
    return 2 + width + 4;
}

void websocket_mask(uint8_t *bytes, size_t length, const uint8_t mask[4], size_t offset) {
    for (size_t i = 0; i < length; i++)
        bytes[i] ^= mask[(offset + i) & 3];
}

size_t websocket_close_payload(uint8_t ret_payload[2], uint16_t code) {
    if (code == WEBSOCKET_NO_CODE)
        return 0;
    ret_payload[0] = (uint8_t)(code >> 8);
    ret_payload[1] = (uint8_t)code;
    return 2;
}

void websocket_key(char ret_key[WEBSOCKET_KEY_LENGTH + 1], const uint8_t random[16]) {
    EVP_EncodeBlock((unsigned char *)ret_key, random, 16);
}

void websocket_accept(char ret_accept[WEBSOCKET_ACCEPT_LENGTH + 1], const char *key) {
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
    char text[WEBSOCKET_KEY_LENGTH + sizeof(suffix)];
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    assert(strlen(key) == WEBSOCKET_KEY_LENGTH);
    memcpy(text, key, WEBSOCKET_KEY_LENGTH);
    memcpy(text + WEBSOCKET_KEY_LENGTH, suffix, sizeof(suffix));
    int done = EVP_Digest(text, strlen(text), digest, &length, EVP_sha1(), NULL);
    assert(done == 1 && length == 20);
    EVP_EncodeBlock((unsigned char *)ret_accept, digest, (int)length);
}
