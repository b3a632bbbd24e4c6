/*
 * Storing (STOW-RS, PS3.18 10.5): the parts of a body go, as they come, the way of any upload. Some
 * are under way at a time; the sender waits while there are too many.
 */
#include "server/dicomweb/multipart_reader.h"
#include "server/dicomweb/stow_answer.h"

#include <stdlib.h>
#include <strings.h>

enum { UNDER_WAY_MAX = 32 };

struct stow;

/* A part whose bytes are there; ends with the answer about it. */
struct stow_part {
    struct stow *stow;
    struct imaging_upload *upload; // NULL = no part is under way here
    uint32_t number;               // of its result
};

struct stow {
    struct dicomweb_ask *ask;
    struct multipart_reader reader;
    struct stow_part parts[UNDER_WAY_MAX];
    uint32_t under_way;
    struct stow_part *receiving; // whose bytes come; NULL = none, or they are not wanted
    uint32_t number;             // of the part that comes
    uint64_t received;           // bytes of it
    struct stow_results results;
    struct bytes held; // of malloc: came while too many were under way
    bool paused;
    bool finished;  // the last delimiter was read
    bool malformed; // the body is not what its header says, or is over a bound
    bool ended;     // all of the body was read
    bool busy;      // in `take`
};

static void free_stow(struct stow *stow) {
    for (uint32_t i = 0; i < UNDER_WAY_MAX; i++) {
        if (stow->parts[i].upload) {
            imaging_upload_cancel(stow->parts[i].upload);
        }
    }
    stow_results_finish(&stow->results);
    free((void *)(uintptr_t)stow->held.bytes);
    free(stow);
}

static void let_go_of_stow(void *operation) {
    free_stow(operation);
}

static void take(struct stow *stow, struct bytes bytes);

static void answer_when_done(struct stow *stow) {
    if (!stow->ended || stow->under_way > 0) {
        return;
    }
    struct dicomweb_ask *ask = stow->ask;
    if (stow->malformed || !stow->finished) {
        ask_error(ask, 400, "malformed",
                  "The body is not multipart/related as its header says, or a part is not ended; "
                  "what came before may be stored.");
        return;
    }
    if (stow->results.count == 0) {
        ask_error(ask, 400, "empty", "There is no part in the body.");
        return;
    }
    stow_answer(ask, &stow->results);
}

static void on_stored(void *data, const struct upload_answer *answer) {
    struct stow_part *part = data;
    struct stow *stow = part->stow;
    stow_results_set(&stow->results, part->number, answer);
    part->upload = NULL;
    if (stow->receiving == part) {
        stow->receiving = NULL; // answered before its end: the service stops
    }
    stow->under_way--;
    if (stow->busy) {
        return;
    }
    if (stow->paused) {
        struct bytes held = stow->held;
        stow->held = (struct bytes){0, NULL};
        stow->paused = false;
        take(stow, held);
        free((void *)(uintptr_t)held.bytes);
        if (!stow->paused) {
            http_resume(stow->ask->exchange);
        }
        return;
    }
    answer_when_done(stow);
}

/* Parts. */

static bool is_dicom(const struct stow *stow) {
    struct text type = multipart_reader_header(&stow->reader, "content-type");
    return type.length == 0 ||
           (type.length == 17 && strncasecmp(type.bytes, "application/dicom", 17) == 0);
}

static void begin_part(struct stow *stow) {
    struct dicomweb_ask *ask = stow->ask;
    struct stow_part *part = stow->parts;
    stow->receiving = NULL;
    stow->received = 0;
    if (!stow_results_add(&stow->results, &stow->number)) {
        stow->malformed = true;
        return;
    }
    if (!is_dicom(stow)) {
        stow_results_fail(&stow->results, stow->number, STOW_CANNOT_UNDERSTAND);
        return;
    }
    while (part->upload) {
        part++; // fewer than all are under way, see take
    }
    *part = (struct stow_part){.stow = stow, .number = stow->number};
    part->upload = imaging_upload_begin_open(ask->desk->service, ask->patient_case,
                                             http_who(ask->exchange)->user, ask->resource.study,
                                             on_stored, part);
    if (!part->upload) {
        stow_results_fail(&stow->results, stow->number, STOW_OUT_OF_RESOURCES);
        return;
    }
    stow->receiving = part;
    stow->under_way++;
}

