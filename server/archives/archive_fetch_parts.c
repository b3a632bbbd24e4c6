/* An answer with images, from its request until every part of it was answered. */
#include "server/archives/archive_fetch_state.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_AGAIN_MS = 200, PATH_SPACE = 256, PARTS_TOO_MANY = 64 };

static void settle_answer(struct archive_fetch *fetch);

/* What became of a part. */

static void settle(struct archive_fetch *fetch, const char *uid, enum fetch_state state,
                   const char *reason) {
    if (uid == NULL || uid[0] == 0) {
        /* Which one it was is known when there was one alone; otherwise it is asked for once more.
         */
        uid = fetch->ask.kind == FETCH_ASK_INSTANCE ? fetch->ask.uids.sop_instance_uid : "";
    }
    if (uid[0] != 0 && !fetch_plan_settle(&fetch->plan, uid, state, reason)) {
        fetch->extra[state]++;
    }
}

static void on_stored(void *data, uint32_t number, const struct upload_answer *answer) {
    struct archive_fetch *fetch = data;
    const char *uid = answer->sop_instance_uid;
    (void)number;
    switch (answer->outcome) {
    case UPLOAD_STORED:
        settle(fetch, uid, FETCH_STORED, "");
        break;
    case UPLOAD_ALREADY_THERE:
        settle(fetch, uid, FETCH_KNOWN, "");
        break;
    case UPLOAD_HELD:
        settle(fetch, uid, FETCH_HELD, held_for_word(answer->held_for));
        break;
    case UPLOAD_REFUSED:
        settle(fetch, uid, FETCH_REFUSED,
               answer->refusal == FILE_REFUSAL_NONE ? "other_study"
                                                    : file_refusal_word(answer->refusal));
        break;
    case UPLOAD_KEPT:
    case UPLOAD_INDEX:
        settle(fetch, uid, FETCH_REFUSED, file_refusal_word(FILE_REFUSAL_NOT_DICOM));
        break;
    case UPLOAD_UNAVAILABLE:
        fetch->unavailable = true;
        break;
    case UPLOAD_NO_SPACE:
        fetch->no_space = true;
        break;
    }
}

static void on_part_failed(void *data, uint32_t number, enum part_failure why) {
    struct archive_fetch *fetch = data;
    (void)number;
    switch (why) {
    case PART_NOT_DICOM: /* or the line broke in it, and then it is asked for again */
        break;
    case PART_TOO_LARGE:
        settle(fetch, NULL, FETCH_REFUSED, file_refusal_word(FILE_REFUSAL_OVER_LIMIT));
        break;
    case PART_NO_SPACE:
        fetch->unavailable = true;
        break;
    }
}

static bool on_part_begun(void *data, uint32_t number) {
    const struct archive_fetch *fetch = data;
    return number < 2 * fetch->plan.count + PARTS_TOO_MANY;
}

static void on_look_again(uv_timer_t *timer);

/* Nothing of this fetch is under way that could make space: others take it. */
static void wait_when_full(struct archive_fetch *fetch) {
    if (part_intake_state(fetch->intake) == PART_INTAKE_FULL &&
        part_intake_under_way(fetch->intake) == 0) {
        uv_timer_start(&fetch->timer, on_look_again, LOOK_AGAIN_MS, 0);
    }
}

static void on_space(void *data) {
    struct archive_fetch *fetch = data;
    if (part_intake_go_on(fetch->intake) == PART_INTAKE_FULL) {
        wait_when_full(fetch);
    } else if (fetch->request != NULL) {
        archive_request_resume(fetch->request);
    }
    settle_answer(fetch);
}

static void on_look_again(uv_timer_t *timer) {
    on_space(timer->data);
}

static void on_settled(void *data) {
    settle_answer(data);
}

/* The answer. */

static bool on_begun(void *data, struct text content_type) {
    struct archive_fetch *fetch = data;
    struct archive_fetch_config *config = &fetch->config;
    bool supported;
    fetch->answered = true;
    fetch->intake = part_intake_create(
        &(struct part_intake_config){
            .service = config->imaging,
            .patient_case = config->patient_case,
            .by = config->by,
            .study_uid = {(uint32_t)strlen(config->study_uid), config->study_uid},
            .sending = &fetch->sending,
            .part_max = config->archive->instance_max,
            .under_way_max = FETCH_UNDER_WAY_MAX,
            .waits = true,
            .begun = on_part_begun,
            .stored = on_stored,
            .failed = on_part_failed,
            .space = on_space,
            .settled = on_settled,
            .data = fetch,
        },
        content_type, &supported);
    return fetch->intake != NULL;
}

