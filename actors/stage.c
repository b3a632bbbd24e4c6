/* Who is on the stage: participants, their numbers, colours, hands and what they have painted. */
#include "actors/stage.h"

#include <assert.h>
#include <stdlib.h>

enum { ARENA_SLOT_MAX = 64 * 1024, ARENA_LAYOUT_MAX = 256 * 1024, ARENA_BINDINGS_MAX = 128 * 1024 };

void stage_start(struct stage *stage) {
    for (int i = 0; i < STAGE_VIEWPORTS_MAX; i++) {
        arena_init(&stage->slots[i].arena, ARENA_SLOT_MAX);
    }
    arena_init(&stage->settled_arena, ARENA_LAYOUT_MAX);
    arena_init(&stage->binding_arena, ARENA_BINDINGS_MAX);
    stage->open = true;
    stage->settled = layout_default;
    stage->shape = layout_default;
    /* Newer than tick 0, which is what somebody holds who comes back from before this life: an
     * empty stage is news to them. */
    stage->tick = stage->shape_tick = stage->version_tick = 1;
    stage->version = 1;
}

void stage_finish(struct stage *stage) {
    for (int i = 0; i < STAGE_VIEWPORTS_MAX; i++) {
        arena_finish(&stage->slots[i].arena);
    }
    arena_finish(&stage->settled_arena);
    arena_finish(&stage->binding_arena);
    for (uint32_t i = 0; i < stage->draft_count; i++) {
        arena_finish(&stage->drafts[i].arena);
    }
    free(stage->participants);
    free(stage->drafts);
    free(stage->bindings);
    free(stage->colors);
}

uint32_t stage_next_tick(struct stage *stage) {
    return ++stage->tick;
}

bool stage_holds_floor(const struct stage *stage, struct uuid user) {
    return !uuid_is_zero(stage->holder) && uuid_equal(stage->holder, user);
}

bool stage_user_is_present(const struct stage *stage, struct uuid user) {
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        const struct participant *shown = &stage->participants[i].shown;
        if (shown->present && uuid_equal(shown->user, user)) {
            return true;
        }
    }
    return false;
}

bool stage_refuses(const struct stage *stage, struct turn *turn, uint32_t item) {
    if (!stage->open) {
        turn_refuse(turn, REFUSAL_STAGE_ELSEWHERE);
        return true;
    }
    if (item != stage->item) {
        turn_refuse_item(turn, REFUSAL_WRONG_ITEM, stage->item);
        return true;
    }
    return false;
}

static struct stage_participant *find_number(struct stage *stage, uint16_t number) {
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        if (stage->participants[i].shown.participant == number) {
            return &stage->participants[i];
        }
    }
    return NULL;
}

struct stage_participant *stage_sender(struct stage *stage, const struct turn *turn) {
    uint16_t number = turn->sender.participant;
    struct stage_participant *participant = number == 0 ? NULL : find_number(stage, number);
    bool there = participant != NULL && participant->shown.present &&
                 uuid_equal(participant->shown.user, turn->sender.user);
    return there ? participant : NULL;
}

static struct stage_participant *gone_longest(struct stage *stage) {
    struct stage_participant *longest = NULL;
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        struct stage_participant *place = &stage->participants[i];
        if (!place->shown.present && (longest == NULL || place->gone_at < longest->gone_at)) {
            longest = place;
        }
    }
    return longest;
}

/*
 * A place whose number has rested, or a new one; NULL = the stage is full. When all are taken one
 * that everybody has heard to be free will do, as its number is not used again before all others
 * were: somebody whose line comes and goes must not keep the others off.
 */
static struct stage_participant *free_place(struct stage *stage, int64_t now) {
    uint32_t count = stage->participant_count;
    bool full = count == STAGE_PARTICIPANTS_MAX;
    struct stage_participant *gone = gone_longest(stage);
    if (gone != NULL &&
        now - gone->gone_at >= (full ? STAGE_GONE_HEARD_US : STAGE_NUMBER_REST_US)) {
        return gone;
    }
    if (full) {
        return NULL;
    }
    if ((count & (count - 1)) == 0) {
        uint32_t capacity = count == 0 ? 1 : 2 * count;
        struct stage_participant *grown =
            realloc(stage->participants, capacity * sizeof *stage->participants);
        assert(grown != NULL);
        stage->participants = grown;
    }
    return &stage->participants[stage->participant_count++];
}

