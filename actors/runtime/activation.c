#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

void activation_restart(struct activation *activation) {
    struct actor *actor = activation->actor;
    const struct actor_kind *kind = activation->kind;
    if (actor->kind != NULL && kind->finish != NULL) {
        kind->finish(actor);
    }
    arena_finish(&activation->state);
    arena_init(&activation->state, STATE_BYTES_MAX);
    activation->state_compact = 0;
    memset((void *)actor, 0, kind->size);
    *actor = (struct actor){.kind = kind, .id = activation->id, .state = &activation->state};
    kind->start(actor);
}

struct activation *activation_create(struct runtime *runtime, const struct actor_kind *kind,
                                     struct uuid id) {
    struct activation *activation = calloc(1, sizeof *activation);
    struct actor *actor = calloc(1, kind->size);
    assert(activation != NULL && actor != NULL);
    activation->runtime = runtime;
    activation->kind = kind;
    activation->kind_number = kind->number;
    activation->id = id;
    activation->actor = actor;
    activation->phase = PHASE_LOADING;
    activation->active_at = runtime->now;
    activation_restart(activation);
    bool added = directory_add(&runtime->directory, activation);
    assert(added);
    (void)added;
    runtime->counts.activations++;
    return activation;
}

/* Has something to do, or will have to look at why not. */
static bool has_work(const struct activation *activation) {
    return activation_is_live(activation) && !activation->rebuild_wanted &&
           activation->muted_by == NULL &&
           mailbox_has(&activation->mailbox, activation->phase == PHASE_READY);
}

void activation_enqueue(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    if (activation->queued || !has_work(activation)) {
        return;
    }
    activation->queued = true;
    activation->next_run = NULL;
    if (runtime->run_last == NULL) {
        runtime->run_first = activation;
    } else {
        runtime->run_last->next_run = activation;
    }
    runtime->run_last = activation;
}

void activation_mute(struct activation *sender, struct activation *target) {
    sender->muted_by = target;
    sender->next_muted = target->muted;
    target->muted = sender;
    sender->runtime->counts.muted++;
}

void activation_unmute_senders(struct activation *target) {
    while (target->muted != NULL) {
        struct activation *sender = target->muted;
        target->muted = sender->next_muted;
        sender->muted_by = NULL;
        activation_enqueue(sender);
    }
}

static void stop_waiting(struct activation *sender) {
    if (sender->muted_by == NULL) {
        return;
    }
    struct activation **place = &sender->muted_by->muted;
    while (*place != sender) {
        place = &(*place)->next_muted;
    }
    *place = sender->next_muted;
    sender->muted_by = NULL;
}

static void leave_run_queue(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    if (!activation->queued) {
        return;
    }
    struct activation *before = NULL;
    for (struct activation *i = runtime->run_first; i != activation; i = i->next_run) {
        before = i;
    }
    if (before == NULL) {
        runtime->run_first = activation->next_run;
    } else {
        before->next_run = activation->next_run;
    }
    if (runtime->run_last == activation) {
        runtime->run_last = before;
    }
    activation->queued = false;
}

static void leave(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    leave_run_queue(activation);
    stop_waiting(activation);
    activation->phase = PHASE_GONE;
    activation_unmute_senders(activation);
    directory_remove(&runtime->directory, activation);
    runtime->counts.activations--;
    activation->next_run = runtime->gone;
    runtime->gone = activation;
}

void activation_free(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    struct letter *letter;
    while ((letter = mailbox_pop(&activation->mailbox, true)) != NULL) {
        letter_free(runtime, letter);
    }
    if (activation->held != NULL) {
        letter_free(runtime, activation->held);
    }
    if (activation->in_flight != NULL) {
        turn_end(activation->in_flight);
    }
    runtime->host->drop(runtime->host, activation);
    if (activation->kind->finish != NULL) {
        activation->kind->finish(activation->actor);
    }
    arena_finish(&activation->state);
    recent_commands_finish(&activation->recent);
    free(activation->attached);
    free(activation->actor);
    free(activation);
}

bool activation_is_needed(const struct activation *activation) {
    return activation->holds > 0 || activation->awaiting_load || activation->awaiting_store;
}

void activation_settle_end(struct activation *activation) {
    if (activation->phase == PHASE_GONE && !activation_is_needed(activation)) {
        activation->runtime->reap = true;
    }
}

void activation_passivate(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    struct host *host = runtime->host;
    if (activation->version > activation->saved) {
        activation->saved = activation->version;
        host->save(host, activation);
    }
    runtime->counts.passivated++;
    leave(activation);
    activation_settle_end(activation);
}

