#define _GNU_SOURCE /* memrchr */
#include "server/case_images.h"

#include "protocol/generated/patient_case.h"
#include "server/archives/routes_archives.h"
#include "server/case_identity.h"
#include "server/dicomweb/routes_dicomweb.h"
#include "server/gateway/routes_held.h"
#include "server/gateway/routes_imaging.h"
#include "server/gateway/routes_other.h"
#include "server/gateway/routes_resumable.h"
#include "server/gateway/routes_sending.h"
#include "server/identity/description.h"
#include "server/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERIES_UID_MAX = 64, ARENA_MAX = 256 * 1024, PATH_SPACE = 4096 + 64 };

struct announcement {
    struct case_images *images;
    struct uuid patient_case;
    char series_uid[SERIES_UID_MAX + 1];
};

static void on_answered(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)version;
    struct announcement *announcement = data;
    if (announcement->images->imaging == NULL) {
        /* It ended meanwhile: what is not noted is told again after the next start. */
    } else if (accepted) {
        imaging_announced(announcement->images->imaging, announcement->patient_case,
                          announcement->series_uid);
    } else {
        log_warning("imaging", "a case did not take its images reason=%d", (int)why);
    }
    free(announcement);
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

void case_images_on_series(void *data, const struct imaging_series *series) {
    struct case_images *images = data;
    struct display_set sets[DISPLAY_SETS_MAX];
    struct add_images command = {.display_sets = {.count = 0, .items = sets},
                                 .series_uid = text_of(series->series_uid)};
    for (size_t i = 0; i < series->sets->count; i++) {
        const struct display_pile *pile = &series->sets->sets[i];
        if (pile->kind != DISPLAY_NOTHING) {
            sets[command.display_sets.count++] = (struct display_set){
                .display_set = text_of(pile->id),
                .study_uid = text_of(series->study_uid),
                .series_uid = text_of(series->series_uid),
                .instances = (uint32_t)pile->count,
                .document = pile->kind == DISPLAY_DOCUMENT,
            };
        }
    }
    images->clock->random(images->clock, command.command_id.bytes,
                          sizeof(command.command_id.bytes));
    struct announcement *announcement = calloc(1, sizeof(*announcement));
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    struct encoded encoded = add_images_encode(&arena, &command);
    if (announcement == NULL || encoded.fields.bytes == NULL) {
        log_warning("imaging", "a case could not be told of its images");
        free(announcement);
    } else {
        announcement->images = images;
        announcement->patient_case = series->patient_case;
        snprintf(announcement->series_uid, sizeof(announcement->series_uid), "%s",
                 series->series_uid);
        node_command(images->node, CHANNEL_KIND_PATIENT_CASE, series->patient_case, series->by,
                     encoded, on_answered, announcement);
    }
    arena_finish(&arena);
}

static bool on_arrival(void *data, struct uuid patient_case, const struct arrival *arrival) {
    struct case_images *images = data;
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    struct encoded encoded = tell_arrival_encode(&arena, &(struct tell_arrival){*arrival});
    bool told = encoded.fields.bytes != NULL &&
                node_tell(images->node, CHANNEL_KIND_PATIENT_CASE, patient_case, encoded);
    arena_finish(&arena);
    return told;
}

static void on_held_decided(void *data, struct uuid patient_case) {
    struct case_images *images = data;
    if (!images->closing) {
        imaging_held_decided(images->imaging, patient_case);
    }
}

static struct text name_of(void *data, struct uuid user) {
    return identity_name_of(((struct case_images *)data)->identity, user);
}

static bool is_erased(void *data, struct uuid patient_case) {
    return keeping_is_erased(((struct case_images *)data)->keeping, patient_case);
}

static bool start_archives(struct case_images *images, uv_loop_t *loop, struct postgres *postgres,
                           struct uuid tenant, const char **ret_message) {
    static char message[ARCHIVE_MESSAGE_MAX];
    images->archives =
        archives_create(&(struct archives_config){.loop = loop,
                                                  .postgres = postgres,
                                                  .imaging = images->imaging,
                                                  .tenant = tenant,
                                                  .list_file = images->config->archives,
                                                  .is_erased = is_erased,
                                                  .data = images},
                        message);
    *ret_message = message;
    return images->archives != NULL;
}

