#include "tests/unit/support_viewer.h"

#include <assert.h>
#include <stdlib.h>

static void take_layout(struct viewer *viewer, const struct layout *layout) {
    if (layout->item != viewer->layout.item) {
        memset(viewer->bindings, 0, VIEWER_NUMBERS * sizeof *viewer->bindings);
    }
    viewer->layout = *layout;
    for (uint32_t i = 0; i < layout->viewports.count; i++) {
        viewport_copy(&viewer->arena, &viewer->viewports[i], &layout->viewports.items[i]);
    }
}

static void take_lists(struct viewer *viewer, const struct participant_list *participants,
                       const struct pointer_list *pointers, const struct binding_list *bindings,
                       const struct draft_list *drafts) {
    for (uint32_t i = 0; i < participants->count; i++) {
        viewer->participants[participants->items[i].participant] = participants->items[i];
    }
    for (uint32_t i = 0; i < pointers->count; i++) {
        viewer->pointers[pointers->items[i].participant] = pointers->items[i];
    }
    for (uint32_t i = 0; i < bindings->count; i++) {
        pointer_target_copy(&viewer->arena, &viewer->bindings[bindings->items[i].handle],
                            &bindings->items[i].target);
    }
    for (uint32_t i = 0; i < drafts->count; i++) {
        draft_copy(&viewer->arena, &viewer->drafts[drafts->items[i].participant],
                   &drafts->items[i]);
    }
}

void viewer_start(struct viewer *viewer, const struct stage *stage) {
    *viewer = (struct viewer){
        .participants = calloc(VIEWER_NUMBERS, sizeof *viewer->participants),
        .pointers = calloc(VIEWER_NUMBERS, sizeof *viewer->pointers),
        .drafts = calloc(VIEWER_NUMBERS, sizeof *viewer->drafts),
        .bindings = calloc(VIEWER_NUMBERS, sizeof *viewer->bindings),
    };
    arena_init(&viewer->arena, (size_t)1 << 30);
    struct stage_state state = stage_snapshot(stage, &viewer->arena);
    take_layout(viewer, &state.layout);
    take_lists(viewer, &state.participants, &state.pointers, &state.bindings, &state.drafts);
    viewer->version = state.stage_version;
    viewer->tick = state.tick;
}

void viewer_stop(struct viewer *viewer) {
    arena_finish(&viewer->arena);
    free(viewer->participants);
    free(viewer->pointers);
    free(viewer->drafts);
    free(viewer->bindings);
}

void viewer_receive(struct viewer *viewer, const struct stage *stage) {
    uint32_t tick;
    struct encoded encoded =
        stage_ephemera(stage, NULL, AUDIENCE_CLINICAL, viewer->tick, &viewer->arena, &tick);
    viewer->tick = tick;
    if (encoded.fields.length == 0) {
        return;
    }
    struct ephemera frame;
    struct reader reader = reader_of(encoded.fields);
    bool readable = ephemera_read(&reader, &viewer->arena, &frame);
    assert(readable && frame.tick == tick);
    if (frame.has_layout) {
        take_layout(viewer, &frame.layout);
    }
    for (uint32_t i = 0; i < frame.viewports.count; i++) {
        viewer->viewports[frame.viewports.items[i].index] = frame.viewports.items[i].viewport;
    }
    if (frame.stage_version != 0) {
        viewer->version = frame.stage_version;
    }
    take_lists(viewer, &frame.participants, &frame.pointers, &frame.bindings, &frame.drafts);
}

static const char *view_differs(const struct viewer *viewer, const struct stage *stage) {
    const struct layout *shape = &stage->shape;
    if (viewer->version != stage->version) {
        return "stage version";
    }
    if (viewer->layout.item != shape->item || viewer->layout.rows != shape->rows ||
        viewer->layout.viewports.count != shape->viewports.count ||
        viewer->layout.has_saved_view != shape->has_saved_view) {
        return "layout";
    }
    for (uint32_t i = 0; i < shape->viewports.count; i++) {
        if (!viewport_equal(&viewer->viewports[i], &stage->slots[i].viewport)) {
            return "viewport";
        }
    }
    return NULL;
}

const char *viewer_differs(const struct viewer *viewer, const struct stage *stage) {
    uint32_t present = 0, bound = 0;
    for (uint32_t i = 0; i < VIEWER_NUMBERS; i++) {
        present += viewer->participants[i].present;
        bound += viewer->bindings[i].space != POINTER_SPACE_NONE;
    }
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        const struct stage_participant *participant = &stage->participants[i];
        uint16_t number = participant->shown.participant;
        present -= participant->shown.present;
        bool shown = participant->shown.present || viewer->participants[number].present;
        if (shown && !participant_equal(&viewer->participants[number], &participant->shown)) {
            return "participant";
        }
        if (viewer->pointers[number].handle != participant->pointer.handle ||
            (participant->pointer.handle != 0 &&
             !pointer_equal(&viewer->pointers[number], &participant->pointer))) {
            return "pointer";
        }
    }
    for (uint32_t i = 0; i < stage->draft_count; i++) {
        const struct draft *draft = &stage->drafts[i].draft;
        const struct draft *mine = &viewer->drafts[draft->participant];
        if (mine->has_annotation != draft->has_annotation ||
            (draft->has_annotation && !annotation_equal(&mine->annotation, &draft->annotation))) {
            return "draft";
        }
    }
    for (uint32_t i = 0; i < stage->binding_count; i++) {
        const struct binding *binding = &stage->bindings[i].binding;
        if (!pointer_target_equal(&viewer->bindings[binding->handle], &binding->target)) {
            return "binding";
        }
    }
    if (present != 0 || bound != stage->binding_count) {
        return "somebody or something that is gone";
    }
    return view_differs(viewer, stage);
}
