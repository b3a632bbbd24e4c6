/*
 * Reads that are answered with one text: the display sets of a case, the metadata of a series. Rows
 * come on the loop; opening, inflating and writing happen on a thread.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_json.h"
#include "server/imaging/metadata_mask.h"
#include "server/imaging/metadata_part.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define LIST_INSTANCES_MAX 50000 // of one case

enum text_kind { TEXT_DISPLAY_SETS, TEXT_METADATA, TEXT_METADATA_GZIP };

struct imaging_request {
    struct work work; // first, so that a work is its request
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    bool masked;
    enum text_kind kind;
    imaging_text_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct bounded_output text;
    /* Derived. */
    char series_uid[65];
    enum imaging_read_result result;
};

void imaging_request_cancel(struct imaging_request *request) {
    request->done = NULL;
}

static void finish(struct imaging_request *request, enum imaging_read_result result) {
    struct imaging_service *service = request->service;
    if (result == IMAGING_READ_DAMAGED) {
        service->counts.damaged++;
        log_error("imaging", "stored rows of a case do not verify or exceed their limit");
    }
    if (request->done) {
        bool good = result == IMAGING_READ_OK;
        request->done(request->data, result,
                      (struct bytes){good ? (uint32_t)request->text.size : 0,
                                     good ? request->text.bytes : NULL});
    }
    kept_rows_free(&request->rows);
    bounded_output_finish(&request->text);
    OPENSSL_cleanse(request, sizeof *request);
    free(request);
    imaging_operation_ended(service);
}

/* Inflated as a series of its own, masked, and made a part again. */
static bool mask_part(struct bounded_output *part) {
    struct bounded_output gzip, plain, masked;
    bounded_output_init(&gzip, METADATA_SIZE_MAX);
    bounded_output_init(&plain, METADATA_SIZE_MAX);
    bounded_output_init(&masked, METADATA_SIZE_MAX);
    struct metadata_series alone;
    metadata_series_begin(&alone, &gzip);
    bool done = metadata_series_add(&alone, part->bytes, part->size);
    metadata_series_end(&alone);
    done = done && !gzip.failed && metadata_series_inflate(gzip.bytes, gzip.size, &plain) &&
           metadata_mask(plain.bytes, plain.size, &masked) && masked.size > 2;
    part->size = 0;
    done = done && metadata_part_make(masked.bytes + 1, masked.size - 2, part); // without [ and ]
    bounded_output_finish(&gzip);
    bounded_output_finish(&plain);
    bounded_output_finish(&masked);
    return done;
}

/* One row: UID, sealed part. */
static bool add_part(struct imaging_request *request, struct metadata_series *series, int row,
                     struct bounded_output *part) {
    char sop_instance_uid[65] = "";
    struct bytes uid = kept_rows_cell(&request->rows, row, 0);
    struct bytes sealed = kept_rows_cell(&request->rows, row, 1);
    if (uid.length >= sizeof sop_instance_uid || sealed.length < SEALED_VALUE_OVERHEAD) {
        return false;
    }
    memcpy(sop_instance_uid, uid.bytes, uid.length);
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = record_place("metadata", request->patient_case, sop_instance_uid, place);
    part->size = 0;
    size_t size = sealed.length - SEALED_VALUE_OVERHEAD;
    uint8_t *space = bounded_output_extend(part, size);
    return space &&
           sealed_value_open(request->keys.blob, place, place_size, sealed.bytes, sealed.length,
                             space) &&
           (!request->masked || mask_part(part)) &&
           metadata_series_add(series, part->bytes, part->size);
}

static bool write_gzip(struct imaging_request *request, struct bounded_output *output) {
    struct metadata_series series;
    struct bounded_output part;
    bounded_output_init(&part, SERIES_METADATA_MAX);
    metadata_series_begin(&series, output);
    bool added = true;
    for (int row = 0; added && row < request->rows.row_count; row++) {
        added = add_part(request, &series, row, &part);
    }
    metadata_series_end(&series);
    bounded_output_finish(&part);
    return added && !output->failed;
}

static bool write_plain(struct imaging_request *request) {
    struct bounded_output gzip;
    bounded_output_init(&gzip, SERIES_METADATA_MAX);
    bool written = write_gzip(request, &gzip) &&
                   metadata_series_inflate(gzip.bytes, gzip.size, &request->text);
    bounded_output_finish(&gzip);
    return written;
}

