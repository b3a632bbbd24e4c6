/*
 * Images that somebody removed: files first, then their rows. Only what its author saw goes: rows
 * up to the last one that was listed, and none when there are more of them than were listed (a
 * clock that went back, a content that moved here). What is left is listed again.
 */
#include "server/imaging/imaging_held_state.h"
#include "server/log.h"
#include "server/store/postgres_array.h"

#include <string.h>

enum { PAGE_ROWS = 500, UID_BYTES = 65 };

static void ask_page(struct held_work *held);

static void on_rows_gone(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct held_work *held = data;
    bool more = held->rows.row_count == PAGE_ROWS;
    (void)rows;
    kept_rows_free(&held->rows);
    if (result != POSTGRES_OK) {
        held_give_up(held, "removed images cannot be taken off the list");
    } else if (!more) {
        held_carried_out(held);
    } else if (!held_begins_anew(held)) {
        ask_page(held);
    }
}

/* These rows and no others: what came in between keeps its row as it keeps its file. */
static void on_deleted(struct work *work) {
    struct held_work *held = (struct held_work *)work;
    struct postgres_array uids = {0}, digests = {0};
    if (!held->deleted) {
        held_give_up(held, "a file cannot be deleted");
        return;
    }
    array_begin(&uids, TYPE_TEXT);
    array_begin(&digests, TYPE_BYTEA);
    for (int row = 0; row < held->rows.row_count; row++) {
        struct bytes uid = kept_rows_cell(&held->rows, row, 0);
        struct bytes digest = kept_rows_cell(&held->rows, row, 1);
        array_add(&uids, uid.bytes, uid.length);
        array_add(&digests, digest.bytes, digest.length);
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&held->patient_case),
                                              array_parameter(&uids), array_parameter(&digests)};
    postgres_query(held->service->config.postgres,
                   "DELETE FROM image_instance i USING unnest($2::text[], $3::bytea[])"
                   " AS listed (uid, content) WHERE case_id = $1::uuid AND sop_instance_uid = uid"
                   " AND digest = content AND held",
                   parameters, 3, on_rows_gone, held);
    array_finish(&uids);
    array_finish(&digests);
}

static bool delete_file(struct held_work *held, const uint8_t name[BLOB_NAME_SIZE]) {
    enum blob_result result = blob_delete(&held->service->files, name);
    return result == BLOB_OK || result == BLOB_ABSENT;
}

/* What was shown once has a copy, too. */
static void run_delete(struct work *work) {
    struct held_work *held = (struct held_work *)work;
    held->deleted = true;
    for (int row = 0; row < held->rows.row_count; row++) {
        struct bytes uid = kept_rows_cell(&held->rows, row, 0);
        struct bytes digest = kept_rows_cell(&held->rows, row, 1);
        char text[UID_BYTES];
        uint8_t name[BLOB_NAME_SIZE];
        if (uid.length >= sizeof text || digest.length != BLOB_DIGEST_SIZE) {
            held->deleted = false;
            continue;
        }
        memcpy(text, uid.bytes, uid.length);
        text[uid.length] = 0;
        record_blob_name(&held->keys, held->patient_case, text, digest.bytes, name);
        held->deleted &= delete_file(held, name);
        record_copy_name(&held->keys, held->patient_case, text, digest.bytes, name);
        held->deleted &= delete_file(held, name);
    }
}

static void on_page(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    const struct kept_decision *decision = &held->decisions[held->at];
    if (result == POSTGRES_OK && postgres_row_count(rows) == 0) {
        held_carried_out(held);
        return;
    }
    if (result == POSTGRES_OK &&
        value_integer(postgres_value(rows, 0, 2)) > (int64_t)decision->images) {
        log_warning("imaging", "more is held than was decided of: none of it is removed");
        held_kept(held);
        return;
    }
    held->work.run = run_delete;
    held->work.done = on_deleted;
    if (result != POSTGRES_OK || !kept_rows_copy(&held->rows, rows, 2) ||
        !work_submit(held->service->queue, &held->work)) {
        held_give_up(held, "removed images cannot be listed");
    }
}

static void ask_page(struct held_work *held) {
    const struct kept_decision *decision = &held->decisions[held->at];
    struct binary_integer limit = binary_integer(PAGE_ROWS), seen = binary_integer(decision->seen);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&held->patient_case), parameter_text(decision->study_uid),
        parameter_bytes(decision->patient, (size_t)decision->patient_size), parameter_int8(&seen),
        parameter_int8(&limit)};
    postgres_query(held->service->config.postgres,
                   "SELECT sop_instance_uid, digest, count(*) OVER () FROM image_instance"
                   " WHERE case_id = $1::uuid AND study_uid = $2::text AND held"
                   " AND (held_for = 1 AND patient = $3::bytea OR held_for = 2 AND $3::bytea = '')"
                   " AND (extract(epoch FROM stored_at) * 1000000)::bigint <= $4::bigint"
                   " ORDER BY sop_instance_uid, digest LIMIT $5::bigint",
                   parameters, 5, on_page, held);
}

void held_remove(struct held_work *held) {
    // A later join may be among what happened: the decisions are read once more before anything
    // goes that does not come back.
    if (!held_begins_anew(held)) {
        ask_page(held);
    }
}
