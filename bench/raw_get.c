#define _GNU_SOURCE /* memmem */
#include "bench/raw_get.h"

#include "bench/figure.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { HEAD_MAX = 8192, PIECE = 256 * 1024 };

struct worker {
    pthread_t thread;
    const struct raw_get *get;
    int64_t end_us;
    atomic_uint *next;
    struct stream stream;
    uint8_t *piece;
    double *samples; /* ms */
    unsigned count, capacity, failed;
};

static bool wait_for(const struct stream *stream) {
    struct pollfd waiting = {.fd = stream->descriptor, .events = POLLIN};
    if (stream->wants_write)
        waiting.events |= POLLOUT;
    return poll(&waiting, 1, 30000) == 1;
}

static bool open_stream(struct worker *worker) {
    if (worker->stream.state == STREAM_OPEN)
        return true;
    stream_close(&worker->stream);
    if (!stream_connect(&worker->stream, worker->get->address))
        return false;
    enum stream_result result;
    while ((result = stream_advance(&worker->stream)) == STREAM_AGAIN) {
        if (!wait_for(&worker->stream))
            return false;
    }
    return result == STREAM_DONE;
}

static bool send_all(struct worker *worker, const char *text, size_t length) {
    while (length > 0) {
        size_t written = 0;
        enum stream_result result = stream_write(&worker->stream, text, length, &written);
        if (result == STREAM_AGAIN) {
            if (!wait_for(&worker->stream))
                return false;
        } else if (result != STREAM_DONE) {
            return false;
        }
        text += written;
        length -= written;
    }
    return true;
}

static bool read_some(struct worker *worker, void *into, size_t length, size_t *ret_length) {
    for (;;) {
        enum stream_result result = stream_read(&worker->stream, into, length, ret_length);
        if (result == STREAM_DONE)
            return true;
        if (result != STREAM_AGAIN || !wait_for(&worker->stream))
            return false;
    }
}

static bool drop(struct worker *worker, uint64_t left) {
    while (left > 0) {
        size_t length = left < PIECE ? (size_t)left : PIECE, got = 0;
        if (worker->stream.tls == NULL) {
            ssize_t came = recv(worker->stream.descriptor, NULL, length, MSG_TRUNC);
            if (came <= 0 && !wait_for(&worker->stream))
                return false;
            got = came > 0 ? (size_t)came : 0;
        } else if (!read_some(worker, worker->piece, length, &got)) {
            return false;
        }
        left -= got;
    }
    return true;
}

/* The head's length, 0 while it is not whole. */
static size_t head_end(const uint8_t *bytes, size_t length) {
    const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

static bool one(struct worker *worker, unsigned number) {
    const struct raw_get *get = worker->get;
    char path[512], request[2048];
    size_t length = 0, end = 0, got;
    get->path(number, path, get->data);
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s%s%s\r\n",
                        path, get->address->authority, get->bearer ? "Authorization: Bearer " : "",
                        get->bearer ? get->bearer : "", get->bearer ? "\r\n" : "",
                        get->accept ? "Accept: " : "", get->accept ? get->accept : "",
                        get->accept ? "\r\n" : "");
    if (!open_stream(worker) || !send_all(worker, request, (size_t)size))
        return false;
    while (end == 0) {
        if (length == HEAD_MAX ||
            !read_some(worker, worker->piece + length, HEAD_MAX - length, &got))
            return false;
        length += got;
        end = head_end(worker->piece, length);
    }
    worker->piece[end - 1] = 0;
    const char *head = (const char *)worker->piece;
    const char *announced = strcasestr(head, "\r\ncontent-length:");
    uint64_t body = announced != NULL ? strtoull(announced + 17, NULL, 10) : 0;
    bool good = strncmp(head, "HTTP/1.1 200", 12) == 0 && body >= get->body_least;
    bool closes = strcasestr(head, "\r\nconnection: close") != NULL;
    good = good && length - end <= body && drop(worker, body - (length - end));
    if (closes)
        stream_close(&worker->stream);
    return good;
}

static void *work(void *data) {
    struct worker *worker = data;
    while (monotonic_us() < worker->end_us && worker->count < worker->capacity) {
        int64_t begin = monotonic_us();
        if (one(worker, atomic_fetch_add(worker->next, 1))) {
            worker->samples[worker->count++] = (double)(monotonic_us() - begin) / 1000;
        } else {
            worker->failed++;
            stream_close(&worker->stream);
            if (worker->failed > 100)
                break;
        }
    }
    stream_close(&worker->stream);
    return NULL;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct raw_got raw_get_run(const struct raw_get *get, double seconds) {
    static struct worker workers[RAW_GET_CONNECTIONS_MAX];
    atomic_uint next = 0;
    struct raw_got got = {0};
    int64_t begin = monotonic_us();
    double *all = malloc(RAW_GET_SAMPLES_MAX * sizeof *all);
    assert(all != NULL && get->connections <= RAW_GET_CONNECTIONS_MAX);
    for (unsigned i = 0; i < get->connections; i++) {
        struct worker *worker = &workers[i];
        *worker = (struct worker){.get = get,
                                  .end_us = begin + (int64_t)(seconds * 1e6),
                                  .next = &next,
                                  .piece = malloc(PIECE),
                                  .capacity = RAW_GET_SAMPLES_MAX / get->connections};
        worker->samples = malloc(worker->capacity * sizeof *worker->samples);
        assert(worker->piece != NULL && worker->samples != NULL);
        int made = pthread_create(&worker->thread, NULL, work, worker);
        assert(made == 0);
    }
    for (unsigned i = 0; i < get->connections; i++) {
        pthread_join(workers[i].thread, NULL);
        memcpy(all + got.count, workers[i].samples, workers[i].count * sizeof *all);
        got.count += workers[i].count;
        got.failed += workers[i].failed;
        free(workers[i].samples);
        free(workers[i].piece);
    }
    got.rate = got.count * 1e6 / (double)(monotonic_us() - begin);
    qsort(all, got.count, sizeof *all, by_value);
    got.p50_ms = got.count > 0 ? percentile(all, got.count, 0.5) : 0;
    got.p99_ms = got.count > 0 ? percentile(all, got.count, 0.99) : 0;
    free(all);
    if (got.failed > 0)
        fprintf(stderr, "%u of %u requests failed\n", got.failed, got.failed + got.count);
    return got;
}
