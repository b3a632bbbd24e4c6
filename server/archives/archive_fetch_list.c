/* What of the study there is in the archive, and what of that the case has already. */
#include "server/archives/archive_fetch_state.h"
#include "server/store/postgres_binary.h"

#include <stdio.h>

static bool on_begun(void *data, struct text content_type) {
    (void)data;
    (void)content_type;
    return true;
}

static enum archive_taking on_bytes(void *data, struct bytes bytes) {
    struct archive_fetch *fetch = data;
    bounded_output_write(&fetch->page, bytes.bytes, bytes.length);
    return fetch->page.failed ? ARCHIVE_REFUSED : ARCHIVE_TAKEN;
}

/* How many results there were; *ret_new of them were not known before. */
static bool read_page(struct archive_fetch *fetch, uint32_t *ret_count, uint32_t *ret_new) {
    struct archive_instance instance;
    struct archive_results results =
        archive_results_of((char *)fetch->page.bytes, fetch->page.size);
    uint32_t before = fetch->plan.count;
    *ret_count = 0;
    while (archive_results_instance(&results, &instance)) {
        if (!fetch_plan_add(&fetch->plan, &instance)) {
            return false;
        }
        ++*ret_count;
    }
    fetch_plan_sort(&fetch->plan);
    *ret_new = fetch->plan.count - before;
    return !results.malformed;
}

static void on_done(void *data, enum archive_failure failure) {
    struct archive_fetch *fetch = data;
    uint32_t count = 0, fresh = 0;
    fetch->request = NULL;
    bool beyond = failure == ARCHIVE_NOT_FOUND && fetch->offset > 0;
    if (failure == ARCHIVE_NOT_FOUND && !beyond) {
        fetch_end(fetch, archive_failure_word(failure));
        return;
    }
    if (failure == ARCHIVE_OK && fetch->page.size > 0 && !read_page(fetch, &count, &fresh)) {
        fetch_end(fetch, fetch->plan.count >= FETCH_INSTANCES_MAX
                             ? "too_many"
                             : archive_failure_word(ARCHIVE_ANSWER));
        return;
    }
    if (failure != ARCHIVE_OK && !beyond) {
        fetch_failed(fetch, failure);
        return;
    }
    fetch->answered = true;
    fetch->offset += count;
    fetch->listed = fresh == 0;
    if (fetch->listed && fetch->plan.count == 0) {
        fetch_end(fetch, archive_failure_word(ARCHIVE_NOT_FOUND));
        return;
    }
    fetch_take_step(fetch);
}

void fetch_list(struct archive_fetch *fetch) {
    char path[256];
    fetch->step = FETCH_LISTING;
    bounded_output_finish(&fetch->page);
    bounded_output_init(&fetch->page, FETCH_PAGE_BYTES_MAX);
    snprintf(path, sizeof path, "/studies/%s/instances?limit=%d&offset=%u&includefield=0020000E",
             fetch->config.study_uid, FETCH_PAGE, fetch->offset);
    fetch->request =
        archive_request_begin(fetch->config.client, &(struct archive_wanted){
                                                        .archive = fetch->config.archive,
                                                        .path = path,
                                                        .accept = "application/dicom+json",
                                                        .body_max = FETCH_PAGE_BYTES_MAX,
                                                        .begun = on_begun,
                                                        .bytes = on_bytes,
                                                        .done = on_done,
                                                        .data = fetch,
                                                    });
    if (fetch->request == NULL) {
        fetch_failed(fetch, ARCHIVE_BUSY);
    }
}

static void on_compared(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct archive_fetch *fetch = data;
    fetch->querying = false;
    for (int row = 0; result == POSTGRES_OK && row < postgres_row_count(rows); row++) {
        char uid[ARCHIVE_UID_MAX + 1];
        struct bytes value = value_bytes(postgres_value(rows, row, 0));
        struct bytes held = value_bytes(postgres_value(rows, row, 1));
        if (value.length <= ARCHIVE_UID_MAX) {
            memcpy(uid, value.bytes, value.length);
            uid[value.length] = 0;
            bool is_held = held.length > 0 && held.bytes[0] != 0;
            fetch_plan_settle(&fetch->plan, uid, is_held ? FETCH_HELD : FETCH_KNOWN, "");
        }
    }
    if (fetch->closed != NULL) {
        fetch_take_step(fetch); /* it waited for this to be closed */
    } else if (result != POSTGRES_OK) {
        fetch->unavailable = true;
        fetch_failed(fetch, ARCHIVE_OK);
    } else {
        fetch->settled = fetch->plan.count - fetch->plan.tally[FETCH_PENDING];
        if (fetch->sending.files == 0) {
            fetch->sending.files = fetch->plan.tally[FETCH_PENDING];
        }
        fetch_ask_next(fetch);
    }
}

void fetch_compare(struct archive_fetch *fetch) {
    struct postgres_parameter parameters[] = {parameter_uuid(&fetch->config.patient_case),
                                              parameter_text(fetch->config.study_uid)};
    fetch->step = FETCH_COMPARING;
    fetch->querying = true;
    bounded_output_finish(&fetch->page);
    bounded_output_init(&fetch->page, FETCH_PAGE_BYTES_MAX);
    postgres_query(fetch->config.postgres,
                   "SELECT sop_instance_uid, bool_and(held) FROM image_instance WHERE case_id ="
                   " $1::uuid AND study_uid = $2::text GROUP BY sop_instance_uid",
                   parameters, 2, on_compared, fetch);
}
