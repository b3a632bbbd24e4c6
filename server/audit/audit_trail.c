#include "server/audit/audit_trail.h"

#include "server/audit/checkpoints.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit_trail {
    struct checkpoints *checkpoints;
    struct access_log *log;
    struct witness witness;
    void (*stopped)(void *data); /* NULL until it is to stop */
    void *stopped_data;
};

/* The witness */

static struct access_log *log_of(struct witness *witness) {
    return ((struct audit_trail *)((char *)witness - offsetof(struct audit_trail, witness)))->log;
}

static struct access access_of(const struct looking *looking) {
    struct access access;
    memset(&access, 0, sizeof access);
    access.user = looking->user;
    access.sign_in = looking->sign_in;
    access.patient_case = looking->patient_case;
    access.action = ACCESS_CASE;
    access.result = (uint8_t)(looking->refused     ? ACCESS_REFUSED
                              : looking->emergency ? ACCESS_EMERGENCY
                                                   : ACCESS_ALLOWED);
    memcpy(access.address, looking->address, sizeof access.address);
    return access;
}

static bool knows(struct witness *witness, const struct looking *looking) {
    struct access access = access_of(looking);
    return access_log_covers(log_of(witness), &access);
}

static void tell(struct witness *witness, const struct looking *looking,
                 void (*done)(void *data, bool known), void *data) {
    struct access access = access_of(looking);
    access_log_write(log_of(witness), &access, done, data);
}

/* Chains that moved */

static void on_access_moved(void *data, struct uuid writer, uint64_t number,
                            const uint8_t hash[DATABASE_HASH_BYTES]) {
    struct audit_trail *trail = data;
    checkpoints_moved(trail->checkpoints, writer, number, hash);
}

void audit_trail_moved(struct audit_trail *trail, const struct stream_head *head) {
    checkpoints_moved(trail->checkpoints, head->stream, head->version, head->hash);
}

void audit_trail_look_again(struct audit_trail *trail) {
    checkpoints_look_again(trail->checkpoints);
}

/* Its life */

struct access_log *audit_trail_log(struct audit_trail *trail) {
    return trail->log;
}

struct witness *audit_trail_witness(struct audit_trail *trail) {
    return &trail->witness;
}

static struct checkpoints *start_checkpoints(const struct audit_trail_config *config,
                                             const char **ret_message) {
    char key[CHECKPOINT_KEY_PATH_MAX], anchor[DATA_PATH_MAX + 16];
    if (!checkpoint_key_path(config->folder->path, config->key_file, key)) {
        *ret_message = "the path of the key file is too long";
        return NULL;
    }
    snprintf(anchor, sizeof anchor, "%s/checkpoints", config->folder->path);
    return checkpoints_start(
        &(struct checkpoints_config){
            .loop = config->loop,
            .clock = config->clock,
            .postgres = config->postgres,
            .tenant = config->tenant,
            .node = config->folder->node,
            .key_path = key,
            .anchor_path = config->anchor != NULL ? config->anchor : anchor,
            .report = config->report,
            .data = config->data,
        },
        ret_message);
}

struct audit_trail *audit_trail_start(const struct audit_trail_config *config,
                                      const char **ret_message) {
    struct checkpoints *checkpoints = start_checkpoints(config, ret_message);
    if (checkpoints == NULL) {
        return NULL;
    }
    struct audit_trail *trail = calloc(1, sizeof *trail);
    assert(trail != NULL);
    trail->checkpoints = checkpoints;
    trail->witness = (struct witness){knows, tell};
    trail->log = access_log_create(&(struct access_log_config){
        .loop = config->loop,
        .clock = config->clock,
        .postgres = config->postgres,
        .tenant = config->tenant,
        .node = config->folder->node,
        .moved = on_access_moved,
        .data = trail,
    });
    return trail;
}

static void on_checkpoints_stopped(void *data) {
    struct audit_trail *trail = data;
    void (*stopped)(void *data) = trail->stopped;
    void *stopped_data = trail->stopped_data;
    free(trail);
    stopped(stopped_data);
}

static void on_log_stopped(void *data) {
    struct audit_trail *trail = data;
    checkpoints_stop(trail->checkpoints, on_checkpoints_stopped, trail);
}

void audit_trail_stop(struct audit_trail *trail, void (*stopped)(void *data), void *data) {
    trail->stopped = stopped;
    trail->stopped_data = data;
    access_log_stop(trail->log, on_log_stopped, trail);
}
