/*
 * One file on its way into a case: received into memory, read by consilium-ingest, looked up,
 * sealed and made durable, written down, told.
 */
#define _GNU_SOURCE // memfd_create and file seals
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_preview_plan.h"
#include "server/imaging/imaging_upload_state.h"
#include "server/imaging/instance_outline.h"
#include "server/imaging/metadata_part.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void look_up(struct imaging_upload *upload);

static void leave_receiving(struct imaging_upload *upload) {
    if (upload->link) {
        *upload->link = upload->next;
        if (upload->next) {
            upload->next->link = upload->link;
        }
        upload->link = NULL;
    }
}

static void free_upload(struct imaging_upload *upload) {
    struct imaging_service *service = upload->service;
    leave_receiving(upload);
    arrival_leave(&upload->part, NULL);
    close(upload->file);
    if (upload->json) {
        OPENSSL_cleanse(upload->json, upload->json_size);
    }
    free(upload->json);
    free(upload->frames);
    free(upload->name);
    array_finish(&upload->named);
    bounded_output_finish(&upload->outline);
    bounded_output_finish(&upload->identity);
    bounded_output_finish(&upload->metadata);
    service->uploads_size -= upload->size;
    service->uploads_count--;
    OPENSSL_cleanse(upload, sizeof *upload);
    free(upload);
    imaging_operation_ended(service);
}

void upload_answer_and_free(struct imaging_upload *upload, const struct upload_answer *answer) {
    struct imaging_counts *counts = &upload->service->counts;
    counts->stored += answer->outcome == UPLOAD_STORED;
    counts->already_there += answer->outcome == UPLOAD_ALREADY_THERE;
    counts->held += answer->outcome == UPLOAD_HELD;
    counts->refused += answer->outcome == UPLOAD_REFUSED;
    counts->kept += answer->outcome == UPLOAD_KEPT;
    struct upload_answer told = *answer;
    if (upload->instance.sop_instance_uid[0]) {
        told.sop_class_uid = upload->instance.sop_class_uid;
        told.study_uid = upload->instance.study_uid;
        told.series_uid = upload->instance.series_uid;
    }
    if (upload->done) {
        upload->done(upload->data, &told);
    }
    bool is_through = answer->outcome != UPLOAD_UNAVAILABLE && answer->outcome != UPLOAD_NO_SPACE;
    arrival_leave(&upload->part,
                  is_through ? &(struct arrival_counts){.files = 1,
                                                        .images = answer->outcome == UPLOAD_STORED,
                                                        .kept = answer->outcome == UPLOAD_KEPT}
                             : NULL);
    free_upload(upload);
}

void upload_finish(struct imaging_upload *upload, enum upload_outcome outcome) {
    upload_answer_and_free(
        upload, &(struct upload_answer){.outcome = outcome,
                                        .held_for = upload->held_for,
                                        .sop_instance_uid = upload->instance.sop_instance_uid});
}

struct imaging_upload *imaging_upload_begin(struct imaging_service *service,
                                            struct uuid patient_case, struct uuid by, uint64_t size,
                                            upload_done done, void *data) {
    assert(size <= UPLOAD_SIZE_MAX);
    if (service->closing || service->uploads_count == UPLOADS_MAX ||
        size > service->uploads_size_max - service->uploads_size) {
        return NULL;
    }
    struct imaging_upload *upload = calloc(1, sizeof *upload);
    int file = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (!upload || file < 0) {
        free(upload);
        if (file >= 0) {
            close(file);
        }
        return NULL;
    }
    upload->service = service;
    upload->patient_case = patient_case;
    upload->by = by;
    upload->size = size;
    upload->done = done;
    upload->data = data;
    upload->file = file;
    bounded_output_init(&upload->outline, INSTANCE_ENCODED_MAX);
    bounded_output_init(&upload->identity, INSTANCE_ENCODED_MAX + SEALED_VALUE_OVERHEAD);
    bounded_output_init(&upload->metadata, METADATA_PART_MAX + SEALED_VALUE_OVERHEAD);
    upload->link = &service->receiving;
    upload->next = service->receiving;
    if (upload->next) {
        upload->next->link = &upload->next;
    }
    service->receiving = upload;
    service->uploads_size += size;
    service->uploads_count++;
    imaging_operation_began(service);
    return upload;
}

