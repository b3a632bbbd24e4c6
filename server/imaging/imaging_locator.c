#include "server/imaging/imaging_locator.h"

#include "server/imaging/imaging_preview_plan.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>
#include <string.h>

#define SERIES_LOADED_MAX 2000 // instances remembered by one look

struct imaging_locator *imaging_locator_ref(struct imaging_locator *locator) {
    locator->references++;
    return locator;
}

void imaging_locator_unref(struct imaging_locator *locator) {
    if (locator && --locator->references == 0) {
        frame_table_finish_memory(&locator->frames);
        copy_table_free(&locator->copy);
        free(locator);
    }
}

/* FNV-1a; a slot that is wanted by another instance is simply taken over. */
static size_t slot_of(struct uuid patient_case, const char *uid, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof patient_case.bytes; i++) {
        hash = (hash ^ patient_case.bytes[i]) * 16777619u;
    }
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (uint8_t)uid[i]) * 16777619u;
    }
    return hash % LOCATOR_SLOTS;
}

struct imaging_locator *imaging_locator_find(struct imaging_service *service,
                                             struct uuid patient_case, struct text uid) {
    struct imaging_locator *locator =
        service->locators[slot_of(patient_case, uid.bytes, uid.length)];
    bool found = locator && uuid_equal(locator->patient_case, patient_case) &&
                 strlen(locator->sop_instance_uid) == uid.length &&
                 memcmp(locator->sop_instance_uid, uid.bytes, uid.length) == 0;
    return found ? locator : NULL;
}

void imaging_locator_forget(struct imaging_service *service, struct uuid patient_case,
                            struct text uid) {
    if (imaging_locator_find(service, patient_case, uid)) {
        size_t slot = slot_of(patient_case, uid.bytes, uid.length);
        imaging_locator_unref(service->locators[slot]);
        service->locators[slot] = NULL;
    }
}

void imaging_forget_locators(struct imaging_service *service, struct uuid patient_case) {
    preview_plans_forget(service, patient_case);
    for (size_t i = 0; i < LOCATOR_SLOTS; i++) {
        struct imaging_locator *locator = service->locators[i];
        bool meant = locator && (uuid_is_zero(patient_case) ||
                                 uuid_equal(locator->patient_case, patient_case));
        if (meant) {
            imaging_locator_unref(locator);
            service->locators[i] = NULL;
        }
    }
}

bool imaging_shows_words(const struct instance *instance) {
    return strcmp(instance->burned_in_annotation, "YES") == 0 || instance_shows_label(instance);
}

static void fill_pixels(struct pixel_outline *pixels, const struct instance *instance) {
    memcpy(pixels->photometric, instance->photometric, sizeof pixels->photometric - 1);
    pixels->rows = instance->rows;
    pixels->columns = instance->columns;
    pixels->samples = instance->samples_per_pixel;
    pixels->bits_allocated = instance->bits_allocated;
    pixels->bits_stored = instance->bits_stored;
    pixels->is_signed = instance->pixel_representation == 1;
    pixels->rescale_slope =
        instance_has(instance, INSTANCE_RESCALE_SLOPE) ? instance->rescale_slope[0] : 1;
    pixels->rescale_intercept = instance->rescale_intercept[0];
}

/* The columns of the copy are empty when there is none. A copy that makes no sense is none. */
static void fill_copy(struct imaging_locator *locator, const struct postgres_rows *rows, int row) {
    struct postgres_parameter digest = postgres_value(rows, row, 3);
    struct postgres_parameter frames = postgres_value(rows, row, 4);
    if (digest.length != BLOB_DIGEST_SIZE || !frames.bytes ||
        !copy_table_decode(&locator->copy, frames.bytes, (size_t)frames.length) ||
        locator->copy.count != locator->frames.frame_count) {
        copy_table_free(&locator->copy);
        return;
    }
    memcpy(locator->copy_digest, digest.bytes, BLOB_DIGEST_SIZE);
    locator->copy_size = copy_table_size(&locator->copy);
}

