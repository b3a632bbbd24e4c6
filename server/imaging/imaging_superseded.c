/*
 * Documents of the server's own whose place another took: they stay where they are and are not
 * offered any more.
 */
#include "server/imaging/imaging_state.h"
#include "server/store/postgres_array.h"

#include <stdlib.h>

struct superseding {
    struct imaging_service *service;
    struct uuid patient_case;
    struct postgres_array series, standing; // owned
    void (*done)(void *data, bool written);
    void *data;
};

static void on_superseded(void *data, enum postgres_result result,
                          const struct postgres_rows *rows) {
    struct superseding *superseding = data;
    struct imaging_service *service = superseding->service;
    if (result == POSTGRES_OK && postgres_row_count(rows) > 0) {
        imaging_changed(service, superseding->patient_case);
    }
    array_finish(&superseding->series);
    array_finish(&superseding->standing);
    superseding->done(superseding->data, result == POSTGRES_OK);
    free(superseding);
    imaging_operation_ended(service);
}

void imaging_supersede(struct imaging_service *service, struct uuid patient_case,
                       const struct own_document *documents, size_t count,
                       void (*done)(void *data, bool written), void *data) {
    struct superseding *superseding = service->closing ? NULL : calloc(1, sizeof *superseding);
    if (superseding == NULL) {
        done(data, false);
        return;
    }
    superseding->service = service;
    superseding->patient_case = patient_case;
    superseding->done = done;
    superseding->data = data;
    array_begin(&superseding->series, TYPE_TEXT);
    array_begin(&superseding->standing, TYPE_TEXT);
    for (size_t i = 0; i < count; i++) {
        array_add(&superseding->series, documents[i].series_uid.bytes,
                  documents[i].series_uid.length);
        if (documents[i].standing_uid.length > 0) {
            array_add(&superseding->standing, documents[i].standing_uid.bytes,
                      documents[i].standing_uid.length);
        }
    }
    imaging_operation_began(service);
    struct postgres_parameter parameters[] = {parameter_uuid(&superseding->patient_case),
                                              array_parameter(&superseding->series),
                                              array_parameter(&superseding->standing)};
    postgres_query(service->config.postgres,
                   "UPDATE image_instance SET superseded = true WHERE case_id = $1::uuid"
                   " AND series_uid = ANY($2::text[]) AND sop_instance_uid <> ALL($3::text[])"
                   " AND NOT superseded RETURNING case_id",
                   parameters, 3, on_superseded, superseding);
}
