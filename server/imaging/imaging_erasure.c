/*
 * The files of a case that is erased: found by their rows, whose names only the case's key gives,
 * so this comes before the key is destroyed. Rows are the caller's to delete. May be done again.
 */
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_resumable_state.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 500, UID_BYTES = 65 };

struct erasing {
    struct work work; // first, so that a work is its erasing
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    void (*done)(void *data, bool erased);
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    /* Derived. */
    char last_uid[UID_BYTES];
    uint8_t last_digest[BLOB_DIGEST_SIZE];
    bool deleted; // all of the page
    bool barred_by_another;
    bool others; // the page is of files that are no images
};

static void ask_page(struct erasing *erasing);
static void ask_others(struct erasing *erasing);

static void finish(struct erasing *erasing, bool erased) {
    struct imaging_service *service = erasing->service;
    // Once more: nothing that was read before its file went may have come in meanwhile.
    imaging_changed(service, erasing->patient_case);
    imaging_forget_patient(service, erasing->patient_case);
    frame_cache_forget(service->frames, erasing->patient_case);
    if (!erasing->barred_by_another) {
        imaging_copies_unbar(service->copies);
    }
    erasing->done(erasing->data, erased);
    OPENSSL_cleanse(erasing, sizeof *erasing);
    free(erasing);
    imaging_operation_ended(service);
}

static void delete_file(struct erasing *erasing, const uint8_t name[BLOB_NAME_SIZE]) {
    enum blob_result result = blob_delete(&erasing->service->files, name);
    erasing->deleted &= result == BLOB_OK || result == BLOB_ABSENT;
}

static void run_delete(struct work *work) {
    struct erasing *erasing = (struct erasing *)work;
    erasing->deleted = true;
    for (int row = 0; row < erasing->rows.row_count; row++) {
        struct bytes uid = kept_rows_cell(&erasing->rows, row, 0);
        struct bytes digest = kept_rows_cell(&erasing->rows, row, 1);
        uint8_t name[BLOB_NAME_SIZE];
        if (erasing->others && digest.length == BLOB_DIGEST_SIZE) {
            imaging_other_blob_name(&erasing->keys, erasing->patient_case, digest.bytes, name);
            enum blob_result result = blob_delete(&erasing->service->files, name);
            erasing->deleted &= result == BLOB_OK || result == BLOB_ABSENT;
            continue;
        }
        if (uid.length >= UID_BYTES || digest.length != BLOB_DIGEST_SIZE) {
            erasing->deleted = false;
            continue;
        }
        memcpy(erasing->last_uid, uid.bytes, uid.length);
        erasing->last_uid[uid.length] = 0;
        memcpy(erasing->last_digest, digest.bytes, BLOB_DIGEST_SIZE);
        record_blob_name(&erasing->keys, erasing->patient_case, erasing->last_uid,
                         erasing->last_digest, name);
        delete_file(erasing, name);
        record_copy_name(&erasing->keys, erasing->patient_case, erasing->last_uid,
                         erasing->last_digest, name);
        delete_file(erasing, name);
    }
}

static void on_deleted(struct work *work) {
    struct erasing *erasing = (struct erasing *)work;
    bool more = erasing->rows.row_count == PAGE_ROWS;
    kept_rows_free(&erasing->rows);
    if (!erasing->deleted) {
        log_error("imaging", "a file of an erased case cannot be deleted");
    }
    if (erasing->deleted && more && !erasing->others) {
        ask_page(erasing);
    } else if (erasing->deleted && !erasing->others) {
        ask_others(erasing);
    } else {
        finish(erasing, erasing->deleted);
    }
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct erasing *erasing = data;
    erasing->work.run = run_delete;
    erasing->work.done = on_deleted;
    bool kept = result == POSTGRES_OK && kept_rows_copy(&erasing->rows, rows, 2);
    if (!kept || !work_submit(erasing->service->queue, &erasing->work)) {
        if (kept) {
            kept_rows_free(&erasing->rows);
        }
        finish(erasing, false);
    }
}

/* There are at most OTHER_FILES_MAX of them: one page. */
static void ask_others(struct erasing *erasing) {
    struct postgres_parameter id = parameter_uuid(&erasing->patient_case);
    erasing->others = true;
    postgres_query(erasing->service->config.postgres,
                   "SELECT '', digest FROM other_file WHERE case_id = $1::uuid", &id, 1, on_rows,
                   erasing);
}

static void ask_page(struct erasing *erasing) {
    struct binary_integer limit = binary_integer(PAGE_ROWS);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&erasing->patient_case), parameter_text(erasing->last_uid),
        parameter_bytes(erasing->last_digest, sizeof erasing->last_digest), parameter_int8(&limit)};
    postgres_query(erasing->service->config.postgres,
                   "SELECT sop_instance_uid, digest FROM image_instance WHERE case_id = $1::uuid"
                   " AND (sop_instance_uid, digest) > ($2::text, $3::bytea)"
                   " ORDER BY sop_instance_uid, digest LIMIT $4::bigint",
                   parameters, 4, on_rows, erasing);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct erasing *erasing = data;
    if (result == IMAGING_READ_UNAVAILABLE) {
        finish(erasing, false);
    } else if (result != IMAGING_READ_OK ||
               !imaging_case_keys(erasing->service, erasing->patient_case, &erasing->keys)) {
        finish(erasing, true); // without its key nobody can name the files, nor read them
    } else {
        ask_page(erasing);
    }
}

/* No copy is made of it any more. */
static void on_barred(void *data) {
    struct erasing *erasing = data;
    imaging_need_case_key(erasing->service, erasing->patient_case, on_key, erasing);
}

void imaging_erase_case(struct imaging_service *service, struct uuid patient_case,
                        void (*done)(void *data, bool erased), void *data) {
    struct erasing *erasing = calloc(1, sizeof *erasing);
    if (!erasing) {
        done(data, false);
        return;
    }
    *erasing = (struct erasing){
        .service = service, .patient_case = patient_case, .done = done, .data = data};
    imaging_revoke(service, patient_case, (struct uuid){{0}});
    imaging_arrivals_forget(service->arrivals, patient_case);
    imaging_resumables_erase(service, patient_case);
    imaging_operation_began(service);
    if (!imaging_copies_bar(service->copies, patient_case, on_barred, erasing)) {
        erasing->barred_by_another = true;
        finish(erasing, false);
    }
}
