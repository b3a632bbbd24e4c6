#include "server/dicomweb/qido_search.h"

#include "server/blobs/sealed_value.h"
#include "server/dicomweb/qido_instances.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_json.h"
#include "server/imaging/metadata_mask.h"
#include "server/imaging/metadata_part.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 100000 // instances looked at by one search

struct qido_search {
    struct work work; // first, so that a work is its search
    struct qido_wait wait;
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    enum dicomweb_level level;
    char study_uid[QIDO_UID_MAX + 1], series_uid[QIDO_UID_MAX + 1];
    char base[QIDO_BASE_MAX];
    bool masked;
    struct qido_query *query; // owned
    void (*done)(void *data, const struct qido_found *found);
    void *data;
    /* Owned. */
    struct qido_index *index; // NULL = is not needed
    struct kept_rows rows;
    struct case_keys keys;
    struct bounded_output output;
    /* Derived. */
    bool with_metadata;
    bool under_way; // on a thread or in the database: it comes back
    bool cancelled;
    enum imaging_read_result result;
    uint64_t matched, written;
};

static void free_search(struct qido_search *search) {
    struct imaging_service *service = search->service;
    qido_wait_cancel(&search->wait);
    qido_index_unref(search->index);
    kept_rows_free(&search->rows);
    if (search->output.bytes) {
        OPENSSL_cleanse(search->output.bytes, search->output.size);
    }
    bounded_output_finish(&search->output);
    OPENSSL_cleanse(search->query, sizeof *search->query);
    free(search->query);
    OPENSSL_cleanse(search, sizeof *search);
    free(search);
    imaging_operation_ended(service);
}

void qido_search_cancel(struct qido_search *search) {
    search->cancelled = true;
    if (!search->under_way) {
        free_search(search);
    }
}

static void finish(struct qido_search *search, enum imaging_read_result result) {
    search->under_way = false;
    if (!search->cancelled) {
        struct qido_found found = {.result = result};
        if (result == IMAGING_READ_OK) {
            uint64_t skipped = search->query->offset;
            uint64_t after = search->matched > skipped ? search->matched - skipped : 0;
            found.json = (struct bytes){(uint32_t)search->output.size, search->output.bytes};
            found.count = search->written;
            found.ignored = search->query->ignored;
            found.remaining = after > search->written ? after - search->written : 0;
        }
        search->done(search->data, &found);
    }
    free_search(search);
}

/* All of it, not its outermost attributes alone: a functional group that stays may hold words. */
static bool mask_metadata(struct qido_row *row, struct bounded_output *json) {
    struct bounded_output masked;
    bounded_output_init(&masked, METADATA_SIZE_MAX);
    bool done = metadata_mask(json->bytes, json->size, &masked) && !masked.failed;
    json->size = 0;
    if (done) {
        bounded_output_write(json, masked.bytes, masked.size);
    }
    row->metadata = (struct text){(uint32_t)json->size, (const char *)json->bytes};
    if (masked.bytes) {
        OPENSSL_cleanse(masked.bytes, masked.capacity);
    }
    bounded_output_finish(&masked);
    return done;
}

static bool open_metadata(struct qido_search *search, struct qido_row *row, struct bytes sealed,
                          struct bounded_output *part, struct bounded_output *json) {
    char uid[QIDO_UID_MAX + 1] = "";
    uint8_t place[RECORD_PLACE_MAX];
    if (row->sop_instance_uid.length > QIDO_UID_MAX || sealed.length < SEALED_VALUE_OVERHEAD) {
        return false;
    }
    memcpy(uid, row->sop_instance_uid.bytes, row->sop_instance_uid.length);
    size_t place_size = record_place("metadata", search->patient_case, uid, place);
    part->size = json->size = 0;
    uint8_t *space = bounded_output_extend(part, sealed.length - SEALED_VALUE_OVERHEAD);
    bool opened = space &&
                  sealed_value_open(search->keys.blob, place, place_size, sealed.bytes,
                                    sealed.length, space) &&
                  metadata_part_read(part->bytes, part->size, TEXT(""), json);
    row->metadata = (struct text){(uint32_t)json->size, (const char *)json->bytes};
    return opened && (!search->masked || mask_metadata(row, json));
}

