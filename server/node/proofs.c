/* Proofs of identity that wait for the one message each of them is for. */
#include "server/node/node_state.h"

static void drop(struct node *node, uint32_t at) {
    node->armed[at] = node->armed[--node->armed_count];
}

static void drop_expired(struct node *node) {
    int64_t now = node->config.clock->now(node->config.clock);
    for (uint32_t i = node->armed_count; i > 0; i--) {
        if (node->armed[i - 1].until <= now) {
            drop(node, i - 1);
        }
    }
}

const struct armed *proof_of(struct node *node, uint64_t sign_in) {
    drop_expired(node);
    for (uint32_t i = 0; i < node->armed_count; i++) {
        if (node->armed[i].sign_in == sign_in) {
            return &node->armed[i];
        }
    }
    return NULL;
}

void proof_end(struct node *node, uint64_t sign_in) {
    for (uint32_t i = node->armed_count; i > 0; i--) {
        if (node->armed[i - 1].sign_in == sign_in) {
            drop(node, i - 1);
        }
    }
}

void node_arm_signature(struct node *node, uint64_t sign_in, struct uuid board, uint8_t factor,
                        int64_t until) {
    drop_expired(node);
    proof_end(node, sign_in);
    if (node->armed_count == ARMED_MAX) {
        drop(node, 0); /* whose it was has to prove it again */
    }
    node->armed[node->armed_count++] =
        (struct armed){.sign_in = sign_in, .board = board, .factor = factor, .until = until};
}
