/*
 * What a DICOMDIR names and what of it is in the case.
 */
#include "server/imaging/imaging_upload_state.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>
#include <string.h>

static const char look_sql[] =
    "SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM image_instance WHERE case_id ="
    " $1::uuid AND sop_instance_uid = uid)) FROM unnest($2::text[]) AS named(uid)";

static void on_looked(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_upload *upload = data;
    if (result != POSTGRES_OK || postgres_row_count(rows) != 1) {
        upload_finish(upload, UPLOAD_UNAVAILABLE);
        return;
    }
    struct postgres_parameter named = array_parameter(&upload->named);
    struct upload_answer answer = {
        .outcome = UPLOAD_INDEX,
        .sop_instance_uid = "",
        .named = (uint32_t)value_integer(postgres_value(rows, 0, 0)),
        .missing = (uint32_t)value_integer(postgres_value(rows, 0, 1)),
        .directory = {(uint32_t)named.length, named.bytes},
    };
    upload_answer_and_free(upload, &answer);
}

void upload_take_directory(struct imaging_upload *upload, const struct parsed *parsed) {
    array_begin(&upload->named, TYPE_TEXT);
    for (uint32_t i = 0; i < parsed->directory.count; i++) {
        const struct text *uid = &parsed->directory.items[i];
        array_add(&upload->named, uid->bytes, uid->length);
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&upload->patient_case),
                                              array_parameter(&upload->named)};
    postgres_query(upload->service->config.postgres, look_sql, parameters, 2, on_looked, upload);
}

struct look {
    struct imaging_service *service;
    void (*done)(void *data, uint32_t named, uint32_t missing);
    void *data;
};

static void on_looked_again(void *data, enum postgres_result result,
                            const struct postgres_rows *rows) {
    struct look *look = data;
    struct imaging_service *service = look->service;
    bool known = result == POSTGRES_OK && postgres_row_count(rows) == 1;
    look->done(look->data, known ? (uint32_t)value_integer(postgres_value(rows, 0, 0)) : 0,
               known ? (uint32_t)value_integer(postgres_value(rows, 0, 1)) : 0);
    free(look);
    imaging_operation_ended(service);
}

void imaging_directory_look(struct imaging_service *service, struct uuid patient_case,
                            struct bytes directory,
                            void (*done)(void *data, uint32_t named, uint32_t missing),
                            void *data) {
    struct look *look = malloc(sizeof *look);
    if (!look) {
        done(data, 0, 0);
        return;
    }
    *look = (struct look){service, done, data};
    imaging_operation_began(service);
    struct postgres_parameter parameters[] = {parameter_uuid(&patient_case),
                                              parameter_bytes(directory.bytes, directory.length)};
    postgres_query(service->config.postgres, look_sql, parameters, 2, on_looked_again, look);
}
