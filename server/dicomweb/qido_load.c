#include "server/dicomweb/qido_load.h"

#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_json.h"
#include "server/imaging/metadata_part.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct kept_index {
    struct uuid patient_case;
    struct qido_index *index; // owned: one reference; NULL = free
    size_t bytes;
    uint64_t used;
};

struct index_load {
    struct work work; // first, so that a work is its load
    struct qido_indexes *indexes;
    struct uuid patient_case;
    struct case_keys keys;
    struct kept_rows rows;
    struct qido_index *index;
    struct qido_wait *waits;
    bool stale;   // the case changed since it was asked for
    bool damaged; // a row does not verify
    struct index_load *next, **link;
};

struct qido_indexes {
    struct imaging_service *service; // borrowed
    struct kept_index kept[QIDO_KEPT_CASES];
    size_t bytes;
    uint64_t uses;
    struct index_load *loads;
};

static void let_go(struct qido_indexes *indexes, struct kept_index *kept) {
    indexes->bytes -= kept->bytes;
    qido_index_unref(kept->index);
    memset(kept, 0, sizeof *kept);
}

static void on_changed(void *data, struct uuid patient_case) {
    struct qido_indexes *indexes = data;
    bool all = uuid_is_zero(patient_case);
    for (size_t i = 0; i < QIDO_KEPT_CASES; i++) {
        struct kept_index *kept = &indexes->kept[i];
        if (kept->index && (all || uuid_equal(kept->patient_case, patient_case))) {
            let_go(indexes, kept);
        }
    }
    for (struct index_load *load = indexes->loads; load; load = load->next) {
        load->stale |= all || uuid_equal(load->patient_case, patient_case);
    }
}

struct qido_indexes *qido_indexes_create(struct imaging_service *service) {
    struct qido_indexes *indexes = calloc(1, sizeof *indexes);
    if (indexes) {
        indexes->service = service;
        imaging_tell_changes(service, on_changed, indexes);
    }
    return indexes;
}

/* The place of a new one: a free one, or that of the one used longest ago. */
static struct kept_index *oldest(struct qido_indexes *indexes) {
    struct kept_index *found = &indexes->kept[0];
    for (size_t i = 0; i < QIDO_KEPT_CASES; i++) {
        struct kept_index *kept = &indexes->kept[i];
        if (!kept->index) {
            return kept;
        }
        found = kept->used < found->used ? kept : found;
    }
    return found;
}

static struct kept_index *oldest_used(struct qido_indexes *indexes) {
    struct kept_index *found = NULL;
    for (size_t i = 0; i < QIDO_KEPT_CASES; i++) {
        struct kept_index *kept = &indexes->kept[i];
        if (kept->index && (!found || kept->used < found->used)) {
            found = kept;
        }
    }
    return found;
}

static void keep(struct qido_indexes *indexes, struct uuid patient_case, struct qido_index *index) {
    size_t bytes = qido_index_bytes(index);
    if (bytes > QIDO_KEPT_BYTES / 2) {
        return; // of what is kept for all, no case takes more than half
    }
    while (indexes->bytes + bytes > QIDO_KEPT_BYTES) {
        let_go(indexes, oldest_used(indexes));
    }
    struct kept_index *place = oldest(indexes);
    if (place->index) {
        let_go(indexes, place);
    }
    *place = (struct kept_index){patient_case, qido_index_ref(index), bytes, ++indexes->uses};
    indexes->bytes += bytes;
}

static void finish(struct index_load *load, enum imaging_read_result result) {
    struct qido_indexes *indexes = load->indexes;
    struct imaging_service *service = indexes->service;
    *load->link = load->next;
    if (load->next) {
        load->next->link = load->link;
    }
    if (result == IMAGING_READ_OK && !load->stale) {
        keep(indexes, load->patient_case, load->index);
    }
    while (load->waits) {
        struct qido_wait *wait = load->waits;
        qido_wait_cancel(wait);
        wait->done(wait, result, result == IMAGING_READ_OK ? load->index : NULL);
    }
    qido_index_unref(load->index);
    kept_rows_free(&load->rows);
    OPENSSL_cleanse(load, sizeof *load);
    free(load);
    imaging_operation_ended(service);
}

/* Columns: study, series, number of instances, one of them, its metadata. */
static bool add_series(struct index_load *load, int row, struct bounded_output *part,
                       struct bounded_output *json) {
    struct bytes study = kept_rows_cell(&load->rows, row, 0);
    struct bytes series = kept_rows_cell(&load->rows, row, 1);
    struct bytes number = kept_rows_cell(&load->rows, row, 2);
    struct bytes uid = kept_rows_cell(&load->rows, row, 3);
    struct bytes sealed = kept_rows_cell(&load->rows, row, 4);
    char text[QIDO_UID_MAX + 1] = "";
    uint8_t place[RECORD_PLACE_MAX];
    if (uid.length > QIDO_UID_MAX || sealed.length < SEALED_VALUE_OVERHEAD) {
        return false;
    }
    memcpy(text, uid.bytes, uid.length);
    size_t place_size = record_place("metadata", load->patient_case, text, place);
    part->size = json->size = 0;
    uint8_t *space = bounded_output_extend(part, sealed.length - SEALED_VALUE_OVERHEAD);
    if (!space ||
        !sealed_value_open(load->keys.blob, place, place_size, sealed.bytes, sealed.length,
                           space) ||
        !metadata_part_read(part->bytes, part->size, TEXT(""), json)) {
        return false;
    }
    struct postgres_parameter count = {number.bytes, (int)number.length};
    qido_index_add(load->index, (struct text){study.length, (const char *)study.bytes},
                   (struct text){series.length, (const char *)series.bytes},
                   (uint32_t)value_integer(count),
                   (struct text){(uint32_t)json->size, (const char *)json->bytes});
    return true;
}

