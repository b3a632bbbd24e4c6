/*
 * Thumbnails: a small picture of an image's middle frame, made when it is first asked for and kept
 * sealed in its row. That of a display set is that of its middle image.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_locator.h"
#include "server/imaging/imaging_preview_plan.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define THUMBNAIL_QUALITY 85u

struct imaging_thumbnail {
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    bool masked;
    render_done done; // NULL when nobody waits any more
    void *data;
    /* Owned. */
    struct imaging_render *render; // under way
    uint8_t *bytes;
    size_t size;
    /* Derived. */
    char sop_instance_uid[65];
    char display_set[DISPLAY_SET_ID_SIZE + 1]; // empty = of the instance
};

void imaging_thumbnail_cancel(struct imaging_thumbnail *thumbnail) {
    thumbnail->done = NULL;
}

static void finish(struct imaging_thumbnail *thumbnail, enum imaging_read_result result,
                   const struct rendered *rendered) {
    struct imaging_service *service = thumbnail->service;
    if (thumbnail->done) {
        thumbnail->done(thumbnail->data, result, rendered);
    }
    if (thumbnail->bytes) {
        OPENSSL_cleanse(thumbnail->bytes, thumbnail->size);
    }
    free(thumbnail->bytes);
    OPENSSL_cleanse(thumbnail, sizeof *thumbnail);
    free(thumbnail);
    imaging_operation_ended(service);
}

/* Keeping. */

static void on_kept(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)rows;
    if (result != POSTGRES_OK) {
        log_warning("imaging", "a thumbnail was not kept and will be made again");
    }
    imaging_operation_ended(data);
}

static void keep(struct imaging_thumbnail *thumbnail, const struct rendered *rendered) {
    struct imaging_service *service = thumbnail->service;
    size_t size = rendered->bytes.length + SEALED_VALUE_OVERHEAD;
    uint8_t *sealed = malloc(size);
    struct case_keys keys;
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size =
        record_place("thumbnail", thumbnail->patient_case, thumbnail->sop_instance_uid, place);
    bool done = sealed && imaging_case_keys(service, thumbnail->patient_case, &keys) &&
                sealed_value_seal(keys.blob, place, place_size, rendered->bytes.bytes,
                                  rendered->bytes.length, sealed);
    OPENSSL_cleanse(&keys, sizeof keys);
    if (done) {
        imaging_operation_began(service);
        struct postgres_parameter parameters[] = {
            parameter_uuid(&service->config.tenant), parameter_uuid(&thumbnail->patient_case),
            parameter_text(thumbnail->sop_instance_uid),
            parameter_bytes(rendered->digest, BLOB_DIGEST_SIZE), parameter_bytes(sealed, size)};
        postgres_query(service->config.postgres,
                       "INSERT INTO image_thumbnail (tenant_id, case_id, sop_instance_uid, digest,"
                       " picture) VALUES ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::bytea)"
                       " ON CONFLICT DO NOTHING",
                       parameters, 5, on_kept, service);
    }
    free(sealed);
}

static void on_rendered(void *data, enum imaging_read_result result,
                        const struct rendered *rendered) {
    struct imaging_thumbnail *thumbnail = data;
    thumbnail->render = NULL;
    if (result == IMAGING_READ_OK) {
        keep(thumbnail, rendered);
    }
    finish(thumbnail, result, rendered);
}

static void make(struct imaging_thumbnail *thumbnail) {
    const char *uid = thumbnail->sop_instance_uid;
    struct render_wanted wanted = {.patient_case = thumbnail->patient_case,
                                   .sop_instance_uid = {(uint32_t)strlen(uid), uid},
                                   .rows_max = THUMBNAIL_SIDE_MAX,
                                   .columns_max = THUMBNAIL_SIDE_MAX,
                                   .quality = THUMBNAIL_QUALITY,
                                   .masked = thumbnail->masked};
    if (!imaging_render(thumbnail->service, &wanted, on_rendered, thumbnail, &thumbnail->render)) {
        finish(thumbnail, IMAGING_READ_UNAVAILABLE, NULL);
    }
}

/* Looking. */

