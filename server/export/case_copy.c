/* A copy of a case: its state, every event, who looked, and its files. */
#include "actors/patient_case.h"
#include "protocol/generated/patient_case_json.h"
#include "protocol/generated/policy.h"
#include "server/export/copy.h"
#include "server/export/file_name.h"
#include "server/store/postgres_binary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALL_AUDIENCES = AUDIENCE_CLINICAL | AUDIENCE_WORKFLOW | AUDIENCE_IDENTITY | AUDIENCE_PATIENT
};

static const char files_sql[] =
    "SELECT sop_instance_uid, series_uid, study_uid, file_size FROM image_instance "
    "WHERE case_id = $1::uuid AND NOT held "
    "ORDER BY study_uid, series_uid, instance_number, sop_instance_uid LIMIT $2::int";

/* 4: the texts */

static const char *signature_state(const struct patient_case *the_case,
                                   const struct decision *decision, struct arena *arena) {
    if (decision->signed_at == 0) {
        return "unsigned";
    }
    if (!decision->has_signature) {
        return "unbound";
    }
    return case_decision_is_sound(the_case, decision, arena) ? "holds" : "broken";
}

/* What the functions about signatures ask of a case. */
static struct patient_case case_of(const struct copy *copy) {
    return (struct patient_case){.actor = {.id = copy->patient_case},
                                 .created = true,
                                 .tasks = copy->snapshot->tasks,
                                 .decisions = copy->snapshot->decisions};
}

static void write_signature_states(struct copy *copy) {
    struct json_writer *json = &copy->json;
    struct patient_case the_case = case_of(copy);
    json_writer_open_list(json, "signatures");
    for (uint32_t i = 0; i < the_case.decisions.count; i++) {
        const struct decision *decision = &the_case.decisions.items[i];
        json_writer_open(json, NULL);
        json_writer_uuid(json, "decision", decision->decision);
        json_writer_word(json, "state", signature_state(&the_case, decision, &copy->arena));
        json_writer_open_list(json, "addenda");
        for (uint32_t j = 0; j < decision->addenda.count; j++) {
            const struct addendum *addendum = &decision->addenda.items[j];
            bool sound = case_addendum_is_sound(&the_case, decision, addendum, &copy->arena);
            json_writer_open(json, NULL);
            json_writer_uuid(json, "addendum", addendum->addendum);
            json_writer_word(json, "state", sound ? "holds" : "broken");
            json_writer_close(json);
        }
        json_writer_close_list(json);
        json_writer_close(json);
    }
    json_writer_close_list(json);
}

static void on_event(void *data, const struct event_header *header, struct bytes fields) {
    struct copy *copy = data;
    struct json_writer *json = &copy->json;
    if (copy->exchange == NULL || json->failed) {
        return;
    }
    struct arena arena;
    arena_init(&arena, COPY_ARENA_MAX);
    struct reader reader = reader_of(fields);
    const void *message = patient_case_decode_down(header->tag, &reader, &arena);
    json_writer_open(json, NULL);
    json_writer_unsigned(json, "version", header->version);
    json_writer_time(json, "at", header->at);
    json_writer_uuid(json, "by", header->by);
    json_writer_text(json, "byName", identity_name_of(copy->desk->identity, header->by));
    if (message == NULL || !patient_case_json(header->tag, message, json)) {
        json_writer_unsigned(json, "unknownType", header->tag);
    }
    json_writer_close(json);
    arena_finish(&arena);
    copy->version = header->version;
    case_copy_write_event(copy, header);
}

static void on_events(void *data, bool whole) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (!whole) {
        copy_answer_away(copy);
        return;
    }
    json_writer_close_list(&copy->json);
    page_table_end(&copy->page);
    copy_write_accesses(copy);
    copy_write_accesses_page(copy);
    copy_answer(copy, "consilium-case.zip");
}