struct imaging_upload *imaging_upload_begin_open(struct imaging_service *service,
                                                 struct uuid patient_case, struct uuid by,
                                                 struct text study_uid, upload_done done,
                                                 void *data) {
    struct imaging_upload *upload =
        study_uid.length < 65 ? imaging_upload_begin(service, patient_case, by, 0, done, data)
                              : NULL;
    if (upload) {
        upload->open = true;
        memcpy(upload->study_uid, study_uid.length > 0 ? study_uid.bytes : "", study_uid.length);
    }
    return upload;
}

/* What was not said ahead is counted as it comes. */
static bool grow(struct imaging_upload *upload, uint64_t size) {
    struct imaging_service *service = upload->service;
    if (size > UPLOAD_SIZE_MAX - upload->size ||
        size > service->uploads_size_max - service->uploads_size) {
        return false;
    }
    upload->size += size;
    service->uploads_size += size;
    return true;
}

void imaging_upload_sending(struct imaging_upload *upload, const struct sending *sending) {
    arrival_join(upload->service->arrivals, &upload->part, upload->patient_case, upload->by,
                 sending, upload->size);
}

void imaging_upload_name(struct imaging_upload *upload, struct text name) {
    free(upload->name);
    upload->name = name.length > 0 ? strndup(name.bytes, name.length) : NULL;
}

void imaging_upload_want_series(struct imaging_upload *upload) {
    upload->wants_series = true;
}

void imaging_end_receiving(struct imaging_service *service) {
    struct imaging_upload *upload = service->receiving;
    while (upload) {
        struct imaging_upload *next = upload->next;
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        upload = next;
    }
}

