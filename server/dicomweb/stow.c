/*
 * Storing (STOW-RS, PS3.18 10.5): the parts of a body go, as they come, the way of any upload, and
 * the answer says what became of each.
 */
#include "server/dicomweb/part_intake.h"
#include "server/dicomweb/stow_answer.h"

#include <stdlib.h>

struct stow {
    struct dicomweb_ask *ask;
    struct part_intake *intake; /* owned */
    struct stow_results results;
    bool ended; /* all of the body was read */
};

static void let_go_of_stow(void *operation) {
    struct stow *stow = operation;
    part_intake_free(stow->intake);
    stow_results_finish(&stow->results);
    free(stow);
}

static void answer_when_done(struct stow *stow) {
    if (!stow->ended || part_intake_under_way(stow->intake) > 0) {
        return;
    }
    struct dicomweb_ask *ask = stow->ask;
    if (part_intake_state(stow->intake) != PART_INTAKE_FINISHED) {
        case_ask_error(
            &ask->about, 400, "malformed",
            "The body is not multipart/related as its header says, or a part is not ended; "
            "what came before may be stored.");
        return;
    }
    if (stow->results.count == 0) {
        case_ask_error(&ask->about, 400, "empty", "There is no part in the body.");
        return;
    }
    stow_answer(ask, &stow->results);
}

static bool on_begun(void *data, uint32_t number) {
    struct stow *stow = data;
    uint32_t result;
    (void)number; /* results are added in the order of parts */
    return stow_results_add(&stow->results, part_intake_header(stow->intake, "content-location"),
                            &result);
}

static void on_stored(void *data, uint32_t number, const struct upload_answer *answer) {
    struct stow *stow = data;
    stow_results_set(&stow->results, number, answer);
}

static void on_failed(void *data, uint32_t number, enum part_failure why) {
    struct stow *stow = data;
    static const char *const words[] = {
        [PART_NOT_DICOM] = "it is not application/dicom, is empty or does not end",
        [PART_TOO_LARGE] = "it is larger than one instance may be",
        [PART_NO_SPACE] = "there is no space for it just now: send it again"};
    stow_results_fail(&stow->results, number,
                      why == PART_NOT_DICOM ? STOW_CANNOT_UNDERSTAND : STOW_OUT_OF_RESOURCES,
                      words[why]);
}

static void on_settled(void *data) {
    answer_when_done(data);
}

static void on_space(void *data) {
    struct stow *stow = data;
    if (part_intake_go_on(stow->intake) != PART_INTAKE_FULL) {
        http_resume(stow->ask->about.exchange);
    }
}

static void on_bytes(struct http_exchange *exchange, struct bytes bytes, void *data) {
    struct stow *stow = data;
    if (part_intake_take(stow->intake, bytes) == PART_INTAKE_FULL) {
        http_pause(exchange);
    }
}

static void on_end(struct http_exchange *exchange, void *data) {
    struct stow *stow = data;
    (void)exchange;
    stow->ended = true;
    part_intake_end(stow->intake);
    answer_when_done(stow);
}

void ask_stow(struct dicomweb_ask *ask) {
    static const struct http_body_sink sink = {on_bytes, on_end};
    struct stow *stow = calloc(1, sizeof *stow);
    bool supported;
    if (!stow) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    stow->ask = ask;
    ask->operation = stow;
    ask->let_go = let_go_of_stow;
    stow->intake =
        part_intake_create(&(struct part_intake_config){.service = ask->desk->service,
                                                        .patient_case = ask->about.patient_case,
                                                        .by = http_who(ask->about.exchange)->user,
                                                        .study_uid = ask->resource.study,
                                                        .begun = on_begun,
                                                        .stored = on_stored,
                                                        .failed = on_failed,
                                                        .space = on_space,
                                                        .settled = on_settled,
                                                        .data = stow},
                           ask->content_type, &supported);
    if (!supported) {
        case_ask_error(&ask->about, 415, "unsupported",
                       "Send multipart/related; type=\"application/dicom\" with a boundary.");
    } else if (stow->intake == NULL) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    } else {
        http_read_stream(ask->about.exchange, &sink, stow);
    }
}