static uint16_t new_number(struct stage *stage, uint16_t wished) {
    if (wished != 0 && find_number(stage, wished) == NULL) {
        return wished;
    }
    do {
        stage->last_number++;
    } while (stage->last_number == 0 || find_number(stage, stage->last_number) != NULL);
    return stage->last_number;
}

/* The same for one user as long as the actor lives: the least used one at first sight. */
static uint8_t color_of(struct stage *stage, struct uuid user) {
    uint32_t used[STAGE_COLORS] = {0};
    for (uint32_t i = 0; i < stage->color_count; i++) {
        if (uuid_equal(stage->colors[i].user, user)) {
            return stage->colors[i].color;
        }
        used[stage->colors[i].color]++;
    }
    uint8_t color = 0;
    for (uint8_t i = 1; i < STAGE_COLORS; i++) {
        color = used[i] < used[color] ? i : color;
    }
    uint32_t count = stage->color_count;
    if (count == STAGE_COLORED_MAX) {
        return user.bytes[15] % STAGE_COLORS;
    }
    if ((count & (count - 1)) == 0) {
        uint32_t capacity = count == 0 ? 1 : 2 * count;
        struct stage_color *grown = realloc(stage->colors, capacity * sizeof *stage->colors);
        assert(grown != NULL);
        stage->colors = grown;
    }
    stage->colors[stage->color_count++] = (struct stage_color){user, color};
    return color;
}

static uint8_t strongest(uint16_t roles) {
    uint8_t role = 0;
    while (role < ROLE_COUNT - 1 && (roles & (1u << role)) == 0) {
        role++;
    }
    return role;
}

uint16_t stage_attach(struct stage *stage, struct turn *turn, const struct attachment *who) {
    if ((who->grant.audiences & AUDIENCE_CLINICAL) == 0) {
        return 0;
    }
    if (stage->participant_count == 0) {
        /* Numbers and handles of an earlier life of this actor should not come back soon. */
        stage->last_number = (uint16_t)(turn->random & 0x3fff);
        stage->last_handle = (uint16_t)(turn->random >> 16 & 0x3fff);
    }
    uint16_t number = new_number(stage, who->participant);
    struct stage_participant *place = free_place(stage, turn->now);
    if (place == NULL) {
        stage_watch_holder(stage, turn);
        return 0;
    }
    *place = (struct stage_participant){
        .shown = {.participant = number,
                  .user = who->user,
                  .present = true,
                  .role = strongest(who->grant.roles),
                  .window = who->window,
                  .color = color_of(stage, who->user)},
        .session = who->session,
        .pointer = {.participant = number},
        .tick = stage_next_tick(stage),
    };
    place->pointer_tick = place->tick;
    stage_watch_holder(stage, turn);
    turn_ephemera(turn);
    return number;
}

static bool same_session(struct session_number a, struct session_number b) {
    return a.node == b.node && a.slot == b.slot && a.generation == b.generation;
}

void stage_detach(struct stage *stage, struct turn *turn, struct session_number session) {
    for (uint32_t i = 0; i < stage->participant_count; i++) {
        struct stage_participant *participant = &stage->participants[i];
        if (!participant->shown.present || !same_session(participant->session, session)) {
            continue;
        }
        participant->shown.present = false;
        participant->shown.pointing = false;
        participant->shown.hand_at = 0;
        participant->gone_at = turn->now;
        participant->tick = stage_next_tick(stage);
        participant->pointer = (struct pointer){.participant = participant->shown.participant};
        participant->pointer_tick = participant->tick;
        stage_end_draft(stage, participant->shown.participant, turn->now);
        stage_watch_holder(stage, turn);
        turn_ephemera(turn);
        return;
    }
}

void stage_set_hand(struct stage *stage, struct turn *turn, const struct set_hand *signal) {
    struct stage_participant *participant = stage_sender(stage, turn);
    if (participant == NULL || signal->raised == (participant->shown.hand_at != 0)) {
        return;
    }
    participant->shown.hand_at = signal->raised ? turn->now : 0;
    participant->tick = stage_next_tick(stage);
    turn_ephemera(turn);
}

void stage_report_painted(struct stage *stage, struct turn *turn,
                          const struct report_painted *signal) {
    struct stage_participant *participant = stage_sender(stage, turn);
    if (participant == NULL || signal->stage_version > stage->version || signal->prefetched > 100) {
        return;
    }
    participant->shown.painted = signal->stage_version;
    participant->shown.lossless = signal->lossless;
    participant->shown.prefetched_item = signal->prefetched_item;
    participant->shown.prefetched = signal->prefetched;
    participant->tick = stage_next_tick(stage);
    turn_ephemera(turn);
}
