/*
 * The one answer every command and request of a session gets, and the end of every letter. What
 * came out of the record is never answered but settled: its row goes once the target has committed
 * or refused it.
 */
#include "actors/runtime/activation.h"

#include <stdlib.h>

bool letter_is_of_session(const struct letter *letter) {
    const struct session_number *session = &letter->sender.session;
    return session->node != 0 || session->slot != 0 || session->generation != 0;
}

void letter_free(struct runtime *runtime, struct letter *letter) {
    if (letter->form == LETTER_PACKED) {
        free(letter->packed.heap);
    }
    if (letter->arena != NULL) {
        runtime_give_arena(runtime, letter->arena);
    }
    letter_pool_give(&runtime->letters, letter);
}

void answer_encoded(struct activation *activation, const struct letter *letter,
                    struct encoded reply) {
    struct host *host = activation->runtime->host;
    if (letter_is_of_session(letter)) {
        host->answer(host, activation, letter->sender.session, letter->channel, letter->seq, reply);
    }
}

static void settle(struct activation *activation, const struct letter *letter) {
    struct host *host = activation->runtime->host;
    if (!uuid_is_zero(letter->settles)) {
        host->settle(host, activation, letter->settles);
    }
}

void answer_accepted(struct activation *activation, const struct letter *letter, uint64_t version) {
    settle(activation, letter);
    if (!letter_is_of_session(letter)) {
        return;
    }
    struct arena *arena = runtime_arena(activation->runtime);
    answer_encoded(activation, letter, accepted_encode(arena, &(struct accepted){version}));
    runtime_give_arena(activation->runtime, arena);
}

void answer_refused(struct activation *activation, const struct letter *letter,
                    const struct refused *refused) {
    activation->runtime->counts.refused++;
    settle(activation, letter);
    if (!letter_is_of_session(letter)) {
        return;
    }
    struct arena *arena = runtime_arena(activation->runtime);
    answer_encoded(activation, letter, refused_encode(arena, refused));
    runtime_give_arena(activation->runtime, arena);
}

void answer_turned_away(struct activation *activation, struct letter *letter, enum refusal reason) {
    const struct message_rule *rule = &activation->kind->rules[letter->tag];
    bool answered = letter->form != LETTER_EVENTS &&
                    (rule->class == MESSAGE_COMMAND || rule->class == MESSAGE_REQUEST);
    if (answered && uuid_is_zero(letter->settles)) {
        answer_refused(activation, letter, &(struct refused){.reason = reason});
    }
    letter_free(activation->runtime, letter);
}