struct imaging_service *case_images_start(struct case_images *images, uv_loop_t *loop,
                                          struct postgres *postgres, struct keys *keys,
                                          struct uuid tenant, const char *data_folder,
                                          const char **ret_message) {
    static char blobs[PATH_SPACE];
    static char ingest[PATH_SPACE];
    snprintf(blobs, sizeof(blobs), "%s/blobs", data_folder);
    ssize_t length = readlink("/proc/self/exe", ingest, sizeof(ingest) - 32);
    char *slash = length > 0 ? memrchr(ingest, '/', (size_t)length) : NULL;
    if (slash == NULL) {
        *ret_message = "this program's own folder cannot be found";
        return NULL;
    }
    memcpy(slash + 1, "consilium-ingest", sizeof("consilium-ingest"));
    struct imaging_service_config imaging = {
        .loop = loop,
        .postgres = postgres,
        .keys = keys,
        .tenant = tenant,
        .blob_folder = blobs,
        .ingest_program = ingest,
        .frame_cache_bytes = images->config->frame_cache_bytes,
        .memory_bytes = images->config->imaging_memory_bytes,
        .on_series = case_images_on_series,
        .on_arrival = on_arrival,
        .identify = case_images_identify,
        .on_held = case_images_on_held,
        .data = images,
    };
    images->imaging = imaging_service_create(&imaging, ret_message);
    if (images->imaging == NULL) {
        return NULL;
    }
    node_on_held_decided(images->node, on_held_decided, images);
    images->evidence = evidence_service_create(
        &(struct evidence_service_config){.loop = loop,
                                          .postgres = postgres,
                                          .imaging = images->imaging,
                                          .node = images->node,
                                          .tenant = tenant,
                                          .quiet_ms = images->config->documents_after_ms,
                                          .name_of = name_of,
                                          .data = images});
    return start_archives(images, loop, postgres, tenant, ret_message) ? images->imaging : NULL;
}

void case_images_catch_up(struct case_images *images) {
    imaging_service_announce_missed(images->imaging);
    archives_catch_up(images->archives);
    evidence_service_catch_up(images->evidence);
}

void case_images_moved(struct case_images *images, const struct stream_head *head) {
    evidence_service_moved(images->evidence, head);
}

static void on_imaging_closed(void *data) {
    struct case_images *images = data;
    images->imaging = NULL;
    images->closed(images->closed_data);
}

static void on_evidence_closed(void *data) {
    struct case_images *images = data;
    images->evidence = NULL;
    if (images->imaging != NULL) {
        imaging_service_close(images->imaging, on_imaging_closed, images);
    } else {
        images->closed(images->closed_data);
    }
}

/* What they fetch goes to imaging, so they end before it. */
static void on_archives_closed(void *data) {
    struct case_images *images = data;
    evidence_service_close(images->evidence, on_evidence_closed, images);
}

void case_images_close(struct case_images *images, void (*closed)(void *data), void *data) {
    images->closed = closed;
    images->closed_data = data;
    images->closing = true;
    case_images_answer_all(images);
    archives_close(images->archives, on_archives_closed, images);
}

void case_images_forget(struct case_images *images, struct uuid patient_case) {
    archives_forget_case(images->archives, patient_case);
}

void case_images_finish(struct case_images *images) {
    archives_destroy(images->archives);
}

void case_images_add_routes(const struct case_images *images, struct gateway *gateway,
                            struct access_log *log) {
    struct imaging_service *imaging = images->imaging;
    routes_imaging_add(gateway, imaging, log);
    routes_resumable_add(gateway, imaging, log);
    routes_other_add(gateway, imaging, log);
    routes_sending_add(gateway, imaging);
    routes_held_add(gateway, imaging, log);
    routes_dicomweb_add(gateway, imaging, log);
    routes_archives_add(gateway, images->archives, log);
}
