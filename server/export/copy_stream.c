/*
 * The archive on its way: each time the socket takes more, the next piece of at most 64 KiB. What
 * is in memory is sent from there; a file of the case is opened when its turn comes and read as it
 * is taken, so a slow reader holds one piece.
 */
#include "server/export/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_JSON, ENTRY_PAGE, ENTRY_FILES };

static void abort_copy(struct copy *copy) {
    struct http_exchange *exchange = copy->exchange;
    copy_end(copy);
    http_abort(exchange); /* a cut answer is not taken for a whole one */
}

void copy_write_head(struct copy *copy, const char *format) {
    struct json_writer *json = &copy->json;
    json_writer_open(json, NULL);
    json_writer_word(json, "format", format);
    json_writer_unsigned(json, "formatVersion", 1);
    json_writer_word(json, "fields",
                     "Named as in Consilium's PROTOCOL.md; times are UTC (ISO 8601), roles numbers "
                     "of its enum Role, and an id of zeros is none.");
    json_writer_time(json, "madeAt", copy->now);
    json_writer_uuid(json, "madeBy", copy->user);
    json_writer_text(json, "madeByName", identity_name_of(copy->desk->identity, copy->user));
}

/* The next of `files` that is in the archive, from `at` on. */
static uint32_t next_file(const struct copy *copy, uint32_t at) {
    while (at < copy->file_count && copy->files[at].left_out) {
        at++;
    }
    return at;
}

static void write_piece(struct copy *copy, const void *bytes, size_t length) {
    http_write(copy->exchange, (struct bytes){(uint32_t)length, bytes});
}

static void write_data(struct copy *copy, const void *bytes, size_t length) {
    zip_plan_data(&copy->plan, copy->entry, bytes, length);
    copy->entry_done += length;
    if (copy->entry_done == copy->plan.entries[copy->entry].size) {
        copy->phase = COPY_TAIL;
    }
    write_piece(copy, bytes, length);
}

static void on_bytes(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (result != IMAGING_READ_OK || bytes.length == 0) {
        abort_copy(copy);
        return;
    }
    write_data(copy, bytes.bytes, bytes.length);
}

static void read_next(struct copy *copy) {
    uint64_t left = copy->plan.entries[copy->entry].size - copy->entry_done;
    size_t step = left < COPY_READ_STEP ? (size_t)left : COPY_READ_STEP;
    copy_wait(copy);
    if (copy->other != NULL) {
        imaging_other_read(copy->other, copy->entry_done, step, on_bytes);
    } else {
        imaging_download_read(copy->download, copy->entry_done, step, on_bytes);
    }
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (result != IMAGING_READ_OK || facts->size != copy->plan.entries[copy->entry].size) {
        abort_copy(copy);
        return;
    }
    read_next(copy);
}

static void on_other_opened(void *data, enum imaging_read_result result,
                            const struct other_facts *facts) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (result != IMAGING_READ_OK || facts->size != copy->plan.entries[copy->entry].size) {
        abort_copy(copy);
        return;
    }
    read_next(copy);
}

static void on_cut(void *data) {
    struct copy *copy = data;
    if (copy->exchange != NULL) {
        http_abort(copy->exchange);
    }
}

static void open_file(struct copy *copy) {
    const struct copy_file *file = &copy->files[copy->file_at];
    if (!uuid_is_zero(file->other)) {
        copy_wait(copy);
        if (!imaging_other_open(copy->desk->imaging, copy->patient_case, file->other,
                                on_other_opened, copy, &copy->other)) {
            copy->waiting = false;
            abort_copy(copy);
        }
        return;
    }
    struct download_wanted wanted = {
        .patient_case = copy->patient_case,
        .user = copy->user,
        .sop_instance_uid = {(uint32_t)strlen(file->sop_instance_uid), file->sop_instance_uid},
        .frame = file->document ? 0 : DOWNLOAD_FILE,
    };
    copy_wait(copy);
    if (!imaging_download_open(copy->desk->imaging, &wanted, on_opened, on_cut, copy,
                               &copy->download)) {
        copy->waiting = false;
        abort_copy(copy);
    }
}

static void send_data(struct copy *copy) {
    if (copy->entry >= ENTRY_FILES) {
        if (copy->download == NULL && copy->other == NULL) {
            open_file(copy);
        } else {
            read_next(copy);
        }
        return;
    }
    bool page = copy->entry == ENTRY_PAGE;
    const char *from = page ? (const char *)copy->page.html.bytes : copy->json.bytes;
    size_t left = (page ? copy->page.html.size : copy->json.length) - (size_t)copy->entry_done;
    write_data(copy, from + copy->entry_done, left < HTTP_WRITE_MAX ? left : HTTP_WRITE_MAX);
}

