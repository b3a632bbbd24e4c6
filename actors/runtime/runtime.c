#include "actors/runtime/runtime.h"

#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

enum {
    ARENAS_KEPT_MAX = 256,
    ARENA_MESSAGE_MAX = EFFECT_BYTES_MAX,
    SWEEP_SLOTS = 256, /* looked at in one go */
    MESSAGES_PER_CLOCK_READING = 16,
};
#define SWEEP_EVERY_US (RUNTIME_IDLE_US / 100)

int64_t runtime_now(struct runtime *runtime) {
    int64_t now = runtime->host->now(runtime->host);
    runtime->messages_since_now = 0;
    if (now > runtime->now) {
        runtime->now = now;
    }
    return runtime->now;
}

int64_t runtime_now_after_a_message(struct runtime *runtime) {
    if (++runtime->messages_since_now < MESSAGES_PER_CLOCK_READING) {
        return runtime->now;
    }
    return runtime_now(runtime);
}

/* SplitMix64, seeded by the host: cheap enough for every turn. */
uint64_t runtime_random(struct runtime *runtime) {
    uint64_t value = runtime->random_state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

struct runtime *runtime_create(struct host *host, const struct actor_kind *const *kinds,
                               size_t count) {
    struct runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL) {
        return NULL;
    }
    runtime->host = host;
    runtime->marker = &runtime->own_marker;
    runtime->random_state = host->random(host);
    directory_init(&runtime->directory, host->random(host));
    for (size_t i = 0; i < count; i++) {
        runtime->kinds[kinds[i]->number] = kinds[i];
    }
    runtime_now(runtime);
    runtime->sweep_at = runtime->now + SWEEP_EVERY_US;
    return runtime;
}

void runtime_mark_crashes_in(struct runtime *runtime, struct crash_marker *marker) {
    runtime->marker = marker;
}

void runtime_destroy(struct runtime *runtime) {
    if (runtime == NULL) {
        return;
    }
    for (size_t i = 0; i < runtime->directory.slot_count; i++) {
        if (runtime->directory.slots[i].activation != NULL) {
            activation_free(runtime->directory.slots[i].activation);
        }
    }
    while (runtime->gone != NULL) {
        struct activation *activation = runtime->gone;
        runtime->gone = activation->next_run;
        activation_free(activation);
    }
    while (runtime->frames != NULL) {
        struct turn_frame *frame = runtime->frames;
        runtime->frames = frame->next;
        arena_finish(&frame->arena);
        free(frame);
    }
    while (runtime->arena_count > 0) {
        struct arena *arena = runtime->arenas[--runtime->arena_count];
        arena_finish(arena);
        free(arena);
    }
    free(runtime->arenas);
    letter_pool_finish(&runtime->letters);
    timers_finish(&runtime->timers);
    directory_finish(&runtime->directory);
    free(runtime);
}

struct arena *runtime_arena(struct runtime *runtime) {
    if (runtime->arena_count > 0) {
        return runtime->arenas[--runtime->arena_count];
    }
    if (runtime->arenas == NULL) {
        runtime->arenas = calloc(ARENAS_KEPT_MAX, sizeof *runtime->arenas);
    }
    struct arena *arena = malloc(sizeof *arena);
    assert(runtime->arenas != NULL && arena != NULL);
    arena_init(arena, ARENA_MESSAGE_MAX);
    return arena;
}

void runtime_give_arena(struct runtime *runtime, struct arena *arena) {
    if (runtime->arenas == NULL || runtime->arena_count == ARENAS_KEPT_MAX) {
        arena_finish(arena);
        free(arena);
        return;
    }
    arena_reset(arena);
    arena->size_max = ARENA_MESSAGE_MAX;
    runtime->arenas[runtime->arena_count++] = arena;
}

struct activation *runtime_activate(struct runtime *runtime, uint8_t kind, struct uuid id) {
    struct activation *activation = directory_find(&runtime->directory, kind, id);
    if (activation == NULL) {
        assert(runtime->kinds[kind] != NULL);
        activation = activation_create(runtime, runtime->kinds[kind], id);
        activation_request_load(activation);
    }
    return activation;
}

struct activation *runtime_find(struct runtime *runtime, struct uuid id) {
    for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
        struct activation *activation =
            runtime->kinds[kind] == NULL ? NULL
                                         : directory_find(&runtime->directory, (uint8_t)kind, id);
        if (activation != NULL) {
            return activation;
        }
    }
    return NULL;
}

static void fire(struct runtime *runtime, const struct timer *timer) {
    struct activation *activation = directory_find(&runtime->directory, timer->kind, timer->target);
    if (activation == NULL) {
        return; /* a volatile timer does not outlive the state that set it */
    }
    if (timer->tag == TIMER_TAG_RETRY_LOAD) {
        bool wanted = activation->phase == PHASE_LOADING || activation->phase == PHASE_CATCHING_UP;
        if (wanted) {
            activation_request_load(activation);
        }
        return;
    }
    struct encoded command = {timer->tag, {timer->length, timer->fields}};
    runtime_deliver(runtime, timer->kind, timer->target, command, (struct uuid){{0}},
                    (struct uuid){{0}});
}

