/*
 * Sessions come and go. The runtime keeps who is attached, so that an actor that is rebuilt from
 * the record gets its people back, with the numbers they had.
 */
#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

enum { ATTACHED_FIRST = 4 };

static bool same_session(struct session_number a, struct session_number b) {
    return a.slot == b.slot && a.node == b.node && a.generation == b.generation;
}

struct attachment *attendance_find(struct activation *activation, struct session_number session) {
    for (uint32_t i = 0; i < activation->attached_count; i++) {
        if (same_session(activation->attached[i].session, session)) {
            return &activation->attached[i];
        }
    }
    return NULL;
}

static bool make_space(struct activation *activation) {
    if (activation->attached_count < activation->attached_capacity) {
        return true;
    }
    uint32_t capacity =
        activation->attached_capacity == 0 ? ATTACHED_FIRST : activation->attached_capacity * 2;
    if (capacity > SUBSCRIBERS_MAX) {
        return false;
    }
    struct attachment *grown = realloc(activation->attached, capacity * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    activation->attached = grown;
    activation->attached_capacity = capacity;
    return true;
}

/*
 * Attach and detach are never kept waiting by the database: what they change is ephemeral. Events
 * they made queue behind the append in flight.
 */
static void conclude(struct activation *activation, struct turn_frame *frame) {
    struct runtime *runtime = activation->runtime;
    struct effects *effects = &frame->turn.effects;
    if (effects->event_count > 0) {
        struct letter *letter = letter_pool_take(&runtime->letters);
        assert(letter != NULL);
        struct arena *arena = runtime_arena(runtime);
        *letter = (struct letter){.form = LETTER_EVENTS,
                                  .sender = frame->turn.sender,
                                  .arena = arena,
                                  .version = activation->version};
        letter->events.count = effects->event_count;
        letter->events.list =
            arena_copy(arena, effects->events, effects->event_count * sizeof *effects->events);
        assert(letter->events.list != NULL);
        for (uint32_t i = 0; i < effects->event_count; i++) {
            struct encoded *event = &letter->events.list[i];
            event->fields = arena_bytes(arena, event->fields);
        }
        if (delivery_push(activation, letter, true) == PUSH_FULL) {
            runtime->counts.dropped++;
            letter_free(runtime, letter);
        }
    }
    turn_carry_out(activation, frame);
    turn_end(frame);
}

/* The two hooks behind one guard; false = a check in it failed. */
static bool call_hook(struct activation *activation, struct turn_frame *frame,
                      const struct attachment *coming, uint16_t *ret_participant) {
    struct runtime *runtime = activation->runtime;
    const struct actor_kind *kind = activation->kind;
    jmp_buf guard;
    jmp_buf *outer = runtime->guard;
    struct turn_frame *outer_frame = runtime->current;
    runtime->guard = &guard;
    runtime->current = frame;
    struct crash_marker *marker = runtime->marker;
    *marker = (struct crash_marker){
        .stream = activation->id, .kind = activation->kind_number, .active = 1};
    bool holds = setjmp(guard) == 0;
    if (holds && coming != NULL) {
        *ret_participant = kind->attach(activation->actor, &frame->turn, coming);
    } else if (holds) {
        kind->detach(activation->actor, &frame->turn, frame->turn.sender.session);
    }
    marker->active = 0;
    runtime->current = outer_frame;
    runtime->guard = outer;
    return holds;
}

static bool come(struct activation *activation, struct attachment *who) {
    struct sender sender = {.session = who->session,
                            .user = who->user,
                            .roles = who->grant.roles,
                            .actions = who->grant.actions};
    struct turn_frame *frame = turn_begin(activation, &sender, (struct uuid){{0}});
    if (!call_hook(activation, frame, who, &who->participant)) {
        turn_end(frame);
        supervisor_failed(activation, NULL);
        return false;
    }
    conclude(activation, frame);
    return true;
}

static void attach_now(struct activation *activation, struct attach_request *request) {
    struct runtime *runtime = activation->runtime;
    struct attachment *who = &request->who;
    enum load_result result = activation->version == 0 ? LOAD_ABSENT : LOAD_FOUND;
    who->participant = 0;
    who->grant = activation_grant(activation, who->user);
    if (who->grant.audiences == 0) {
        request->on_attached(request, result, 0);
        return;
    }
    if (!make_space(activation) || !come(activation, who)) {
        request->on_attached(request, LOAD_UNAVAILABLE, 0);
        return;
    }
    activation->attached[activation->attached_count++] = *who;
    activation->active_at = runtime->now;
    request->on_attached(request, result, who->participant);
}

/* Who may not know of it is not told why it cannot be had either. Asked of what was read of it; of
 * one of which nothing could be, nobody may know. */
static void turn_away(const struct activation *activation, struct attach_request *request,
                      enum load_result why) {
    bool tells = why == LOAD_QUARANTINED || why == LOAD_NEWER_VERSION;
    request->who.grant = activation->version > 0 ? activation_grant(activation, request->who.user)
                                                 : (struct grant){0};
    bool hides = tells && request->who.grant.audiences == 0;
    request->on_attached(request, hides ? LOAD_ABSENT : why, 0);
}

void runtime_attach(struct runtime *runtime, struct attach_request *request) {
    struct activation *activation = request->activation;
    runtime->now = runtime_now(runtime);
    if (activation->phase == PHASE_QUARANTINED) {
        turn_away(activation, request, LOAD_QUARANTINED);
    } else if (activation->phase == PHASE_GONE) {
        request->on_attached(request, LOAD_NOT_OWNED, 0);
    } else if (activation_is_live(activation) && !activation->rebuild_wanted) {
        attach_now(activation, request);
    } else {
        struct attach_request **last = &activation->attaching;
        while (*last != NULL) {
            last = &(*last)->next;
        }
        request->next = NULL;
        *last = request;
    }
}

static struct attach_request *take_first(struct activation *activation) {
    struct attach_request *request = activation->attaching;
    if (request != NULL) {
        activation->attaching = request->next;
        request->next = NULL;
    }
    return request;
}

void attendance_serve(struct activation *activation) {
    while (activation_is_live(activation) && !activation->rebuild_wanted) {
        struct attach_request *request = take_first(activation);
        if (request == NULL) {
            return;
        }
        attach_now(activation, request);
    }
}

void attendance_refuse(struct activation *activation, enum load_result why) {
    struct attach_request *request;
    while ((request = take_first(activation)) != NULL) {
        turn_away(activation, request, why);
    }
}

void attendance_renew(struct activation *activation) {
    uint32_t count = activation->attached_count;
    for (uint32_t i = 0; i < count && activation->phase == PHASE_READY; i++) {
        struct attachment *who = &activation->attached[i];
        who->grant = activation_grant(activation, who->user);
        if (who->grant.audiences == 0 || !come(activation, who)) {
            continue; /* the host ends its channel when it asks for the grant itself */
        }
    }
}

static bool cancel(struct activation *activation, struct session_number session) {
    for (struct attach_request **place = &activation->attaching; *place != NULL;
         place = &(*place)->next) {
        if (same_session((*place)->who.session, session)) {
            *place = (*place)->next;
            return true;
        }
    }
    return false;
}

void runtime_detach(struct runtime *runtime, struct activation *activation,
                    struct session_number session) {
    runtime->now = runtime_now(runtime);
    if (cancel(activation, session)) {
        return;
    }
    struct attachment *attached = attendance_find(activation, session);
    if (attached == NULL) {
        return;
    }
    struct sender sender = {.session = session,
                            .user = attached->user,
                            .roles = attached->grant.roles,
                            .actions = attached->grant.actions,
                            .participant = attached->participant};
    *attached = activation->attached[--activation->attached_count];
    activation->active_at = runtime->now;
    if (!activation_is_live(activation) || activation->rebuild_wanted) {
        return; /* the state that knew of it is going anyway */
    }
    struct turn_frame *frame = turn_begin(activation, &sender, (struct uuid){{0}});
    uint16_t none;
    if (call_hook(activation, frame, NULL, &none)) {
        conclude(activation, frame);
    } else {
        turn_end(frame);
        supervisor_failed(activation, NULL);
    }
}
