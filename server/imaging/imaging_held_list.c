/*
 * What is held in a case, for who decides: what images say of their patient beside what the case
 * says, and contents of a UID beside the one that is shown.
 */
#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_value.h"
#include "server/store/postgres_binary.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERIES_MAX = 2000,
    WORDS_MAX = 1024,
    /* Of a series that begins a study: its words, every byte as \u0000, and all else. */
    ROW_MAX = 6 * (INSTANCE_NAME_MAX + 4 * INSTANCE_LONG_STRING_MAX + 128) + 2048,
};

/* Columns of list_sql. */
enum {
    HELD_FOR,
    STUDY,
    PATIENT,
    SERIES,
    INSTANCE,
    IDENTITY,
    IMAGES,
    OF_STUDY,
    SEEN,
    SIZE,
    STORED_BY,
    STORED_AT,
    SHOWN_SIZE,
    SHOWN_BY,
    SHOWN_AT,
    COLUMNS
};

/* One row for each series; how many and until when of the whole study, so that a list that ends in
 * the middle of it says what a decision is about. */
static const char list_sql[] =
    "SELECT h.held_for, h.study_uid, whose, h.series_uid, h.sop_instance_uid, h.identity, n,"
    " of_study, (extract(epoch FROM seen) * 1000000)::bigint,"
    " h.file_size, h.stored_by, (extract(epoch FROM last_at) * 1000)::bigint,"
    " s.file_size, s.stored_by, (extract(epoch FROM s.stored_at) * 1000)::bigint"
    " FROM (SELECT DISTINCT ON (held_for, study_uid, whose, series_uid) *, count(*) OVER w AS n,"
    " max(stored_at) OVER w AS last_at, count(*) OVER v AS of_study, max(stored_at) OVER v AS seen"
    " FROM (SELECT case_id, held_for, study_uid, CASE held_for WHEN 1 THEN patient ELSE '' END"
    " AS whose, series_uid, sop_instance_uid, identity, file_size, stored_by, stored_at,"
    " instance_number FROM image_instance WHERE case_id = $1::uuid AND held) AS r"
    " WINDOW w AS (PARTITION BY held_for, study_uid, whose, series_uid),"
    " v AS (PARTITION BY held_for, study_uid, whose)"
    " ORDER BY held_for, study_uid, whose, series_uid, instance_number, sop_instance_uid"
    " LIMIT $2::bigint) h LEFT JOIN image_instance s ON s.case_id = h.case_id"
    " AND s.sop_instance_uid = h.sop_instance_uid AND NOT s.held"
    " ORDER BY 1, 2, 3, 4";

struct imaging_held_list {
    struct work work; // first, so that a work is its list
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    imaging_text_done done; // NULL = nobody waits any more
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct bounded_output json;
    char words[WORDS_MAX]; // of the case's patient
    struct instance *instance;
    /* Derived. */
    struct patient_words known;
    bool opened;
};

static void finish(struct imaging_held_list *list, enum imaging_read_result result) {
    struct imaging_service *service = list->service;
    struct bytes json = {(uint32_t)list->json.size, list->json.bytes};
    if (list->done) {
        list->done(list->data, result, result == IMAGING_READ_OK ? json : (struct bytes){0, NULL});
    }
    if (list->json.bytes) {
        OPENSSL_cleanse(list->json.bytes, list->json.size);
    }
    bounded_output_finish(&list->json);
    kept_rows_free(&list->rows);
    if (list->instance) {
        OPENSSL_cleanse(list->instance, sizeof *list->instance);
    }
    free(list->instance);
    OPENSSL_cleanse(list, sizeof *list);
    free(list);
    imaging_operation_ended(service);
}

/* Writing, on a thread. */