static bool may_be_passivated(const struct activation *activation, int64_t now) {
    return activation_is_idle(activation) && now - activation->active_at >= RUNTIME_IDLE_US;
}

static void sweep(struct runtime *runtime) {
    struct directory *directory = &runtime->directory;
    runtime->sweep_at = runtime->now + SWEEP_EVERY_US;
    for (size_t i = 0; i < SWEEP_SLOTS && i < directory->slot_count; i++) {
        runtime->sweep_hand = (runtime->sweep_hand + 1) & (directory->slot_count - 1);
        struct activation *activation = directory->slots[runtime->sweep_hand].activation;
        if (activation != NULL && may_be_passivated(activation, runtime->now)) {
            activation_passivate(activation);
        }
    }
    if (directory->slot_count > SWEEP_SLOTS * 100) {
        runtime->sweep_at =
            runtime->now + SWEEP_EVERY_US * SWEEP_SLOTS * 100 / (int64_t)directory->slot_count;
    }
}

/* Has what a turn of it reads brought near while another one's turn goes on. */
static void expect(const struct activation *activation) {
    const struct letter *letter = activation->mailbox.passing.first;
    __builtin_prefetch(&activation->active_at);
    __builtin_prefetch(activation->actor);
    if (letter != NULL) {
        __builtin_prefetch(letter);
        __builtin_prefetch(&letter->sender);
        __builtin_prefetch(&letter->packed);
    }
}

static struct activation *next_to_run(struct runtime *runtime) {
    struct activation *activation = runtime->run_first;
    if (activation != NULL) {
        runtime->run_first = activation->next_run;
        if (runtime->run_first == NULL) {
            runtime->run_last = NULL;
        } else {
            expect(runtime->run_first);
        }
        activation->queued = false;
    }
    return activation;
}

static void free_gone(struct runtime *runtime) {
    runtime->reap = false;
    struct activation **place = &runtime->gone;
    while (*place != NULL) {
        struct activation *activation = *place;
        if (activation_is_needed(activation)) {
            place = &activation->next_run;
            continue;
        }
        *place = activation->next_run;
        activation_free(activation);
    }
}

/* Batches behind one guard: a failed check in a handler comes back here, and the next actor goes
 * on. */
static void run_batches(struct runtime *runtime, int64_t until) {
    jmp_buf guard;
    runtime->guard = &guard;
    if (setjmp(guard) != 0) {
        turn_failed(runtime);
    }
    while (runtime->now < until && (runtime->running = next_to_run(runtime)) != NULL) {
        turn_batch(runtime->running, until);
        activation_enqueue(runtime->running);
    }
    runtime->guard = NULL;
}

bool runtime_run(struct runtime *runtime, int64_t until) {
    runtime_now(runtime);
    activation_leave_unused(runtime);
    if (runtime->reap) {
        free_gone(runtime);
    }
    struct timer *timer;
    while ((timer = timers_pop(&runtime->timers, runtime->now)) != NULL) {
        fire(runtime, timer);
        free(timer);
    }
    if (runtime->now >= runtime->sweep_at) {
        sweep(runtime);
    }
    run_batches(runtime, until);
    return runtime->run_first != NULL;
}

int64_t runtime_next_timer(const struct runtime *runtime) {
    int64_t next = timers_next(&runtime->timers);
    if (runtime->directory.count > 0 && (next == 0 || runtime->sweep_at < next)) {
        next = runtime->sweep_at;
    }
    return next;
}

/* The low 10 bits of the stream's id, for ever: it decides which node owns it. */
static uint16_t shard_of(struct uuid id) {
    return (uint16_t)((id.bytes[14] & 0x03) << 8 | id.bytes[15]);
}

void runtime_drop_shard(struct runtime *runtime, uint16_t shard) {
    struct directory *directory = &runtime->directory;
    runtime_now(runtime);
    /* Losing one moves a later one into its slot, so that slot is looked at again. */
    for (size_t i = 0; i < directory->slot_count;) {
        struct activation *activation = directory->slots[i].activation;
        bool lost = activation != NULL &&
                    (shard == RUNTIME_ALL_SHARDS || shard_of(activation->id) == shard);
        if (lost) {
            activation_lose(activation, LOAD_NOT_OWNED);
        } else {
            i++;
        }
    }
}

void runtime_count(const struct runtime *runtime, struct runtime_counts *ret) {
    *ret = runtime->counts;
    ret->timers = runtime->timers.count;
    ret->loading = 0;
    ret->appending = 0;
    for (size_t i = 0; i < runtime->directory.slot_count; i++) {
        const struct activation *activation = runtime->directory.slots[i].activation;
        if (activation != NULL) {
            ret->loading += activation->phase == PHASE_LOADING;
            ret->appending += activation->phase == PHASE_APPENDING;
        }
    }
}
