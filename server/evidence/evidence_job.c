#include "server/evidence/evidence_job.h"

#include "server/log.h"
#include "server/store/postgres_array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct evidence_job {
    /* Given. */
    struct evidence_service_config config;
    struct uuid patient_case;
    void (*done)(void *data, enum evidence_outcome outcome, unsigned written);
    void *data;
    struct evidence_job **slot;
    /* Owned. */
    struct evidence_record record;
    struct described_frame *images;
    struct evidence_plan plan;
    struct postgres_array series; // UIDs of the plan
    struct known {
        char sop_instance_uid[EVIDENCE_UID_SIZE];
        char series_uid[EVIDENCE_UID_SIZE];
    } * known; // what is there of the plan's series, oldest first
    size_t known_count;
    /* Derived. */
    size_t at; // of the plan's documents
    unsigned written;
    uint64_t newest; // event of evidence
    bool with_node;  // waits for the case's actor
    bool abandoned;
};

static void finish(struct evidence_job *job, enum evidence_outcome outcome) {
    bool wanted = !job->abandoned;
    struct evidence_job **slot = job->slot;
    void (*done)(void *, enum evidence_outcome, unsigned) = job->done;
    void *data = job->data;
    unsigned written = job->written;
    evidence_plan_finish(&job->plan);
    evidence_record_finish(&job->record);
    array_finish(&job->series);
    free(job->images);
    free(job->known);
    free(job);
    if (wanted) {
        *slot = NULL;
        done(data, outcome, written);
    }
}

bool evidence_job_abandon(struct evidence_job *job) {
    job->abandoned = job->with_node;
    return job->abandoned;
}

/* 7: noted */

static void on_noted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)rows;
    finish(data, result == POSTGRES_OK ? EVIDENCE_DONE : EVIDENCE_LATER);
}

static void note(struct evidence_job *job) {
    struct binary_integer version = binary_integer((int64_t)job->newest);
    struct postgres_parameter parameters[] = {parameter_uuid(&job->patient_case),
                                              parameter_uuid(&job->config.tenant),
                                              parameter_int8(&version)};
    postgres_query(job->config.postgres,
                   "INSERT INTO evidence_mark (case_id, tenant_id, version)"
                   " VALUES ($1::uuid, $2::uuid, $3::bigint)"
                   " ON CONFLICT (case_id) DO UPDATE SET"
                   " version = greatest(evidence_mark.version, excluded.version)",
                   parameters, 3, on_noted, job);
}

/* 6 b: selections whose place another took */

