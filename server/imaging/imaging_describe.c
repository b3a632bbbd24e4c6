/*
 * What the headers of images say, whole: for what the server itself writes about them.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_state.h"
#include "server/store/postgres_array.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct describe {
    struct work work; // first, so that a work is its describing
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    imaging_described done;
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct postgres_array uids;
    struct instance *instances;
    /* Derived. */
    enum imaging_read_result result;
};

static void finish(struct describe *describe, enum imaging_read_result result) {
    struct imaging_service *service = describe->service;
    size_t count = result == IMAGING_READ_OK ? (size_t)describe->rows.row_count : 0;
    describe->done(describe->data, result, describe->instances, count);
    if (describe->instances != NULL) {
        OPENSSL_cleanse(describe->instances, count * sizeof *describe->instances);
    }
    free(describe->instances);
    kept_rows_free(&describe->rows);
    array_finish(&describe->uids);
    OPENSSL_cleanse(&describe->keys, sizeof describe->keys);
    free(describe);
    imaging_operation_ended(service);
}

static bool open_row(const struct describe *describe, int row, uint8_t *space,
                     struct instance *ret_instance) {
    struct bytes uid = kept_rows_cell(&describe->rows, row, 0);
    struct bytes sealed = kept_rows_cell(&describe->rows, row, 1);
    char text[65];
    if (uid.length >= sizeof text || sealed.length < SEALED_VALUE_OVERHEAD ||
        sealed.length > INSTANCE_ENCODED_MAX + SEALED_VALUE_OVERHEAD) {
        return false;
    }
    memcpy(text, uid.bytes, uid.length);
    text[uid.length] = '\0';
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = record_place("identity", describe->patient_case, text, place);
    return sealed_value_open(describe->keys.blob, place, place_size, sealed.bytes, sealed.length,
                             space) &&
           instance_decode(ret_instance, space, sealed.length - SEALED_VALUE_OVERHEAD);
}

static void run_open(struct work *work) {
    struct describe *describe = (struct describe *)work;
    size_t count = (size_t)describe->rows.row_count;
    uint8_t *space = malloc(INSTANCE_ENCODED_MAX);
    describe->instances = calloc(count + 1, sizeof *describe->instances);
    bool opened = space != NULL && describe->instances != NULL;
    for (size_t i = 0; opened && i < count; i++) {
        opened = open_row(describe, (int)i, space, &describe->instances[i]);
    }
    if (space != NULL) {
        OPENSSL_cleanse(space, INSTANCE_ENCODED_MAX);
    }
    free(space);
    describe->result = opened ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
}

static void on_opened(struct work *work) {
    struct describe *describe = (struct describe *)work;
    finish(describe, describe->result);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct describe *describe = data;
    describe->work.run = run_open;
    describe->work.done = on_opened;
    bool kept = result == POSTGRES_OK && kept_rows_copy(&describe->rows, rows, 2);
    if (!kept || !imaging_case_keys(describe->service, describe->patient_case, &describe->keys) ||
        !work_submit(describe->service->queue, &describe->work)) {
        finish(describe, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_key(void *data, enum imaging_read_result result) {
    struct describe *describe = data;
    if (result != IMAGING_READ_OK) {
        finish(describe, result);
        return;
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&describe->patient_case),
                                              array_parameter(&describe->uids)};
    postgres_query(describe->service->config.postgres,
                   "SELECT sop_instance_uid, identity FROM image_instance"
                   " WHERE case_id = $1::uuid AND NOT held AND sop_instance_uid = ANY($2::text[])"
                   " ORDER BY study_uid, series_uid, sop_instance_uid",
                   parameters, 2, on_rows, describe);
}

void imaging_describe(struct imaging_service *service, struct uuid patient_case,
                      const struct text *uids, size_t count, imaging_described done, void *data) {
    struct describe *describe =
        service->closing || count > DESCRIBE_MAX ? NULL : calloc(1, sizeof *describe);
    if (describe == NULL) {
        done(data, IMAGING_READ_UNAVAILABLE, NULL, 0);
        return;
    }
    describe->service = service;
    describe->patient_case = patient_case;
    describe->done = done;
    describe->data = data;
    array_begin(&describe->uids, TYPE_TEXT);
    for (size_t i = 0; i < count; i++) {
        array_add(&describe->uids, uids[i].bytes, uids[i].length);
    }
    imaging_operation_began(service);
    imaging_need_case_key(service, patient_case, on_key, describe);
}
