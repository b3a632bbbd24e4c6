/*
 * What the headers of images say, whole and of the frame that is meant: for what the server itself
 * writes about them. A row speaks of the first frame; of another one its metadata is asked.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/functional_groups.h"
#include "server/imaging/imaging_state.h"
#include "server/imaging/metadata_json.h"
#include "server/imaging/metadata_part.h"
#include "server/store/postgres_array.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_UID, COLUMN_IDENTITY, COLUMN_METADATA, COLUMN_COUNT };

struct wanted_frame {
    char sop_instance_uid[65];
    uint32_t frame;
};

struct describe {
    struct work work; // first, so that a work is its describing
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    imaging_described done;
    void *data;
    /* Owned. */
    struct case_keys keys;
    struct kept_rows rows;
    struct postgres_array uids, of_later_frames;
    struct wanted_frame *wanted;
    struct described_frame *frames; // space for all that are wanted
    /* Derived. */
    size_t wanted_count, count;
    enum imaging_read_result result;
};

static void finish(struct describe *describe, enum imaging_read_result result) {
    struct imaging_service *service = describe->service;
    size_t count = result == IMAGING_READ_OK ? describe->count : 0;
    describe->done(describe->data, result, describe->frames, count);
    if (describe->frames != NULL) {
        OPENSSL_cleanse(describe->frames, describe->count * sizeof *describe->frames);
    }
    free(describe->frames);
    free(describe->wanted);
    kept_rows_free(&describe->rows);
    array_finish(&describe->uids);
    array_finish(&describe->of_later_frames);
    OPENSSL_cleanse(&describe->keys, sizeof describe->keys);
    free(describe);
    imaging_operation_ended(service);
}

/* Empty when no later frame of it is meant. */
static bool open_metadata(const struct describe *describe, const char *uid, struct bytes sealed,
                          struct bounded_output *ret_json) {
    if (sealed.length <= SEALED_VALUE_OVERHEAD) {
        return sealed.length == 0;
    }
    size_t size = sealed.length - SEALED_VALUE_OVERHEAD;
    uint8_t *part = malloc(size);
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = record_place("metadata", describe->patient_case, uid, place);
    bool opened = part != NULL &&
                  sealed_value_open(describe->keys.blob, place, place_size, sealed.bytes,
                                    sealed.length, part) &&
                  metadata_part_read(part, size, TEXT(""), ret_json);
    if (part != NULL) {
        OPENSSL_cleanse(part, size);
    }
    free(part);
    return opened;
}