static struct text text_cell(const struct kept_rows *rows, int row, int column) {
    struct bytes cell = kept_rows_cell(rows, row, column);
    return (struct text){cell.length, (const char *)cell.bytes};
}

static bool answer_instances(struct qido_search *search, struct qido_results *results) {
    struct qido_instances instances = {.index = search->index,
                                       .results = results,
                                       .in_study = search->study_uid[0] != 0,
                                       .in_series = search->series_uid[0] != 0};
    struct bounded_output part, json;
    bounded_output_init(&part, METADATA_SIZE_MAX);
    bounded_output_init(&json, METADATA_SIZE_MAX);
    bool good = true;
    qido_results_begin(results);
    for (int i = 0; i < search->rows.row_count && good; i++) {
        struct qido_row row = {.study_uid = text_cell(&search->rows, i, 0),
                               .series_uid = text_cell(&search->rows, i, 1),
                               .sop_instance_uid = text_cell(&search->rows, i, 2),
                               .outline = kept_rows_cell(&search->rows, i, 3)};
        struct bytes sealed = kept_rows_cell(&search->rows, i, 4);
        good = (!search->with_metadata || open_metadata(search, &row, sealed, &part, &json)) &&
               qido_instances_row(&instances, &row);
    }
    qido_results_end(results);
    if (json.bytes) {
        OPENSSL_cleanse(json.bytes, json.capacity);
    }
    bounded_output_finish(&part);
    bounded_output_finish(&json);
    OPENSSL_cleanse(&search->keys, sizeof search->keys);
    return good;
}

static void run_answer(struct work *work) {
    struct qido_search *search = (struct qido_search *)work;
    struct qido_results *results = calloc(1, sizeof *results);
    search->result = IMAGING_READ_UNAVAILABLE;
    if (!results) {
        return;
    }
    results->query = search->query;
    results->base = search->base;
    results->masked = search->masked;
    results->output = &search->output;
    bool good = true;
    struct text study = {(uint32_t)strlen(search->study_uid), search->study_uid};
    switch (search->level) {
    case LEVEL_STUDY:
        qido_answer_studies(search->index, results);
        break;
    case LEVEL_SERIES:
        qido_answer_series(search->index, study, results);
        break;
    case LEVEL_INSTANCE:
        good = answer_instances(search, results);
        break;
    }
    search->matched = results->matched;
    search->written = results->written;
    if (!search->output.failed) {
        search->result = good ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
    }
    OPENSSL_cleanse(results, sizeof *results);
    free(results);
}

static void on_answered(struct work *work) {
    struct qido_search *search = (struct qido_search *)work;
    finish(search, search->result);
}

static void answer(struct qido_search *search) {
    search->work.run = run_answer;
    search->work.done = on_answered;
    if (!work_submit(search->service->queue, &search->work)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct qido_search *search = data;
    if (result != POSTGRES_OK || search->cancelled || !kept_rows_copy(&search->rows, rows, 5) ||
        !imaging_case_keys(search->service, search->patient_case, &search->keys)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    } else if (search->rows.row_count > ROWS_MAX) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    } else {
        answer(search);
    }
}

/* The narrowest condition comes first and has its index. */
#define INSTANCES_OF(narrowest)                                                                    \
    "SELECT study_uid, series_uid, sop_instance_uid, outline,"                                     \
    " CASE WHEN $5::boolean THEN metadata END FROM image_instance"                                 \
    " WHERE case_id = $1::uuid AND NOT held AND " narrowest                                        \
    " AND ($2::text = '' OR study_uid = $2::text)"                                                 \
    " AND ($3::text = '' OR series_uid = $3::text)"                                                \
    " AND ($4::text = '' OR sop_instance_uid = $4::text)"                                          \
    " ORDER BY study_uid, series_uid, instance_number, sop_instance_uid LIMIT $6::bigint"

