/*
 * Pointers and growing drawings. A handle is bound to one space until the stage is emptied, and the
 * next handles go on counting after that, so that a pointer that was under way lands nowhere rather
 * than elsewhere.
 */
#include "actors/stage.h"

#include <assert.h>
#include <stdlib.h>

enum { ARENA_DRAFT_MAX = 16 * 1024 };

static bool may_point(const struct stage *stage, const struct stage_participant *participant) {
    bool holder = stage_holds_floor(stage, participant->shown.user);
    return stage->open && participant->shown.present && participant->shown.role < ROLE_OBSERVER &&
           (holder || (participant->shown.pointing && !stage->quiet));
}

static void take_away(struct stage *stage, struct stage_participant *participant) {
    if (participant->pointer.handle != 0) {
        participant->pointer = (struct pointer){.participant = participant->shown.participant};
        participant->pointer_tick = stage_next_tick(stage);
    }
}

void stage_hide_pointers(struct stage *stage) {
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        if (!may_point(stage, &stage->participants[i])) {
            take_away(stage, &stage->participants[i]);
        }
    }
}

static bool is_bound(const struct stage *stage, uint16_t handle) {
    for (uint32_t i = 0; i < stage->binding_count; i++) {
        if (stage->bindings[i].binding.handle == handle) {
            return true;
        }
    }
    return false;
}

void stage_move_pointer(struct stage *stage, struct turn *turn, const struct move_pointer *signal) {
    struct stage_participant *participant = stage_sender(stage, turn);
    if (participant == NULL) {
        return;
    }
    if (signal->handle == 0) {
        take_away(stage, participant);
    } else if (may_point(stage, participant) && is_bound(stage, signal->handle)) {
        participant->pointer = (struct pointer){.participant = participant->shown.participant,
                                                .handle = signal->handle,
                                                .x = signal->x,
                                                .y = signal->y,
                                                .z = signal->z};
        participant->pointer_tick = stage_next_tick(stage);
    } else {
        return;
    }
    turn_ephemera(turn);
}

void stage_set_pointing(struct stage *stage, struct turn *turn, const struct set_pointing *signal) {
    struct stage_participant *participant = stage_sender(stage, turn);
    if (participant == NULL || participant->shown.pointing == signal->pointing) {
        return;
    }
    participant->shown.pointing = signal->pointing;
    participant->tick = stage_next_tick(stage);
    if (!may_point(stage, participant)) {
        take_away(stage, participant);
    }
    turn_ephemera(turn);
}

static bool names_something(const struct stage *stage, const struct pointer_target *target) {
    return target->space != POINTER_SPACE_NONE && target->uid.length > 0 &&
           !uuid_is_zero(stage->patient_case) &&
           uuid_equal(target->patient_case, stage->patient_case);
}

static struct stage_binding *add_binding(struct stage *stage) {
    uint32_t count = stage->binding_count;
    if ((count & (count - 1)) == 0) {
        uint32_t capacity = count == 0 ? 1 : 2 * count;
        struct stage_binding *grown = realloc(stage->bindings, capacity * sizeof *stage->bindings);
        assert(grown != NULL);
        stage->bindings = grown;
    }
    return &stage->bindings[stage->binding_count++];
}

void stage_bind_handle(struct stage *stage, struct turn *turn, const struct bind_handle *request) {
    struct handle_bound reply = {0};
    if (!stage->open) {
        turn_refuse(turn, REFUSAL_STAGE_ELSEWHERE);
        return;
    }
    if (!names_something(stage, &request->target)) {
        turn_refuse(turn, REFUSAL_NOT_FOUND);
        return;
    }
    for (uint32_t i = 0; i < stage->binding_count && reply.handle == 0; i++) {
        if (pointer_target_equal(&stage->bindings[i].binding.target, &request->target)) {
            reply.handle = stage->bindings[i].binding.handle;
        }
    }
    if (reply.handle == 0 && stage->binding_count == STAGE_BINDINGS_MAX) {
        turn_refuse(turn, REFUSAL_TOO_MANY);
        return;
    }
    if (reply.handle == 0) {
        do {
            stage->last_handle++;
        } while (stage->last_handle == 0 || is_bound(stage, stage->last_handle));
        reply.handle = stage->last_handle;
        struct stage_binding *added = add_binding(stage);
        added->binding.handle = reply.handle;
        pointer_target_copy(&stage->binding_arena, &added->binding.target, &request->target);
        assert(!stage->binding_arena.failed);
        added->tick = stage_next_tick(stage);
        turn_ephemera(turn);
    }
    turn_reply(turn, handle_bound_encode(turn->arena, &reply));
}

static struct stage_draft *draft_of(struct stage *stage, uint16_t participant) {
    for (uint32_t i = 0; i < stage->draft_count; i++) {
        if (stage->drafts[i].draft.participant == participant) {
            return &stage->drafts[i];
        }
    }
    return NULL;
}

/* A place whose last drawing everybody knows to be over, or a new one; NULL = all are in use. */
static struct stage_draft *free_draft(struct stage *stage, int64_t now) {
    for (uint32_t i = 0; i < stage->draft_count; i++) {
        struct stage_draft *place = &stage->drafts[i];
        if (!place->draft.has_annotation && now - place->changed_at >= STAGE_DRAFT_REST_US) {
            return place;
        }
    }
    if (stage->draft_count == STAGE_DRAFTS_MAX) {
        return NULL;
    }
    if (stage->drafts == NULL) {
        stage->drafts = calloc(STAGE_DRAFTS_MAX, sizeof *stage->drafts);
        assert(stage->drafts != NULL);
    }
    struct stage_draft *place = &stage->drafts[stage->draft_count++];
    arena_init(&place->arena, ARENA_DRAFT_MAX);
    return place;
}

void stage_draft(struct stage *stage, struct turn *turn, const struct draft_annotation *signal) {
    struct stage_participant *participant = stage_sender(stage, turn);
    if (participant == NULL || participant->shown.role >= ROLE_OBSERVER) {
        return;
    }
    uint16_t number = participant->shown.participant;
    if (!signal->has_annotation) {
        stage_end_draft(stage, number, turn->now);
        turn_ephemera(turn);
        return;
    }
    struct stage_draft *draft = draft_of(stage, number);
    if (draft == NULL) {
        draft = free_draft(stage, turn->now);
    }
    if (draft == NULL || !stage->open) {
        return;
    }
    arena_reset(&draft->arena);
    draft->draft.participant = number;
    draft->draft.has_annotation = true;
    annotation_copy(&draft->arena, &draft->draft.annotation, &signal->annotation);
    assert(!draft->arena.failed);
    draft->changed_at = turn->now;
    draft->tick = stage_next_tick(stage);
    turn_ephemera(turn);
}

static void end(struct stage *stage, struct stage_draft *draft, int64_t now) {
    if (draft->draft.has_annotation) {
        draft->draft.has_annotation = false;
        arena_reset(&draft->arena);
        draft->changed_at = now;
        draft->tick = stage_next_tick(stage);
    }
}

void stage_end_draft(struct stage *stage, uint16_t participant, int64_t now) {
    struct stage_draft *draft = draft_of(stage, participant);
    if (draft != NULL) {
        end(stage, draft, now);
    }
}

void stage_end_all_drafts(struct stage *stage, int64_t now) {
    for (uint32_t i = 0; i < stage->draft_count; i++) {
        end(stage, &stage->drafts[i], now);
    }
}
