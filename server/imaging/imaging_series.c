/*
 * A series as it is now: its outlines from the database, split into display sets on a thread.
 */
#include "server/imaging/imaging_state.h"
#include "server/store/postgres_binary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct series_load {
    struct work work; // first, so that a work is its load
    struct imaging_service *service;
    struct uuid patient_case;
    struct uuid by;
    char series_uid[65];
    char study_uid[65];
    struct kept_rows rows;
    struct display_sets sets;
    bool loaded;
    series_loaded done;
    void *data;
};

static void run_split(struct work *work) {
    struct series_load *load = (struct series_load *)work;
    size_t count = (size_t)load->rows.row_count;
    struct display_slice *slices = calloc(count ? count : 1, sizeof *slices);
    if (!slices) {
        return;
    }
    bool decoded = true;
    for (size_t i = 0; i < count && decoded; i++) {
        struct instance instance;
        struct bytes outline = kept_rows_cell(&load->rows, (int)i, 0);
        decoded = instance_decode(&instance, outline.bytes, outline.length);
        if (decoded) {
            display_slice_of(&instance, &slices[i]);
            memcpy(load->study_uid, instance.study_uid, sizeof load->study_uid);
        }
    }
    load->loaded = decoded && display_sets_split(load->series_uid, slices, count, &load->sets);
    free(slices);
}

static void finish(struct series_load *load) {
    struct imaging_series series = {.patient_case = load->patient_case,
                                    .by = load->by,
                                    .study_uid = load->study_uid,
                                    .series_uid = load->series_uid,
                                    .sets = &load->sets};
    load->done(load->data, load->loaded ? &series : NULL);
    struct imaging_service *service = load->service;
    display_sets_finish(&load->sets);
    kept_rows_free(&load->rows);
    free(load);
    imaging_operation_ended(service);
}

static void on_split(struct work *work) {
    finish((struct series_load *)work);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct series_load *load = data;
    load->work.run = run_split;
    load->work.done = on_split;
    bool kept = result == POSTGRES_OK && kept_rows_copy(&load->rows, rows, 1);
    if (!kept || !work_submit(load->service->queue, &load->work)) {
        finish(load);
    }
}

void imaging_load_series(struct imaging_service *service, struct uuid patient_case,
                         const char *series_uid, struct uuid by, series_loaded loaded, void *data) {
    struct series_load *load = calloc(1, sizeof *load);
    if (!load) {
        loaded(data, NULL);
        return;
    }
    load->service = service;
    load->patient_case = patient_case;
    load->by = by;
    load->done = loaded;
    load->data = data;
    snprintf(load->series_uid, sizeof load->series_uid, "%s", series_uid);
    imaging_operation_began(service);
    struct binary_integer limit = binary_integer(DISPLAY_SLICES_MAX);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&patient_case), parameter_text(load->series_uid), parameter_int8(&limit)};
    postgres_query(service->config.postgres,
                   "SELECT outline FROM image_instance"
                   " WHERE case_id = $1::uuid AND series_uid = $2::text AND NOT held"
                   " ORDER BY sop_instance_uid LIMIT $3::bigint",
                   parameters, 3, on_rows, load);
}
