#include "server/erasure/keeping.h"

#include "server/log.h"
#include "server/store/generation_secret.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

bool keeping_open_keys(struct keeping *keeping, const char *data_folder, const char *key_file,
                       const char **ret_message) {
    char folder[KEYS_PATH_MAX], path[KEYS_PATH_MAX + 32], secrets[KEYS_PATH_MAX];
    bool own = key_file == NULL;
    *ret_message = "the path of the data folder is too long";
    if (snprintf(folder, sizeof(folder), "%s/keys", data_folder) >= (int)sizeof(folder)) {
        return false;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        *ret_message = "the folder for keys cannot be made";
        return false;
    }
    snprintf(path, sizeof(path), "%s/key-encryption-key", folder);
    keeping->keys = keys_open(own ? path : key_file, own, ret_message);
    return keeping->keys != NULL && generation_secret_folder(data_folder, key_file, secrets) &&
           keys_use_folder(keeping->keys, secrets);
}

static void on_report(void *data, const char *words) {
    (void)data;
    log_warning("keys", "%s", words);
}

bool keeping_begin(struct keeping *keeping, const struct keeping_config *config,
                   void (*ready)(void *data), void *data, const char **ret_message) {
    keeping->rotation = rotation_create(&(struct rotation_config){
        .loop = config->loop,
        .postgres = config->postgres,
        .keys = keeping->keys,
        .tenant = config->tenant,
        .report = on_report,
    });
    keeping->eraser = eraser_create(&(struct eraser_config){
        .loop = config->loop,
        .postgres = config->postgres,
        .keys = keeping->keys,
        .rotation = keeping->rotation,
        .imaging = config->imaging,
        .node = config->node,
        .tenant = config->tenant,
        .data_folder = config->data_folder,
        .report = on_report,
    });
    if (keeping->eraser == NULL) {
        *ret_message = "DATA/erasures cannot be read: what was erased must not be shown";
        return false;
    }
    routes_keys_add(config->gateway, &(struct keys_desk){
                                         .postgres = config->postgres,
                                         .rotation = keeping->rotation,
                                         .eraser = keeping->eraser,
                                         .affiliations = config->affiliations,
                                         .access_log = config->access_log,
                                         .tenant = config->tenant,
                                         .own_key_file = config->key_file == NULL,
                                     });
    rotation_resume(keeping->rotation);
    eraser_start(keeping->eraser, ready, data);
    return true;
}

bool keeping_is_erased(const struct keeping *keeping, struct uuid patient_case) {
    return keeping->eraser != NULL && eraser_holds(keeping->eraser, patient_case);
}

void keeping_ordered(struct keeping *keeping, struct uuid patient_case) {
    if (keeping->eraser != NULL) {
        eraser_order(keeping->eraser, patient_case);
    }
}

/* The rotation first: it would tell the eraser that it is done. */
static void on_rotation_closed(void *data) {
    struct keeping *keeping = data;
    struct eraser *eraser = keeping->eraser;
    keeping->rotation = NULL;
    keeping->eraser = NULL;
    eraser_close(eraser, keeping->closed, keeping->closed_data);
}

void keeping_close(struct keeping *keeping, void (*closed)(void *data), void *data) {
    routes_keys_close();
    keeping->closed = closed;
    keeping->closed_data = data;
    if (keeping->rotation != NULL) {
        rotation_close(keeping->rotation, on_rotation_closed, keeping);
    } else {
        closed(data);
    }
}