static void write_texts(struct copy *copy) {
    static const struct node_reading reading = {.event = on_event, .done = on_events};
    if (!copy_plan_files(copy)) {
        copy_answer_away(copy);
        return;
    }
    copy_write_head(copy, "consilium case");
    json_writer_uuid(&copy->json, "case", copy->patient_case);
    json_writer_open(&copy->json, "state");
    case_snapshot_json_fields(&copy->json, copy->snapshot);
    json_writer_close(&copy->json);
    write_signature_states(copy);
    case_copy_write_page(copy);
    json_writer_open_list(&copy->json, "events");
    struct node_reading wanted = reading;
    wanted.data = copy;
    copy_wait(copy);
    node_read_events(copy->desk->node, CHANNEL_KIND_PATIENT_CASE, copy->patient_case, &wanted);
}

/* 3: how large documents are, and what */

static const char *ending_of(const char *media_type) {
    static const char *const endings[][2] = {
        {"application/pdf", "pdf"}, {"image/jpeg", "jpg"}, {"image/png", "png"}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (media_type != NULL && strcmp(media_type, endings[i][0]) == 0) {
            return endings[i][1];
        }
    }
    return "bin";
}

static void measure_next(struct copy *copy);

static void on_measured(void *data, enum imaging_read_result result,
                        const struct download_facts *facts) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    struct copy_file *file = &copy->files[copy->file_at++];
    if (result == IMAGING_READ_OK) {
        file->size = facts->size;
        snprintf(file->path, sizeof file->path, "documents/%s.%s", file->sop_instance_uid,
                 ending_of(facts->media_type));
    } else {
        file->document = false; /* as it was stored */
    }
    imaging_download_close(copy->download);
    copy->download = NULL;
    if (result == IMAGING_READ_UNAVAILABLE) {
        copy_answer_away(copy);
    } else {
        measure_next(copy);
    }
}

static void on_cut(void *data) {
    struct copy *copy = data;
    if (copy->exchange != NULL) {
        http_abort(copy->exchange);
    }
}

static void measure_next(struct copy *copy) {
    while (copy->file_at < copy->file_count && !copy->files[copy->file_at].document) {
        copy->file_at++;
    }
    if (copy->file_at == copy->file_count) {
        copy->file_at = 0;
        write_texts(copy);
        return;
    }
    const char *uid = copy->files[copy->file_at].sop_instance_uid;
    struct download_wanted wanted = {.patient_case = copy->patient_case,
                                     .user = copy->user,
                                     .sop_instance_uid = {(uint32_t)strlen(uid), uid}};
    copy_wait(copy);
    if (!imaging_download_open(copy->desk->imaging, &wanted, on_measured, on_cut, copy,
                               &copy->download)) {
        copy->waiting = false;
        copy_answer_away(copy);
    }
}

/* 2: which files there are */

static bool take_uid(struct postgres_parameter value, char uid[65]) {
    struct bytes bytes = value_bytes(value);
    if (bytes.bytes == NULL || bytes.length == 0 || bytes.length > 64) {
        return false;
    }
    for (uint32_t i = 0; i < bytes.length; i++) { /* it becomes a path */
        uint8_t byte = bytes.bytes[i];
        if ((byte < '0' || byte > '9') && byte != '.') {
            return false;
        }
    }
    memcpy(uid, bytes.bytes, bytes.length);
    uid[bytes.length] = '\0';
    return true;
}

static bool is_document(const struct copy *copy, const char *series_uid) {
    const struct display_set_list *sets = &copy->snapshot->display_sets;
    struct text series = {(uint32_t)strlen(series_uid), series_uid};
    for (uint32_t i = 0; i < sets->count; i++) {
        if (sets->items[i].document && text_equal(sets->items[i].series_uid, series)) {
            return true;
        }
    }
    return false;
}

