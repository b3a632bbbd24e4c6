#ifndef CONSILIUM_CLIENTS_NATIVE_CLIENT_LOOP_H
#define CONSILIUM_CLIENTS_NATIVE_CLIENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One epoll instance that drives any number of clients on one thread, with their deadlines in a
 * heap and what they share: a buffer to read into and randomness. It outlives its clients.
 */

enum { CLIENT_READ_PIECE = 64 * 1024 };

struct client;

struct client_loop {
    int epoll;
    int64_t now_us;       // CLOCK_MONOTONIC at the beginning of the turn
    struct client **heap; // owned; by deadline
    size_t heap_count, heap_capacity;
    struct client *doomed; // destroyed during a turn, freed at its end
    uint8_t random[4096];
    size_t random_left;
    uint8_t read_piece[CLIENT_READ_PIECE];
};

// NULL, with errno, when epoll or memory is not to be had.
struct client_loop *client_loop_create(void);
// All its clients have been destroyed.
void client_loop_destroy(struct client_loop *loop);

// Waits at most `timeout_ms` for something to happen to any client, and lets it happen.
void client_loop_turn(struct client_loop *loop, int timeout_ms);

// Unpredictable bytes (RFC 6455 section 5.3 wants them for masks).
void client_loop_random(struct client_loop *loop, void *ret_bytes, size_t length);

// For clients: sets the time of the next `client_on_deadline`; 0 = never.
void client_loop_schedule(struct client_loop *loop, struct client *client, int64_t deadline_us);

#endif
