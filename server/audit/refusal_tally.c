#include "server/audit/refusal_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct tally {
    struct access kind; /* without case and object */
    int64_t until;      /* 0 = free */
    uint32_t in_full;
    uint64_t counted;
};

struct refusal_tally {
    struct tally all[REFUSAL_TALLIES_MAX]; /* at the place of its hash */
};

struct refusal_tally *refusal_tally_create(void) {
    return calloc(1, sizeof(struct refusal_tally));
}

void refusal_tally_destroy(struct refusal_tally *tally) {
    free(tally);
}

/* An access is made with memset, so its padding is zero too. */
static struct access kind_of(const struct access *access) {
    struct access kind;
    memcpy(&kind, access, sizeof kind);
    memset(&kind.patient_case, 0, sizeof kind.patient_case);
    memset(kind.object, 0, sizeof kind.object);
    return kind;
}

static struct tally *place_of(struct refusal_tally *tally, const struct access *kind) {
    const uint8_t *bytes = (const uint8_t *)kind;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a: a collision closes a window early, no more */
    for (size_t i = 0; i < sizeof *kind; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return &tally->all[(hash ^ hash >> 32) % REFUSAL_TALLIES_MAX];
}

static void end_window(struct tally *place, refusal_tally_due due, void *data) {
    struct access row;
    memcpy(&row, &place->kind, sizeof row);
    uint64_t counted = place->counted;
    memset(place, 0, sizeof *place);
    if (counted > 0) {
        snprintf(row.object, sizeof row.object, "%" PRIu64, counted);
        due(data, &row);
    }
}

bool refusal_tally_take(struct refusal_tally *tally, const struct access *access, int64_t now,
                        refusal_tally_due due, void *data) {
    struct access kind = kind_of(access);
    struct tally *place = place_of(tally, &kind);
    if (place->until <= now || memcmp(&place->kind, &kind, sizeof kind) != 0) {
        end_window(place, due, data);
        memcpy(&place->kind, &kind, sizeof kind);
        place->until = now + (int64_t)REFUSAL_WINDOW_S * 1000000;
    }
    if (place->in_full < REFUSALS_IN_FULL) {
        place->in_full++;
        return true;
    }
    place->counted++;
    return false;
}

void refusal_tally_close(struct refusal_tally *tally, int64_t now, refusal_tally_due due,
                         void *data) {
    for (size_t i = 0; i < REFUSAL_TALLIES_MAX; i++) {
        if (tally->all[i].until != 0 && tally->all[i].until <= now) {
            end_window(&tally->all[i], due, data);
        }
    }
}
