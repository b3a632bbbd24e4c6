#ifndef CONSILIUM_TESTS_SUPPORT_WIRE_PATH_H
#define CONSILIUM_TESTS_SUPPORT_WIRE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One direction of a bad network: packets go in with the time, and come out with the time, later,
 * in another order, or not at all. It reads no clock and no socket. What happens to the n-th packet
 * depends on the seed and on n alone, except for what the rate and the queue do, so a test that
 * failed fails again.
 *
 * `wire_path_init` allocates for `held_max` packets and nothing later; `wire_path_finish` frees.
 */

enum { WIRE_PACKET_MAX = 2048, WIRE_HELD_MAX = 65536 };

struct wire_conditions {
    uint64_t seed;
    double delay_ms;    // each packet's way
    double jitter_ms;   // up to this much more or less, without changing the order
    double loss;        // 0 to 1
    double reorder;     // 0 to 1: share of packets that are held back behind later ones
    double rate_kbit;   // 1000 bits a second; 0 = unlimited
    uint32_t queue_max; // packets that may wait for their turn at that rate
};

struct wire_counts {
    uint64_t in, out, lost, overflowed, reordered;
};

struct held_packet {
    int64_t due_us;
    uint64_t number; // packets of the same time leave in the order they came
    uint32_t length;
    uint8_t bytes[WIRE_PACKET_MAX];
};

struct wire_path {
    struct wire_conditions conditions; // given
    struct held_packet **heap;         // owned; by due time
    struct held_packet *packets;       // owned; the heap and the free list point into it
    struct held_packet **free_list;    // owned
    size_t held, held_max;
    uint64_t random[4];
    uint64_t number;
    int64_t sending_until_us; // when the last packet that was taken is through at the rate
    int64_t last_due_us;      // of a packet that kept its place
    int64_t *departures;      // owned; ring of the packets that wait for their turn
    size_t departure_first, departure_count;
    struct wire_counts counts;
};

// False without memory, or when a condition makes no sense.
bool wire_path_init(struct wire_path *path, const struct wire_conditions *conditions,
                    size_t held_max);
void wire_path_finish(struct wire_path *path);

// Takes a packet of at most WIRE_PACKET_MAX bytes, copied.
void wire_path_put(struct wire_path *path, int64_t now_us, const void *bytes, size_t length);
// When the next packet is due; INT64_MAX when there is none.
int64_t wire_path_due_us(const struct wire_path *path);
// The next packet that is due by `now_us`, borrowed until the next call; NULL when there is none.
const struct held_packet *wire_path_take(struct wire_path *path, int64_t now_us);

#endif
