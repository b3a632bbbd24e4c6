#include "server/dicomweb/wado_list.h"

#include "server/dicomweb/file_meta.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/instance.h"
#include "server/imaging/transfer_syntax.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 50000 };

struct wado_list {
    struct work work; // first, so that a work is its list
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    char study_uid[65], series_uid[65], sop_instance_uid[65]; // empty = any
    void (*done)(void *data, struct wado_listed *listed);     // NULL when nobody waits
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct wado_listed listed;
};

static void finish(struct wado_list *list, enum imaging_read_result result) {
    struct imaging_service *service = list->service;
    list->listed.result = result;
    if (result != IMAGING_READ_OK || !list->done) {
        free(list->listed.parts);
        list->listed.parts = NULL;
        list->listed.count = 0;
    }
    if (list->done) {
        list->done(list->data, &list->listed);
    }
    kept_rows_free(&list->rows);
    OPENSSL_cleanse(list, sizeof *list);
    free(list);
    imaging_operation_ended(service);
}

void wado_list_cancel(struct wado_list *list) {
    list->done = NULL;
}

/* Whether the file begins as PS3.10 7.1 has it. A data set that begins at once, or right after the
 * prefix, has no meta information; where there is one, only the file itself tells whether a
 * preamble stands before it. */
static bool find_lead(struct wado_list *list, const struct instance *instance,
                      const uint8_t *digest, uint8_t *ret_lead) {
    uint8_t name[BLOB_NAME_SIZE];
    uint8_t head[FILE_PREAMBLE_SIZE];
    if (instance->dataset_offset == 0 || instance->dataset_offset == FILE_PREAMBLE_SIZE) {
        *ret_lead = LEAD_META;
        return true;
    }
    *ret_lead = LEAD_PREAMBLE;
    if (instance->file_size < sizeof head) {
        return true;
    }
    record_blob_name(&list->keys, list->patient_case, instance->sop_instance_uid, digest, name);
    if (blob_read(&list->service->files, list->keys.blob, name, instance->file_size, 0, sizeof head,
                  head) != BLOB_OK) {
        return false;
    }
    if (memcmp(head + sizeof head - 4, "DICM", 4) == 0) {
        *ret_lead = LEAD_NONE;
    }
    return true;
}

static bool list_file(struct wado_list *list, int row, struct wado_part *part) {
    struct bytes digest = kept_rows_cell(&list->rows, row, 0);
    struct bytes outline = kept_rows_cell(&list->rows, row, 1);
    struct instance instance;
    if (digest.length != BLOB_DIGEST_SIZE ||
        !instance_decode(&instance, outline.bytes, outline.length) ||
        !find_lead(list, &instance, digest.bytes, &part->lead)) {
        return false;
    }
    const struct transfer_syntax *syntax = transfer_syntax_find(instance.transfer_syntax_uid);
    memcpy(part->sop_instance_uid, instance.sop_instance_uid, sizeof part->sop_instance_uid);
    memcpy(part->sop_class_uid, instance.sop_class_uid, sizeof part->sop_class_uid);
    part->frame = DOWNLOAD_FILE;
    part->offset = part->lead == LEAD_META ? instance.dataset_offset : 0;
    part->length = instance.file_size - part->offset;
    part->transfer_syntax = syntax ? syntax->uid : "";
    return syntax && part->offset < instance.file_size;
}

static void write_etag(struct wado_list *list) {
    struct bytes digest = kept_rows_cell(&list->rows, 0, 0);
    char *etag = list->listed.etag;
    size_t space = sizeof list->listed.etag;
    size_t at = (size_t)snprintf(etag, space, "\"");
    for (size_t i = 0; i < 16; i++) {
        at += (size_t)snprintf(etag + at, space - at, "%02x", digest.bytes[i]);
    }
    snprintf(etag + at, space - at, "-file\"");
}

