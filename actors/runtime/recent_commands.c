#include "actors/runtime/recent_commands.h"

#include "actors/runtime/runtime.h"

#include <assert.h>
#include <stdlib.h>

enum { RING_FIRST = 4 };

void recent_commands_finish(struct recent_commands *recent) {
    free(recent->ring);
    *recent = (struct recent_commands){0};
}

static struct recent_command *find(const struct recent_commands *recent, struct uuid id) {
    for (uint8_t i = 0; i < recent->count; i++) {
        if (uuid_equal(recent->ring[i].id, id)) {
            return &recent->ring[i];
        }
    }
    return NULL;
}

static bool grow(struct recent_commands *recent) {
    uint8_t capacity = recent->capacity == 0 ? RING_FIRST : (uint8_t)(recent->capacity * 2);
    if (capacity > RUNTIME_RECENT_COMMANDS) {
        return false;
    }
    struct recent_command *ring = realloc(recent->ring, capacity * sizeof *ring);
    if (ring == NULL) {
        return false;
    }
    recent->ring = ring;
    recent->capacity = capacity;
    return true;
}

void recent_commands_note(struct recent_commands *recent, struct uuid id, uint64_t version) {
    struct recent_command *known = find(recent, id);
    if (known != NULL) {
        known->version = version;
        return;
    }
    if (recent->count < recent->capacity || (recent->first == 0 && grow(recent))) {
        recent->ring[recent->count++] = (struct recent_command){id, version};
        return;
    }
    if (recent->count == 0) {
        return;
    }
    recent->ring[recent->first] = (struct recent_command){id, version};
    recent->first = (uint8_t)((recent->first + 1) % recent->count);
}

bool recent_commands_find(const struct recent_commands *recent, struct uuid id,
                          uint64_t *ret_version) {
    const struct recent_command *known = find(recent, id);
    if (known == NULL) {
        return false;
    }
    *ret_version = known->version;
    return true;
}

struct recent_command recent_commands_at(const struct recent_commands *recent, uint8_t i) {
    assert(i < recent->count);
    return recent->ring[(recent->first + i) % recent->count];
}
