/*
 * What is shown now, by whom, and who points where. A plain struct embedded by board and
 * patient_case, which lend it their messages. Floor, quiet pointers and the stage at rest are
 * committed and change only in stage_apply_...; everything else is ephemeral. Each ephemeral slot
 * keeps the tick it changed in, so that a frame for any recipient is all slots newer than the last
 * tick that recipient got: the final state always arrives.
 *
 * Lives within its actor: stage_start to stage_finish. It owns memory outside the state arena,
 * because slots are overwritten for hours.
 */
#ifndef CONSILIUM_STAGE_H
#define CONSILIUM_STAGE_H

#include "actors/runtime/actor.h"
#include "protocol/generated/stage.h"

enum {
    STAGE_PARTICIPANTS_MAX =
        256,                  /* present, or gone for less than STAGE_NUMBER_REST_US if it can be */
    STAGE_BINDINGS_MAX = 256, /* handles bound since the stage was emptied last */
    STAGE_DRAFTS_MAX = 64,    /* people drawing at once */
    STAGE_WAITING_MAX = 32,   /* people waiting for the floor */
    STAGE_VIEWPORTS_MAX = 9,
    STAGE_SIDE_MAX = 3,      /* rows, and columns */
    STAGE_COLORS = 8,        /* of the palette; more people share */
    STAGE_COLORED_MAX = 512, /* users whose colour is remembered */
};
#define STAGE_FLOOR_GRACE_US (30 * INT64_C(1000000))  /* the holder may drop this long */
#define STAGE_NUMBER_REST_US (600 * INT64_C(1000000)) /* before a participant number is reused */
#define STAGE_GONE_HEARD_US (15 * INT64_C(1000000))   /* whoever reads has heard by then */
#define STAGE_DRAFT_REST_US (60 * INT64_C(1000000))   /* until everybody has heard that it ended */

struct stage_participant {
    struct participant shown;
    struct session_number session;
    int64_t gone_at;
    struct pointer pointer;
    uint32_t tick;
    uint32_t pointer_tick;
};

struct stage_draft {
    struct draft draft;
    struct arena arena; /* of its annotation */
    int64_t changed_at;
    uint32_t tick;
};

struct stage_binding {
    struct binding binding; /* texts in the stage's binding arena */
    uint32_t tick;
};

struct stage_slot {
    struct viewport viewport;
    struct arena arena;
    uint32_t tick;
};

struct stage_color {
    struct uuid user;
    uint8_t color;
};

struct stage {
    /* Given by the actor that embeds it */
    uint32_t item;            /* agenda item on it; 0 on a consult or between items */
    struct uuid patient_case; /* whose images may be pointed at; zero = none */
    bool open;                /* false while the case is on a board */
    /* Committed */
    struct uuid holder; /* of the floor; zero = free */
    int64_t held_since;
    struct uuid waiting[STAGE_WAITING_MAX];
    uint32_t waiting_count;
    bool quiet;
    struct layout settled; /* in settled_arena */
    struct arena settled_arena;
    uint32_t settled_version;
    /* Ephemeral */
    struct stage_slot slots[STAGE_VIEWPORTS_MAX];
    struct layout shape; /* without its viewports */
    uint32_t shape_tick;
    uint32_t version;
    uint32_t version_tick;
    struct stage_participant *participants; /* owned */
    uint32_t participant_count;
    struct stage_draft *drafts; /* owned */
    uint32_t draft_count;
    struct stage_binding *bindings; /* owned */
    uint32_t binding_count;
    struct arena binding_arena;
    struct stage_color *colors; /* owned */
    uint32_t color_count;
    int64_t holder_gone_at; /* 0 = present, or the floor is free */
    uint32_t tick;
    uint16_t last_number;
    uint16_t last_handle;
};

void stage_start(struct stage *stage);
void stage_finish(struct stage *stage);

