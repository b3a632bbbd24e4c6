/*
 * What becomes of an actor whose handler failed a check. Its state may be wrong, so nothing of it
 * is kept: it is read again from the record, where only whole, committed commands are. One that
 * keeps failing is stopped, because a board that answers "quarantined" is better than one that
 * answers nonsense.
 */
#include "actors/runtime/activation.h"

static bool fails_too_often(struct activation *activation) {
    int64_t now = activation->runtime->now;
    if (activation->failures == 0 || now - activation->failed_at > RUNTIME_FAILURE_WINDOW_US) {
        activation->failures = 0;
        activation->failed_at = now;
    }
    activation->failures++;
    return activation->failures >= RUNTIME_FAILURES_MAX;
}

void supervisor_rebuild(struct activation *activation) {
    if (activation->awaiting_store) {
        /* The outcome comes first: it decides what the record holds. */
        activation->rebuild_wanted = true;
        return;
    }
    activation->rebuild_wanted = false;
    activation->rebuilding = true;
    activation->phase = PHASE_LOADING;
    activation->runtime->counts.reloaded++;
    uint64_t published = activation->published;
    activation_restart(activation);
    activation->version = 0;
    activation->last_at = 0;
    memset(activation->audience_versions, 0, sizeof activation->audience_versions);
    recent_commands_finish(&activation->recent);
    activation->published = published;
    activation_request_load(activation);
}

void supervisor_failed(struct activation *activation, struct letter *letter) {
    bool quarantine = fails_too_often(activation);
    if (letter != NULL) {
        answer_turned_away(activation, letter, quarantine ? REFUSAL_QUARANTINED : REFUSAL_BUSY);
    }
    if (quarantine) {
        activation_lose(activation, LOAD_QUARANTINED);
        return;
    }
    supervisor_rebuild(activation);
}
