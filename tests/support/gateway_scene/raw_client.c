#include "tests/support/gateway_scene/gateway_scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 5 };

static bool start_tls(struct raw_client *client) {
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    client->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_alpn_protos(client->context, offered, sizeof(offered) - 1);
    client->tls = SSL_new(client->context);
    SSL_set_fd(client->tls, client->fd);
    return SSL_connect(client->tls) == 1;
}

bool raw_open(struct raw_client *ret, uint16_t port, bool tls) {
    *ret = (struct raw_client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(ret->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(ret->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(ret->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
           (!tls || start_tls(ret));
}

void raw_close(struct raw_client *client) {
    SSL_free(client->tls);
    SSL_CTX_free(client->context);
    close(client->fd);
}

bool raw_send(struct raw_client *client, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t sent = client->tls != NULL ? SSL_write(client->tls, at, (int)length)
                                           : send(client->fd, at, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool raw_say(struct raw_client *client, const char *text) {
    return raw_send(client, text, strlen(text));
}

bool raw_read(struct raw_client *client, void *bytes, size_t length) {
    char *at = bytes;
    while (length > 0) {
        ssize_t got = client->tls != NULL ? SSL_read(client->tls, at, (int)length)
                                          : recv(client->fd, at, length, 0);
        if (got <= 0) {
            return false;
        }
        at += got;
        length -= (size_t)got;
    }
    return true;
}

bool raw_read_head(struct raw_client *client, char *text, size_t space) {
    size_t length = 0;
    text[0] = 0;
    while (length + 1 < space && raw_read(client, text + length, 1)) {
        text[++length] = 0;
        if (length >= 4 && memcmp(text + length - 4, "\r\n\r\n", 4) == 0) {
            return true;
        }
    }
    return false;
}

bool raw_is_closed(struct raw_client *client) {
    char byte;
    ssize_t got;
    do {
        got = client->tls != NULL ? SSL_read(client->tls, &byte, 1) : recv(client->fd, &byte, 1, 0);
    } while (got > 0);
    return client->tls != NULL ? SSL_get_error(client->tls, (int)got) != SSL_ERROR_WANT_READ
                               : got == 0 || errno == ECONNRESET;
}

bool raw_upgrade(struct raw_client *client, char *head, size_t space, const char *more_headers) {
    char request[1024];
    snprintf(request, sizeof(request),
             "GET /ws?ticket=good HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: consilium.1\r\n%s\r\n",
             more_headers);
    return raw_say(client, request) && raw_read_head(client, head, space) &&
           strncmp(head, "HTTP/1.1 101", 12) == 0;
}

static size_t write_length(uint8_t *head, size_t length, uint8_t mask_bit) {
    if (length < 126) {
        head[0] = (uint8_t)(mask_bit | length);
        return 1;
    }
    if (length < 65536) {
        head[0] = mask_bit | 126;
        head[1] = (uint8_t)(length >> 8);
        head[2] = (uint8_t)length;
        return 3;
    }
    head[0] = mask_bit | 127;
    for (unsigned i = 0; i < 8; i++) {
        head[1 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
    }
    return 9;
}

bool raw_send_frame(struct raw_client *client, uint8_t first, const void *payload, size_t length,
                    bool masked) {
    static const uint8_t key[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t *frame = malloc(length + 14);
    if (frame == NULL) {
        return false;
    }
    frame[0] = first;
    size_t at = 1 + write_length(frame + 1, length, masked ? 0x80 : 0);
    if (masked) {
        memcpy(frame + at, key, 4);
        at += 4;
    }
    for (size_t i = 0; i < length; i++) {
        frame[at + i] = (uint8_t)(((const uint8_t *)payload)[i] ^ (masked ? key[i % 4] : 0));
    }
    bool sent = raw_send(client, frame, at + length);
    free(frame);
    return sent;
}

int raw_read_frame(struct raw_client *client, uint8_t *payload, size_t space,
                   uint64_t *ret_length) {
    uint8_t head[10];
    if (!raw_read(client, head, 2)) {
        return -1;
    }
    uint64_t length = head[1] & 0x7f;
    unsigned extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extra > 0) {
        if (!raw_read(client, head + 2, extra)) {
            return -1;
        }
        length = 0;
        for (unsigned i = 0; i < extra; i++) {
            length = length << 8 | head[2 + i];
        }
    }
    *ret_length = length;
    for (uint64_t at = 0; at < length; at++) {
        uint8_t byte;
        if (!raw_read(client, at < space ? payload + at : &byte, 1)) {
            return -1;
        }
    }
    return head[0] & 0x0f;
}
