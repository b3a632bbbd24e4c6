/* The stage as others get it: whole for newcomers and the record, and what changed since a tick for
 * the rest. */
#include "actors/stage.h"

#include <assert.h>

bool stage_is_newer(uint32_t tick, uint32_t since) {
    return (int32_t)(tick - since) > 0;
}

static void *list_of(struct arena *arena, uint32_t count, size_t size) {
    return arena_alloc(arena, count == 0 ? 1 : count * size);
}

struct layout stage_layout(const struct stage *stage, struct arena *arena) {
    struct layout layout = stage->shape;
    uint32_t count = layout.viewports.count;
    layout.viewports.items = list_of(arena, count, sizeof *layout.viewports.items);
    if (layout.viewports.items == NULL) {
        layout.viewports.count = 0;
        return layout;
    }
    for (uint32_t i = 0; i < count; i++) {
        layout.viewports.items[i] = stage->slots[i].viewport;
    }
    return layout;
}

static struct participant_list participants_since(const struct stage *stage, bool all,
                                                  uint32_t since, struct arena *arena) {
    struct participant_list list = {0};
    list.items = list_of(arena, stage->participant_count, sizeof *list.items);
    for (uint32_t i = 0; list.items != NULL && i < stage->participant_count; i++) {
        const struct stage_participant *participant = &stage->participants[i];
        if (all ? participant->shown.present : stage_is_newer(participant->tick, since)) {
            list.items[list.count++] = participant->shown;
        }
    }
    return list;
}

static struct pointer_list pointers_since(const struct stage *stage, bool all, uint32_t since,
                                          struct arena *arena) {
    struct pointer_list list = {0};
    list.items = list_of(arena, stage->participant_count, sizeof *list.items);
    for (uint32_t i = 0; list.items != NULL && i < stage->participant_count; i++) {
        const struct stage_participant *participant = &stage->participants[i];
        if (all ? participant->pointer.handle != 0
                : stage_is_newer(participant->pointer_tick, since)) {
            list.items[list.count++] = participant->pointer;
        }
    }
    return list;
}

static struct binding_list bindings_since(const struct stage *stage, bool all, uint32_t since,
                                          struct arena *arena) {
    struct binding_list list = {0};
    list.items = list_of(arena, stage->binding_count, sizeof *list.items);
    for (uint32_t i = 0; list.items != NULL && i < stage->binding_count; i++) {
        if (all || stage_is_newer(stage->bindings[i].tick, since)) {
            list.items[list.count++] = stage->bindings[i].binding;
        }
    }
    return list;
}

static struct draft_list drafts_since(const struct stage *stage, bool all, uint32_t since,
                                      struct arena *arena) {
    struct draft_list list = {0};
    list.items = list_of(arena, stage->draft_count, sizeof *list.items);
    for (uint32_t i = 0; list.items != NULL && i < stage->draft_count; i++) {
        const struct stage_draft *draft = &stage->drafts[i];
        if (all ? draft->draft.has_annotation : stage_is_newer(draft->tick, since)) {
            list.items[list.count++] = draft->draft;
        }
    }
    return list;
}

struct stage_state stage_snapshot(const struct stage *stage, struct arena *arena) {
    return (struct stage_state){
        .open = stage->open,
        .layout = stage_layout(stage, arena),
        .stage_version = stage->version,
        .floor = stage_floor(stage),
        .quiet = stage->quiet,
        .participants = participants_since(stage, true, 0, arena),
        .bindings = bindings_since(stage, true, 0, arena),
        .pointers = pointers_since(stage, true, 0, arena),
        .drafts = drafts_since(stage, true, 0, arena),
        .tick = stage->tick,
    };
}

struct stage_state stage_save(const struct stage *stage, struct arena *arena) {
    (void)arena;
    return (struct stage_state){
        .open = stage->open,
        .layout = stage->settled,
        .stage_version = stage->settled_version,
        .floor = stage_floor(stage),
        .quiet = stage->quiet,
    };
}

void stage_restore(struct stage *stage, const struct stage_state *saved) {
    struct event_header header = {0};
    stage->open = saved->open;
    stage->quiet = saved->quiet;
    stage_apply_floor(stage, &header, &(struct floor_changed){.floor = saved->floor});
    struct stage_settled settled = {.layout = saved->layout, .stage_version = saved->stage_version};
    if (saved->stage_version > 0) {
        stage->version = 0; /* what is saved is all there is, so it is taken whatever its version */
        stage_apply_settled(stage, &header, &settled);
    }
    if (stage->version == 0) {
        stage->version = 1; /* on the wire 0 says that nothing changed */
    }
}

static struct stage_viewport_list viewports_since(const struct stage *stage, uint32_t since,
                                                  struct arena *arena) {
    struct stage_viewport_list list = {0};
    list.items = list_of(arena, STAGE_VIEWPORTS_MAX, sizeof *list.items);
    for (uint8_t i = 0; list.items != NULL && i < stage->shape.viewports.count; i++) {
        if (stage_is_newer(stage->slots[i].tick, since)) {
            list.items[list.count++] =
                (struct stage_viewport){.index = i, .viewport = stage->slots[i].viewport};
        }
    }
    return list;
}

struct encoded stage_ephemera(const struct stage *stage, const struct arrival_list *arrivals,
                              uint8_t audiences, uint32_t since, struct arena *arena,
                              uint32_t *ret_tick) {
    *ret_tick = stage->tick;
    if ((audiences & AUDIENCE_CLINICAL) == 0 || !stage_is_newer(stage->tick, since)) {
        return (struct encoded){STAGE_EPHEMERA, {0, NULL}};
    }
    struct ephemera frame = {
        .tick = stage->tick,
        .pointers = pointers_since(stage, false, since, arena),
        .participants = participants_since(stage, false, since, arena),
        .has_layout = stage_is_newer(stage->shape_tick, since),
        .bindings = bindings_since(stage, false, since, arena),
        .drafts = drafts_since(stage, false, since, arena),
    };
    if (arrivals != NULL) {
        frame.arrivals = *arrivals;
    }
    if (frame.has_layout) {
        frame.layout = stage_layout(stage, arena);
    } else {
        frame.layout = layout_default;
        frame.viewports = viewports_since(stage, since, arena);
    }
    if (stage_is_newer(stage->version_tick, since)) {
        frame.stage_version = stage->version;
    }
    return ephemera_encode(arena, &frame);
}
