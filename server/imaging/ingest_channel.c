#include "server/imaging/ingest_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void ingest_put_length(uint8_t bytes[INGEST_LENGTH_SIZE], uint32_t length) {
    bytes[0] = (uint8_t)(length >> 24);
    bytes[1] = (uint8_t)(length >> 16);
    bytes[2] = (uint8_t)(length >> 8);
    bytes[3] = (uint8_t)length;
}

uint32_t ingest_get_length(const uint8_t bytes[INGEST_LENGTH_SIZE]) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void take_descriptors(struct cmsghdr *header, int files[INGEST_DESCRIPTORS_MAX]) {
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count && i < INGEST_DESCRIPTORS_MAX; i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
        memcpy(&files[i], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
    }
}

/* Reads exactly `size` bytes; descriptors that come with them replace -1 in `files`. */
static bool receive_all(int socket, void *buffer, size_t size, int files[INGEST_DESCRIPTORS_MAX]) {
    uint8_t *bytes = buffer;
    while (size > 0) {
        union {
            struct cmsghdr header;
            char bytes[CMSG_SPACE(INGEST_DESCRIPTORS_MAX * sizeof(int))];
        } control;
        struct iovec piece = {bytes, size};
        struct msghdr message = {.msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
            take_descriptors(header, files);
        }
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

bool ingest_receive(int socket, uint8_t frame[INGEST_REQUEST_MAX], uint32_t *ret_length,
                    int ret_files[INGEST_DESCRIPTORS_MAX]) {
    return ingest_receive_any(socket, frame, ret_length, ret_files) && ret_files[0] >= 0;
}

bool ingest_receive_any(int socket, uint8_t frame[INGEST_REQUEST_MAX], uint32_t *ret_length,
                        int ret_files[INGEST_DESCRIPTORS_MAX]) {
    for (size_t i = 0; i < INGEST_DESCRIPTORS_MAX; i++) {
        ret_files[i] = -1;
    }
    uint8_t length_bytes[INGEST_LENGTH_SIZE];
    if (!receive_all(socket, length_bytes, sizeof length_bytes, ret_files)) {
        return false;
    }
    uint32_t length = ingest_get_length(length_bytes);
    if (length > INGEST_REQUEST_MAX || !receive_all(socket, frame, length, ret_files)) {
        return false;
    }
    *ret_length = length;
    return true;
}

static bool send_all(int socket, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool ingest_send(int socket, const uint8_t *frame, uint32_t length) {
    uint8_t length_bytes[INGEST_LENGTH_SIZE];
    ingest_put_length(length_bytes, length);
    return send_all(socket, length_bytes, sizeof length_bytes) && send_all(socket, frame, length);
}