static void run_list(struct work *work) {
    struct wado_list *list = (struct wado_list *)work;
    uint32_t count = (uint32_t)list->rows.row_count;
    list->listed.result = IMAGING_READ_UNAVAILABLE;
    list->listed.parts = calloc(count, sizeof *list->listed.parts);
    if (!list->listed.parts) {
        return;
    }
    list->listed.result = IMAGING_READ_OK;
    list->listed.count = count;
    for (uint32_t i = 0; i < count && list->listed.result == IMAGING_READ_OK; i++) {
        if (!list_file(list, (int)i, &list->listed.parts[i])) {
            list->listed.result = IMAGING_READ_DAMAGED;
        }
    }
    if (list->listed.result == IMAGING_READ_OK) {
        write_etag(list);
    }
    OPENSSL_cleanse(&list->keys, sizeof list->keys);
}

static void on_listed(struct work *work) {
    struct wado_list *list = (struct wado_list *)work;
    finish(list, list->listed.result);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct wado_list *list = data;
    list->work.run = run_list;
    list->work.done = on_listed;
    if (result != POSTGRES_OK || !kept_rows_copy(&list->rows, rows, 2)) {
        finish(list, IMAGING_READ_UNAVAILABLE);
    } else if (list->rows.row_count == 0) {
        finish(list, IMAGING_READ_ABSENT);
    } else if (list->rows.row_count > FILES_MAX ||
               !imaging_case_keys(list->service, list->patient_case, &list->keys) ||
               !work_submit(list->service->queue, &list->work)) {
        finish(list, IMAGING_READ_UNAVAILABLE);
    }
}

/* The narrowest condition comes first and has its index. */
#define FILES_OF(narrowest)                                                                        \
    "SELECT digest, outline FROM image_instance WHERE case_id = $1::uuid AND NOT held AND NOT "    \
    "superseded "                                                                                  \
    "AND " narrowest " AND ($2::text = '' OR study_uid = $2::text)"                                \
    " AND ($3::text = '' OR series_uid = $3::text)"                                                \
    " AND ($4::text = '' OR sop_instance_uid = $4::text)"                                          \
    " ORDER BY series_uid, instance_number, sop_instance_uid LIMIT $5::bigint"

static void on_key(void *data, enum imaging_read_result result) {
    struct wado_list *list = data;
    if (result != IMAGING_READ_OK) {
        finish(list, result);
        return;
    }
    struct binary_integer limit = binary_integer(FILES_MAX + 1);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&list->patient_case), parameter_text(list->study_uid),
        parameter_text(list->series_uid), parameter_text(list->sop_instance_uid),
        parameter_int8(&limit)};
    const char *sql = FILES_OF("study_uid = $2::text");
    if (list->sop_instance_uid[0]) {
        sql = FILES_OF("sop_instance_uid = $4::text");
    } else if (list->series_uid[0]) {
        sql = FILES_OF("series_uid = $3::text");
    }
    postgres_query(list->service->config.postgres, sql, parameters, 5, on_rows, list);
}

static void copy_uid(char uid[65], struct text given) {
    memcpy(uid, given.length > 0 ? given.bytes : "", given.length); // at most 64, see resource.h
}

bool wado_list_begin(const struct dicomweb_ask *ask,
                     void (*done)(void *data, struct wado_listed *listed), void *data,
                     struct wado_list **ret_list) {
    struct imaging_service *service = ask->desk->service;
    struct wado_list *list = service->closing ? NULL : calloc(1, sizeof *list);
    if (!list) {
        return false;
    }
    list->service = service;
    list->patient_case = ask->about.patient_case;
    copy_uid(list->study_uid, ask->resource.study);
    copy_uid(list->series_uid, ask->resource.series);
    copy_uid(list->sop_instance_uid, ask->resource.instance);
    list->done = done;
    list->data = data;
    *ret_list = list;
    imaging_operation_began(service);
    imaging_need_case_key(service, list->patient_case, on_key, list);
    return true;
}
