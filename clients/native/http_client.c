#include "clients/native/http.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_PIECE = 64 * 1024, REQUEST_HEAD_MAX = 4096 };

void http_client_init(struct http_client *client, const struct server_address *address) {
    *client = (struct http_client){.address = address};
}

void http_client_finish(struct http_client *client) {
    stream_close(&client->stream);
    free(client->bytes);
    client->bytes = NULL;
    client->length = client->capacity = 0;
}

static bool wait_for(const struct stream *stream) {
    struct pollfd waiting = {.fd = stream->descriptor, .events = POLLIN};
    if (stream->wants_write)
        waiting.events |= POLLOUT;
    return poll(&waiting, 1, HTTP_TIMEOUT_MS) == 1;
}

static bool open_connection(struct http_client *client) {
    if (client->stream.state == STREAM_OPEN)
        return true;
    stream_close(&client->stream);
    if (!stream_connect(&client->stream, client->address))
        return false;
    for (;;) {
        enum stream_result result = stream_advance(&client->stream);
        if (result == STREAM_DONE)
            return true;
        if (result != STREAM_AGAIN || !wait_for(&client->stream))
            return false;
    }
}

static bool write_all(struct http_client *client, const void *bytes, size_t length) {
    const uint8_t *at = bytes;
    while (length > 0) {
        size_t written;
        enum stream_result result = stream_write(&client->stream, at, length, &written);
        if (result == STREAM_DONE) {
            at += written;
            length -= written;
        } else if (result != STREAM_AGAIN || !wait_for(&client->stream)) {
            return false;
        }
    }
    return true;
}

static bool make_space(struct http_client *client) {
    if (client->capacity - client->length >= READ_PIECE)
        return true;
    size_t capacity = 2 * client->capacity + READ_PIECE;
    if (client->length > HTTP_HEAD_MAX + HTTP_BODY_MAX + READ_PIECE)
        return false;
    uint8_t *grown = realloc(client->bytes, capacity);
    if (grown == NULL)
        return false;
    client->bytes = grown;
    client->capacity = capacity;
    return true;
}

static bool read_response(struct http_client *client, struct http_response *ret_response) {
    client->length = 0;
    for (;;) {
        if (!make_space(client))
            return false;
        size_t count = 0;
        enum stream_result result = stream_read(&client->stream, client->bytes + client->length,
                                                client->capacity - client->length, &count);
        if (result == STREAM_AGAIN) {
            if (!wait_for(&client->stream))
                return false;
            continue;
        }
        if (result == STREAM_BROKEN)
            return false;
        bool ended = result == STREAM_ENDED;
        client->length += count;
        enum http_reading reading =
            http_response_read(client->bytes, client->length, ended, ret_response);
        if (reading == HTTP_COMPLETE)
            return true;
        if (reading == HTTP_MALFORMED || ended)
            return false;
    }
}

static bool exchange(struct http_client *client, const char *head, size_t head_length,
                     const void *body, size_t body_length, struct http_response *ret_response) {
    bool answered = open_connection(client) && write_all(client, head, head_length) &&
                    (body_length == 0 || write_all(client, body, body_length)) &&
                    read_response(client, ret_response);
    if (!answered || ret_response->closes)
        stream_close(&client->stream);
    return answered;
}

bool http_client_request(struct http_client *client, const char *method, const char *path,
                         const char *media_type, const void *body, size_t body_length,
                         struct http_response *ret_response) {
    char head[REQUEST_HEAD_MAX];
    int length = snprintf(head, sizeof(head),
                          "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n%s%s%s%s%s%s\r\n",
                          method, path, client->address->authority, body_length,
                          media_type ? "Content-Type: " : "", media_type ? media_type : "",
                          media_type ? "\r\n" : "", client->bearer ? "Authorization: Bearer " : "",
                          client->bearer ? client->bearer : "", client->bearer ? "\r\n" : "");
    assert(length > 0 && length < (int)sizeof(head));
    bool kept = client->stream.state == STREAM_OPEN;
    if (exchange(client, head, (size_t)length, body, body_length, ret_response))
        return true;
    // What looked like a kept connection may have been closed by the server while it was idle. All
    // our requests may be repeated: they carry the identity of what they make.
    return kept && exchange(client, head, (size_t)length, body, body_length, ret_response);
}
