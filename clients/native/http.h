#ifndef CONSILIUM_CLIENTS_NATIVE_HTTP_H
#define CONSILIUM_CLIENTS_NATIVE_HTTP_H

#include "clients/native/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * HTTP/1.1 (RFC 9112), as much as talking to our own server takes: one request after another on a
 * kept connection. `http_response_read` judges bytes and reads no socket; `http_client_request`
 * blocks.
 */

enum {
    HTTP_HEAD_MAX = 16 * 1024,
    HTTP_HEADERS_MAX = 64,
    HTTP_BODY_MAX = 64 * 1024 * 1024,
    HTTP_TIMEOUT_MS = 60 * 1000,
};

struct http_response {
    unsigned status;
    const char *head; // borrowed from the bytes read
    size_t head_length;
    const uint8_t *body; // borrowed; chunks are joined in place
    size_t body_length;
    size_t consumed; // bytes of head and body, as they came
    bool closes;     // the server ends the connection after it
};

enum http_reading {
    HTTP_INCOMPLETE,
    HTTP_COMPLETE,
    HTTP_MALFORMED, // or over a bound
};

// Reads one response from the beginning of `bytes`, which may be changed. A body that is ended by
// the connection's end is complete when `ended`.
enum http_reading http_response_read(uint8_t *bytes, size_t length, bool ended,
                                     struct http_response *ret_response);
// A header's value, without the spaces around it; false when absent or longer than `size - 1`.
bool http_response_header(const struct http_response *response, const char *name, char *ret_value,
                          size_t size);

// One connection, opened when it is needed. Zeroed but for `address` and `bearer` it is ready.
struct http_client {
    const struct server_address *address; // given, borrowed
    const char *bearer;                   // given, borrowed; NULL before sign-in
    struct stream stream;
    uint8_t *bytes; // owned: the last response
    size_t length, capacity;
};

void http_client_init(struct http_client *client, const struct server_address *address);
void http_client_finish(struct http_client *client);

// Sends a request and waits for its answer, which borrows from the client until the next request.
// `media_type` NULL = no body. A kept connection that the server has meanwhile closed is replaced
// once. False when the server could not be asked, or what came was no HTTP.
bool http_client_request(struct http_client *client, const char *method, const char *path,
                         const char *media_type, const void *body, size_t body_length,
                         struct http_response *ret_response);

#endif
