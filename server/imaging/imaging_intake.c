/*
 * From a resumable upload that is complete into the case: what it is, its bytes on their way, and
 * what became of each file.
 */
#include "server/imaging/imaging_intake.h"

#include "server/blobs/sealed_value.h"
#include "server/imaging/metadata_value.h"
#include "server/log.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t archive_magic[][4] = {{'P', 'K', 3, 4}, {'P', 'K', 5, 6}};

static void copy_file(struct imaging_intake *intake);

/* Its end. */

void imaging_intake_tell(const struct imaging_intake *intake, struct bounded_output *json) {
    bounded_output_format(json,
                          ",\"files\":{\"all\":%u,\"done\":%u,\"stored\":%u,\"alreadyThere\":%u,"
                          "\"held\":%u,\"kept\":%u,\"refused\":%u},\"problems\":[",
                          intake->all, intake->done, intake->stored, intake->known, intake->held,
                          intake->kept, intake->refused);
    bounded_output_write(json, intake->problems.bytes, intake->problems.size);
    bounded_output_text(json, "],\"keptNames\":[");
    bounded_output_write(json, intake->kept_names.bytes, intake->kept_names.size);
    bounded_output_byte(json, ']');
    if (intake->has_index) {
        bounded_output_format(json, ",\"index\":{\"named\":%u,\"missing\":%u}", intake->named,
                              intake->missing);
    }
}

void imaging_intake_count(const struct imaging_intake *intake, struct arrival_part *part) {
    part->entries = intake->all > intake->done ? intake->all : intake->done;
    part->entries_done = intake->done;
    part->images = intake->stored;
    part->kept = intake->kept;
}

void imaging_resumables_count(struct imaging_service *service) {
    for (struct imaging_resumable *each = service->resumables; each; each = each->next) {
        if (each->intake && each->part.arrival) {
            imaging_intake_count(each->intake, &each->part);
        }
    }
}

static void on_timer_closed(uv_handle_t *handle) {
    struct imaging_intake *intake = handle->data;
    struct imaging_service *service = intake->service;
    struct imaging_resumable *upload = intake->upload;
    bool whole = !intake->cancelled && !intake->failed;
    struct bounded_output json;
    bounded_output_init(&json, RESUMABLE_OUTCOME_MAX);
    bounded_output_format(&json, "{\"state\":\"done\",\"size\":%llu",
                          (unsigned long long)upload->size);
    imaging_intake_tell(intake, &json);
    bounded_output_byte(&json, '}');
    resumable_was_read(upload, whole && !json.failed ? &json : NULL);
    bounded_output_finish(&json);
    bounded_output_finish(&intake->problems);
    bounded_output_finish(&intake->kept_names);
    bounded_output_finish(&intake->directory);
    if (intake->block) {
        OPENSSL_cleanse(intake->block, RESUMABLE_BLOCK);
    }
    free(intake->block);
    OPENSSL_cleanse(intake, sizeof *intake);
    free(intake);
    imaging_operation_ended(service);
}

static void on_directory(void *data, uint32_t named, uint32_t missing) {
    struct imaging_intake *intake = data;
    intake->pending--;
    if (named > 0) {
        intake->named = named;
        intake->missing = missing;
    }
    intake_end(intake);
}

void intake_end(struct imaging_intake *intake) {
    intake->ended = true;
    if (intake->pending > 0 || intake->reading || uv_is_closing((uv_handle_t *)&intake->timer)) {
        return;
    }
    intake_drop_file(intake);
    if (intake->unpack) {
        unpack_close(intake->unpack);
        intake->unpack = NULL;
    }
    if (intake->directory.size > 0 && !intake->cancelled && !intake->failed) {
        struct bytes directory = {(uint32_t)intake->directory.size, intake->directory.bytes};
        intake->pending++;
        intake->directory.size = 0;
        imaging_directory_look(intake->service, intake->upload->patient_case, directory,
                               on_directory, intake);
        return;
    }
    intake->service->unpacking_count -= intake->unpacks;
    intake->unpacks = false;
    uv_close((uv_handle_t *)&intake->timer, on_timer_closed);
}

void imaging_intake_cancel(struct imaging_intake *intake) {
    intake->cancelled = true;
    intake_drop_file(intake);
    if (intake->unpack) {
        unpack_close(intake->unpack);
        intake->unpack = NULL;
    }
    intake_end(intake);
}

static void fail(struct imaging_intake *intake) {
    intake->failed = true;
    intake_end(intake);
}

/* What became of a file. */

