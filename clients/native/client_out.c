#include "clients/native/client_state.h"

#include <stdlib.h>
#include <string.h>

// What a client says: put on the wire at once where the socket takes it, kept otherwise.

enum { MASK_PIECE = 4096 };

bool client_flush(struct client *client) {
    while (client->out_sent < client->out_length) {
        size_t written;
        enum stream_result result = stream_write(&client->stream, client->out + client->out_sent,
                                                 client->out_length - client->out_sent, &written);
        if (result == STREAM_AGAIN)
            break;
        if (result != STREAM_DONE) {
            client_lose(client, LOSS_UNREACHABLE, 0, false);
            return false;
        }
        client->out_sent += written;
    }
    if (client->out_sent == client->out_length) {
        free(client->out);
        client->out = NULL;
        client->out_length = client->out_sent = client->out_capacity = 0;
    }
    return true;
}

// Appends to what waits for the socket.
static bool queue(struct client *client, const void *bytes, size_t length) {
    size_t waiting = client->out_length - client->out_sent;
    if (waiting + length > CLIENT_BACKLOG_MAX)
        return false;
    if (client->out_sent > 0) {
        memmove(client->out, client->out + client->out_sent, waiting);
        client->out_length = waiting;
        client->out_sent = 0;
    }
    if (waiting + length > client->out_capacity) {
        size_t capacity = 2 * (waiting + length);
        uint8_t *grown = realloc(client->out, capacity);
        if (grown == NULL)
            return false;
        client->out = grown;
        client->out_capacity = capacity;
    }
    memcpy(client->out + waiting, bytes, length);
    client->out_length = waiting + length;
    return true;
}

void client_put(struct client *client, const void *bytes, size_t length) {
    if (client->stream.state == STREAM_CLOSED)
        return;
    size_t written = 0;
    if (client->out_length == client->out_sent && client->stream.state == STREAM_OPEN) {
        enum stream_result result = stream_write(&client->stream, bytes, length, &written);
        if (result == STREAM_BROKEN || result == STREAM_ENDED) {
            client_lose(client, LOSS_UNREACHABLE, 0, false);
            return;
        }
        if (result == STREAM_AGAIN)
            written = 0;
    }
    if (written < length && !queue(client, (const uint8_t *)bytes + written, length - written)) {
        client_lose(client, LOSS_BACKLOG, 0, false);
        return;
    }
    client_update_interest(client);
}

// The header goes together with the first piece of the payload.
void client_put_frame(struct client *client, enum websocket_opcode opcode, const uint8_t *payload,
                      size_t length) {
    uint8_t piece[WEBSOCKET_HEADER_MAX + MASK_PIECE], mask[4];
    client_loop_random(client->loop, mask, sizeof(mask));
    size_t used = websocket_header(piece, opcode, true, length, mask);
    size_t offset = 0;
    do {
        size_t part = length - offset < MASK_PIECE ? length - offset : MASK_PIECE;
        if (part > 0)
            memcpy(piece + used, payload + offset, part);
        websocket_mask(piece + used, part, mask, offset);
        client_put(client, piece, used + part);
        offset += part;
        used = 0;
    } while (offset < length);
}