bool imaging_upload_bytes(struct imaging_upload *upload, struct bytes bytes) {
    if (upload->open && !grow(upload, bytes.length)) {
        return false;
    }
    if (bytes.length > upload->size - upload->received) {
        return false;
    }
    const uint8_t *from = bytes.bytes;
    size_t left = bytes.length;
    while (left > 0) {
        ssize_t written = write(upload->file, from, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        from += written;
        left -= (size_t)written;
    }
    upload->received += bytes.length;
    arrival_came(&upload->part, upload->received);
    return true;
}

void imaging_upload_cancel(struct imaging_upload *upload) {
    upload->done = NULL;
    if (!upload->ended) {
        free_upload(upload);
    }
}

/* Telling. */

static void on_series_loaded(void *data, const struct imaging_series *series) {
    struct imaging_upload *upload = data;
    // Stored is stored, also when the list of its series cannot be read just now.
    upload_answer_and_free(
        upload, &(struct upload_answer){.outcome = UPLOAD_STORED,
                                        .sop_instance_uid = upload->instance.sop_instance_uid,
                                        .series = series});
}

static void tell_stored(struct imaging_upload *upload) {
    struct imaging_service *service = upload->service;
    preview_plans_forget(service, upload->patient_case);
    imaging_copies_wake(service->copies);
    imaging_announce_soon(service, upload->patient_case, upload->instance.series_uid, upload->by);
    if (upload->wants_series) {
        imaging_load_series(service, upload->patient_case, upload->instance.series_uid, upload->by,
                            on_series_loaded, upload);
    } else {
        upload_finish(upload, UPLOAD_STORED);
    }
}

void upload_row_written(struct imaging_upload *upload, enum postgres_result result,
                        const struct postgres_rows *rows) {
    bool raced = result == POSTGRES_FAILED && rows &&
                 strcmp(postgres_sqlstate(rows), "23505") == 0 && ++upload->attempts < ATTEMPTS_MAX;
    if (raced) {
        look_up(upload);
        return;
    }
    if (result != POSTGRES_OK) {
        log_warning("imaging", "upload not written down sqlstate=%s",
                    rows ? postgres_sqlstate(rows) : "");
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    if (upload->held_for != HELD_NOT || upload->of_another_patient) {
        // A decision, or that a join is taken back, may have been noted since it was looked for.
        imaging_held_soon(upload->service, upload->patient_case);
    }
    if (upload->held_for != HELD_NOT) {
        upload_finish(upload, UPLOAD_HELD);
    } else {
        tell_stored(upload);
    }
}

/* Sealing, on a thread. */

static bool seal_column(const struct imaging_upload *upload, const char *column, const void *bytes,
                        size_t size, struct bounded_output *output) {
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size =
        record_place(column, upload->patient_case, upload->instance.sop_instance_uid, place);
    uint8_t *space = bounded_output_extend(output, size + SEALED_VALUE_OVERHEAD);
    return space && sealed_value_seal(upload->keys.blob, place, place_size, bytes, size, space);
}

static bool make_columns(struct imaging_upload *upload) {
    uint8_t *encoded = malloc(INSTANCE_ENCODED_MAX);
    struct instance *outline = malloc(sizeof *outline);
    struct bounded_output part;
    bounded_output_init(&part, METADATA_PART_MAX);
    bool made = encoded && outline;
    if (made) {
        instance_outline(&upload->instance, outline);
        bounded_output_write(&upload->outline, encoded, instance_encode(outline, encoded));
        made = seal_column(upload, "identity", encoded, instance_encode(&upload->instance, encoded),
                           &upload->identity) &&
               metadata_part_make(upload->json, upload->json_size, &part) &&
               seal_column(upload, "metadata", part.bytes, part.size, &upload->metadata);
    }
    bounded_output_finish(&part);
    free(outline);
    free(encoded);
    return made;
}

enum blob_result upload_seal_file(struct imaging_upload *upload,
                                  const uint8_t name[BLOB_NAME_SIZE]) {
    void *bytes = mmap(NULL, upload->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, upload->file, 0);
    if (bytes == MAP_FAILED) {
        return BLOB_IO_FAILED;
    }
    struct blob_write write_to;
    enum blob_result result =
        blob_write_begin(&write_to, &upload->service->files, upload->keys.blob, name);
    if (result == BLOB_OK) {
        blob_write_skip_digest(&write_to); // of bytes that nobody can change since
        result = blob_write_bytes(&write_to, bytes, upload->size);
    }
    if (result == BLOB_OK) {
        result = blob_write_commit(&write_to, NULL);
    }
    munmap(bytes, upload->size);
    if (result != BLOB_OK) {
        blob_write_abort(&write_to);
    }
    return result;
}

static void run_seal(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    uint8_t name[BLOB_NAME_SIZE];
    record_blob_name(&upload->keys, upload->patient_case, upload->instance.sop_instance_uid,
                     upload->digest, name);
    upload->sealed = make_columns(upload) ? upload_seal_file(upload, name) : BLOB_IO_FAILED;
}

static void on_sealed(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    if (upload->sealed == BLOB_OK) {
        upload_write_row(upload);
        return;
    }
    log_error("imaging", "upload not stored: %s", blob_result_text(upload->sealed));
    upload_finish(upload, upload->sealed == BLOB_NO_SPACE ? UPLOAD_NO_SPACE : UPLOAD_UNAVAILABLE);
}

static void seal(struct imaging_upload *upload) {
    if (upload->metadata.size > 0) {
        upload_write_row(upload); // sealed before the race that was lost
        return;
    }
    upload->work.run = run_seal;
    upload->work.done = on_sealed;
    if (!imaging_case_keys(upload->service, upload->patient_case, &upload->keys) ||
        !work_submit(upload->service->writers, &upload->work)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
    }
}

/* Looking up: is this UID in the case already, and with these bytes? */

static void on_looked_up(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct imaging_upload *upload = data;
    if (result != POSTGRES_OK) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    bool shown = false, joined = false;
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct postgres_parameter digest = postgres_value(rows, row, 0);
        int64_t held_for = value_integer(postgres_value(rows, row, 1));
        if (digest.length == BLOB_DIGEST_SIZE &&
            memcmp(digest.bytes, upload->digest, BLOB_DIGEST_SIZE) == 0) {
            upload->held_for = (enum held_for)held_for;
            upload_finish(upload, held_for != HELD_NOT ? UPLOAD_HELD : UPLOAD_ALREADY_THERE);
            return;
        }
        shown |= held_for == HELD_NOT;
        joined |= held_for < 0;
    }
    upload->held_for = upload->of_another_patient && !joined ? HELD_PATIENT
                       : shown                               ? HELD_CONTENT
                                                             : HELD_NOT;
    seal(upload);
}

static void look_up(struct imaging_upload *upload) {
    struct postgres_parameter parameters[] = {
        parameter_uuid(&upload->patient_case), parameter_text(upload->instance.sop_instance_uid),
        parameter_text(upload->instance.study_uid),
        parameter_bytes(upload->patient, upload->of_another_patient ? sizeof upload->patient : 0)};
    postgres_query(upload->service->config.postgres,
                   "SELECT digest, held_for FROM image_instance"
                   " WHERE case_id = $1::uuid AND sop_instance_uid = $2::text"
                   " UNION ALL SELECT '', -1 FROM held_decision WHERE case_id = $1::uuid"
                   " AND study_uid = $3::text AND patient = $4::bytea AND patient <> '' AND joined",
                   parameters, 4, on_looked_up, upload);
}

static void on_patient(void *data, const struct patient_words *patient) {
    struct imaging_upload *upload = data;
    struct patient_words said = patient_said(&upload->instance);
    upload->of_another_patient =
        patient && (patient_differs(patient, &said) & PATIENT_DIFFERENCES_THAT_HOLD) != 0;
    if (!patient ||
        (upload->of_another_patient &&
         !imaging_patient_hash(upload->service, upload->patient_case, &said, upload->patient))) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    look_up(upload);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_upload *upload = data;
    if (result != IMAGING_READ_OK) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
    } else if (uuid_is_zero(upload->by)) {
        look_up(upload); // what the server writes itself is about this patient
    } else {
        imaging_need_patient(upload->service, upload->patient_case, on_patient, upload);
    }
}