bool activation_is_idle(const struct activation *activation) {
    return activation->phase == PHASE_READY && activation->holds == 0 &&
           activation->attached_count == 0 && activation->attaching == NULL &&
           activation->mailbox.count == 0 && activation->muted_by == NULL && !activation->queued;
}

void activation_look_for_use(struct activation *activation) {
    struct runtime *runtime = activation->runtime;
    if (!activation->unused) {
        activation->unused = true;
        activation->next_unused = runtime->unused;
        runtime->unused = activation;
    }
}

/* Whoever guesses ids must not fill the memory with actors that nobody has. */
void activation_leave_unused(struct runtime *runtime) {
    while (runtime->unused != NULL) {
        struct activation *activation = runtime->unused;
        runtime->unused = activation->next_unused;
        activation->unused = false;
        if (activation->version == 0 && activation_is_idle(activation)) {
            activation_passivate(activation);
        }
    }
}

static enum refusal reason_of(enum load_result why) {
    switch (why) {
    case LOAD_NEWER_VERSION:
        return REFUSAL_NEWER_VERSION;
    case LOAD_QUARANTINED:
        return REFUSAL_QUARANTINED;
    case LOAD_NOT_OWNED:
        return REFUSAL_BUSY; /* another node has it: a retry finds its way there */
    case LOAD_OTHER_KIND:
        return REFUSAL_NOT_FOUND;
    case LOAD_FOUND:
    case LOAD_ABSENT:
    case LOAD_UNAVAILABLE:
        break;
    }
    return REFUSAL_UNAVAILABLE;
}

void activation_lose(struct activation *activation, enum load_result why) {
    struct runtime *runtime = activation->runtime;
    struct letter *letter;
    while ((letter = mailbox_pop(&activation->mailbox, true)) != NULL) {
        answer_turned_away(activation, letter, reason_of(why));
    }
    if (activation->held != NULL) {
        letter = activation->held;
        activation->held = NULL;
        answer_turned_away(activation, letter, REFUSAL_UNAVAILABLE);
    }
    attendance_refuse(activation, why);
    if (why == LOAD_QUARANTINED) {
        /* It stays in the directory, so that nobody loads it again to fail again. */
        runtime->counts.quarantined++;
        leave_run_queue(activation);
        stop_waiting(activation);
        activation->phase = PHASE_QUARANTINED;
        activation_unmute_senders(activation);
        activation->attached_count = 0;
        runtime->host->lost(runtime->host, activation, why);
        return;
    }
    leave(activation);
    runtime->host->lost(runtime->host, activation, why);
    activation_settle_end(activation);
}

void activation_hold(struct activation *activation) {
    activation->holds++;
}

void activation_release(struct activation *activation) {
    assert(activation->holds > 0);
    activation->holds--;
    activation->active_at = activation->runtime->now;
    activation_settle_end(activation);
}

struct actor *activation_actor(const struct activation *activation) {
    bool readable = activation_is_live(activation) || activation->publishing;
    return readable ? activation->actor : NULL;
}

bool activation_is_quarantined(const struct activation *activation) {
    return activation->phase == PHASE_QUARANTINED;
}

uint8_t activation_kind(const struct activation *activation) {
    return activation->kind->number;
}

struct uuid activation_id(const struct activation *activation) {
    return activation->id;
}

uint64_t activation_version(const struct activation *activation) {
    return activation->version;
}

struct grant activation_grant(const struct activation *activation, struct uuid user) {
    struct host *host = activation->runtime->host;
    const struct actor_kind *kind = activation->kind;
    struct uuid organisation = {{0}};
    bool made = kind->owner != NULL && kind->owner(activation->actor, &organisation);
    int64_t until = 0;
    uint16_t rights =
        host->rights == NULL ? 0 : host->rights(host, user, made ? &organisation : NULL, &until);
    struct grant grant = kind->grant(activation->actor, user, rights, activation->runtime->now);
    if (until != 0 && (grant.valid_until == 0 || until < grant.valid_until)) {
        grant.valid_until = until;
    }
    return grant;
}

uint64_t activation_audience_version(const struct activation *activation, uint8_t audiences) {
    uint64_t version = 0;
    for (uint32_t i = 0; i < AUDIENCE_COUNT; i++) {
        if ((audiences & (1u << i)) != 0 && activation->audience_versions[i] > version) {
            version = activation->audience_versions[i];
        }
    }
    return version;
}

size_t activation_waiting(const struct activation *activation) {
    return activation->mailbox.count;
}

void **activation_attic(struct activation *activation) {
    return &activation->attic;
}