/* stage.c: who is there */
uint16_t stage_attach(struct stage *stage, struct turn *turn, const struct attachment *who);
void stage_detach(struct stage *stage, struct turn *turn, struct session_number session);
bool stage_user_is_present(const struct stage *stage, struct uuid user);
struct stage_participant *stage_sender(struct stage *stage, const struct turn *turn);
bool stage_holds_floor(const struct stage *stage, struct uuid user);
uint32_t stage_next_tick(struct stage *stage);
void stage_set_hand(struct stage *stage, struct turn *turn, const struct set_hand *signal);
void stage_report_painted(struct stage *stage, struct turn *turn,
                          const struct report_painted *signal);

/* A command composed for another item, or for a stage that is closed: refused, true. */
bool stage_refuses(const struct stage *stage, struct turn *turn, uint32_t item);

/* stage_floor.c */
void stage_request_floor(const struct stage *stage, struct turn *turn,
                         const struct request_floor *command);
void stage_grant_floor(const struct stage *stage, struct turn *turn,
                       const struct grant_floor *command);
void stage_release_floor(const struct stage *stage, struct turn *turn,
                         const struct release_floor *command);
void stage_quiet_pointers(const struct stage *stage, struct turn *turn,
                          const struct quiet_pointers *command);
/* Events that give the floor to `user` if present and else to nobody; nobody waits any more. */
void stage_pass_floor(const struct stage *stage, struct turn *turn, struct uuid user);
/* Events that take a user, who may do no more here, off the floor and the queue. */
void stage_forget_user(const struct stage *stage, struct turn *turn, struct uuid user);
void stage_apply_floor(struct stage *stage, const struct event_header *header,
                       const struct floor_changed *event);
void stage_apply_quiet(struct stage *stage, const struct event_header *header,
                       const struct pointers_quieted *event);
/* Lets go of the floor in 30 s if its holder is not there; called whenever somebody comes or goes.
 */
void stage_watch_holder(struct stage *stage, struct turn *turn);

/* stage_view.c */
bool stage_layout_is_whole(const struct layout *layout);
void stage_settle(const struct stage *stage, struct turn *turn, const struct settle_stage *command);
void stage_set_viewport(struct stage *stage, struct turn *turn, const struct set_viewport *signal);
void stage_set_layout(struct stage *stage, struct turn *turn, const struct set_layout *signal);
void stage_apply_settled(struct stage *stage, const struct event_header *header,
                         const struct stage_settled *event);
/* Another item, or none: nothing is shown, bound, pointed at or drawn any more. */
void stage_empty(struct stage *stage, uint32_t item, struct uuid patient_case);
/* Closes or opens the stage of a case that went to or came from a board. */
void stage_set_open(struct stage *stage, bool open);

/* stage_pointers.c */
void stage_move_pointer(struct stage *stage, struct turn *turn, const struct move_pointer *signal);
void stage_set_pointing(struct stage *stage, struct turn *turn, const struct set_pointing *signal);
void stage_bind_handle(struct stage *stage, struct turn *turn, const struct bind_handle *request);
void stage_draft(struct stage *stage, struct turn *turn, const struct draft_annotation *signal);
void stage_end_draft(struct stage *stage, uint16_t participant, int64_t now);
void stage_end_all_drafts(struct stage *stage, int64_t now);
/* Takes away the pointers that may not be seen under the present rules. */
void stage_hide_pointers(struct stage *stage);

/* stage_encoding.c; lists borrow from the stage or lie in the arena */
struct layout stage_layout(const struct stage *stage, struct arena *arena);
struct stage_state stage_snapshot(const struct stage *stage, struct arena *arena);
struct stage_state stage_save(const struct stage *stage, struct arena *arena);
void stage_restore(struct stage *stage, const struct stage_state *saved);
struct floor stage_floor(const struct stage *stage);
/* Ticks count changes and wrap around; nobody is ever 2^31 of them behind. */
bool stage_is_newer(uint32_t tick, uint32_t since);
/* `arrivals`: those of the case that changed since; NULL = a board, which has none. */
struct encoded stage_ephemera(const struct stage *stage, const struct arrival_list *arrivals,
                              uint8_t audiences, uint32_t since, struct arena *arena,
                              uint32_t *ret_tick);

#endif