static void end_entry(struct copy *copy) {
    if (copy->download != NULL) {
        imaging_download_close(copy->download);
    }
    if (copy->other != NULL) {
        imaging_other_close(copy->other);
    }
    if (copy->entry >= ENTRY_FILES) {
        copy->file_at = next_file(copy, copy->file_at + 1);
    }
    copy->download = NULL;
    copy->other = NULL;
    copy->entry++;
    copy->entry_done = 0;
    copy->phase = COPY_HEAD;
    if (copy->entry == copy->plan.count) {
        copy->entry = 0;
        copy->phase = COPY_DIRECTORY;
    }
}

static void step(struct copy *copy) {
    uint8_t piece[ZIP_PIECE_MAX];
    switch (copy->phase) {
    case COPY_HEAD:
        copy->phase = copy->plan.entries[copy->entry].size > 0 ? COPY_DATA : COPY_TAIL;
        write_piece(copy, piece, zip_plan_head(&copy->plan, copy->entry, piece));
        break;
    case COPY_DATA:
        send_data(copy);
        break;
    case COPY_TAIL: {
        size_t length = zip_plan_tail(&copy->plan, copy->entry, piece);
        end_entry(copy);
        write_piece(copy, piece, length);
        break;
    }
    case COPY_DIRECTORY: {
        size_t length = zip_plan_directory(&copy->plan, copy->entry, piece);
        if (++copy->entry == copy->plan.count) {
            copy->phase = COPY_END;
        }
        write_piece(copy, piece, length);
        break;
    }
    case COPY_END:
        write_piece(copy, piece, zip_plan_end(&copy->plan, piece));
        copy_end(copy);
        break;
    }
}

static void on_writable(struct http_exchange *exchange, void *data) {
    struct copy *copy = data;
    (void)exchange;
    if (!copy->waiting) { /* otherwise what is being read asks again */
        step(copy);
    }
}

static void write_files(struct copy *copy) {
    struct json_writer *json = &copy->json;
    json_writer_open_list(json, "files");
    for (uint32_t i = 0; i < copy->file_count; i++) {
        const struct copy_file *file = &copy->files[i];
        json_writer_open(json, NULL);
        json_writer_word(json, "path", file->left_out ? "" : file->path);
        if (uuid_is_zero(file->other)) {
            json_writer_word(json, "sopInstanceUid", file->sop_instance_uid);
            json_writer_word(json, "seriesUid", file->series_uid);
            json_writer_word(json, "studyUid", file->study_uid);
        } else {
            json_writer_text(json, "name", file->name);
            json_writer_uuid(json, "by", file->by);
            json_writer_text(json, "byName", identity_name_of(copy->desk->identity, file->by));
            json_writer_time(json, "at", file->at);
        }
        json_writer_unsigned(json, "bytes", file->size);
        json_writer_bool(json, "leftOut", file->left_out);
        json_writer_close(json);
    }
    json_writer_close_list(json);
    json_writer_bool(json, "moreFiles", copy->more_files);
}

/* What is left out is said in both texts, so the files are planned before these are ended, with
 * space kept for the texts at their bound. */
bool copy_plan_files(struct copy *copy) {
    struct zip_plan draft;
    zip_plan_init(&draft, copy->now);
    bool fits = zip_plan_add(&draft, "data.json", COPY_DATA_MAX) &&
                zip_plan_add(&draft, "data.html", COPY_DATA_MAX);
    for (uint32_t i = 0; fits && i < copy->file_count; i++) {
        copy->files[i].left_out = !zip_plan_add(&draft, copy->files[i].path, copy->files[i].size);
    }
    zip_plan_finish(&draft);
    return fits;
}

static bool plan_archive(struct copy *copy) {
    bool fits = zip_plan_add(&copy->plan, "data.json", copy->json.length) &&
                zip_plan_add(&copy->plan, "data.html", copy->page.html.size);
    for (uint32_t i = 0; fits && i < copy->file_count; i++) {
        const struct copy_file *file = &copy->files[i];
        fits = file->left_out || zip_plan_add(&copy->plan, file->path, file->size);
    }
    return fits;
}

void copy_answer(struct copy *copy, const char *file_name) {
    write_files(copy);
    json_writer_close(&copy->json);
    page_end(&copy->page);
    if (copy->json.failed || copy->page.html.failed || !plan_archive(copy)) {
        copy_answer_away(copy);
        return;
    }
    char disposition[96];
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file_name);
    struct http_header_line headers[] = {{"content-disposition", disposition}};
    copy->file_at = next_file(copy, 0);
    bool head_only = http_wants_head(copy->exchange);
    http_answer_begin(copy->exchange, 200, "application/zip", headers, 1,
                      zip_plan_length(&copy->plan), on_writable, copy);
    if (head_only) {
        copy_end(copy);
    }
}
