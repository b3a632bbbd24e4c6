/*
 * An archive on its way into the case: each entry is a file like any other. Several are on their
 * way at once; how many, and how many archives, has a bound.
 */
#include "server/imaging/imaging_intake.h"

#include <stdio.h>
#include <string.h>

static const char *word_of(enum unpack_refusal refusal) {
    static const char *const words[] = {
        [UNPACK_REFUSAL_NONE] = "",
        [UNPACK_REFUSAL_NOT_AN_ARCHIVE] = "not_an_archive",
        [UNPACK_REFUSAL_MALFORMED] = "malformed",
        [UNPACK_REFUSAL_OVER_LIMIT] = "over_limit",
        [UNPACK_REFUSAL_ENCRYPTED] = "encrypted",
        [UNPACK_REFUSAL_UNSUPPORTED] = "unsupported",
        [UNPACK_REFUSAL_DAMAGED] = "damaged",
        [UNPACK_REFUSAL_WORKER_FAILED] = "worker_failed",
    };
    return words[refusal];
}

static void on_opened(void *data, uint32_t entries) {
    struct imaging_intake *intake = data;
    intake->all = entries;
    unpack_go_on(intake->unpack);
}

static void on_range_read(struct imaging_intake *intake) {
    memcpy(unpack_window(intake->unpack), intake->block, intake->read_length);
    unpack_give(intake->unpack, intake->read_length);
}

static void on_wanted(void *data, uint64_t offset, size_t length) {
    intake_read(data, offset, length, on_range_read);
}

/* An entry begins when its file does. */
static void begin_entry(struct imaging_intake *intake) {
    if (intake->ended || !intake->unpack) {
        return;
    }
    bool free_place = intake->pending < INTAKE_FILES_MAX;
    if (free_place && intake_begin_file(intake, intake->entry_name, intake->entry_size)) {
        unpack_take(intake->unpack);
    } else {
        intake_later(intake, begin_entry);
    }
}

static void on_entry(void *data, struct text name, uint64_t size) {
    struct imaging_intake *intake = data;
    snprintf(intake->entry_name, sizeof intake->entry_name, "%.*s", (int)name.length, name.bytes);
    intake->entry_size = size;
    if (size == 0) {
        intake->done++;
        intake->refused++;
        intake_problem(intake, intake->entry_name, "refused", "empty", (struct text){0, NULL});
        unpack_skip(intake->unpack);
        return;
    }
    begin_entry(intake);
}

static void on_bytes(void *data, struct bytes bytes) {
    struct imaging_intake *intake = data;
    if (intake->file && !imaging_upload_bytes(intake->file->upload, bytes)) {
        intake->failed = true; // memory is short: the archive is read once more, later
        intake_drop_file(intake);
    }
    unpack_go_on(intake->unpack);
}

static void on_entry_ended(void *data, struct text name, enum unpack_refusal refusal,
                           struct text reason) {
    struct imaging_intake *intake = data;
    if (refusal == UNPACK_REFUSAL_NONE && intake->file) {
        intake_end_file(intake);
    } else {
        if (!intake->file) { // it never began
            snprintf(intake->entry_name, sizeof intake->entry_name, "%.*s", (int)name.length,
                     name.bytes);
        }
        intake_drop_file(intake);
        intake->done++;
        intake->refused++;
        intake_problem(intake, intake->entry_name, "refused", word_of(refusal), reason);
    }
    if (intake->unpack) {
        unpack_go_on(intake->unpack);
    }
}

static void on_ended(void *data, enum unpack_refusal refusal, struct text reason) {
    struct imaging_intake *intake = data;
    if (refusal != UNPACK_REFUSAL_NONE) {
        intake->all += intake->all == 0; // the archive itself
        intake->done += intake->all == 1;
        intake->refused++;
        intake_open_name(intake);
        intake_problem(intake, intake->entry_name, "refused", word_of(refusal), reason);
    }
    intake_end(intake);
}

void intake_unpack(struct imaging_intake *intake) {
    if (intake->ended) {
        return;
    }
    if (intake->service->unpacking_count >= INTAKE_ARCHIVES_MAX) {
        intake_later(intake, intake_unpack);
        return;
    }
    intake->unpacks = true;
    intake->service->unpacking_count++;
    intake->unpack = unpack_start(&(struct unpack_config){
        .loop = intake->service->config.loop,
        .program = intake->service->config.ingest_program,
        .size = intake->upload->size,
        .entry_size_max = imaging_upload_size_max(intake->service),
        .opened = on_opened,
        .wanted = on_wanted,
        .entry = on_entry,
        .bytes = on_bytes,
        .entry_ended = on_entry_ended,
        .ended = on_ended,
        .data = intake,
    });
    if (!intake->unpack) {
        on_ended(intake, UNPACK_REFUSAL_WORKER_FAILED,
                 TEXT("the program that unpacks cannot be started"));
    }
}