static void run_build(struct work *work) {
    struct index_load *load = (struct index_load *)work;
    struct bounded_output part, json;
    bounded_output_init(&part, METADATA_SIZE_MAX);
    bounded_output_init(&json, METADATA_SIZE_MAX);
    for (int row = 0; row < load->rows.row_count && !load->damaged; row++) {
        load->damaged = !add_series(load, row, &part, &json);
    }
    if (json.bytes) {
        OPENSSL_cleanse(json.bytes, json.capacity);
    }
    bounded_output_finish(&part);
    bounded_output_finish(&json);
    OPENSSL_cleanse(&load->keys, sizeof load->keys);
}

static void on_built(struct work *work) {
    struct index_load *load = (struct index_load *)work;
    if (load->damaged) {
        log_error("dicomweb", "stored rows of a case do not verify");
    }
    finish(load, load->damaged         ? IMAGING_READ_DAMAGED
                 : load->index->failed ? IMAGING_READ_UNAVAILABLE
                                       : IMAGING_READ_OK);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct index_load *load = data;
    struct imaging_service *service = load->indexes->service;
    load->work.run = run_build;
    load->work.done = on_built;
    if (result != POSTGRES_OK || !kept_rows_copy(&load->rows, rows, 5) ||
        !imaging_case_keys(service, load->patient_case, &load->keys) ||
        !work_submit(service->queue, &load->work)) {
        finish(load, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_key(void *data, enum imaging_read_result result) {
    struct index_load *load = data;
    if (result == IMAGING_READ_ABSENT) {
        finish(load, IMAGING_READ_OK); // a case without a stream has no images
        return;
    }
    if (result != IMAGING_READ_OK) {
        finish(load, result);
        return;
    }
    struct binary_integer limit = binary_integer(QIDO_SERIES_MAX + 1);
    struct postgres_parameter parameters[] = {parameter_uuid(&load->patient_case),
                                              parameter_int8(&limit)};
    postgres_query(
        load->indexes->service->config.postgres,
        "SELECT one.study_uid, one.series_uid, one.number, one.uid, i.metadata FROM"
        " (SELECT study_uid, series_uid, count(*) AS number,"
        " min(sop_instance_uid COLLATE \"C\") AS uid FROM image_instance"
        " WHERE case_id = $1::uuid AND NOT held AND NOT superseded GROUP BY study_uid, series_uid"
        " LIMIT $2::bigint) one JOIN image_instance i ON i.case_id = $1::uuid"
        " AND i.sop_instance_uid = one.uid AND NOT i.held"
        " ORDER BY one.study_uid COLLATE \"C\", one.series_uid COLLATE \"C\"",
        parameters, 2, on_rows, load);
}

static struct index_load *begin_load(struct qido_indexes *indexes, struct uuid patient_case) {
    struct index_load *load = calloc(1, sizeof *load);
    struct qido_index *index = load ? qido_index_create() : NULL;
    if (!index) {
        free(load);
        return NULL;
    }
    load->indexes = indexes;
    load->patient_case = patient_case;
    load->index = index;
    load->link = &indexes->loads;
    load->next = indexes->loads;
    if (load->next) {
        load->next->link = &load->next;
    }
    indexes->loads = load;
    imaging_operation_began(indexes->service);
    return load;
}

void qido_wait_cancel(struct qido_wait *wait) {
    if (wait->link) {
        *wait->link = wait->next;
        if (wait->next) {
            wait->next->link = wait->link;
        }
        wait->link = NULL;
    }
}

static void join(struct index_load *load, struct qido_wait *wait) {
    wait->link = &load->waits;
    wait->next = load->waits;
    if (wait->next) {
        wait->next->link = &wait->next;
    }
    load->waits = wait;
}

void qido_indexes_get(struct qido_indexes *indexes, struct uuid patient_case,
                      struct qido_wait *wait) {
    for (size_t i = 0; i < QIDO_KEPT_CASES; i++) {
        struct kept_index *kept = &indexes->kept[i];
        if (kept->index && uuid_equal(kept->patient_case, patient_case)) {
            kept->used = ++indexes->uses;
            wait->done(wait, IMAGING_READ_OK, kept->index);
            return;
        }
    }
    for (struct index_load *load = indexes->loads; load; load = load->next) {
        if (!load->stale && uuid_equal(load->patient_case, patient_case)) {
            join(load, wait);
            return;
        }
    }
    struct index_load *load = begin_load(indexes, patient_case);
    if (!load) {
        wait->done(wait, IMAGING_READ_UNAVAILABLE, NULL);
        return;
    }
    join(load, wait);
    imaging_need_case_key(indexes->service, patient_case, on_key, load);
}
