#include "clients/native/client_loop.h"

#include "clients/native/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 256 };

// Not in the heap.
static const size_t NOWHERE = SIZE_MAX;

static int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct client_loop *client_loop_create(void) {
    struct client_loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        return NULL;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop);
        return NULL;
    }
    loop->now_us = monotonic_us();
    return loop;
}

static void free_doomed(struct client_loop *loop) {
    while (loop->doomed != NULL) {
        struct client *client = loop->doomed;
        client_free(client); // takes itself off the list
    }
}

void client_loop_destroy(struct client_loop *loop) {
    if (loop == NULL)
        return;
    free_doomed(loop);
    assert(loop->heap_count == 0);
    close(loop->epoll);
    free(loop->heap);
    free(loop);
}

void client_loop_random(struct client_loop *loop, void *ret_bytes, size_t length) {
    assert(length <= sizeof(loop->random));
    if (loop->random_left < length) {
        // getrandom gives up to 256 bytes without interruption, and more unless a signal comes.
        for (size_t got = 0; got < sizeof(loop->random);) {
            ssize_t count = getrandom(loop->random + got, sizeof(loop->random) - got, 0);
            got += count > 0 ? (size_t)count : 0;
        }
        loop->random_left = sizeof(loop->random);
    }
    loop->random_left -= length;
    memcpy(ret_bytes, loop->random + loop->random_left, length);
}

static void put_at(struct client_loop *loop, size_t place, struct client *client) {
    loop->heap[place] = client;
    *client_heap_place(client) = place;
}

static void sift_up(struct client_loop *loop, size_t place) {
    struct client *client = loop->heap[place];
    while (place > 0) {
        size_t parent = (place - 1) / 2;
        if (client_deadline_us(loop->heap[parent]) <= client_deadline_us(client))
            break;
        put_at(loop, place, loop->heap[parent]);
        place = parent;
    }
    put_at(loop, place, client);
}

static void sift_down(struct client_loop *loop, size_t place) {
    struct client *client = loop->heap[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= loop->heap_count)
            break;
        if (child + 1 < loop->heap_count &&
            client_deadline_us(loop->heap[child + 1]) < client_deadline_us(loop->heap[child]))
            child++;
        if (client_deadline_us(client) <= client_deadline_us(loop->heap[child]))
            break;
        put_at(loop, place, loop->heap[child]);
        place = child;
    }
    put_at(loop, place, client);
}

static void leave_heap(struct client_loop *loop, struct client *client) {
    size_t place = *client_heap_place(client);
    if (place == NOWHERE)
        return;
    *client_heap_place(client) = NOWHERE;
    struct client *last = loop->heap[--loop->heap_count];
    if (last == client)
        return;
    put_at(loop, place, last);
    sift_up(loop, place);
    sift_down(loop, *client_heap_place(last));
}

void client_loop_schedule(struct client_loop *loop, struct client *client, int64_t deadline_us) {
    // `client_deadline_us` already says the new time, so the place is looked for from scratch.
    leave_heap(loop, client);
    if (deadline_us == 0)
        return;
    if (loop->heap_count == loop->heap_capacity) {
        size_t capacity = loop->heap_capacity == 0 ? 16 : 2 * loop->heap_capacity;
        struct client **grown = realloc(loop->heap, capacity * sizeof(struct client *));
        assert(grown != NULL); // eight bytes a client; without them no client is of use
        loop->heap = grown;
        loop->heap_capacity = capacity;
    }
    put_at(loop, loop->heap_count++, client);
    sift_up(loop, loop->heap_count - 1);
}

static int wait_ms(const struct client_loop *loop, int timeout_ms) {
    if (loop->heap_count == 0)
        return timeout_ms;
    int64_t left_us = client_deadline_us(loop->heap[0]) - loop->now_us;
    int64_t left_ms = left_us <= 0 ? 0 : (left_us + 999) / 1000;
    return left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

void client_loop_turn(struct client_loop *loop, int timeout_ms) {
    struct epoll_event events[EVENTS_A_TURN];
    loop->now_us = monotonic_us();
    int count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, wait_ms(loop, timeout_ms));
    loop->now_us = monotonic_us();
    for (int i = 0; i < count; i++)
        client_on_ready(events[i].data.ptr, events[i].events);
    while (loop->heap_count > 0 && client_deadline_us(loop->heap[0]) <= loop->now_us)
        client_on_deadline(loop->heap[0]); // sets a later one, or none
    free_doomed(loop);
}
