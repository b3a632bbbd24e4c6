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
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_INSTANCES_MAX 50000 // of one case
#define BULK_ROOT_MAX 512
#define TEXT_MEMORY_FIRST ((uint64_t)8 << 20) // bytes that most texts stay below
#define TEXT_MEMORY_GZIP 4u   // times what is sealed: rows, a part, the growing text
#define TEXT_MEMORY_PLAIN 24u // the same of one that is inflated, which doubles
#define BULK_PREFIX_MAX (BULK_ROOT_MAX + 256)

enum text_kind { TEXT_DISPLAY_SETS, TEXT_METADATA };

struct imaging_request {
    struct work work; // first, so that a work is its request
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    enum text_kind kind;
    bool masked, gzip;
    imaging_text_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct bounded_output text;
    struct memory_claim claim;
    /* Derived. */
    bool measured; // asked again, with a claim that is as large as it is
    char study_uid[65], series_uid[65], sop_instance_uid[65]; // empty = any
    char bulk_root[BULK_ROOT_MAX];                            // empty = addresses as stored
    enum imaging_read_result result;
};

static void finish(struct imaging_request *request, enum imaging_read_result result) {
    struct imaging_service *service = request->service;
    if (result == IMAGING_READ_DAMAGED) {
        service->counts.damaged++;
        log_error("imaging", "stored rows of a case do not verify or exceed their limit");
    }
    if (request->done) {
        bool good = result == IMAGING_READ_OK;
        service->giving = &request->claim;
        request->done(request->data, result,
                      (struct bytes){good ? (uint32_t)request->text.size : 0,
                                     good ? request->text.bytes : NULL});
        service->giving = NULL;
    }
    kept_rows_free(&request->rows);
    bounded_output_finish(&request->text);
    imaging_memory_return(&request->claim);
    OPENSSL_cleanse(request, sizeof *request);
    free(request);
    imaging_operation_ended(service);
}

void imaging_request_cancel(struct imaging_request *request) {
    request->done = NULL;
    if (request->claim.waits) {
        finish(request, IMAGING_READ_UNAVAILABLE);
    }
}

/* Inflated, masked, and made a part again. */
static bool mask_part(struct bounded_output *part) {
    struct bounded_output plain, masked;
    bounded_output_init(&plain, METADATA_SIZE_MAX);
    bounded_output_init(&masked, METADATA_SIZE_MAX);
    bool done = metadata_part_read(part->bytes, part->size, TEXT(""), &plain) &&
                metadata_mask(plain.bytes, plain.size, &masked);
    part->size = 0;
    done = done && metadata_part_make(masked.bytes, masked.size, part);
    bounded_output_finish(&plain);
    bounded_output_finish(&masked);
    return done;
}

/* What stands before the address of a bulk value of this row. */
static struct text bulk_prefix(const struct imaging_request *request, int row,
                               char space[BULK_PREFIX_MAX]) {
    if (request->bulk_root[0] == 0) {
        return TEXT("");
    }
    struct bytes uid = kept_rows_cell(&request->rows, row, 0);
    struct bytes study = kept_rows_cell(&request->rows, row, 2);
    struct bytes series = kept_rows_cell(&request->rows, row, 3);
    int length = snprintf(
        space, BULK_PREFIX_MAX, "%s/studies/%.*s/series/%.*s/instances/%.*s/bulkdata/",
        request->bulk_root, (int)study.length, (const char *)study.bytes, (int)series.length,
        (const char *)series.bytes, (int)uid.length, (const char *)uid.bytes);
    return (struct text){(uint32_t)length, space};
}

