/*
 * The way of a message into a mailbox: from a session, from the record, or straight from another
 * actor in memory, which costs a look-up and a copy of its bytes.
 */
#include "actors/runtime/activation.h"

#include <assert.h>

/* A volatile message that found its target's mailbox full. */
static void count_drop(struct runtime *runtime) {
    runtime->counts.dropped++;
}

static struct letter *new_letter(struct runtime *runtime) {
    struct letter *letter = letter_pool_take(&runtime->letters);
    assert(letter != NULL); /* a server that cannot hold one more message cannot go on */
    letter->attempts = 0;
    letter->recorded = false;
    letter->taken = false;
    letter->recorded_version = 0;
    letter->trace = 0;
    letter->channel = 0;
    letter->seq = 0;
    letter->arena = NULL;
    return letter;
}

enum push_result delivery_push(struct activation *activation, struct letter *letter, bool command) {
    struct runtime *runtime = activation->runtime;
    if (!mailbox_push(&activation->mailbox, letter, command)) {
        return PUSH_FULL;
    }
    uint16_t count = activation->mailbox.count;
    if (count > runtime->counts.mailbox_peak) {
        runtime->counts.mailbox_peak = count;
    }
    activation->active_at = runtime->now;
    activation_enqueue(activation);
    return count > RUNTIME_MAILBOX_MAX / 2 ? PUSH_TAKEN_MUTE_SENDER : PUSH_TAKEN;
}

/* A retry of what is committed gets the original answer at once, whatever else is going on. */
static bool answer_from_memory(struct activation *activation, const struct letter *letter) {
    uint64_t version;
    if (uuid_is_zero(letter->command_id) ||
        !recent_commands_find(&activation->recent, letter->command_id, &version)) {
        return false;
    }
    answer_accepted(activation, letter, version);
    return true;
}

/* Version 8 (RFC 9562 5.8) is that of message_command_id, and can be computed by whoever knows the
 * sending stream. A person who used one first would have the actor's own message taken for a retry.
 */
static bool takes_an_actors_id(const struct letter *letter) {
    bool system = (letter->sender.roles & (1u << ROLE_SYSTEM)) != 0;
    return !system && letter->command_id.bytes[6] >> 4 == 8;
}

enum push_result runtime_push(struct runtime *runtime, struct activation *activation,
                              struct incoming *incoming) {
    const struct message_rule *rule = &activation->kind->rules[incoming->tag];
    struct letter *letter = new_letter(runtime);
    letter->form = LETTER_MESSAGE;
    letter->tag = incoming->tag;
    letter->message = incoming->message;
    letter->arena = incoming->arena;
    letter->sender = incoming->sender;
    letter->channel = incoming->channel;
    letter->seq = incoming->seq;
    letter->settles = incoming->settles;
    letter->trace = incoming->trace;
    letter->version = activation->version;
    bool command = rule->class == MESSAGE_COMMAND;
    letter->command_id = command ? activation->kind->command_id(incoming->tag, incoming->message)
                                 : (struct uuid){{0}};
    enum push_result result = PUSH_TAKEN;
    if (activation->phase == PHASE_GONE) {
        answer_turned_away(activation, letter, REFUSAL_BUSY);
    } else if (activation->phase == PHASE_QUARANTINED) {
        answer_turned_away(activation, letter, REFUSAL_QUARANTINED);
    } else if (command && takes_an_actors_id(letter)) {
        answer_turned_away(activation, letter, REFUSAL_MALFORMED);
    } else if (command && answer_from_memory(activation, letter)) {
        letter_free(runtime, letter);
    } else if (command && activation->database_away && letter_is_of_session(letter)) {
        answer_turned_away(activation, letter, REFUSAL_UNAVAILABLE);
    } else {
        result = delivery_push(activation, letter, command);
        if (result == PUSH_FULL) {
            letter_free(runtime, letter);
        }
    }
    return result;
}

static const struct sender the_system = {.roles = 1u << ROLE_SYSTEM};

static enum push_result deliver(struct activation *activation, struct encoded command,
                                struct uuid command_id, struct uuid settles) {
    struct runtime *runtime = activation->runtime;
    const struct message_rule *rule = &activation->kind->rules[command.tag];
    if (activation->phase == PHASE_QUARANTINED || activation->phase == PHASE_GONE) {
        return PUSH_FULL;
    }
    struct letter *letter = new_letter(runtime);
    letter->tag = command.tag;
    letter->sender = the_system;
    letter->command_id = command_id;
    letter->settles = settles;
    letter->version = activation->version;
    if (!letter_pack(letter, command.fields)) {
        letter_pool_give(&runtime->letters, letter);
        return PUSH_FULL;
    }
    enum push_result result = PUSH_TAKEN;
    bool is_command = rule->class == MESSAGE_COMMAND;
    if (is_command && answer_from_memory(activation, letter)) {
        letter_free(runtime, letter);
        return result;
    }
    result = delivery_push(activation, letter, is_command);
    if (result == PUSH_FULL) {
        letter_free(runtime, letter);
    }
    return result;
}

bool runtime_deliver(struct runtime *runtime, uint8_t kind, struct uuid target,
                     struct encoded command, struct uuid command_id, struct uuid settles) {
    const struct actor_kind *actor_kind = runtime->kinds[kind];
    if (actor_kind == NULL || command.tag >= TAG_DOWN || command.fields.bytes == NULL ||
        actor_kind->rules[command.tag].name == NULL) {
        return false;
    }
    struct activation *activation = runtime_activate(runtime, kind, target);
    return deliver(activation, command, command_id, settles) != PUSH_FULL;
}

static void mute_behind(struct activation *sender, struct activation *target) {
    /* An actor that is itself crowded is never muted: so no circle of actors can wait for one
     * another, as the last of them would have had to be both crowded and muted. */
    if (sender == target || sender->muted_by != NULL ||
        sender->mailbox.count > RUNTIME_MAILBOX_MAX / 2) {
        return;
    }
    activation_mute(sender, target);
}

void delivery_send(struct activation *from, const struct effect_message *message) {
    struct runtime *runtime = from->runtime;
    struct host *host = runtime->host;
    assert(!message->durable);
    if (message->due_at > runtime->now) {
        if (!timers_add(&runtime->timers, message->due_at, message->target_kind, message->target,
                        message->command)) {
            count_drop(runtime);
        }
        return;
    }
    struct activation *target =
        directory_find(&runtime->directory, message->target_kind, message->target);
    if (target == NULL) {
        host->forward(host, message, (struct uuid){{0}});
        return;
    }
    enum push_result result =
        deliver(target, message->command, (struct uuid){{0}}, (struct uuid){{0}});
    if (result == PUSH_TAKEN_MUTE_SENDER) {
        mute_behind(from, target);
    } else if (result == PUSH_FULL) {
        count_drop(runtime);
    }
}
