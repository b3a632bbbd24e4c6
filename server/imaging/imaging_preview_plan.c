#include "server/imaging/imaging_preview_plan.h"

#include "server/imaging/imaging_locator.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>
#include <string.h>

#define PLAN_INSTANCES_MAX 50000 // of one case

enum { COLUMN_UID, COLUMN_DIGEST, COLUMN_OUTLINE, COLUMN_FRAMES, COLUMNS };

struct planning {
    struct work work; // first, so that a work is its planning
    struct imaging_service *service;
    struct uuid patient_case;
    char display_set[DISPLAY_SET_ID_SIZE + 1];
    struct kept_rows rows;
    struct preview_plan *plan;
    uint64_t forgotten; // how often plans were forgotten when the rows were asked for
    enum imaging_read_result result;
    preview_planned planned;
    void *data;
};

struct preview_plan *preview_plan_ref(struct preview_plan *plan) {
    plan->references++;
    return plan;
}

void preview_plan_unref(struct preview_plan *plan) {
    if (!plan || --plan->references > 0) {
        return;
    }
    for (size_t i = 0; i < plan->count; i++) {
        copy_table_free(&plan->instances[i].copy);
    }
    free(plan->instances);
    free(plan);
}

void preview_plans_forget(struct imaging_service *service, struct uuid patient_case) {
    service->plans_forgotten++;
    for (size_t i = 0; i < PREVIEW_PLANS_KEPT; i++) {
        struct preview_plan *plan = service->plans[i];
        if (plan && (uuid_is_zero(patient_case) || uuid_equal(plan->patient_case, patient_case))) {
            preview_plan_unref(plan);
            service->plans[i] = NULL;
        }
    }
}

static struct preview_plan *find(struct imaging_service *service, struct uuid patient_case,
                                 const char *display_set) {
    for (size_t i = 0; i < PREVIEW_PLANS_KEPT; i++) {
        struct preview_plan *plan = service->plans[i];
        if (plan && uuid_equal(plan->patient_case, patient_case) &&
            strcmp(plan->display_set, display_set) == 0) {
            return plan;
        }
    }
    return NULL;
}

static void remember(struct imaging_service *service, struct preview_plan *plan) {
    size_t place = service->next_plan++ % PREVIEW_PLANS_KEPT;
    preview_plan_unref(service->plans[place]);
    service->plans[place] = preview_plan_ref(plan);
}

/* Making, on a thread. */

struct planned_series {
    struct instance *instances;
    struct display_slice *slices;
    int first_row;
    size_t count;
};

static bool plan_instance(const struct planning *planning, const struct planned_series *series,
                          size_t index, struct planned_instance *into) {
    const struct instance *instance = &series->instances[index];
    int row = series->first_row + (int)index;
    struct bytes digest = kept_rows_cell(&planning->rows, row, COLUMN_DIGEST);
    struct bytes frames = kept_rows_cell(&planning->rows, row, COLUMN_FRAMES);
    if (digest.length != BLOB_DIGEST_SIZE) {
        return false;
    }
    memcpy(into->sop_instance_uid, instance->sop_instance_uid, sizeof into->sop_instance_uid);
    memcpy(into->digest, digest.bytes, BLOB_DIGEST_SIZE);
    into->frame_count = instance->frame_count;
    into->burned_in = imaging_shows_words(instance);
    bool copied = frames.length > 0 &&
                  copy_table_decode(&into->copy, frames.bytes, frames.length) &&
                  into->copy.count == into->frame_count;
    if (!copied) {
        copy_table_free(&into->copy);
    }
    return true;
}

static bool plan_set(struct planning *planning, const struct planned_series *series,
                     const struct display_sets *sets, const struct display_pile *set) {
    struct preview_plan *plan = calloc(1, sizeof *plan);
    planning->plan = plan;
    if (!plan) {
        return false;
    }
    plan->references = 1;
    plan->patient_case = planning->patient_case;
    memcpy(plan->display_set, planning->display_set, sizeof plan->display_set);
    memcpy(plan->series_uid, series->instances[0].series_uid, sizeof plan->series_uid);
    plan->instances = calloc(set->count ? set->count : 1, sizeof *plan->instances);
    uint64_t frames = 0;
    for (size_t i = 0; plan->instances && i < set->count; i++) {
        size_t index = sets->order[set->first + i];
        plan->count++;
        if (!plan_instance(planning, series, index, &plan->instances[i])) {
            return false;
        }
        frames += plan->instances[i].frame_count;
    }
    plan->frame_count = (uint32_t)frames;
    return plan->instances && frames <= PREVIEW_FRAMES_MAX;
}