static void write_text(struct bounded_output *json, const char *name, struct text text) {
    bounded_output_format(json, "\"%s\":", name);
    json_write_string(json, text.length > 0 ? text.bytes : "", text.length);
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static void write_words(struct bounded_output *json, const char *name,
                        const struct patient_words *words) {
    bounded_output_format(json, "\"%s\":{", name);
    write_text(json, "name", words->name);
    bounded_output_byte(json, ',');
    write_text(json, "birthDate", words->birth_date);
    bounded_output_byte(json, ',');
    write_text(json, "sex", words->sex);
    bounded_output_byte(json, ',');
    write_text(json, "patientId", words->patient_id);
    bounded_output_byte(json, '}');
}

static void write_differences(struct bounded_output *json, unsigned differs) {
    static const char *const names[] = {"name", "birthDate", "sex", "patientId"};
    bool any = false;
    bounded_output_text(json, "\"differs\":[");
    for (unsigned i = 0; i < 4; i++) {
        if ((differs & 1u << i) != 0) {
            bounded_output_format(json, any ? ",\"%s\"" : "\"%s\"", names[i]);
            any = true;
        }
    }
    bounded_output_byte(json, ']');
}

static struct bytes cell(const struct imaging_held_list *list, int row, int column) {
    return kept_rows_cell(&list->rows, row, column);
}

static int64_t number(const struct imaging_held_list *list, int row, int column) {
    struct bytes bytes = cell(list, row, column);
    return value_integer((struct postgres_parameter){bytes.bytes, (int)bytes.length});
}

static void write_sent(struct bounded_output *json, const struct imaging_held_list *list, int row,
                       int size_column, int by_column, int at_column) {
    char by[UUID_TEXT_LENGTH + 1];
    struct bytes bytes = cell(list, row, by_column);
    uuid_to_text(value_uuid((struct postgres_parameter){bytes.bytes, (int)bytes.length}), by);
    bounded_output_format(json, "\"size\":%lld,\"sentBy\":\"%s\",\"sentAt\":%lld",
                          (long long)number(list, row, size_column), by,
                          (long long)number(list, row, at_column));
}

static bool same_study(const struct imaging_held_list *list, int a, int b) {
    return number(list, a, HELD_FOR) == number(list, b, HELD_FOR) &&
           bytes_equal(cell(list, a, STUDY), cell(list, b, STUDY)) &&
           bytes_equal(cell(list, a, PATIENT), cell(list, b, PATIENT));
}

/* What is damaged says nothing, and can be decided of like any other: its UIDs stand in the row. */
static void open_identity(struct imaging_held_list *list, int row) {
    struct instance *instance = list->instance;
    struct bytes uid = cell(list, row, INSTANCE);
    char text[65] = "";
    memcpy(text, uid.bytes, uid.length < sizeof text ? uid.length : 0);
    if (!record_open_identity(instance, list->patient_case, &list->keys, text,
                              cell(list, row, IDENTITY))) {
        OPENSSL_cleanse(instance, sizeof *instance);
    }
    struct bytes study = cell(list, row, STUDY);
    if (study.length < sizeof instance->study_uid) {
        memcpy(instance->study_uid, study.bytes, study.length);
        instance->study_uid[study.length] = 0;
    }
}

/* What is the same of all images of the study; its series follow. */
static void begin_study(struct imaging_held_list *list, int row) {
    struct bounded_output *json = &list->json;
    const struct instance *instance = list->instance;
    struct patient_words said = patient_said(instance);
    struct bytes patient = cell(list, row, PATIENT);
    bounded_output_format(json, "{\"heldFor\":\"%s\",",
                          held_for_word((enum held_for)number(list, row, HELD_FOR)));
    write_text(json, "study", text_of(instance->study_uid));
    bounded_output_text(json, ",\"patient\":\"");
    for (uint32_t i = 0; i < patient.length; i++) {
        bounded_output_format(json, "%02x", patient.bytes[i]);
    }
    bounded_output_text(json, "\",");
    write_words(json, "says", &said);
    bounded_output_byte(json, ',');
    write_differences(json, patient_differs(&list->known, &said));
    bounded_output_byte(json, ',');
    write_text(json, "date", text_of(instance->study_date));
    bounded_output_byte(json, ',');
    write_text(json, "description", text_of(instance->study_description));
    bounded_output_format(json, ",\"images\":%lld,\"seen\":%lld,",
                          (long long)number(list, row, OF_STUDY),
                          (long long)number(list, row, SEEN));
    write_sent(json, list, row, SIZE, STORED_BY, STORED_AT);
    if (cell(list, row, SHOWN_BY).length > 0) {
        bounded_output_text(json, ",\"shown\":{");
        write_sent(json, list, row, SHOWN_SIZE, SHOWN_BY, SHOWN_AT);
        bounded_output_byte(json, '}');
    }
    bounded_output_text(json, ",\"series\":[");
}

static bool write_rows(struct imaging_held_list *list) {
    struct bounded_output *json = &list->json;
    int count = list->rows.row_count, row = 0;
    bool in_study = false;
    bounded_output_byte(json, '{');
    write_words(json, "case", &list->known);
    bounded_output_text(json, ",\"studies\":[");
    for (; row < count && json->size + ROW_MAX < HELD_LIST_MAX; row++) {
        bool first = row == 0 || !same_study(list, row, row - 1);
        open_identity(list, row);
        if (first) {
            bounded_output_text(json, in_study ? "]}," : "");
            begin_study(list, row);
            in_study = true;
        }
        bounded_output_text(json, first ? "{" : ",{");
        write_text(json, "modality", text_of(list->instance->modality));
        bounded_output_byte(json, ',');
        write_text(json, "description", text_of(list->instance->series_description));
        bounded_output_format(json, ",\"images\":%lld}", (long long)number(list, row, IMAGES));
    }
    bounded_output_text(json, in_study ? "]}" : "");
    bounded_output_format(json, "],\"more\":%s}",
                          row < count || count == SERIES_MAX ? "true" : "false");
    return !json->failed;
}

static void run_write(struct work *work) {
    struct imaging_held_list *list = (struct imaging_held_list *)work;
    list->instance = calloc(1, sizeof *list->instance);
    list->opened = list->instance && write_rows(list);
}

static void on_written(struct work *work) {
    struct imaging_held_list *list = (struct imaging_held_list *)work;
    finish(list, list->opened ? IMAGING_READ_OK : IMAGING_READ_DAMAGED);
}

/* Reading. */

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_held_list *list = data;
    list->work.run = run_write;
    list->work.done = on_written;
    if (result != POSTGRES_OK || !kept_rows_copy(&list->rows, rows, COLUMNS) ||
        !imaging_case_keys(list->service, list->patient_case, &list->keys) ||
        !work_submit(list->service->queue, &list->work)) {
        finish(list, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_patient(void *data, const struct patient_words *patient) {
    struct imaging_held_list *list = data;
    if (!patient || !patient_words_copy(patient, list->words, WORDS_MAX, &list->known)) {
        finish(list, IMAGING_READ_UNAVAILABLE);
        return;
    }
    struct binary_integer limit = binary_integer(SERIES_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&list->patient_case),
                                              parameter_int8(&limit)};
    postgres_query(list->service->config.postgres, list_sql, parameters, 2, on_rows, list);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_held_list *list = data;
    if (result != IMAGING_READ_OK) {
        finish(list, result);
        return;
    }
    imaging_need_patient(list->service, list->patient_case, on_patient, list);
}

bool imaging_held_list(struct imaging_service *service, struct uuid patient_case,
                       imaging_text_done done, void *data, struct imaging_held_list **ret_list) {
    struct imaging_held_list *list = service->closing ? NULL : calloc(1, sizeof *list);
    if (!list) {
        return false;
    }
    list->service = service;
    list->patient_case = patient_case;
    list->done = done;
    list->data = data;
    bounded_output_init(&list->json, HELD_LIST_MAX);
    *ret_list = list;
    imaging_operation_began(service);
    imaging_need_case_key(service, patient_case, on_key, list);
    return true;
}

void imaging_held_list_cancel(struct imaging_held_list *list) {
    list->done = NULL;
}