/* The first that is wanted of this image, or of one behind it. */
static size_t first_wanted(const struct describe *describe, const char *uid) {
    size_t low = 0, high = describe->wanted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(describe->wanted[middle].sop_instance_uid, uid) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_frames(struct describe *describe, const struct instance *instance,
                       struct text metadata) {
    struct frame_groups groups;
    frame_groups_begin(&groups, metadata, instance);
    for (size_t i = first_wanted(describe, instance->sop_instance_uid);
         i < describe->wanted_count &&
         strcmp(describe->wanted[i].sop_instance_uid, instance->sop_instance_uid) == 0;
         i++) {
        struct described_frame *frame = &describe->frames[describe->count++];
        *frame = (struct described_frame){*instance, describe->wanted[i].frame};
        if (frame->frame > 1 && metadata.length > 0) {
            frame_groups_of(&groups, frame->frame, &frame->instance);
        }
    }
    OPENSSL_cleanse(&groups, sizeof groups);
}

static bool open_row(struct describe *describe, int row) {
    struct bytes uid = kept_rows_cell(&describe->rows, row, COLUMN_UID);
    struct instance instance;
    struct bounded_output json;
    char text[65];
    if (uid.length >= sizeof text) {
        return false;
    }
    memcpy(text, uid.bytes, uid.length);
    text[uid.length] = '\0';
    bounded_output_init(&json, METADATA_SIZE_MAX);
    bool opened =
        record_open_identity(&instance, describe->patient_case, &describe->keys, text,
                             kept_rows_cell(&describe->rows, row, COLUMN_IDENTITY)) &&
        open_metadata(describe, text, kept_rows_cell(&describe->rows, row, COLUMN_METADATA), &json);
    if (opened) {
        add_frames(describe, &instance,
                   (struct text){(uint32_t)json.size, (const char *)json.bytes});
    }
    OPENSSL_cleanse(&instance, sizeof instance);
    bounded_output_finish(&json);
    return opened;
}

static void run_open(struct work *work) {
    struct describe *describe = (struct describe *)work;
    describe->frames = calloc(describe->wanted_count + 1, sizeof *describe->frames);
    bool opened = describe->frames != NULL;
    for (int row = 0; opened && row < describe->rows.row_count; row++) {
        opened = open_row(describe, row);
    }
    describe->result = opened ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
}

static void on_opened(struct work *work) {
    struct describe *describe = (struct describe *)work;
    finish(describe, describe->result);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct describe *describe = data;
    describe->work.run = run_open;
    describe->work.done = on_opened;
    bool kept = result == POSTGRES_OK && kept_rows_copy(&describe->rows, rows, COLUMN_COUNT);
    if (!kept || !imaging_case_keys(describe->service, describe->patient_case, &describe->keys) ||
        !work_submit(describe->service->queue, &describe->work)) {
        finish(describe, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_key(void *data, enum imaging_read_result result) {
    struct describe *describe = data;
    if (result != IMAGING_READ_OK) {
        finish(describe, result);
        return;
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&describe->patient_case),
                                              array_parameter(&describe->uids),
                                              array_parameter(&describe->of_later_frames)};
    postgres_query(describe->service->config.postgres,
                   "SELECT sop_instance_uid, identity,"
                   " CASE WHEN sop_instance_uid = ANY($3::text[]) THEN metadata END"
                   " FROM image_instance"
                   " WHERE case_id = $1::uuid AND NOT held AND sop_instance_uid = ANY($2::text[])"
                   " ORDER BY study_uid, series_uid, sop_instance_uid",
                   parameters, 3, on_rows, describe);
}

/* False without memory. */
static bool take_wanted(struct describe *describe, const struct frame_name *wanted, size_t count) {
    describe->wanted = calloc(count + 1, sizeof *describe->wanted);
    array_begin(&describe->uids, TYPE_TEXT);
    array_begin(&describe->of_later_frames, TYPE_TEXT);
    for (size_t i = 0; describe->wanted != NULL && i < count; i++) {
        const struct text *uid = &wanted[i].sop_instance_uid;
        struct wanted_frame *frame = &describe->wanted[describe->wanted_count];
        if (uid->length == 0 || uid->length >= sizeof frame->sop_instance_uid) {
            continue; // no image is called so
        }
        memcpy(frame->sop_instance_uid, uid->bytes, uid->length);
        frame->frame = wanted[i].frame;
        describe->wanted_count++;
        array_add(&describe->uids, uid->bytes, uid->length);
        if (wanted[i].frame > 1) {
            array_add(&describe->of_later_frames, uid->bytes, uid->length);
        }
    }
    return describe->wanted != NULL;
}

void imaging_describe(struct imaging_service *service, struct uuid patient_case,
                      const struct frame_name *wanted, size_t count, imaging_described done,
                      void *data) {
    struct describe *describe =
        service->closing || count > DESCRIBE_MAX ? NULL : calloc(1, sizeof *describe);
    if (describe == NULL) {
        done(data, IMAGING_READ_UNAVAILABLE, NULL, 0);
        return;
    }
    describe->service = service;
    describe->patient_case = patient_case;
    describe->done = done;
    describe->data = data;
    imaging_operation_began(service);
    if (take_wanted(describe, wanted, count)) {
        imaging_need_case_key(service, patient_case, on_key, describe);
    } else {
        finish(describe, IMAGING_READ_UNAVAILABLE);
    }
}