/* One row: UID, sealed part, study, series. */
static bool add_part(struct imaging_request *request, struct metadata_series *series, int row,
                     struct bounded_output *part) {
    char sop_instance_uid[65] = "";
    char prefix[BULK_PREFIX_MAX];
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
           metadata_series_add(series, part->bytes, part->size, bulk_prefix(request, row, prefix));
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

static bool write_list(struct imaging_request *request, struct bounded_output *output) {
    return display_list_write(&request->rows, request->patient_case, &request->keys,
                              request->masked, output);
}

/* Two thousand images are 350 KB of names that are nearly alike: a fifteenth of it as gzip. */
static bool write_list_gzip(struct imaging_request *request) {
    struct bounded_output plain;
    bounded_output_init(&plain, DISPLAY_LIST_MAX);
    bool written = write_list(request, &plain) &&
                   metadata_text_deflate(plain.bytes, plain.size, &request->text);
    bounded_output_finish(&plain);
    return written;
}

static bool write_text(struct imaging_request *request) {
    if (request->kind == TEXT_DISPLAY_SETS) {
        return request->gzip ? write_list_gzip(request) : write_list(request, &request->text);
    }
    return request->gzip ? write_gzip(request, &request->text) : write_plain(request);
}

static void run_write(struct work *work) {
    struct imaging_request *request = (struct imaging_request *)work;
    request->result = write_text(request) ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
}

static void on_written(struct work *work) {
    struct imaging_request *request = (struct imaging_request *)work;
    finish(request, request->result);
}

/* What it takes to write a text of these rows. */
static uint64_t memory_for(const struct imaging_request *request,
                           const struct postgres_rows *rows) {
    uint64_t sealed = 0;
    for (int row = 0; row < postgres_row_count(rows); row++) {
        for (int column = 0; column < 2; column++) {
            sealed += (uint64_t)postgres_value(rows, row, column).length;
        }
    }
    bool inflated = request->kind == TEXT_METADATA && !request->gzip;
    return sealed * (inflated ? TEXT_MEMORY_PLAIN : TEXT_MEMORY_GZIP);
}

static void need_memory(struct imaging_request *request, uint64_t bytes);

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_request *request = data;
    uint64_t bytes = result == POSTGRES_OK ? memory_for(request, rows) : 0;
    if (bytes > request->claim.bytes && !request->measured) {
        // The rows are dropped rather than kept while it waits.
        request->measured = true;
        imaging_memory_return(&request->claim);
        need_memory(request, bytes);
        return;
    }
    imaging_memory_resize(&request->claim, bytes);
    if (result != POSTGRES_OK ||
        !kept_rows_copy(&request->rows, rows, request->kind == TEXT_DISPLAY_SETS ? 2 : 4)) {
        finish(request, IMAGING_READ_UNAVAILABLE);
        return;
    }
    if (request->rows.row_count == 0 && request->kind == TEXT_METADATA) {
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

static void query_display_sets(struct imaging_request *request) {
    struct binary_integer limit = binary_integer(LIST_INSTANCES_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&request->patient_case),
                                              parameter_int8(&limit)};
    postgres_query(request->service->config.postgres,
                   "SELECT outline, CASE WHEN row_number() OVER (PARTITION BY series_uid"
                   " ORDER BY sop_instance_uid) = 1 THEN identity END FROM image_instance"
                   " WHERE case_id = $1::uuid AND NOT held"
                   " ORDER BY series_uid, sop_instance_uid LIMIT $2::bigint",
                   parameters, 2, on_rows, request);
}

/* The narrowest UID comes first and is found by an index; the others, when they are given, only
 * have to be the same. */
#define METADATA_OF(narrowest)                                                                     \
    "SELECT sop_instance_uid, metadata, study_uid, series_uid FROM image_instance"                 \
    " WHERE case_id = $1::uuid AND NOT held AND NOT superseded AND " narrowest                     \
    " AND ($2::text = '' OR study_uid = $2::text)"                                                 \
    " AND ($3::text = '' OR series_uid = $3::text)"                                                \
    " AND ($4::text = '' OR sop_instance_uid = $4::text)"                                          \
    " ORDER BY series_uid, instance_number, sop_instance_uid LIMIT $5::bigint"

static void query_metadata(struct imaging_request *request) {
    struct binary_integer limit = binary_integer(LIST_INSTANCES_MAX);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&request->patient_case), parameter_text(request->study_uid),
        parameter_text(request->series_uid), parameter_text(request->sop_instance_uid),
        parameter_int8(&limit)};
    const char *sql = METADATA_OF("study_uid = $2::text");
    if (request->sop_instance_uid[0]) {
        sql = METADATA_OF("sop_instance_uid = $4::text");
    } else if (request->series_uid[0]) {
        sql = METADATA_OF("series_uid = $3::text");
    }
    postgres_query(request->service->config.postgres, sql, parameters, 5, on_rows, request);
}

