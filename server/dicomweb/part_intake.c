#include "server/dicomweb/part_intake.h"

#include <stdlib.h>
#include <strings.h>

/* A part whose bytes come or are there; ends with the answer about it. */
struct part {
    struct part_intake *intake;
    struct imaging_upload *upload; /* NULL = no part is under way here */
    uint32_t number;
    uint64_t size;
};

struct part_intake {
    /* Given. */
    struct part_intake_config config;
    /* Owned. */
    struct multipart_reader reader;
    struct part parts[PARTS_UNDER_WAY_MAX];
    struct bytes held; /* of malloc: came while it was full */
    /* Derived. */
    struct part *receiving; /* whose bytes come; NULL = none, or they are not wanted */
    uint32_t count;         /* of parts that came */
    uint32_t under_way;
    uint64_t bytes_under_way;
    uint64_t received; /* of the part that comes, wanted or not */
    bool part_waits;   /* its upload could not be begun yet */
    bool full;         /* no more is taken until something was answered */
    bool finished;     /* the last delimiter was read */
    bool malformed;    /* the body is not what its header says, or is over a bound */
    bool busy;         /* in `take` */
};

/* Of the body, or of a part. */
static bool is_dicom(struct text type) {
    return type.length == 0 ||
           (type.length == 17 && strncasecmp(type.bytes, "application/dicom", 17) == 0);
}

struct part_intake *part_intake_create(const struct part_intake_config *config,
                                       struct text content_type, bool *ret_supported) {
    struct part_intake *intake = calloc(1, sizeof *intake);
    struct text type;
    *ret_supported = true;
    if (intake == NULL) {
        return NULL;
    }
    intake->config = *config;
    if (!multipart_reader_init(&intake->reader, content_type, &type) || !is_dicom(type)) {
        *ret_supported = false;
        free(intake);
        return NULL;
    }
    return intake;
}

void part_intake_free(struct part_intake *intake) {
    if (intake == NULL) {
        return;
    }
    for (uint32_t i = 0; i < PARTS_UNDER_WAY_MAX; i++) {
        if (intake->parts[i].upload != NULL) {
            imaging_upload_cancel(intake->parts[i].upload);
        }
    }
    free((void *)(uintptr_t)intake->held.bytes);
    free(intake);
}

enum part_intake_state part_intake_state(const struct part_intake *intake) {
    return intake->malformed  ? PART_INTAKE_MALFORMED
           : intake->full     ? PART_INTAKE_FULL
           : intake->finished ? PART_INTAKE_FINISHED
                              : PART_INTAKE_OPEN;
}

uint32_t part_intake_under_way(const struct part_intake *intake) {
    return intake->under_way;
}

struct text part_intake_header(const struct part_intake *intake, const char *name) {
    return multipart_reader_header(&intake->reader, name);
}

/* Answers. */

static void on_stored(void *data, const struct upload_answer *answer) {
    struct part *part = data;
    struct part_intake *intake = part->intake;
    part->upload = NULL;
    if (intake->receiving == part) {
        intake->receiving = NULL; /* answered before its end: the service stops */
    }
    intake->under_way--;
    intake->bytes_under_way -= part->size;
    bool busy = intake->busy, full = intake->full;
    intake->config.stored(intake->config.data, part->number, answer);
    if (busy) {
        return;
    }
    if (full) {
        intake->config.space(intake->config.data);
    } else {
        intake->config.settled(intake->config.data);
    }
}

/* Parts. */

static uint64_t part_max(const struct part_intake *intake) {
    return intake->config.part_max > 0 ? intake->config.part_max : UPLOAD_SIZE_MAX;
}

