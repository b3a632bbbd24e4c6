/*
 * What is shown. The holder's movements are ephemeral and each makes a new stage version; the stage
 * at rest is an event. Whoever has a lower version takes the higher one, whichever way it came: so
 * all end at the same view.
 */
#include "actors/stage.h"

#include <assert.h>

bool stage_layout_is_whole(const struct layout *layout) {
    uint32_t cells = (uint32_t)layout->rows * layout->columns;
    return layout->rows >= 1 && layout->rows <= STAGE_SIDE_MAX && layout->columns >= 1 &&
           layout->columns <= STAGE_SIDE_MAX && layout->viewports.count <= cells &&
           layout->active < cells;
}

static void set_slot(struct stage *stage, uint32_t index, const struct viewport *viewport,
                     uint32_t tick) {
    struct stage_slot *slot = &stage->slots[index];
    arena_reset(&slot->arena);
    viewport_copy(&slot->arena, &slot->viewport, viewport);
    assert(!slot->arena.failed);
    slot->tick = tick;
}

static void set_version(struct stage *stage, uint32_t version, uint32_t tick) {
    stage->version = version;
    stage->version_tick = tick;
}

static void set_layout(struct stage *stage, const struct layout *layout, uint32_t tick) {
    stage->shape = *layout;
    stage->shape.viewports.items = NULL;
    stage->shape_tick = tick;
    for (uint32_t i = 0; i < layout->viewports.count; i++) {
        set_slot(stage, i, &layout->viewports.items[i], tick);
    }
}

static void touch_all(struct stage *stage, uint32_t tick) {
    stage->shape_tick = tick;
    stage->version_tick = tick;
    for (uint32_t i = 0; i < stage->shape.viewports.count; i++) {
        stage->slots[i].tick = tick;
    }
}

void stage_settle(const struct stage *stage, struct turn *turn,
                  const struct settle_stage *command) {
    const struct layout *layout = &command->layout;
    if (stage_refuses(stage, turn, layout->item)) {
        return;
    }
    if (uuid_is_zero(stage->holder)) {
        turn_refuse(turn, REFUSAL_BAD_STATE);
    } else if (!stage_holds_floor(stage, turn->sender.user)) {
        turn_refuse_subject(turn, REFUSAL_CONFLICT, stage->holder);
    } else if (!stage_layout_is_whole(layout)) {
        turn_refuse(turn, REFUSAL_MALFORMED);
    } else {
        struct stage_settled event = {.layout = *layout, .stage_version = stage->version + 1};
        turn_event(turn, stage_settled_encode(turn->arena, &event));
        turn_ephemera(turn);
    }
}

void stage_apply_settled(struct stage *stage, const struct event_header *header,
                         const struct stage_settled *event) {
    (void)header;
    arena_reset(&stage->settled_arena);
    layout_copy(&stage->settled_arena, &stage->settled, &event->layout);
    assert(!stage->settled_arena.failed);
    stage->settled_version = event->stage_version;
    uint32_t tick = stage_next_tick(stage);
    if (event->stage_version <= stage->version) {
        /* The holder has moved on while this was being committed. Whoever takes the event for the
         * last word is told again what is shown now. */
        touch_all(stage, tick);
        return;
    }
    set_layout(stage, &event->layout, tick);
    set_version(stage, event->stage_version, tick);
}

/* Signals of anybody but the holder, or for another item, say nothing to anybody. */
static bool drives(const struct stage *stage, const struct turn *turn, uint32_t item) {
    return stage->open && item == stage->item && stage_holds_floor(stage, turn->sender.user);
}

void stage_set_viewport(struct stage *stage, struct turn *turn, const struct set_viewport *signal) {
    if (!drives(stage, turn, signal->item) || signal->index >= stage->shape.viewports.count) {
        return;
    }
    uint32_t tick = stage_next_tick(stage);
    set_slot(stage, signal->index, &signal->viewport, tick);
    set_version(stage, stage->version + 1, tick);
    if (stage->shape.has_saved_view) {
        stage->shape.has_saved_view = false; /* it is no longer what was recalled */
        stage->shape_tick = tick;
    }
    turn_ephemera(turn);
}

void stage_set_layout(struct stage *stage, struct turn *turn, const struct set_layout *signal) {
    if (!drives(stage, turn, signal->layout.item) || !stage_layout_is_whole(&signal->layout)) {
        return;
    }
    uint32_t tick = stage_next_tick(stage);
    set_layout(stage, &signal->layout, tick);
    set_version(stage, stage->version + 1, tick);
    turn_ephemera(turn);
}

void stage_empty(struct stage *stage, uint32_t item, struct uuid patient_case) {
    uint32_t tick = stage_next_tick(stage);
    struct layout nothing = layout_default;
    nothing.item = item;
    stage->item = item;
    stage->patient_case = patient_case;
    arena_reset(&stage->settled_arena);
    stage->settled = nothing;
    set_layout(stage, &nothing, tick);
    set_version(stage, stage->version + 1, tick);
    /* Not the live version: what is saved must be what a replay arrives at. */
    stage->settled_version++;
    stage->binding_count = 0;
    arena_reset(&stage->binding_arena);
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        struct stage_participant *participant = &stage->participants[i];
        if (participant->pointer.handle != 0) {
            participant->pointer =
                (struct pointer){.participant = participant->pointer.participant};
            participant->pointer_tick = tick;
        }
    }
}

void stage_set_open(struct stage *stage, bool open) {
    stage->open = open;
    if (!open) {
        stage_hide_pointers(stage);
    }
}
