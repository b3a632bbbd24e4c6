/*
 * Whoever looks at a case stands in the record for as long as they look. What was written when the
 * channel was opened covers it for a while; a channel that stays open is told of again then, and
 * ended when that cannot be written.
 */
#include "protocol/generated/policy.h"
#include "server/node/node_state.h"

#include <stdlib.h>
#include <string.h>

/* It was written and is not remembered: when to tell once more. */
enum { FORGOTTEN_US = 60 * 1000 * 1000 };

struct looking_again {
    struct channel *channel; /* NULL: closed meanwhile */
};

bool looking_concerns(const struct channel *channel, struct grant grant) {
    return channel->session->node->config.witness != NULL &&
           channel->kind == CHANNEL_KIND_PATIENT_CASE &&
           (grant.audiences == 0 ||
            (grant.audiences & (AUDIENCE_CLINICAL | AUDIENCE_IDENTITY)) != 0);
}

struct looking looking_of(const struct channel *channel, struct grant grant, bool refused) {
    const struct session *session = channel->session;
    struct looking looking = {.user = session->user,
                              .patient_case = channel->id,
                              .sign_in = session->sign_in,
                              .refused = refused,
                              .emergency =
                                  (grant.actions & PATIENT_CASE_MAY_LOOK_UNDER_GLASS) != 0};
    memcpy(looking.address, session->address, sizeof looking.address);
    return looking;
}

bool looking_is_known(struct channel *channel) {
    struct node *node = channel->session->node;
    if (!looking_concerns(channel, channel->grant)) {
        channel->looked_until = 0;
        return true;
    }
    struct looking looking = looking_of(channel, channel->grant, false);
    int64_t until = node->config.witness->knows(node->config.witness, &looking);
    channel->looked_until = until != 0 ? until : node->now + FORGOTTEN_US;
    return until != 0;
}

static void on_told(void *data, bool known) {
    struct looking_again *again = data;
    struct channel *channel = again->channel;
    free(again);
    if (channel == NULL) {
        return;
    }
    channel->looking_again = NULL;
    if (known) {
        looking_is_known(channel);
    } else {
        channel_end(channel, CHANNEL_END_UNAVAILABLE);
    }
}

void looking_sweep(struct channel *channel) {
    struct node *node = channel->session->node;
    if (channel->looked_until == 0 || channel->looked_until > node->now ||
        channel->looking_again != NULL || looking_is_known(channel)) {
        return;
    }
    struct looking_again *again = calloc(1, sizeof *again);
    if (again == NULL) {
        channel_end(channel, CHANNEL_END_UNAVAILABLE);
        return;
    }
    struct looking looking = looking_of(channel, channel->grant, false);
    again->channel = channel;
    channel->looking_again = again;
    node->config.witness->tell(node->config.witness, &looking, on_told, again);
}

void looking_forget(struct channel *channel) {
    if (channel->looking_again != NULL) {
        channel->looking_again->channel = NULL; /* on_told frees it, perhaps after the node */
        channel->looking_again = NULL;
    }
}
