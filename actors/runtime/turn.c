/*
 * One message's turn: who sent it and may they still, what the actor decides, and what becomes of
 * that.
 */
#include "actors/runtime/activation.h"

#include <assert.h>
#include <stdlib.h>

struct turn_frame *turn_begin(struct activation *activation, const struct sender *sender,
                              struct uuid command_id) {
    struct runtime *runtime = activation->runtime;
    struct turn_frame *frame = runtime->frames;
    if (frame == NULL) {
        frame = malloc(sizeof *frame);
        assert(frame != NULL);
        frame->runtime = runtime;
        arena_init(&frame->arena, EFFECT_BYTES_MAX);
    } else {
        runtime->frames = frame->next;
    }
    frame->letter = NULL;
    int64_t now = runtime->now;
    if (now <= activation->last_at) {
        now = activation->last_at + 1;
    }
    if (now < activation->last_now) {
        now = activation->last_now;
    }
    activation->last_now = now;
    struct turn *turn = &frame->turn;
    turn->self = activation->id;
    turn->kind = activation->kind->number;
    turn->version = activation->version;
    turn->now = now;
    turn->sender = *sender;
    turn->command_id = command_id;
    turn->arena = &frame->arena;
    turn->random = runtime_random(runtime);
    /* Not the whole struct: clearing its arrays would cost more than most handlers do. */
    turn->effects.event_count = 0;
    turn->effects.about = (struct uuid){{0}};
    turn->effects.message_count = 0;
    turn->effects.row_count = 0;
    turn->effects.refused = false;
    turn->effects.replied = false;
    turn->effects.ephemera_changed = false;
    return frame;
}

void turn_end(struct turn_frame *frame) {
    struct runtime *runtime = frame->runtime;
    if (frame->letter != NULL) {
        letter_free(runtime, frame->letter);
    }
    arena_reset(&frame->arena);
    frame->next = runtime->frames;
    runtime->frames = frame;
}

void turn_carry_out(struct activation *activation, struct turn_frame *frame) {
    const struct effects *effects = &frame->turn.effects;
    struct host *host = activation->runtime->host;
    for (uint32_t i = 0; i < effects->message_count; i++) {
        if (!effects->messages[i].durable) {
            delivery_send(activation, &effects->messages[i]);
        }
    }
    if (effects->ephemera_changed) {
        host->ephemera(host, activation);
    }
}

/*
 * What the sender may do now, which may be less than when the message came. Commands are asked for
 * each time, as their grant may also have ended by the clock.
 */
static bool permitted(struct activation *activation, struct letter *letter,
                      const struct message_rule *rule, enum refusal *ret_why_not) {
    struct sender *sender = &letter->sender;
    *ret_why_not = REFUSAL_NOT_PERMITTED;
    bool system = (sender->roles & (1u << ROLE_SYSTEM)) != 0;
    if (!system && (rule->class == MESSAGE_COMMAND || letter->version != activation->version)) {
        struct grant grant = activation_grant(activation, sender->user);
        bool ended = grant.valid_until != 0 && grant.valid_until <= activation->runtime->now;
        *ret_why_not = grant.denial != 0 ? grant.denial : REFUSAL_NOT_PERMITTED;
        sender->roles = ended ? 0 : grant.roles;
        sender->actions = ended ? 0 : grant.actions;
    }
    return system ? rule->by_system : (rule->actions & sender->actions) != 0;
}

/* The message of a letter, read now if it came packed. NULL = malformed. */
static const void *message_of(struct activation *activation, struct letter *letter,
                              struct arena *arena) {
    if (letter->form == LETTER_MESSAGE) {
        return letter->message;
    }
    struct reader reader = reader_of(letter_fields(letter));
    return activation->kind->decode(letter->tag, &reader, arena);
}

void turn_conclude_without_events(struct activation *activation, struct turn_frame *frame) {
    struct effects *effects = &frame->turn.effects;
    struct letter *letter = frame->letter;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < effects->message_count; i++) {
        assert(effects->refused || !effects->messages[i].durable);
        if (!effects->messages[i].durable) {
            effects->messages[kept++] = effects->messages[i];
        }
    }
    effects->message_count = kept;
    if (effects->refused) {
        answer_refused(activation, letter, &effects->refusal);
    } else {
        assert(effects->row_count == 0);
        /* Nothing to do was the answer then; said again later there might be something. */
        recent_commands_note(&activation->recent, letter->command_id, activation->version);
        answer_accepted(activation, letter, activation->version);
    }
    turn_carry_out(activation, frame);
}

/* Of a command with events the record's index says whether it is an old one said again. One that
 * makes none now may have made some then, and is looked up once ids have been forgotten. */
static bool may_be_old(const struct activation *activation, const struct letter *letter) {
    return activation->runtime->host->recall != NULL && letter_is_of_session(letter) &&
           activation->recent.count == RUNTIME_RECENT_COMMANDS;
}