/* Columns: sealed picture or NULL, digest, outline. */
static void on_row(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_thumbnail *thumbnail = data;
    if (result != POSTGRES_OK || postgres_row_count(rows) == 0) {
        finish(thumbnail, result == POSTGRES_OK ? IMAGING_READ_ABSENT : IMAGING_READ_UNAVAILABLE,
               NULL);
        return;
    }
    struct postgres_parameter sealed = postgres_value(rows, 0, 0);
    struct postgres_parameter digest = postgres_value(rows, 0, 1);
    struct postgres_parameter outline = postgres_value(rows, 0, 2);
    struct instance instance;
    struct case_keys keys;
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size =
        record_place("thumbnail", thumbnail->patient_case, thumbnail->sop_instance_uid, place);
    bool kept = sealed.bytes && sealed.length > SEALED_VALUE_OVERHEAD &&
                digest.length == BLOB_DIGEST_SIZE &&
                instance_decode(&instance, outline.bytes, (size_t)outline.length);
    if (kept && thumbnail->masked && imaging_shows_words(&instance)) {
        finish(thumbnail, IMAGING_READ_MASKED, NULL);
        return;
    }
    if (kept) {
        thumbnail->size = (size_t)sealed.length - SEALED_VALUE_OVERHEAD;
        thumbnail->bytes = malloc(thumbnail->size);
    }
    bool opened = thumbnail->bytes &&
                  imaging_case_keys(thumbnail->service, thumbnail->patient_case, &keys) &&
                  sealed_value_open(keys.blob, place, place_size, sealed.bytes,
                                    (size_t)sealed.length, thumbnail->bytes);
    OPENSSL_cleanse(&keys, sizeof keys);
    if (!opened) {
        make(thumbnail); // none is kept, or what is kept does not verify
        return;
    }
    struct rendered rendered = {.bytes = {(uint32_t)thumbnail->size, thumbnail->bytes},
                                .media_type = "image/jpeg",
                                .digest = digest.bytes,
                                .series_uid = instance.series_uid};
    finish(thumbnail, IMAGING_READ_OK, &rendered);
}

static void look(struct imaging_thumbnail *thumbnail) {
    struct postgres_parameter parameters[] = {parameter_uuid(&thumbnail->patient_case),
                                              parameter_text(thumbnail->sop_instance_uid)};
    postgres_query(thumbnail->service->config.postgres,
                   "SELECT picture, digest, outline FROM image_instance"
                   " LEFT JOIN image_thumbnail USING (case_id, sop_instance_uid, digest)"
                   " WHERE case_id = $1::uuid AND sop_instance_uid = $2::text AND NOT held",
                   parameters, 2, on_row, thumbnail);
}

static void on_planned(void *data, enum imaging_read_result result, struct preview_plan *plan) {
    struct imaging_thumbnail *thumbnail = data;
    if (result != IMAGING_READ_OK || plan->count == 0) {
        finish(thumbnail, result == IMAGING_READ_OK ? IMAGING_READ_ABSENT : result, NULL);
        return;
    }
    memcpy(thumbnail->sop_instance_uid, plan->instances[plan->count / 2].sop_instance_uid,
           sizeof thumbnail->sop_instance_uid);
    look(thumbnail);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct imaging_thumbnail *thumbnail = data;
    if (result != IMAGING_READ_OK) {
        finish(thumbnail, result, NULL);
    } else if (thumbnail->display_set[0]) {
        struct text id = {DISPLAY_SET_ID_SIZE, thumbnail->display_set};
        preview_plan_make(thumbnail->service, thumbnail->patient_case, id, on_planned, thumbnail);
    } else {
        look(thumbnail);
    }
}

bool imaging_thumbnail_read(struct imaging_service *service, const struct thumbnail_wanted *wanted,
                            render_done done, void *data,
                            struct imaging_thumbnail **ret_thumbnail) {
    struct imaging_thumbnail *thumbnail = service->closing ? NULL : calloc(1, sizeof *thumbnail);
    if (!thumbnail) {
        return false;
    }
    thumbnail->service = service;
    thumbnail->patient_case = wanted->patient_case;
    thumbnail->masked = wanted->masked;
    thumbnail->done = done;
    thumbnail->data = data;
    if (wanted->display_set.length == DISPLAY_SET_ID_SIZE) {
        memcpy(thumbnail->display_set, wanted->display_set.bytes, DISPLAY_SET_ID_SIZE);
    }
    if (wanted->sop_instance_uid.length > 0 &&
        wanted->sop_instance_uid.length < sizeof thumbnail->sop_instance_uid) {
        memcpy(thumbnail->sop_instance_uid, wanted->sop_instance_uid.bytes,
               wanted->sop_instance_uid.length);
    }
    imaging_operation_began(service);
    *ret_thumbnail = thumbnail;
    imaging_need_case_key(service, thumbnail->patient_case, on_key, thumbnail);
    return true;
}
