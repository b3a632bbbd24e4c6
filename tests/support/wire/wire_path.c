#include "tests/support/wire/wire_path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// How much longer a packet is on its way that others are to overtake.
static const double HELD_BACK_MS_MIN = 5;

static uint64_t rotate(uint64_t word, int bits) {
    return word << bits | word >> (64 - bits);
}

// xoshiro256** (Blackman and Vigna, 2018).
static uint64_t next_random(uint64_t state[4]) {
    uint64_t result = rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 45);
    return result;
}

// splitmix64 fills the state, so that seeds that are close give unlike sequences.
static void seed_random(uint64_t state[4], uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15;
        uint64_t word = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
        word = (word ^ word >> 27) * 0x94d049bb133111eb;
        state[i] = word ^ word >> 31;
    }
}

// From 0, included, to 1, excluded.
static double uniform(uint64_t state[4]) {
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

static bool make_sense(const struct wire_conditions *conditions) {
    return conditions->delay_ms >= 0 && conditions->delay_ms <= 60000 &&
           conditions->jitter_ms >= 0 && conditions->jitter_ms <= conditions->delay_ms &&
           conditions->loss >= 0 && conditions->loss <= 1 && conditions->reorder >= 0 &&
           conditions->reorder <= 1 && conditions->rate_kbit >= 0 && conditions->queue_max > 0 &&
           conditions->queue_max <= WIRE_HELD_MAX;
}

bool wire_path_init(struct wire_path *path, const struct wire_conditions *conditions,
                    size_t held_max) {
    *path = (struct wire_path){.conditions = *conditions, .held_max = held_max};
    if (!make_sense(conditions) || held_max == 0 || held_max > WIRE_HELD_MAX)
        return false;
    path->packets = malloc(held_max * sizeof(*path->packets));
    path->heap = malloc(held_max * sizeof(struct held_packet *));
    path->free_list = malloc(held_max * sizeof(struct held_packet *));
    path->departures = malloc(conditions->queue_max * sizeof(*path->departures));
    if (path->packets == NULL || path->heap == NULL || path->free_list == NULL ||
        path->departures == NULL) {
        wire_path_finish(path);
        return false;
    }
    for (size_t i = 0; i < held_max; i++)
        path->free_list[i] = &path->packets[i];
    seed_random(path->random, conditions->seed);
    return true;
}

void wire_path_finish(struct wire_path *path) {
    free(path->packets);
    free(path->heap);
    free(path->free_list);
    free(path->departures);
    *path = (struct wire_path){.held = 0};
}

static bool earlier(const struct held_packet *a, const struct held_packet *b) {
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->number < b->number;
}

static void push(struct wire_path *path, struct held_packet *packet) {
    size_t place = path->held++;
    for (; place > 0 && earlier(packet, path->heap[(place - 1) / 2]); place = (place - 1) / 2)
        path->heap[place] = path->heap[(place - 1) / 2];
    path->heap[place] = packet;
}

static struct held_packet *pop(struct wire_path *path) {
    struct held_packet *first = path->heap[0], *last = path->heap[--path->held];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= path->held)
            break;
        if (child + 1 < path->held && earlier(path->heap[child + 1], path->heap[child]))
            child++;
        if (!earlier(path->heap[child], last))
            break;
        path->heap[place] = path->heap[child];
        place = child;
    }
    path->heap[place] = last;
    return first;
}

// When the packet is through at the rate, or -1 when the queue before the rate is full.
static int64_t depart(struct wire_path *path, int64_t now_us, size_t length) {
    const struct wire_conditions *conditions = &path->conditions;
    if (conditions->rate_kbit <= 0)
        return now_us;
    while (path->departure_count > 0 && path->departures[path->departure_first] <= now_us) {
        path->departure_first = (path->departure_first + 1) % conditions->queue_max;
        path->departure_count--;
    }
    if (path->departure_count == conditions->queue_max)
        return -1;
    int64_t begins_us = path->sending_until_us > now_us ? path->sending_until_us : now_us;
    path->sending_until_us =
        begins_us + (int64_t)((double)length * 8 * 1000 / conditions->rate_kbit);
    size_t place = (path->departure_first + path->departure_count) % conditions->queue_max;
    path->departures[place] = path->sending_until_us;
    path->departure_count++;
    return path->sending_until_us;
}

void wire_path_put(struct wire_path *path, int64_t now_us, const void *bytes, size_t length) {
    const struct wire_conditions *conditions = &path->conditions;
    assert(length <= WIRE_PACKET_MAX);
    // Three draws for every packet, whatever becomes of it: the fate of the next one does not
    // depend on the fate of this one.
    bool is_lost = uniform(path->random) < conditions->loss;
    bool is_held_back = uniform(path->random) < conditions->reorder;
    double jitter_ms = (2 * uniform(path->random) - 1) * conditions->jitter_ms;
    uint64_t number = path->number++;
    path->counts.in++;
    if (is_lost) {
        path->counts.lost++;
        return;
    }
    int64_t departed_us = depart(path, now_us, length);
    if (departed_us < 0 || path->held == path->held_max) {
        path->counts.overflowed++;
        return;
    }
    int64_t due_us = departed_us + (int64_t)((conditions->delay_ms + jitter_ms) * 1000);
    if (is_held_back) {
        double longer_ms =
            conditions->delay_ms > HELD_BACK_MS_MIN ? conditions->delay_ms : HELD_BACK_MS_MIN;
        due_us += (int64_t)(longer_ms * 1000);
        path->counts.reordered++;
    } else {
        if (due_us < path->last_due_us)
            due_us = path->last_due_us;
        path->last_due_us = due_us;
    }
    struct held_packet *packet = path->free_list[path->held_max - 1 - path->held];
    packet->due_us = due_us;
    packet->number = number;
    packet->length = (uint32_t)length;
    memcpy(packet->bytes, bytes, length);
    push(path, packet);
}

int64_t wire_path_due_us(const struct wire_path *path) {
    return path->held == 0 ? INT64_MAX : path->heap[0]->due_us;
}

const struct held_packet *wire_path_take(struct wire_path *path, int64_t now_us) {
    if (wire_path_due_us(path) > now_us)
        return NULL;
    struct held_packet *packet = pop(path);
    path->free_list[path->held_max - 1 - path->held] = packet;
    path->counts.out++;
    return packet;
}
