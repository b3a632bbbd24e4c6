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

#define ROWS_MAX 100000       // instances looked at by one search
#define PAGE_ROWS 4096        // of them in memory at once
#define PAGE_ROWS_METADATA 64 // when their metadata comes along

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
    struct qido_results *results;
    struct kept_rows rows; // a page of them
    struct case_keys keys; // while a page is on a thread
    struct bounded_output output;
    /* Derived. */
    struct qido_instances instances;
    bool with_metadata;
    int page; // rows that were asked for
    uint32_t looked_at;
    bool good;      // no row is damaged
    bool under_way; // on a thread or in the database: it comes back
    bool cancelled;
};

static void free_search(struct qido_search *search) {
    struct imaging_service *service = search->service;
    qido_wait_cancel(&search->wait);
    qido_index_unref(search->index);
    if (search->results) {
        OPENSSL_cleanse(search->results, sizeof *search->results);
    }
    free(search->results);
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
            const struct qido_results *results = search->results;
            uint64_t skipped = search->query->offset;
            uint64_t after = results->matched > skipped ? results->matched - skipped : 0;
            found.json = (struct bytes){(uint32_t)search->output.size, search->output.bytes};
            found.count = results->written;
            found.ignored = search->query->ignored;
            found.remaining = after > results->written ? after - results->written : 0;
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

/* A page. */
static void run_page(struct work *work) {
    struct qido_search *search = (struct qido_search *)work;
    struct bounded_output part, json;
    bounded_output_init(&part, METADATA_SIZE_MAX);
    bounded_output_init(&json, METADATA_SIZE_MAX);
    for (int i = 0; i < search->rows.row_count && search->good; i++) {
        struct qido_row row = {.study_uid = text_cell(&search->rows, i, 0),
                               .series_uid = text_cell(&search->rows, i, 1),
                               .sop_instance_uid = text_cell(&search->rows, i, 2),
                               .outline = kept_rows_cell(&search->rows, i, 3)};
        struct bytes sealed = kept_rows_cell(&search->rows, i, 4);
        search->good =
            (!search->with_metadata || open_metadata(search, &row, sealed, &part, &json)) &&
            qido_instances_row(&search->instances, &row);
    }
    if (json.bytes) {
        OPENSSL_cleanse(json.bytes, json.capacity);
    }
    bounded_output_finish(&part);
    bounded_output_finish(&json);
    OPENSSL_cleanse(&search->keys, sizeof search->keys);
}

static void finish_answer(struct qido_search *search) {
    finish(search, search->output.failed ? IMAGING_READ_UNAVAILABLE
                   : search->good        ? IMAGING_READ_OK
                                         : IMAGING_READ_DAMAGED);
}

static void query_rows(struct qido_search *search);

static void on_page(struct work *work) {
    struct qido_search *search = (struct qido_search *)work;
    struct qido_results *results = search->results;
    bool whole = search->rows.row_count < search->page;
    if (search->cancelled || whole || !search->good || search->output.failed) {
        qido_results_end(results);
        finish_answer(search);
        return;
    }
    // The rest is counted, for which few searches need what is sealed.
    if (results->written >= search->query->limit) {
        search->with_metadata = qido_instances_match_metadata(search->query);
    }
    query_rows(search);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct qido_search *search = data;
    kept_rows_free(&search->rows);
    if (result != POSTGRES_OK || search->cancelled || !kept_rows_copy(&search->rows, rows, 6) ||
        !imaging_case_keys(search->service, search->patient_case, &search->keys)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
        return;
    }
    search->looked_at += (uint32_t)search->rows.row_count;
    search->work.run = run_page;
    search->work.done = on_page;
    if (search->looked_at > ROWS_MAX || !work_submit(search->service->queue, &search->work)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    }
}

/* In the order of image_instance_in_order; the narrowest condition comes first and has its index.
 */
#define INSTANCES_OF(narrowest, from)                                                              \
    "SELECT study_uid, series_uid, sop_instance_uid, outline,"                                     \
    " CASE WHEN $5::boolean THEN metadata END, instance_number FROM image_instance"                \
    " WHERE case_id = $1::uuid AND NOT held AND NOT superseded AND " narrowest                     \
    " AND ($2::text = '' OR study_uid = $2::text)"                                                 \
    " AND ($3::text = '' OR series_uid = $3::text)"                                                \
    " AND ($4::text = '' OR sop_instance_uid = $4::text)" from                                     \
    " ORDER BY study_uid, series_uid, instance_number, sop_instance_uid LIMIT $6::bigint"
#define AFTER                                                                                      \
    " AND (study_uid, series_uid, instance_number, sop_instance_uid)"                              \
    " > ($7::text, $8::text, $9::integer, $10::text)"

static struct postgres_parameter cell_parameter(const struct kept_rows *rows, int column) {
    struct bytes cell = kept_rows_cell(rows, rows->row_count - 1, column);
    return (struct postgres_parameter){cell.bytes, (int)cell.length};
}

/* The one instance that is looked for, if there is one: empty otherwise. */
static void wanted_instance(const struct qido_search *search, char uid[QIDO_UID_MAX + 1]) {
    const struct qido_match *match = qido_query_match(search->query, TAG_SOP_INSTANCE_UID);
    uid[0] = 0;
    if (match && match->value.length <= QIDO_UID_MAX &&
        !memchr(match->value.bytes, ',', match->value.length) &&
        !memchr(match->value.bytes, '\\', match->value.length)) {
        memcpy(uid, match->value.bytes, match->value.length);
        uid[match->value.length] = 0;
    }
}

/* The page after the one at hand. */
static void query_rows(struct qido_search *search) {
    char uid[QIDO_UID_MAX + 1];
    const struct kept_rows *last = &search->rows;
    bool first = last->row_count == 0;
    wanted_instance(search, uid);
    search->page = search->with_metadata ? PAGE_ROWS_METADATA : PAGE_ROWS;
    struct binary_integer limit = binary_integer(search->page);
    struct postgres_parameter parameters[10] = {
        parameter_uuid(&search->patient_case),  parameter_text(search->study_uid),
        parameter_text(search->series_uid),     parameter_text(uid),
        parameter_bool(&search->with_metadata), parameter_int8(&limit)};
    if (!first) {
        parameters[6] = cell_parameter(last, 0);
        parameters[7] = cell_parameter(last, 1);
        parameters[8] = cell_parameter(last, 5);
        parameters[9] = cell_parameter(last, 2);
    }
    const char *sql = first ? INSTANCES_OF("true", "") : INSTANCES_OF("true", AFTER);
    if (uid[0]) {
        sql = INSTANCES_OF("sop_instance_uid = $4::text", ""); // one row is no page
    } else if (search->series_uid[0]) {
        sql = first ? INSTANCES_OF("series_uid = $3::text", "")
                    : INSTANCES_OF("series_uid = $3::text", AFTER);
    }
    postgres_query(search->service->config.postgres, sql, parameters, first || uid[0] ? 6 : 10,
                   on_rows, search);
}

/* Studies and series, from the index alone. */
static void run_answer(struct work *work) {
    struct qido_search *search = (struct qido_search *)work;
    struct text study = {(uint32_t)strlen(search->study_uid), search->study_uid};
    if (search->level == LEVEL_STUDY) {
        qido_answer_studies(search->index, search->results);
    } else {
        qido_answer_series(search->index, study, search->results);
    }
}

static void on_answered(struct work *work) {
    finish_answer((struct qido_search *)work);
}

static void answer(struct qido_search *search) {
    search->work.run = run_answer;
    search->work.done = on_answered;
    if (!work_submit(search->service->queue, &search->work)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    }
}

static bool begin_results(struct qido_search *search) {
    struct qido_results *results = calloc(1, sizeof *results);
    search->results = results;
    if (!results) {
        return false;
    }
    results->query = search->query;
    results->base = search->base;
    results->masked = search->masked;
    results->output = &search->output;
    search->good = true;
    search->instances = (struct qido_instances){.index = search->index,
                                                .results = results,
                                                .in_study = search->study_uid[0] != 0,
                                                .in_series = search->series_uid[0] != 0};
    return true;
}

static void on_key(void *data, enum imaging_read_result result) {
    struct qido_search *search = data;
    if (result == IMAGING_READ_OK) {
        qido_results_begin(search->results);
        query_rows(search);
    } else if (result == IMAGING_READ_ABSENT) {
        finish_answer(search); // a case without a stream has no images
    } else {
        finish(search, result);
    }
}

static void go_on(struct qido_search *search) {
    search->under_way = true;
    if (!begin_results(search)) {
        finish(search, IMAGING_READ_UNAVAILABLE);
    } else if (search->level == LEVEL_INSTANCE) {
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