static void query_rows(struct qido_search *search) {
    char uid[QIDO_UID_MAX + 1] = "";
    const struct qido_match *match = qido_query_match(search->query, TAG_SOP_INSTANCE_UID);
    if (match && match->value.length <= QIDO_UID_MAX &&
        !memchr(match->value.bytes, ',', match->value.length) &&
        !memchr(match->value.bytes, '\\', match->value.length)) {
        memcpy(uid, match->value.bytes, match->value.length);
    }
    struct binary_integer limit = binary_integer(ROWS_MAX + 1);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&search->patient_case),  parameter_text(search->study_uid),
        parameter_text(search->series_uid),     parameter_text(uid),
        parameter_bool(&search->with_metadata), parameter_int8(&limit)};
    const char *sql = INSTANCES_OF("true");
    if (uid[0]) {
        sql = INSTANCES_OF("sop_instance_uid = $4::text");
    } else if (search->series_uid[0]) {
        sql = INSTANCES_OF("series_uid = $3::text");
    }
    postgres_query(search->service->config.postgres, sql, parameters, 6, on_rows, search);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct qido_search *search = data;
    if (result == IMAGING_READ_OK) {
        query_rows(search);
    } else if (result == IMAGING_READ_ABSENT) {
        answer(search); // a case without a stream has no images
    } else {
        finish(search, result);
    }
}

static void go_on(struct qido_search *search) {
    search->under_way = true;
    if (search->level == LEVEL_INSTANCE) {
        imaging_need_case_key(search->service, search->patient_case, on_key, search);
    } else {
        answer(search);
    }
}

static void on_index(struct qido_wait *wait, enum imaging_read_result result,
                     struct qido_index *index) {
    struct qido_search *search =
        (struct qido_search *)((char *)wait - offsetof(struct qido_search, wait));
    if (result != IMAGING_READ_OK) {
        finish(search, result);
        return;
    }
    search->index = qido_index_ref(index);
    go_on(search);
}

static void copy_uid(char uid[QIDO_UID_MAX + 1], struct text given) {
    uint32_t length = given.length <= QIDO_UID_MAX ? given.length : 0;
    memcpy(uid, length > 0 ? given.bytes : "", length);
    uid[length] = 0;
}

bool qido_search_begin(struct imaging_service *service, struct qido_indexes *indexes,
                       const struct qido_wanted *wanted, struct qido_query *query,
                       void (*done)(void *data, const struct qido_found *found), void *data,
                       struct qido_search **ret_search) {
    struct qido_search *search = service->closing ? NULL : calloc(1, sizeof *search);
    if (!search) {
        free(query);
        return false;
    }
    *ret_search = search;
    search->service = service;
    search->patient_case = wanted->patient_case;
    search->level = wanted->level;
    copy_uid(search->study_uid, wanted->study_uid);
    copy_uid(search->series_uid, wanted->series_uid);
    snprintf(search->base, sizeof search->base, "%s", wanted->base);
    search->masked = wanted->masked;
    search->query = query;
    search->done = done;
    search->data = data;
    search->wait.done = on_index;
    search->with_metadata = wanted->level == LEVEL_INSTANCE && qido_instances_need_metadata(query);
    bounded_output_init(&search->output, QIDO_ANSWER_MAX);
    imaging_operation_began(service);
    if (wanted->level != LEVEL_INSTANCE ||
        qido_instances_need_index(query, wanted->series_uid.length > 0)) {
        qido_indexes_get(indexes, search->patient_case, &search->wait);
    } else {
        go_on(search);
    }
    return true;
}