static bool fill(struct imaging_locator *locator, const struct postgres_rows *rows, int row) {
    struct postgres_parameter digest = postgres_value(rows, row, 0);
    struct postgres_parameter outline = postgres_value(rows, row, 1);
    struct postgres_parameter frames = postgres_value(rows, row, 2);
    struct instance instance;
    if (digest.length != BLOB_DIGEST_SIZE ||
        !instance_decode(&instance, outline.bytes, (size_t)outline.length) ||
        !record_frames_decode(&locator->frames, frames.bytes, (size_t)frames.length)) {
        return false;
    }
    memcpy(locator->digest, digest.bytes, BLOB_DIGEST_SIZE);
    _Static_assert(sizeof locator->document_type == sizeof instance.document_type, "same size");
    memcpy(locator->sop_instance_uid, instance.sop_instance_uid, sizeof instance.sop_instance_uid);
    memcpy(locator->study_uid, instance.study_uid, sizeof instance.study_uid);
    memcpy(locator->series_uid, instance.series_uid, sizeof instance.series_uid);
    memcpy(locator->transfer_syntax_uid, instance.transfer_syntax_uid,
           sizeof instance.transfer_syntax_uid);
    memcpy(locator->document_type, instance.document_type, sizeof instance.document_type);
    locator->burned_in = imaging_shows_words(&instance);
    locator->file_size = instance.file_size;
    locator->dataset_offset = instance.dataset_offset;
    locator->document_offset = instance.document_offset;
    locator->document_size = instance.document_size;
    if (locator->frames.piece_count == 0) {
        locator->frames.native_offset = instance.pixel_offset;
        locator->frames.native_size = instance.frame_size;
        locator->frames.frame_count = instance.frame_size ? instance.frame_count : 0;
    }
    fill_pixels(&locator->pixels, &instance);
    fill_copy(locator, rows, row);
    return true;
}

static bool remember(struct imaging_service *service, struct uuid patient_case,
                     const struct postgres_rows *rows, int row) {
    struct imaging_locator *locator = calloc(1, sizeof *locator);
    if (!locator) {
        return false;
    }
    locator->references = 1;
    locator->patient_case = patient_case;
    if (!fill(locator, rows, row)) {
        imaging_locator_unref(locator);
        return false;
    }
    size_t slot =
        slot_of(patient_case, locator->sop_instance_uid, strlen(locator->sop_instance_uid));
    imaging_locator_unref(service->locators[slot]);
    service->locators[slot] = locator;
    return true;
}

struct locator_load {
    struct imaging_service *service;
    struct uuid patient_case;
    locator_loaded loaded;
    void *data;
};

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct locator_load *load = data;
    struct imaging_service *service = load->service;
    enum imaging_read_result answer = IMAGING_READ_UNAVAILABLE;
    if (result == POSTGRES_OK) {
        int count = postgres_row_count(rows);
        answer = count > 0 ? IMAGING_READ_OK : IMAGING_READ_ABSENT;
        // The wanted one comes first and is remembered last, so that no neighbour has its slot.
        for (int row = count - 1; row >= 0 && answer == IMAGING_READ_OK; row--) {
            if (!remember(service, load->patient_case, rows, row)) {
                answer = IMAGING_READ_DAMAGED;
            }
        }
    }
    load->loaded(load->data, answer);
    free(load);
    imaging_operation_ended(service);
}

void imaging_locator_load(struct imaging_service *service, struct uuid patient_case,
                          struct text uid, locator_loaded loaded, void *data) {
    struct locator_load *load = malloc(sizeof *load);
    if (!load) {
        loaded(data, IMAGING_READ_UNAVAILABLE);
        return;
    }
    *load = (struct locator_load){service, patient_case, loaded, data};
    imaging_operation_began(service);
    struct binary_integer limit = binary_integer(SERIES_LOADED_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&patient_case),
                                              parameter_bytes(uid.bytes, uid.length),
                                              parameter_int8(&limit)};
    postgres_query(service->config.postgres,
                   "SELECT digest, outline, i.frames, copy_digest, c.frames FROM image_instance i"
                   " LEFT JOIN image_copy c USING (case_id, sop_instance_uid, digest)"
                   " WHERE case_id = $1::uuid AND NOT held AND series_uid ="
                   " (SELECT series_uid FROM image_instance"
                   " WHERE case_id = $1::uuid AND sop_instance_uid = $2::text AND NOT held)"
                   " ORDER BY sop_instance_uid = $2::text DESC LIMIT $3::bigint",
                   parameters, 3, on_rows, load);
}