static bool write_text(struct imaging_request *request) {
    if (request->kind == TEXT_DISPLAY_SETS) {
        return display_list_write(&request->rows, request->patient_case, &request->keys,
                                  request->masked, &request->text);
    }
    return request->kind == TEXT_METADATA ? write_plain(request)
                                          : write_gzip(request, &request->text);
}

static void run_write(struct work *work) {
    struct imaging_request *request = (struct imaging_request *)work;
    request->result = write_text(request) ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
}

static void on_written(struct work *work) {
    struct imaging_request *request = (struct imaging_request *)work;
    finish(request, request->result);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_request *request = data;
    if (result != POSTGRES_OK || !kept_rows_copy(&request->rows, rows, 2)) {
        finish(request, IMAGING_READ_UNAVAILABLE);
        return;
    }
    if (request->rows.row_count == 0 && request->kind != TEXT_DISPLAY_SETS) {
        finish(request, IMAGING_READ_ABSENT);
        return;
    }
    request->work.run = run_write;
    request->work.done = on_written;
    if (!imaging_case_keys(request->service, request->patient_case, &request->keys) ||
        !work_submit(request->service->queue, &request->work)) {
        finish(request, IMAGING_READ_UNAVAILABLE);
    }
}

static void query(struct imaging_request *request) {
    struct binary_integer limit = binary_integer(LIST_INSTANCES_MAX);
    if (request->kind == TEXT_DISPLAY_SETS) {
        struct postgres_parameter parameters[] = {parameter_uuid(&request->patient_case),
                                                  parameter_int8(&limit)};
        postgres_query(request->service->config.postgres,
                       "SELECT outline, CASE WHEN row_number() OVER (PARTITION BY series_uid"
                       " ORDER BY sop_instance_uid) = 1 THEN identity END FROM image_instance"
                       " WHERE case_id = $1::uuid AND NOT held"
                       " ORDER BY series_uid, sop_instance_uid LIMIT $2::bigint",
                       parameters, 2, on_rows, request);
        return;
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&request->patient_case),
                                              parameter_text(request->series_uid),
                                              parameter_int8(&limit)};
    postgres_query(request->service->config.postgres,
                   "SELECT sop_instance_uid, metadata FROM image_instance"
                   " WHERE case_id = $1::uuid AND series_uid = $2::text AND NOT held"
                   " ORDER BY instance_number, sop_instance_uid LIMIT $3::bigint",
                   parameters, 3, on_rows, request);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_request *request = data;
    if (result == IMAGING_READ_OK) {
        query(request);
        return;
    }
    finish(request, result);
}

static bool begin(struct imaging_service *service, const struct text_wanted *wanted,
                  enum text_kind kind, imaging_text_done done, void *data,
                  struct imaging_request **ret_request) {
    struct imaging_request *request = service->closing ? NULL : calloc(1, sizeof *request);
    if (!request) {
        return false;
    }
    request->service = service;
    request->patient_case = wanted->patient_case;
    request->masked = wanted->masked;
    request->kind = kind;
    request->done = done;
    request->data = data;
    bounded_output_init(&request->text,
                        kind == TEXT_DISPLAY_SETS ? DISPLAY_LIST_MAX : SERIES_METADATA_MAX);
    imaging_operation_began(service);
    *ret_request = request;
    return true;
}

bool imaging_list_display_sets(struct imaging_service *service, const struct text_wanted *wanted,
                               imaging_text_done done, void *data,
                               struct imaging_request **ret_request) {
    if (!begin(service, wanted, TEXT_DISPLAY_SETS, done, data, ret_request)) {
        return false;
    }
    imaging_need_case_key(service, wanted->patient_case, on_key, *ret_request);
    return true;
}

bool imaging_series_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                             struct text series_uid, bool gzip, imaging_text_done done, void *data,
                             struct imaging_request **ret_request) {
    enum text_kind kind = gzip ? TEXT_METADATA_GZIP : TEXT_METADATA;
    if (!begin(service, wanted, kind, done, data, ret_request)) {
        return false;
    }
    // A UID that is too long names nothing and is looked up as the empty one.
    struct imaging_request *request = *ret_request;
    uint32_t length = series_uid.length < sizeof request->series_uid ? series_uid.length : 0;
    memcpy(request->series_uid, series_uid.bytes, length);
    imaging_need_case_key(service, wanted->patient_case, on_key, request);
    return true;
}
