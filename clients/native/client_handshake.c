#include "clients/native/client_state.h"
#include "clients/native/http.h"
#include "clients/native/json_text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUEST_MAX = 2048 };

void client_ask_ticket(struct client *client) {
    char request[REQUEST_MAX];
    int length = snprintf(request, sizeof(request),
                          "POST /api/tickets HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                          "Content-Length: 0\r\nConnection: close\r\n\r\n",
                          client->options.address->authority, client->options.token);
    assert(length > 0 && length < REQUEST_MAX); // bounded by CLIENT_TOKEN_MAX
    client_put(client, request, (size_t)length);
}

void client_ask_upgrade(struct client *client) {
    char request[REQUEST_MAX], key[WEBSOCKET_KEY_LENGTH + 1];
    uint8_t random[16];
    client_loop_random(client->loop, random, sizeof(random));
    websocket_key(key, random);
    websocket_accept(client->accept, key);
    int length =
        snprintf(request, sizeof(request),
                 "GET /ws?ticket=%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Protocol: consilium.1\r\n\r\n",
                 client->ticket, client->options.address->authority, key);
    assert(length > 0 && length < REQUEST_MAX);
    client_put(client, request, (size_t)length);
}

// A ticket goes into a request line as it is.
static bool is_plain(const char *ticket) {
    return *ticket != '\0' &&
           ticket[strspn(ticket, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-_.~")] == '\0';
}

// Whether asking again may help: a server that is overloaded, starting or draining says 429 or 5xx.
static bool is_final(unsigned status) {
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

static void take_ticket(struct client *client, const struct http_response *response) {
    if (response->status != 200) {
        client_lose(client, LOSS_REFUSED, response->status, is_final(response->status));
    } else if (!json_find_text(response->body, response->body_length, "ticket", client->ticket,
                               sizeof(client->ticket)) ||
               !is_plain(client->ticket)) {
        client_lose(client, LOSS_PROTOCOL, 0, false);
    } else {
        client_connect(client, CLIENT_UPGRADE);
    }
}

static void take_upgrade(struct client *client, const struct http_response *response) {
    char accept[WEBSOCKET_ACCEPT_LENGTH + 2], protocol[32];
    if (response->status != 101) {
        // A ticket is good for 30 s: one that was too late is not the end.
        client_lose(client, LOSS_REFUSED, response->status, false);
        return;
    }
    bool agreed =
        http_response_header(response, "Sec-WebSocket-Accept", accept, sizeof(accept)) &&
        strcmp(accept, client->accept) == 0 &&
        http_response_header(response, "Sec-WebSocket-Protocol", protocol, sizeof(protocol)) &&
        strcasecmp(protocol, "consilium.1") == 0;
    if (agreed)
        client_go_live(client);
    else
        client_lose(client, LOSS_PROTOCOL, 0, false);
}

static bool keep(struct client *client, const uint8_t *bytes, size_t length) {
    size_t needed = client->in_length + length;
    if (needed > HTTP_HEAD_MAX + CLIENT_READ_PIECE)
        return false;
    if (needed > client->in_capacity) {
        uint8_t *grown = realloc(client->in, needed);
        if (grown == NULL)
            return false;
        client->in = grown;
        client->in_capacity = needed;
    }
    if (length > 0)
        memcpy(client->in + client->in_length, bytes, length);
    client->in_length = needed;
    return true;
}

void client_take_answer(struct client *client, struct websocket_input *input, bool ended) {
    struct http_response response;
    size_t before = client->in_length;
    if (!keep(client, input->bytes, input->left)) {
        client_lose(client, LOSS_PROTOCOL, 0, false);
        return;
    }
    enum http_reading reading = http_response_read(client->in, client->in_length, ended, &response);
    if (reading == HTTP_MALFORMED) {
        client_lose(client, ended ? LOSS_UNREACHABLE : LOSS_PROTOCOL, 0, false);
        return;
    }
    if (reading == HTTP_INCOMPLETE) {
        input->left = 0;
        return;
    }
    // Frames may follow the upgrade in the same piece.
    size_t used = response.consumed > before ? response.consumed - before : 0;
    input->bytes += used;
    input->left -= used;
    uint8_t *held = client->in; // the response borrows from it
    client->in = NULL;
    client->in_length = client->in_capacity = 0;
    if (client->phase == CLIENT_TICKET)
        take_ticket(client, &response);
    else
        take_upgrade(client, &response);
    free(held);
}