static enum archive_taking on_bytes(void *data, struct bytes bytes) {
    struct archive_fetch *fetch = data;
    fetch->bytes += bytes.length;
    fetch->answer_bytes += bytes.length;
    switch (part_intake_take(fetch->intake, bytes)) {
    case PART_INTAKE_OPEN:
        return ARCHIVE_TAKEN;
    case PART_INTAKE_FULL:
        wait_when_full(fetch);
        return ARCHIVE_TAKEN_PAUSE;
    case PART_INTAKE_FINISHED:
        return ARCHIVE_ENOUGH;
    case PART_INTAKE_MALFORMED:
        break;
    }
    return ARCHIVE_REFUSED;
}

/* All that came is settled: what it was, and on. */
static void conclude(struct archive_fetch *fetch) {
    enum archive_failure failure = fetch->failure;
    enum part_intake_state state =
        fetch->intake != NULL ? part_intake_state(fetch->intake) : PART_INTAKE_OPEN;
    part_intake_free(fetch->intake);
    fetch->intake = NULL;
    fetch->request_over = false;
    if (failure == ARCHIVE_OK && state != PART_INTAKE_FINISHED) {
        failure = state == PART_INTAKE_MALFORMED ? ARCHIVE_ANSWER : ARCHIVE_BROKEN;
    }
    if (fetch->no_space) {
        fetch_end(fetch, "no_space");
    } else if (failure == ARCHIVE_NOT_FOUND) {
        fetch_plan_asked(&fetch->plan, &fetch->ask, archive_failure_word(failure));
        fetch_take_step(fetch);
    } else if (failure != ARCHIVE_OK || fetch->unavailable) {
        fetch_failed(fetch, failure);
    } else {
        fetch_plan_asked(&fetch->plan, &fetch->ask, file_refusal_word(FILE_REFUSAL_NOT_DICOM));
        fetch->failures = 0;
        fetch_ask_next(fetch);
    }
}

static void settle_answer(struct archive_fetch *fetch) {
    if (!fetch->request_over || fetch->step != FETCH_ASKING) {
        return;
    }
    if (fetch->intake != NULL) {
        if (part_intake_state(fetch->intake) == PART_INTAKE_FULL) {
            return;
        }
        part_intake_end(fetch->intake);
        if (part_intake_under_way(fetch->intake) > 0) {
            return;
        }
    }
    conclude(
        fetch); /* also from within the intake's own callback, which touches nothing after it */
}

static void on_done(void *data, enum archive_failure failure) {
    struct archive_fetch *fetch = data;
    fetch->request = NULL;
    fetch->request_over = true;
    fetch->failure = failure;
    settle_answer(fetch);
}

static void write_path(const struct archive_fetch *fetch, char path[PATH_SPACE]) {
    const char *study = fetch->config.study_uid;
    const struct archive_instance *uids = &fetch->ask.uids;
    switch (fetch->ask.kind) {
    case FETCH_ASK_NOTHING:
    case FETCH_ASK_STUDY:
        snprintf(path, PATH_SPACE, "/studies/%s", study);
        break;
    case FETCH_ASK_SERIES:
        snprintf(path, PATH_SPACE, "/studies/%s/series/%s", study, uids->series_uid);
        break;
    case FETCH_ASK_INSTANCE:
        snprintf(path, PATH_SPACE, "/studies/%s/series/%s/instances/%s", study, uids->series_uid,
                 uids->sop_instance_uid);
        break;
    }
}

void fetch_ask_next(struct archive_fetch *fetch) {
    char path[PATH_SPACE];
    fetch->ask = fetch_plan_next(&fetch->plan);
    if (fetch->ask.kind == FETCH_ASK_NOTHING) {
        fetch_end(fetch, NULL);
        return;
    }
    if (fetch->bytes > FETCH_BYTES_MAX) {
        fetch_end(fetch, "too_many");
        return;
    }
    fetch->step = FETCH_ASKING;
    fetch->unavailable = fetch->no_space = false;
    fetch->answer_bytes = 0;
    write_path(fetch, path);
    /* Any syntax: the bytes as they were stored there (PS3.18 8.7.3.5.2). */
    fetch->request = archive_request_begin(
        fetch->config.client,
        &(struct archive_wanted){
            .archive = fetch->config.archive,
            .path = path,
            .accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
            .body_max = FETCH_BYTES_MAX,
            .begun = on_begun,
            .bytes = on_bytes,
            .done = on_done,
            .data = fetch,
        });
    if (fetch->request == NULL) {
        fetch_failed(fetch, ARCHIVE_BUSY);
    }
}