static void drop_part(struct stow *stow, enum stow_failure reason) {
    imaging_upload_cancel(stow->receiving->upload);
    stow->receiving->upload = NULL;
    stow->receiving = NULL;
    stow->under_way--;
    stow_results_fail(&stow->results, stow->number, reason);
}

static void take_bytes(struct stow *stow, struct bytes bytes) {
    stow->received += bytes.length;
    if (stow->receiving && !imaging_upload_bytes(stow->receiving->upload, bytes)) {
        drop_part(stow, STOW_OUT_OF_RESOURCES);
    }
}

static void end_part(struct stow *stow) {
    struct stow_part *part = stow->receiving;
    if (part && stow->received == 0) {
        drop_part(stow, STOW_CANNOT_UNDERSTAND);
        part = NULL;
    }
    stow->receiving = NULL;
    if (part) {
        imaging_upload_end(part->upload);
    }
}

static bool hold(struct stow *stow, struct bytes rest) {
    uint8_t *kept = malloc((size_t)rest.length + 1);
    if (!kept) {
        return false;
    }
    memcpy(kept, rest.bytes, rest.length);
    stow->held = (struct bytes){rest.length, kept};
    stow->paused = true;
    return true;
}

/* Reads what came; the rest of it waits when too much is under way. */
static void take(struct stow *stow, struct bytes bytes) {
    struct bytes slice;
    stow->busy = true;
    while (!stow->malformed && !stow->paused) {
        enum multipart_event event = multipart_reader_next(&stow->reader, &bytes, &slice);
        if (event == MULTIPART_MORE) {
            break;
        }
        switch (event) {
        case MULTIPART_PART_BEGIN:
            begin_part(stow);
            break;
        case MULTIPART_PART_BYTES:
            take_bytes(stow, slice);
            break;
        case MULTIPART_PART_END:
            end_part(stow);
            if (stow->under_way == UNDER_WAY_MAX && !hold(stow, bytes)) {
                stow->malformed = true;
            }
            break;
        case MULTIPART_END:
            stow->finished = true;
            break;
        default:
            stow->malformed = true;
            break;
        }
    }
    stow->busy = false;
    if (stow->malformed && stow->receiving) {
        drop_part(stow, STOW_CANNOT_UNDERSTAND);
    }
}

static void on_bytes(struct http_exchange *exchange, struct bytes bytes, void *data) {
    struct stow *stow = data;
    take(stow, bytes);
    if (stow->paused) {
        http_pause(exchange);
    }
}

static void on_end(struct http_exchange *exchange, void *data) {
    struct stow *stow = data;
    (void)exchange;
    stow->ended = true;
    if (stow->receiving) { // its delimiter never came
        drop_part(stow, STOW_CANNOT_UNDERSTAND);
    }
    answer_when_done(stow);
}

void ask_stow(struct dicomweb_ask *ask) {
    static const struct http_body_sink sink = {on_bytes, on_end};
    struct stow *stow = calloc(1, sizeof *stow);
    struct text type;
    if (!stow) {
        ask_unread(ask, IMAGING_READ_UNAVAILABLE);
        return;
    }
    stow->ask = ask;
    ask->operation = stow;
    ask->let_go = let_go_of_stow;
    if (!multipart_reader_init(&stow->reader, ask->content_type, &type) ||
        (type.length > 0 &&
         (type.length != 17 || strncasecmp(type.bytes, "application/dicom", 17) != 0))) {
        ask_error(ask, 415, "unsupported",
                  "Send multipart/related; type=\"application/dicom\" with a boundary.");
        return;
    }
    http_read_stream(ask->exchange, &sink, stow);
}
