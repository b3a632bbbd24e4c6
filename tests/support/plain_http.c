#include "tests/support/plain_http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 10, REQUEST_MAX = 8192 };

static int call(uint16_t port, const char *from) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, from == NULL ? "127.0.0.1" : from, &here.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) == 0 &&
        connect(fd, (struct sockaddr *)&there, sizeof there) == 0)
        return fd;
    close(fd);
    return -1;
}

static void add_header(char *text, const char *name, const char *value) {
    size_t length = strlen(text);
    if (value != NULL)
        snprintf(text + length, REQUEST_MAX - length, "%s%s\r\n", name, value);
}

/* Reads until the head is whole and `wanted` bytes of body, or its Content-Length of them. */
static void read_answer(int fd, struct plain_answer *answer) {
    static char bytes[sizeof answer->head + PLAIN_ANSWER_MAX];
    size_t length = 0, wanted = SIZE_MAX;
    char *end = NULL;
    while (length < wanted && length < sizeof bytes - 1) {
        ssize_t got = recv(fd, bytes + length, sizeof bytes - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
        bytes[length] = 0;
        if (end == NULL && (end = strstr(bytes, "\r\n\r\n")) != NULL) {
            char value[16] = "0";
            snprintf(answer->head, sizeof answer->head, "%.*s", (int)(end + 2 - bytes), bytes);
            plain_header(answer, "content-length", value, sizeof value);
            wanted = (size_t)(end + 4 - bytes) + strtoul(value, NULL, 10);
        }
    }
    if (end == NULL)
        return;
    sscanf(answer->head, "HTTP/1.1 %u", &answer->status);
    memcpy(answer->body, end + 4,
           length - (size_t)(end + 4 - bytes) < sizeof answer->body
               ? length - (size_t)(end + 4 - bytes)
               : sizeof answer->body - 1);
}

void plain_ask(const struct plain_request *request, struct plain_answer *ret_answer) {
    char text[REQUEST_MAX];
    char length[24];
    memset(ret_answer, 0, sizeof *ret_answer);
    int fd = call(request->port, request->from);
    if (fd < 0)
        return;
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n",
             request->method, request->path, request->port);
    add_header(text, "Origin: ", request->origin);
    add_header(text, "Cookie: ", request->cookie);
    add_header(text, "Authorization: Bearer ", request->bearer);
    add_header(text, "Accept: ", request->accept);
    add_header(text, "Upload-Metadata: ", request->metadata);
    if (strcmp(request->method, "GET") != 0) {
        snprintf(length, sizeof length, "%zu", request->body == NULL ? 0 : strlen(request->body));
        add_header(text, "Content-Type: ", "application/json");
        add_header(text, "Content-Length: ", length);
    }
    add_header(text, "", "");
    size_t head = strlen(text);
    snprintf(text + head, sizeof text - head, "%s", request->body == NULL ? "" : request->body);
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text))
        read_answer(fd, ret_answer);
    close(fd);
}

bool plain_header(const struct plain_answer *answer, const char *name, char *ret_value,
                  unsigned size) {
    size_t name_length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':') {
            const char *value = line + name_length + 1 + strspn(line + name_length + 1, " ");
            snprintf(ret_value, size, "%.*s", (int)strcspn(value, "\r\n"), value);
            return true;
        }
    }
    return false;
}

int plain_websocket(uint16_t port, const char *ticket, const char *origin, unsigned *ret_status) {
    char text[REQUEST_MAX];
    struct plain_answer answer = {.status = 0};
    int fd = call(port, NULL);
    snprintf(text, sizeof text,
             "GET /ws?ticket=%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n"
             "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
             "Sec-WebSocket-Protocol: consilium.1\r\n",
             ticket, port);
    add_header(text, "Origin: ", origin);
    add_header(text, "", "");
    if (fd >= 0 && send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text))
        read_answer(fd, &answer);
    *ret_status = answer.status;
    if (answer.status == 101)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