/* True = the frame is now with the store. */
static bool conclude_command(struct activation *activation, struct turn_frame *frame) {
    const struct effects *effects = &frame->turn.effects;
    if (!effects->refused && effects->event_count > 0) {
        commit_begin(activation, frame);
        return true;
    }
    if (may_be_old(activation, frame->letter)) {
        commit_recall(activation, frame);
        return true;
    }
    turn_conclude_without_events(activation, frame);
    return false;
}

static void conclude_request(struct activation *activation, struct turn_frame *frame) {
    const struct effects *effects = &frame->turn.effects;
    assert(effects->event_count == 0 && effects->row_count == 0);
    if (effects->refused) {
        answer_refused(activation, frame->letter, &effects->refusal);
    } else if (effects->replied) {
        answer_encoded(activation, frame->letter, effects->reply);
    } else {
        answer_accepted(activation, frame->letter, 0);
    }
    turn_carry_out(activation, frame);
}

static void give_turn(struct activation *activation, struct turn_frame *frame) {
    struct runtime *runtime = activation->runtime;
    struct letter *letter = frame->letter;
    const struct message_rule *rule = &activation->kind->rules[letter->tag];
    const void *message = message_of(activation, letter, &frame->arena);
    if (message == NULL) {
        answer_refused(activation, letter, &(struct refused){.reason = REFUSAL_MALFORMED});
        turn_end(frame);
        return;
    }
    enum refusal why_not;
    if (!permitted(activation, letter, rule, &why_not)) {
        if (rule->class != MESSAGE_SIGNAL) {
            answer_refused(activation, letter, &(struct refused){.reason = why_not});
        }
        turn_end(frame);
        return;
    }
    frame->turn.sender = letter->sender;
    runtime->marker->stream = activation->id;
    runtime->marker->command_id = frame->turn.command_id;
    runtime->marker->kind = activation->kind->number;
    runtime->marker->tag = letter->tag;
    runtime->marker->active = 1;
    activation->kind->handle(activation->actor, &frame->turn, letter->tag, message);
    runtime->marker->active = 0;
    bool with_store = false;
    if (rule->class == MESSAGE_COMMAND) {
        with_store = conclude_command(activation, frame);
    } else if (rule->class == MESSAGE_REQUEST) {
        conclude_request(activation, frame);
    } else {
        assert(frame->turn.effects.event_count == 0);
        turn_carry_out(activation, frame);
    }
    if (!with_store) {
        turn_end(frame);
    }
}

/* What attach or detach decided while an append was in flight. */
static void append_events(struct activation *activation, struct turn_frame *frame) {
    for (uint32_t i = 0; i < frame->letter->events.count; i++) {
        turn_event(&frame->turn, frame->letter->events.list[i]);
    }
    commit_begin(activation, frame);
}

static void take(struct activation *activation, struct letter *letter) {
    struct runtime *runtime = activation->runtime;
    uint64_t version;
    bool command = activation->kind->rules[letter->tag].class == MESSAGE_COMMAND;
    if (letter->form == LETTER_EVENTS || (command && uuid_is_zero(letter->command_id))) {
        /* A volatile command has no id of its own, but the record wants one for each. */
        uint64_t halves[2] = {runtime_random(runtime), runtime_random(runtime)};
        if (uuid_is_zero(letter->command_id)) {
            memcpy(letter->command_id.bytes, halves, sizeof halves);
        }
    } else if (command && recent_commands_find(&activation->recent, letter->command_id, &version)) {
        answer_accepted(activation, letter, version);
        letter_free(runtime, letter);
        return;
    }
    struct turn_frame *frame = turn_begin(activation, &letter->sender, letter->command_id);
    frame->letter = letter;
    runtime->current = frame;
    runtime->counts.turns++;
    if (letter->form == LETTER_EVENTS) {
        append_events(activation, frame);
    } else {
        give_turn(activation, frame);
    }
    runtime->current = NULL;
}

static bool may_run(const struct activation *activation) {
    return activation_is_live(activation) && !activation->rebuild_wanted &&
           activation->muted_by == NULL;
}

void turn_batch(struct activation *activation, int64_t until) {
    struct runtime *runtime = activation->runtime;
    int64_t batch_end = runtime->now + RUNTIME_BATCH_US;
    for (uint32_t i = 0; i < RUNTIME_BATCH_MAX && may_run(activation); i++) {
        bool ready = activation->phase == PHASE_READY;
        struct letter *letter = mailbox_pop(&activation->mailbox, ready);
        if (letter == NULL) {
            break;
        }
        runtime->counts.messages++;
        if (activation->muted != NULL && activation->mailbox.count < RUNTIME_MAILBOX_MAX / 4) {
            activation_unmute_senders(activation);
        }
        take(activation, letter);
        int64_t now = runtime_now_after_a_message(runtime);
        if (now >= batch_end || now >= until) {
            break;
        }
    }
}

void turn_failed(struct runtime *runtime) {
    struct turn_frame *frame = runtime->current;
    struct letter *letter = frame->letter;
    runtime->marker->active = 0;
    runtime->current = NULL;
    frame->letter = NULL;
    turn_end(frame);
    supervisor_failed(runtime->running, letter);
}