void intake_problem(struct imaging_intake *intake, const char *name, const char *outcome,
                    const char *reason, struct text message) {
    struct bounded_output *json = &intake->problems;
    if (intake->told >= INTAKE_PROBLEMS_MAX ||
        json->size + 2 * strlen(name) + message.length + 128 > INTAKE_PROBLEMS_SIZE_MAX) {
        return; // counted all the same
    }
    bounded_output_text(json, intake->told++ > 0 ? ",{\"name\":" : "{\"name\":");
    json_write_string(json, name, strlen(name));
    bounded_output_format(json, ",\"outcome\":\"%s\",\"reason\":\"%s\",\"message\":", outcome,
                          reason);
    json_write_string(json, message.bytes ? message.bytes : "", message.length);
    bounded_output_byte(json, '}');
}

/* Looked at once more when everything else is there. */
static void keep_index(struct imaging_intake *intake, const struct upload_answer *answer) {
    intake->has_index = true;
    intake->named = answer->named;
    intake->missing = answer->missing;
    intake->directory.size = 0;
    bounded_output_write(&intake->directory, answer->directory.bytes, answer->directory.length);
}

static void name_kept(struct imaging_intake *intake, const char *name) {
    struct bounded_output *json = &intake->kept_names;
    if (json->size + 6 * strlen(name) + 8 <= INTAKE_KEPT_NAMES_MAX) {
        bounded_output_text(json, json->size > 0 ? "," : "");
        json_write_string(json, name, strlen(name));
    }
}

static void count(struct intake_file *file, const struct upload_answer *answer) {
    struct imaging_intake *intake = file->intake;
    intake->done++;
    switch (answer->outcome) {
    case UPLOAD_STORED:
        intake->stored++;
        break;
    case UPLOAD_ALREADY_THERE:
        intake->known++;
        break;
    case UPLOAD_HELD:
        intake->held++;
        intake_problem(intake, file->name, "held", held_for_word(answer->held_for),
                       (struct text){0, NULL});
        break;
    case UPLOAD_KEPT:
        intake->kept++;
        name_kept(intake, file->name);
        break;
    case UPLOAD_INDEX:
        keep_index(intake, answer);
        break;
    case UPLOAD_REFUSED:
        intake->refused++;
        intake_problem(intake, file->name, "refused", file_refusal_word(answer->refusal),
                       answer->reason);
        break;
    case UPLOAD_NO_SPACE:
        intake->refused++;
        intake_problem(intake, file->name, "failed", "no_space", (struct text){0, NULL});
        break;
    case UPLOAD_UNAVAILABLE:
        intake->failed = true;
        break;
    }
}

static void on_later(uv_timer_t *timer) {
    struct imaging_intake *intake = timer->data;
    intake->retry(intake);
}

static void on_file_answered(void *data, const struct upload_answer *answer) {
    struct intake_file *file = data;
    struct imaging_intake *intake = file->intake;
    count(file, answer);
    free(file);
    intake->pending--;
    if (intake->ended || intake->failed) {
        intake_end(intake);
    } else if (uv_is_active((uv_handle_t *)&intake->timer)) {
        uv_timer_start(&intake->timer, on_later, 0, 0); // there is a place now
    }
}

bool intake_begin_file(struct imaging_intake *intake, const char *name, uint64_t size) {
    struct intake_file *file = calloc(1, sizeof *file);
    if (!file) {
        return false;
    }
    file->intake = intake;
    snprintf(file->name, sizeof file->name, "%s", name);
    file->upload = imaging_upload_begin(intake->service, intake->upload->patient_case,
                                        intake->upload->by, size, on_file_answered, file);
    if (!file->upload) {
        free(file);
        return false;
    }
    imaging_upload_name(file->upload, (struct text){(uint32_t)strlen(file->name), file->name});
    intake->file = file;
    return true;
}

void intake_end_file(struct imaging_intake *intake) {
    struct intake_file *file = intake->file;
    intake->file = NULL;
    intake->pending++;
    struct imaging_upload *upload = file->upload;
    file->upload = NULL;
    imaging_upload_end(upload);
}

void intake_drop_file(struct imaging_intake *intake) {
    if (intake->file) {
        imaging_upload_cancel(intake->file->upload);
        free(intake->file);
        intake->file = NULL;
    }
}

/* Reading. */

static void run_read(struct work *work) {
    struct imaging_intake *intake = (struct imaging_intake *)work;
    intake->read_result = growing_blob_read(&intake->upload->blob, intake->read_offset,
                                            intake->read_length, intake->block);
}