static void on_superseded(void *data, bool written) {
    struct evidence_job *job = data;
    if (written) {
        note(job);
    } else {
        finish(job, EVIDENCE_LATER);
    }
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

/* A selection of key images is no longer one when an image was marked or unmarked since, and it has
 * no way to say so itself: the next one stands for it, or none. */
static void supersede(struct evidence_job *job) {
    struct own_document *documents = calloc(job->plan.count + 1, sizeof *documents);
    size_t count = 0;
    for (size_t i = 0; documents != NULL && i < job->plan.count; i++) {
        const struct evidence_document *document = &job->plan.documents[i];
        if (document->kind == EVIDENCE_KEY_IMAGES) {
            documents[count++] = (struct own_document){
                text_of(document->series_uid),
                document->empty ? (struct text){0, NULL} : text_of(document->sop_instance_uid)};
        }
    }
    if (count == 0) {
        on_superseded(job, documents != NULL);
    } else {
        imaging_supersede(job->config.imaging, job->patient_case, documents, count, on_superseded,
                          job);
    }
    free(documents);
}

/* 6: one document after the other */

static void next_document(struct evidence_job *job);

static bool is_there(const struct evidence_job *job, const struct evidence_document *document) {
    for (size_t i = 0; i < job->known_count; i++) {
        if (strcmp(job->known[i].sop_instance_uid, document->sop_instance_uid) == 0) {
            return true;
        }
    }
    return false;
}

/* The newest one of its series; NULL = none. */
static const char *predecessor(const struct evidence_job *job,
                               const struct evidence_document *document) {
    for (size_t i = job->known_count; i > 0; i--) {
        if (strcmp(job->known[i - 1].series_uid, document->series_uid) == 0) {
            return job->known[i - 1].sop_instance_uid;
        }
    }
    return NULL;
}

static void on_stored(void *data, const struct upload_answer *answer) {
    struct evidence_job *job = data;
    switch (answer->outcome) {
    case UPLOAD_STORED:
        job->written++;
        break;
    case UPLOAD_ALREADY_THERE:
        break;
    case UPLOAD_HELD:
    case UPLOAD_REFUSED:
    case UPLOAD_KEPT:
    case UPLOAD_INDEX:
        /* Our own file: trying again would not help. */
        log_error("evidence", "a document was not taken outcome=%d reason=%d", answer->outcome,
                  answer->refusal);
        break;
    case UPLOAD_UNAVAILABLE:
    case UPLOAD_NO_SPACE:
        finish(job, EVIDENCE_LATER);
        return;
    }
    job->at++;
    next_document(job);
}

static void upload(struct evidence_job *job, const uint8_t *bytes, size_t size) {
    /* The system's own: who is behind it stands in the document. */
    static const struct uuid nobody = {{0}};
    struct imaging_upload *upload =
        imaging_upload_begin(job->config.imaging, job->patient_case, nobody, size, on_stored, job);
    if (upload == NULL) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    if (!imaging_upload_bytes(upload, (struct bytes){(uint32_t)size, bytes})) {
        imaging_upload_cancel(upload);
        finish(job, EVIDENCE_LATER);
        return;
    }
    imaging_upload_end(upload);
}

/* That nothing stands is said where something stood; a selection of no image cannot be. */
static bool is_worth_writing(const struct evidence_document *document, const char *before) {
    return !document->empty || (before != NULL && document->kind == EVIDENCE_MEASUREMENTS);
}

static void next_document(struct evidence_job *job) {
    const struct evidence_names names = {job->config.name_of, job->config.data};
    for (; job->at < job->plan.count; job->at++) {
        const struct evidence_document *document = &job->plan.documents[job->at];
        const char *before = predecessor(job, document);
        uint8_t *bytes;
        size_t size;
        if (is_there(job, document) || !is_worth_writing(document, before)) {
            continue;
        }
        if (!evidence_document_write(&job->plan, document, &names, before, &bytes, &size)) {
            log_warning("evidence", "a document could not be written kind=%d", document->kind);
            continue;
        }
        upload(job, bytes, size);
        free(bytes);
        return;
    }
    supersede(job);
}

/* 5: what is there */

static bool take_uid(struct postgres_parameter value, char ret_uid[EVIDENCE_UID_SIZE]) {
    if (value.bytes == NULL || value.length < 1 || value.length >= EVIDENCE_UID_SIZE) {
        return false;
    }
    memcpy(ret_uid, value.bytes, (size_t)value.length);
    ret_uid[value.length] = '\0';
    return true;
}

static void on_known(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct evidence_job *job = data;
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    job->known = calloc((size_t)count + 1, sizeof *job->known);
    if (result != POSTGRES_OK || job->known == NULL) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    for (int row = 0; row < count; row++) {
        struct known *known = &job->known[job->known_count];
        job->known_count += take_uid(postgres_value(rows, row, 0), known->sop_instance_uid) &&
                            take_uid(postgres_value(rows, row, 1), known->series_uid);
    }
    next_document(job);
}

static void look_up(struct evidence_job *job) {
    array_begin(&job->series, TYPE_TEXT);
    for (size_t i = 0; i < job->plan.count; i++) {
        const char *uid = job->plan.documents[i].series_uid;
        if (i == 0 || strcmp(uid, job->plan.documents[i - 1].series_uid) != 0) {
            array_add(&job->series, uid, strlen(uid));
        }
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&job->patient_case),
                                              array_parameter(&job->series)};
    postgres_query(job->config.postgres,
                   "SELECT sop_instance_uid, series_uid FROM image_instance"
                   " WHERE case_id = $1::uuid AND series_uid = ANY($2::text[]) AND NOT held"
                   " ORDER BY instance_number, sop_instance_uid",
                   parameters, 2, on_known, job);
}