static void query(struct imaging_request *request) {
    if (request->kind == TEXT_DISPLAY_SETS) {
        query_display_sets(request);
    } else {
        query_metadata(request);
    }
}

static void on_memory(struct memory_claim *claim, bool granted) {
    struct imaging_request *request =
        (struct imaging_request *)((char *)claim - offsetof(struct imaging_request, claim));
    if (granted) {
        query(request);
    } else {
        finish(request, IMAGING_READ_UNAVAILABLE);
    }
}

static void need_memory(struct imaging_request *request, uint64_t bytes) {
    request->claim.granted = on_memory;
    switch (imaging_memory_claim(request->service->memory, &request->claim, bytes, true)) {
    case MEMORY_GRANTED:
        query(request);
        break;
    case MEMORY_WAITS:
        break;
    case MEMORY_BUSY:
        finish(request, IMAGING_READ_UNAVAILABLE);
        break;
    }
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_request *request = data;
    if (result == IMAGING_READ_OK) {
        need_memory(request, TEXT_MEMORY_FIRST);
        return;
    }
    finish(request, result);
}

static bool begin(struct imaging_service *service, const struct text_wanted *wanted,
                  enum text_kind kind, bool gzip, imaging_text_done done, void *data,
                  struct imaging_request **ret_request) {
    struct imaging_request *request = service->closing ? NULL : calloc(1, sizeof *request);
    if (!request) {
        return false;
    }
    request->service = service;
    request->patient_case = wanted->patient_case;
    request->masked = wanted->masked;
    request->kind = kind;
    request->gzip = gzip;
    request->done = done;
    request->data = data;
    bounded_output_init(&request->text,
                        kind == TEXT_DISPLAY_SETS ? DISPLAY_LIST_MAX : SERIES_METADATA_MAX);
    imaging_operation_began(service);
    *ret_request = request;
    return true;
}

bool imaging_list_display_sets(struct imaging_service *service, const struct text_wanted *wanted,
                               bool gzip, imaging_text_done done, void *data,
                               struct imaging_request **ret_request) {
    if (!begin(service, wanted, TEXT_DISPLAY_SETS, gzip, done, data, ret_request)) {
        return false;
    }
    imaging_need_case_key(service, wanted->patient_case, on_key, *ret_request);
    return true;
}

/* A UID that is too long names nothing: it is looked up as one that nobody has. */
static void take_uid(char uid[65], struct text given) {
    if (given.length < 65) {
        memcpy(uid, given.bytes ? given.bytes : "", given.length);
    } else {
        memcpy(uid, "-", 2);
    }
}

bool imaging_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                      const struct metadata_scope *scope, bool gzip, imaging_text_done done,
                      void *data, struct imaging_request **ret_request) {
    if (scope->bulk_root.length >= BULK_ROOT_MAX ||
        !begin(service, wanted, TEXT_METADATA, gzip, done, data, ret_request)) {
        return false;
    }
    struct imaging_request *request = *ret_request;
    take_uid(request->study_uid, scope->study_uid);
    take_uid(request->series_uid, scope->series_uid);
    take_uid(request->sop_instance_uid, scope->sop_instance_uid);
    if (scope->bulk_root.length > 0) {
        memcpy(request->bulk_root, scope->bulk_root.bytes, scope->bulk_root.length);
    }
    imaging_need_case_key(service, wanted->patient_case, on_key, request);
    return true;
}

bool imaging_series_metadata(struct imaging_service *service, const struct text_wanted *wanted,
                             struct text series_uid, bool gzip, imaging_text_done done, void *data,
                             struct imaging_request **ret_request) {
    struct metadata_scope scope = {.series_uid = series_uid.length > 0 ? series_uid : TEXT("-")};
    return imaging_metadata(service, wanted, &scope, gzip, done, data, ret_request);
}
