#include "tests/simulation/mirror.h"

#include <assert.h>
#include <string.h>

enum { MIRROR_BYTES = 64 * 1024 * 1024 };

void mirror_init(struct mirror *mirror) {
    *mirror = (struct mirror){.known = false};
    arena_init(&mirror->arena, MIRROR_BYTES);
}

void mirror_finish(struct mirror *mirror) {
    arena_finish(&mirror->arena);
}

static void put_participant(struct mirror *mirror, const struct participant *participant) {
    size_t i = 0;
    while (i < mirror->participant_count &&
           mirror->participants[i].participant != participant->participant) {
        i++;
    }
    if (participant->present) {
        assert(i < 256);
        mirror->participants[i] = *participant;
        mirror->participant_count += i == mirror->participant_count;
    } else if (i < mirror->participant_count) {
        mirror->participants[i] = mirror->participants[--mirror->participant_count];
    }
}

static void put_pointer(struct mirror *mirror, const struct pointer *pointer) {
    size_t i = 0;
    while (i < mirror->pointer_count && mirror->pointers[i].participant != pointer->participant) {
        i++;
    }
    if (pointer->handle != 0) {
        assert(i < 256);
        mirror->pointers[i] = *pointer;
        mirror->pointer_count += i == mirror->pointer_count;
    } else if (i < mirror->pointer_count) {
        mirror->pointers[i] = mirror->pointers[--mirror->pointer_count];
    }
}

void mirror_snapshot(struct mirror *mirror, const struct stage_state *state) {
    arena_reset(&mirror->arena);
    mirror->known = true;
    layout_copy(&mirror->arena, &mirror->layout, &state->layout);
    floor_copy(&mirror->arena, &mirror->floor, &state->floor);
    mirror->quiet = state->quiet;
    mirror->stage_version = state->stage_version;
    mirror_forget_ephemera(mirror);
    for (uint32_t i = 0; i < state->participants.count; i++) {
        put_participant(mirror, &state->participants.items[i]);
    }
    for (uint32_t i = 0; i < state->pointers.count; i++) {
        put_pointer(mirror, &state->pointers.items[i]);
    }
}

void mirror_forget_ephemera(struct mirror *mirror) {
    mirror->participant_count = 0;
    mirror->pointer_count = 0;
}

void mirror_ephemera(struct mirror *mirror, const struct ephemera *ephemera) {
    if (ephemera->stage_version > 0) {
        mirror->stage_version = ephemera->stage_version;
    }
    if (ephemera->has_layout) {
        layout_copy(&mirror->arena, &mirror->layout, &ephemera->layout);
    }
    for (uint32_t i = 0; i < ephemera->viewports.count; i++) {
        const struct stage_viewport *changed = &ephemera->viewports.items[i];
        if (changed->index < mirror->layout.viewports.count) {
            viewport_copy(&mirror->arena, &mirror->layout.viewports.items[changed->index],
                          &changed->viewport);
        }
    }
    for (uint32_t i = 0; i < ephemera->participants.count; i++) {
        put_participant(mirror, &ephemera->participants.items[i]);
    }
    for (uint32_t i = 0; i < ephemera->pointers.count; i++) {
        put_pointer(mirror, &ephemera->pointers.items[i]);
    }
}

void mirror_floor(struct mirror *mirror, const struct floor *floor) {
    floor_copy(&mirror->arena, &mirror->floor, floor);
}

void mirror_settled(struct mirror *mirror, const struct stage_settled *settled) {
    if (settled->stage_version > mirror->stage_version) {
        mirror->stage_version = settled->stage_version;
        layout_copy(&mirror->arena, &mirror->layout, &settled->layout);
    }
}

static bool has_participant(const struct mirror *mirror, const struct participant *participant) {
    for (size_t i = 0; i < mirror->participant_count; i++) {
        if (participant_equal(&mirror->participants[i], participant)) {
            return true;
        }
    }
    return false;
}

static bool has_pointer(const struct mirror *mirror, const struct pointer *pointer) {
    for (size_t i = 0; i < mirror->pointer_count; i++) {
        if (pointer_equal(&mirror->pointers[i], pointer)) {
            return true;
        }
    }
    return false;
}

static uint32_t shown_pointers(const struct stage_state *state) {
    uint32_t shown = 0;
    for (uint32_t i = 0; i < state->pointers.count; i++) {
        shown += state->pointers.items[i].handle != 0;
    }
    return shown;
}

const char *mirror_differs(const struct mirror *mirror, const struct stage_state *state) {
    if (!mirror->known) {
        return "was never shown the stage";
    }
    if (!layout_equal(&mirror->layout, &state->layout)) {
        return "sees another layout";
    }
    if (!floor_equal(&mirror->floor, &state->floor)) {
        return "sees the floor with somebody else";
    }
    if (mirror->quiet != state->quiet) {
        return "does not know whether pointers are quieted";
    }
    if (mirror->participant_count != state->participants.count) {
        return "sees more or fewer participants";
    }
    for (uint32_t i = 0; i < state->participants.count; i++) {
        if (!has_participant(mirror, &state->participants.items[i])) {
            return "sees another participant";
        }
    }
    if (mirror->pointer_count != shown_pointers(state)) {
        return "sees more or fewer pointers";
    }
    for (uint32_t i = 0; i < state->pointers.count; i++) {
        if (state->pointers.items[i].handle != 0 &&
            !has_pointer(mirror, &state->pointers.items[i])) {
            return "sees a pointer elsewhere";
        }
    }
    return NULL;
}