static void take_files(struct copy *copy, const struct postgres_rows *rows) {
    uint32_t documents = 0;
    int count = postgres_row_count(rows);
    copy->more_files = count > COPY_FILES_MAX;
    for (int row = 0; row < count && row < COPY_FILES_MAX; row++) {
        struct copy_file *file = &copy->files[copy->file_count];
        if (!take_uid(postgres_value(rows, row, 0), file->sop_instance_uid) ||
            !take_uid(postgres_value(rows, row, 1), file->series_uid) ||
            !take_uid(postgres_value(rows, row, 2), file->study_uid)) {
            continue;
        }
        file->size = (uint64_t)value_integer(postgres_value(rows, row, 3));
        file->document = is_document(copy, file->series_uid) && documents < COPY_DOCUMENTS_MAX;
        documents += file->document;
        snprintf(file->path, sizeof file->path, "images/%s/%s.dcm", file->series_uid,
                 file->sop_instance_uid);
        copy->file_count++;
    }
}

/* Beside the images, in the order they came: their numbers are their places in the list. */
static void on_other(void *data, const struct other_row *row) {
    struct copy *copy = data;
    uint32_t count = copy->file_count;
    if (copy->exchange == NULL || count >= COPY_FILES_MAX) {
        copy->more_files = copy->more_files || count >= COPY_FILES_MAX;
        return;
    }
    if (count >= copy->file_space) {
        uint32_t space = 2 * count + 16;
        struct copy_file *grown = realloc(copy->files, space * sizeof *grown);
        if (grown == NULL) {
            copy->more_files = true;
            return;
        }
        copy->files = grown;
        copy->file_space = space;
    }
    struct copy_file *file = &copy->files[copy->file_count++];
    *file = (struct copy_file){.size = row->size,
                               .other = row->id,
                               .by = row->by,
                               .at = row->at,
                               .name = arena_text(&copy->arena, row->name)};
    export_file_path(count - copy->others_from + 1, row->name, file->path);
}

static void on_others(void *data, enum imaging_read_result result) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (result != IMAGING_READ_OK || copy->arena.failed) {
        copy_answer_away(copy);
        return;
    }
    measure_next(copy);
}

static void on_files(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    copy->files = calloc((size_t)count + 1, sizeof *copy->files);
    copy->file_space = (uint32_t)count + 1;
    if (result != POSTGRES_OK || copy->files == NULL) {
        copy_answer_away(copy);
        return;
    }
    take_files(copy, rows);
    copy->others_from = copy->file_count;
    copy_wait(copy);
    imaging_other_rows(copy->desk->imaging, copy->patient_case, on_other, on_others, copy);
}

static void read_files(struct copy *copy) {
    struct binary_integer limit = binary_integer(COPY_FILES_MAX + 1);
    struct postgres_parameter parameters[] = {parameter_uuid(&copy->patient_case),
                                              parameter_int4(&limit)};
    copy_wait(copy);
    postgres_query(copy->desk->postgres, files_sql, parameters, 2, on_files, copy);
}

/* 1: what the case shows */

/* Asked again: it was being written down meanwhile. */
static void on_grant(void *data, struct grant grant) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if ((grant.actions & PATIENT_CASE_MAY_EXPORT) == 0) {
        copy_refuse(copy);
        return;
    }
    struct encoded shown = node_show(copy->desk->node, CHANNEL_KIND_PATIENT_CASE,
                                     copy->patient_case, ALL_AUDIENCES, &copy->arena);
    struct reader reader = reader_of(shown.fields);
    copy->snapshot = arena_alloc(&copy->arena, sizeof *copy->snapshot);
    if (shown.fields.bytes == NULL || copy->snapshot == NULL ||
        !case_snapshot_read(&reader, &copy->arena, copy->snapshot)) {
        copy_answer_away(copy);
        return;
    }
    copy_read_accesses(copy, read_files);
}

void case_copy_gather(struct copy *copy) {
    copy_wait(copy);
    node_ask_grant(copy->desk->node, CHANNEL_KIND_PATIENT_CASE, copy->patient_case, copy->user,
                   on_grant, copy);
}