/* Splits one series; true when the display set is one of its, or it cannot be done. */
static bool look_in(struct planning *planning, const struct planned_series *series) {
    struct display_sets sets;
    if (!display_sets_split(series->instances[0].series_uid, series->slices, series->count,
                            &sets)) {
        planning->result = IMAGING_READ_UNAVAILABLE;
        return true;
    }
    bool found = false;
    for (size_t i = 0; i < sets.count && !found; i++) {
        found = strcmp(sets.sets[i].id, planning->display_set) == 0;
        if (found) {
            planning->result = plan_set(planning, series, &sets, &sets.sets[i])
                                   ? IMAGING_READ_OK
                                   : IMAGING_READ_UNAVAILABLE;
        }
    }
    display_sets_finish(&sets);
    return found;
}

/* Rows come series after series. */
static void run_plan(struct work *work) {
    struct planning *planning = (struct planning *)work;
    size_t rows = (size_t)planning->rows.row_count;
    struct planned_series series = {calloc(rows ? rows : 1, sizeof *series.instances),
                                    calloc(rows ? rows : 1, sizeof *series.slices), 0, 0};
    bool over = !series.instances || !series.slices;
    planning->result = over ? IMAGING_READ_UNAVAILABLE : IMAGING_READ_ABSENT;
    for (size_t row = 0; row < rows && !over; row++) {
        struct instance *instance = &series.instances[series.count];
        struct bytes outline = kept_rows_cell(&planning->rows, (int)row, COLUMN_OUTLINE);
        if (!instance_decode(instance, outline.bytes, outline.length)) {
            planning->result = IMAGING_READ_DAMAGED;
            break;
        }
        bool another =
            series.count > 0 && strcmp(instance->series_uid, series.instances[0].series_uid) != 0;
        if (another) {
            over = look_in(planning, &series);
            series.instances[0] = *instance;
            instance = &series.instances[0];
            series.first_row = (int)row;
            series.count = 0;
        }
        display_slice_of(instance, &series.slices[series.count++]);
    }
    if (!over && series.count > 0 && planning->result == IMAGING_READ_ABSENT) {
        look_in(planning, &series);
    }
    free(series.instances);
    free(series.slices);
}

static void finish(struct planning *planning, enum imaging_read_result result) {
    struct imaging_service *service = planning->service;
    struct preview_plan *plan = planning->plan;
    // What changed while the rows were read is not remembered as it was.
    if (result == IMAGING_READ_OK && planning->forgotten == service->plans_forgotten &&
        !service->closing) {
        remember(service, plan);
    }
    planning->planned(planning->data, result, result == IMAGING_READ_OK ? plan : NULL);
    preview_plan_unref(plan);
    kept_rows_free(&planning->rows);
    free(planning);
    imaging_operation_ended(service);
}

static void on_planned(struct work *work) {
    struct planning *planning = (struct planning *)work;
    finish(planning, planning->result);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct planning *planning = data;
    planning->work.run = run_plan;
    planning->work.done = on_planned;
    if (result != POSTGRES_OK || !kept_rows_copy(&planning->rows, rows, COLUMNS) ||
        !work_submit(planning->service->queue, &planning->work)) {
        finish(planning, IMAGING_READ_UNAVAILABLE);
    }
}

void preview_plan_make(struct imaging_service *service, struct uuid patient_case,
                       struct text display_set, preview_planned planned, void *data) {
    char id[DISPLAY_SET_ID_SIZE + 1] = "";
    if (display_set.length == DISPLAY_SET_ID_SIZE) {
        memcpy(id, display_set.bytes, DISPLAY_SET_ID_SIZE);
    }
    struct preview_plan *known = find(service, patient_case, id);
    struct planning *planning = known ? NULL : calloc(1, sizeof *planning);
    if (!planning) {
        planned(data, known ? IMAGING_READ_OK : IMAGING_READ_UNAVAILABLE, known);
        return;
    }
    planning->service = service;
    planning->patient_case = patient_case;
    memcpy(planning->display_set, id, sizeof id);
    planning->planned = planned;
    planning->data = data;
    planning->forgotten = service->plans_forgotten;
    imaging_operation_began(service);
    struct binary_integer limit = binary_integer(PLAN_INSTANCES_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&patient_case),
                                              parameter_int8(&limit)};
    postgres_query(service->config.postgres,
                   "SELECT sop_instance_uid, digest, outline, c.frames FROM image_instance"
                   " LEFT JOIN image_copy c USING (case_id, sop_instance_uid, digest)"
                   " WHERE case_id = $1::uuid AND NOT held"
                   " ORDER BY series_uid, sop_instance_uid LIMIT $2::bigint",
                   parameters, 2, on_rows, planning);
}