static void on_read(struct work *work) {
    struct imaging_intake *intake = (struct imaging_intake *)work;
    intake->reading = false;
    if (intake->ended) {
        intake_end(intake);
    } else if (intake->read_result != BLOB_OK) {
        log_error("imaging", "an upload cannot be read: %s", blob_result_text(intake->read_result));
        fail(intake);
    } else {
        intake->read_done(intake);
    }
}

void intake_read(struct imaging_intake *intake, uint64_t offset, size_t length,
                 void (*done)(struct imaging_intake *intake)) {
    assert(length <= RESUMABLE_BLOCK);
    intake->read_offset = offset;
    intake->read_length = length;
    intake->read_done = done;
    intake->work.run = run_read;
    intake->work.done = on_read;
    intake->reading = work_submit(intake->service->queue, &intake->work);
    if (!intake->reading) {
        fail(intake);
    }
}

void intake_later(struct imaging_intake *intake, void (*retry)(struct imaging_intake *intake)) {
    intake->retry = retry;
    uv_timer_start(&intake->timer, on_later, INTAKE_RETRY_MS, 0);
}

/* A single file. */

static void on_block(struct imaging_intake *intake) {
    struct bytes bytes = {(uint32_t)intake->read_length, intake->block};
    if (!imaging_upload_bytes(intake->file->upload, bytes)) {
        fail(intake);
        return;
    }
    intake->position += intake->read_length;
    copy_file(intake);
}

static void copy_file(struct imaging_intake *intake) {
    uint64_t left = intake->upload->size - intake->position;
    if (left > 0) {
        size_t step = left < RESUMABLE_BLOCK ? (size_t)left : RESUMABLE_BLOCK;
        intake_read(intake, intake->position, step, on_block);
        return;
    }
    intake->ended = true;
    intake_end_file(intake);
}

static void begin_single(struct imaging_intake *intake) {
    if (intake->ended) {
        return;
    }
    if (intake->upload->size > imaging_upload_size_max(intake->service)) {
        intake->done++;
        intake->refused++;
        intake_problem(intake, intake->entry_name, "refused",
                       file_refusal_word(FILE_REFUSAL_OVER_LIMIT),
                       TEXT("the file is larger than one file may be"));
        intake_end(intake);
    } else if (intake_begin_file(intake, intake->entry_name, intake->upload->size)) {
        copy_file(intake);
    } else {
        intake_later(intake, begin_single);
    }
}

/* The first bytes say what it is; its name says nothing. */
static void on_first_bytes(struct imaging_intake *intake) {
    for (size_t i = 0; i < sizeof archive_magic / sizeof archive_magic[0]; i++) {
        if (intake->read_length >= 4 && memcmp(intake->block, archive_magic[i], 4) == 0) {
            resumable_is_archive(intake->upload);
            intake_unpack(intake);
            return;
        }
    }
    intake->all = 1;
    begin_single(intake);
}

/* The name of the upload, as its sender calls it. */
void intake_open_name(struct imaging_intake *intake) {
    const struct bounded_output *sealed = &intake->upload->name;
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = resumable_place("file_name", intake->upload->id, place);
    size_t size = sealed->size < SEALED_VALUE_OVERHEAD ? 0 : sealed->size - SEALED_VALUE_OVERHEAD;
    if (size > 0 && size <= RESUMABLE_NAME_MAX &&
        sealed_value_open(intake->upload->keys.blob, place, place_size, sealed->bytes, sealed->size,
                          (uint8_t *)intake->entry_name)) {
        intake->entry_name[size] = 0;
    } else {
        intake->entry_name[0] = 0;
    }
}

void imaging_intake_begin(struct imaging_resumable *upload) {
    struct imaging_intake *intake = calloc(1, sizeof *intake);
    uint8_t *block = malloc(RESUMABLE_BLOCK);
    if (!intake || !block) {
        free(intake);
        free(block);
        upload->damaged = true;
        return;
    }
    intake->upload = upload;
    intake->service = upload->service;
    intake->block = block;
    bounded_output_init(&intake->problems, RESUMABLE_OUTCOME_MAX);
    bounded_output_init(&intake->kept_names, INTAKE_KEPT_NAMES_MAX);
    bounded_output_init(&intake->directory, INTAKE_DIRECTORY_MAX);
    uv_timer_init(upload->service->config.loop, &intake->timer);
    intake->timer.data = intake;
    upload->intake = intake;
    imaging_operation_began(upload->service);
    intake_open_name(intake);
    intake_read(intake, 0, upload->size < RESUMABLE_BLOCK ? (size_t)upload->size : RESUMABLE_BLOCK,
                on_first_bytes);
}