/* What it says of itself. Nothing is allocated by it, but who says too much is believed. */
static bool says_too_much(const struct part_intake *intake) {
    struct text length = multipart_reader_header(&intake->reader, "content-length");
    uint64_t said = 0;
    for (uint32_t i = 0; i < length.length && said <= part_max(intake); i++) {
        char digit = length.bytes[i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        said = 10 * said + (uint64_t)(digit - '0');
    }
    return said > part_max(intake);
}

static void fail(struct part_intake *intake, enum part_failure why) {
    intake->config.failed(intake->config.data, intake->count - 1, why);
}

/* For the part that has just come, or waits. */
static void begin_upload(struct part_intake *intake) {
    struct part *part = intake->parts;
    while (part->upload != NULL) {
        part++; /* fewer than all are under way, see take */
    }
    *part = (struct part){.intake = intake, .number = intake->count - 1};
    part->upload =
        imaging_upload_begin_open(intake->config.service, intake->config.patient_case,
                                  intake->config.by, intake->config.study_uid, on_stored, part);
    intake->part_waits = part->upload == NULL && intake->config.waits;
    if (part->upload != NULL) {
        imaging_upload_sending(part->upload, intake->config.sending);
        intake->receiving = part;
        intake->under_way++;
    } else if (intake->part_waits) {
        intake->full = true;
    } else {
        fail(intake, PART_NO_SPACE);
    }
}

static void begin_part(struct part_intake *intake) {
    intake->receiving = NULL;
    intake->received = 0;
    if (!intake->config.begun(intake->config.data, intake->count)) {
        intake->malformed = true;
        return;
    }
    intake->count++;
    if (!is_dicom(multipart_reader_header(&intake->reader, "content-type"))) {
        fail(intake, PART_NOT_DICOM);
    } else if (says_too_much(intake)) {
        fail(intake, PART_TOO_LARGE);
    } else {
        begin_upload(intake);
    }
}

static void drop_part(struct part_intake *intake, enum part_failure why) {
    struct part *part = intake->receiving;
    imaging_upload_cancel(part->upload);
    part->upload = NULL;
    intake->receiving = NULL;
    intake->under_way--;
    intake->bytes_under_way -= part->size;
    fail(intake, why);
}

static void take_bytes(struct part_intake *intake, struct bytes bytes) {
    intake->received += bytes.length;
    bool too_large = intake->received > part_max(intake);
    if (intake->receiving == NULL) {
        intake->malformed |= too_large; /* skipped, but not for ever */
        return;
    }
    intake->receiving->size += bytes.length;
    intake->bytes_under_way += bytes.length;
    if (too_large) {
        drop_part(intake, PART_TOO_LARGE);
    } else if (!imaging_upload_bytes(intake->receiving->upload, bytes)) {
        drop_part(intake, PART_NO_SPACE);
    }
}

static void end_part(struct part_intake *intake) {
    struct part *part = intake->receiving;
    if (part != NULL && intake->received == 0) {
        drop_part(intake, PART_NOT_DICOM);
        part = NULL;
    }
    intake->receiving = NULL;
    if (part != NULL) {
        imaging_upload_end(part->upload);
    }
    uint64_t max = intake->config.under_way_max;
    intake->full = intake->under_way == PARTS_UNDER_WAY_MAX ||
                   (max > 0 && intake->bytes_under_way >= max && intake->under_way > 0);
}

static void step(struct part_intake *intake, enum multipart_event event, struct bytes slice) {
    switch (event) {
    case MULTIPART_PART_BEGIN:
        begin_part(intake);
        break;
    case MULTIPART_PART_BYTES:
        take_bytes(intake, slice);
        break;
    case MULTIPART_PART_END:
        end_part(intake);
        break;
    case MULTIPART_END:
        intake->finished = true;
        break;
    default:
        intake->malformed = true;
        break;
    }
}

/* What is left of a piece waits; what waited before is used up by now. */
static void hold(struct part_intake *intake, struct bytes rest) {
    uint8_t *kept = malloc((size_t)rest.length + 1);
    if (kept == NULL) {
        intake->malformed = true;
        return;
    }
    memcpy(kept, rest.bytes, rest.length);
    intake->held = (struct bytes){rest.length, kept};
}

enum part_intake_state part_intake_take(struct part_intake *intake, struct bytes bytes) {
    struct bytes slice = {0, NULL};
    uint32_t length = bytes.length;
    intake->busy = true;
    while (!intake->malformed && !intake->full && !intake->finished) {
        enum multipart_event event = multipart_reader_next(&intake->reader, &bytes, &slice);
        if (event == MULTIPART_MORE) {
            break;
        }
        step(intake, event, slice);
    }
    intake->busy = false;
    if (intake->reader.state == MULTIPART_PREAMBLE) {
        intake->received += length;
        intake->malformed |= intake->received > PART_PREAMBLE_MAX;
    }
    if (intake->full) {
        hold(intake, bytes);
    }
    if (intake->malformed && intake->receiving != NULL) {
        drop_part(intake, PART_NOT_DICOM);
    }
    return part_intake_state(intake);
}

enum part_intake_state part_intake_go_on(struct part_intake *intake) {
    struct bytes held = intake->held;
    if (!intake->full || intake->malformed) {
        return part_intake_state(intake);
    }
    intake->full = false;
    if (intake->part_waits) {
        begin_upload(intake);
    }
    if (!intake->full) {
        intake->held = (struct bytes){0, NULL};
        part_intake_take(intake, held);
        free((void *)(uintptr_t)held.bytes);
    }
    return part_intake_state(intake);
}

void part_intake_end(struct part_intake *intake) {
    if (intake->receiving != NULL) { /* its delimiter never came */
        drop_part(intake, PART_NOT_DICOM);
    }
}