/* 4: the images that it speaks of */

static void on_described(void *data, enum imaging_read_result result,
                         const struct described_frame *images, size_t count) {
    struct evidence_job *job = data;
    job->images = calloc(count + 1, sizeof *job->images);
    if (result != IMAGING_READ_OK || job->images == NULL) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    memcpy(job->images, images, count * sizeof *images);
    if (!evidence_plan_make(&job->plan, job->patient_case, &job->record, job->images, count)) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    if (job->plan.too_many) {
        log_warning("evidence", "a case has more views than documents are made of");
    }
    look_up(job);
}

/* 3: its record */

static void on_event(void *data, const struct event_header *header, struct bytes fields) {
    struct evidence_job *job = data;
    evidence_record_add(&job->record, header, fields);
}

static void on_events(void *data, bool whole) {
    struct evidence_job *job = data;
    const struct evidence_record *record = &job->record;
    job->with_node = false;
    if (!whole || job->abandoned || (record->version < job->newest && !record->full)) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    if (record->full) {
        log_warning("evidence", "a case has more drawings and views than documents are made of");
    }
    if (record->restricted || record->erased || record->full) {
        note(job); /* the end of a restriction is an event that it is looked at for again */
        return;
    }
    size_t count;
    struct frame_name *frames = evidence_frames(record, &job->record.arena, &count);
    if (frames == NULL || count == 0) {
        note(job);
        return;
    }
    if (count > DESCRIBE_MAX) {
        log_warning("evidence", "a case has drawings on more frames than documents are made of");
        count = DESCRIBE_MAX;
    }
    imaging_describe(job->config.imaging, job->patient_case, frames, count, on_described, job);
}

/* 2: its actor, in memory */

static void on_grant(void *data, struct grant grant) {
    static const struct node_reading reading = {.event = on_event, .done = on_events};
    struct evidence_job *job = data;
    struct node_reading wanted = reading;
    (void)grant; /* nobody's: what is asked for is that the case was read */
    wanted.data = job;
    if (job->abandoned) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    node_read_events(job->config.node, CHANNEL_KIND_PATIENT_CASE, job->patient_case, &wanted);
}

/* 1: is there anything new? */

static void on_newest(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    static const struct uuid nobody = {{0}};
    struct evidence_job *job = data;
    if (result != POSTGRES_OK || postgres_row_count(rows) != 1) {
        finish(job, EVIDENCE_LATER);
        return;
    }
    job->newest = (uint64_t)value_integer(postgres_value(rows, 0, 0));
    if (job->newest <= (uint64_t)value_integer(postgres_value(rows, 0, 1))) {
        finish(job, EVIDENCE_DONE);
        return;
    }
    job->with_node = true;
    node_ask_grant(job->config.node, CHANNEL_KIND_PATIENT_CASE, job->patient_case, nobody, on_grant,
                   job);
}

void evidence_job_begin(const struct evidence_service_config *config, struct uuid patient_case,
                        void (*done)(void *data, enum evidence_outcome outcome, unsigned written),
                        void *data, struct evidence_job **ret_job) {
    struct evidence_job *job = calloc(1, sizeof *job);
    *ret_job = job;
    if (job == NULL) {
        done(data, EVIDENCE_LATER, 0);
        return;
    }
    job->config = *config;
    job->patient_case = patient_case;
    job->done = done;
    job->data = data;
    job->slot = ret_job;
    evidence_record_init(&job->record);
    struct postgres_parameter parameter = parameter_uuid(&job->patient_case);
    postgres_query(config->postgres,
                   "SELECT coalesce((SELECT max(version) FROM event WHERE stream_id = $1::uuid"
                   " AND type IN " EVIDENCE_EVENT_TYPES "), 0),"
                   " coalesce((SELECT version FROM evidence_mark WHERE case_id = $1::uuid), 0)",
                   &parameter, 1, on_newest, job);
}
