/*
 * The floor under boards with moving pointers: libwebsockets and libuv alone. It takes the frames
 * of the same clients, copies what a pointer carries from where it lies into a slot, and sends each
 * group one frame a tick: no decoding, no actors, no policy, nothing durable, and canned answers to
 * whoever enters.
 */
#ifndef CONSILIUM_BENCH_BARE_SERVER_H
#define CONSILIUM_BENCH_BARE_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum { BARE_GROUP = 30, BARE_GROUPS_MAX = 128, BARE_TICK_US = 16667 };

/* Starts it in a process of its own, pinned to `processor`, on any free port. It ends with the
 * caller, or by bare_server_end. */
pid_t bare_server_start(int processor, uint16_t *ret_port);
void bare_server_end(pid_t process);

#endif