/* Parsing. */

/* Copies what is needed of an answer that is borrowed; false without memory or sense. */
static bool keep_parsed(struct imaging_upload *upload, const struct parsed *parsed) {
    if (!instance_decode(&upload->instance, parsed->index.bytes, parsed->index.length) ||
        upload->instance.sop_instance_uid[0] == 0 || upload->instance.file_size != upload->size) {
        return false;
    }
    upload->json = malloc((size_t)parsed->metadata.length + 1);
    upload->frames = record_frames_encode(parsed, &upload->frames_size);
    if (!upload->json || !upload->frames) {
        return false;
    }
    upload->json_size = parsed->metadata.length;
    if (upload->json_size > 0) {
        memcpy(upload->json, parsed->metadata.bytes, upload->json_size);
    }
    return true;
}

static void on_parsed(void *data, const struct parsed *parsed) {
    struct imaging_upload *upload = data;
    if (parsed->refusal == INGEST_REFUSAL_NOT_DICOM && upload->name) {
        upload_keep_other(upload);
        return;
    }
    if (parsed->is_directory) {
        upload_take_directory(upload, parsed);
        return;
    }
    if (parsed->refusal != INGEST_REFUSAL_NONE) {
        upload_answer_and_free(
            upload, &(struct upload_answer){.outcome = UPLOAD_REFUSED,
                                            .refusal = (enum file_refusal_kind)parsed->refusal,
                                            .reason = parsed->reason});
        return;
    }
    if (!keep_parsed(upload, parsed)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    if (upload->study_uid[0] && strcmp(upload->study_uid, upload->instance.study_uid) != 0) {
        upload_answer_and_free(
            upload,
            &(struct upload_answer){.outcome = UPLOAD_REFUSED,
                                    .refusal = FILE_REFUSAL_NONE,
                                    .reason = TEXT("it is of another study than it was sent to"),
                                    .sop_instance_uid = upload->instance.sop_instance_uid});
        return;
    }
    imaging_need_case_key(upload->service, upload->patient_case, on_key, upload);
}

static void run_digest(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    size_t size = (size_t)upload->size;
    void *bytes =
        size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, upload->file, 0) : NULL;
    upload->sealed = bytes == MAP_FAILED ? BLOB_IO_FAILED : BLOB_OK;
    if (upload->sealed == BLOB_OK) {
        blob_digest(bytes, size, upload->digest);
    }
    if (upload->sealed == BLOB_OK && size > 0) {
        munmap(bytes, size);
    }
}

static void on_digested(struct work *work) {
    struct imaging_upload *upload = (struct imaging_upload *)work;
    if (upload->sealed != BLOB_OK ||
        !ingest_link_parse(upload->service->ingest, upload->file, upload->size, upload->digest,
                           on_parsed, upload)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
    }
}

void imaging_upload_end(struct imaging_upload *upload) {
    assert(upload->received == upload->size && !upload->ended);
    upload->ended = true;
    leave_receiving(upload);
    arrival_is_whole(&upload->part);
    upload->work.run = run_digest;
    upload->work.done = on_digested;
    // From here nobody can change it, the child included.
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (fcntl(upload->file, F_ADD_SEALS, seals) != 0 ||
        !work_submit(upload->service->writers, &upload->work)) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
    }
}
