/*
 * The service's life, the keys of cases, and telling cases about their images.
 */
#include "server/imaging/imaging_service.h"

#include "server/codecs/codec_link.h"
#include "server/imaging/imaging_arrivals.h"
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_resumable_state.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_DEFAULT 4
#define WRITERS_NICENESS 10 // the loop does not wait for a processor behind them

static void on_announce_time(uv_timer_t *timer);

/* Files lie in memory until they are sealed: at most half of it. */
static uint64_t uploads_size_max(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    uint64_t half = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 : UPLOADS_SIZE_MAX;
    return half < UPLOADS_SIZE_MAX ? half : UPLOADS_SIZE_MAX;
}

uint64_t imaging_upload_size_max(const struct imaging_service *service) {
    uint64_t bound = service->uploads_size_max;
    return bound < UPLOAD_SIZE_MAX ? bound : UPLOAD_SIZE_MAX;
}

static void on_look_time(uv_timer_t *timer) {
    imaging_resumables_look(timer->data);
    imaging_held_look(timer->data);
}

static void say_cache(const struct imaging_service *service) {
    uint64_t bound = frame_cache_count(service->frames).bound;
    if (bound < service->config.frame_cache_bytes) {
        log_warning("imaging",
                    "frames in memory: %llu MiB, half of what may be locked; raise RLIMIT_MEMLOCK",
                    (unsigned long long)(bound >> 20));
    }
}

struct imaging_service *imaging_service_create(const struct imaging_service_config *config,
                                               const char **ret_message) {
    struct imaging_service *service = calloc(1, sizeof *service);
    if (!service) {
        *ret_message = "no memory";
        return NULL;
    }
    service->config = *config;
    enum blob_result opened = blob_files_open(&service->files, config->blob_folder);
    if (opened != BLOB_OK) {
        *ret_message = blob_result_text(opened);
        free(service);
        return NULL;
    }
    service->queue =
        work_queue_create(config->loop, config->threads ? config->threads : THREADS_DEFAULT, 0);
    service->writers = work_queue_create(config->loop, WORK_THREADS_MAX, WRITERS_NICENESS);
    service->frames = frame_cache_create(config->frame_cache_bytes, service->queue);
    service->memory =
        imaging_memory_create(config->loop, config->memory_bytes, IMAGING_MEMORY_WAIT_MS);
    service->ingest = ingest_link_create(
        &(struct ingest_link_config){.loop = config->loop, .program = config->ingest_program});
    service->copies = imaging_copies_create(service);
    service->arrivals = imaging_arrivals_create(service);
    service->pictures = codec_link_create(config->loop, config->ingest_program, false);
    service->patients = imaging_patients_create();
    if (!service->patients || !service->frames || !service->memory || !service->queue ||
        !service->writers || !service->ingest || !service->copies || !service->arrivals ||
        !service->pictures) {
        // The process does not start: what was made goes with it.
        *ret_message = "no memory or no threads";
        return NULL;
    }
    service->uploads_size_max = uploads_size_max();
    uv_timer_init(config->loop, &service->look_timer);
    service->look_timer.data = service;
    uv_timer_start(&service->look_timer, on_look_time, RESUMABLES_LOOK_MS, RESUMABLES_LOOK_MS);
    uv_timer_init(config->loop, &service->held_timer);
    service->held_timer.data = service;
    uv_timer_init(config->loop, &service->announce_timer);
    service->announce_timer.data = service;
    say_cache(service);
    return service;
}

static void on_part_closed(void *data) {
    struct imaging_service *service = data;
    if (--service->parts_open > 0) {
        return;
    }
    imaging_resumables_free(service);
    blob_files_close(&service->files);
    frame_cache_destroy(service->frames);
    imaging_patients_destroy(service->patients);
    if (service->closed) {
        service->closed(service->closed_data);
    }
    free(service);
}

static void on_timer_closed(uv_handle_t *handle) {
    on_part_closed(handle->data);
}

/* Closes the parts once nothing of ours is under way in them. */
static void close_when_idle(struct imaging_service *service) {
    if (!service->closing || service->operations > 0 || service->parts_open > 0) {
        return;
    }
    service->parts_open = 10;
    imaging_memory_close(service->memory, on_part_closed, service);
    imaging_forget_locators(service, (struct uuid){{0}});
    imaging_copies_close(service->copies, on_part_closed, service);
    imaging_arrivals_close(service->arrivals, on_part_closed, service);
    codec_link_close(service->pictures, on_part_closed, service);
    uv_close((uv_handle_t *)&service->announce_timer, on_timer_closed);
    uv_close((uv_handle_t *)&service->look_timer, on_timer_closed);
    uv_close((uv_handle_t *)&service->held_timer, on_timer_closed);
    work_queue_close(service->queue, on_part_closed, service);
    work_queue_close(service->writers, on_part_closed, service);
    ingest_link_close(service->ingest, on_part_closed, service);
}

void imaging_service_close(struct imaging_service *service, void (*closed)(void *data),
                           void *data) {
    service->closing = true;
    service->closed = closed;
    service->closed_data = data;
    imaging_revoke(service, (struct uuid){{0}}, (struct uuid){{0}});
    imaging_operation_began(service); // the endings below may be the last of all
    imaging_memory_stop(service->memory);
    imaging_arrivals_stop(service->arrivals);
    imaging_resumables_stop(service);
    imaging_end_receiving(service);
    imaging_copies_stop(service->copies);
    imaging_operation_ended(service);
}

void imaging_operation_began(struct imaging_service *service) {
    service->operations++;
}

void imaging_operation_ended(struct imaging_service *service) {
    assert(service->operations > 0);
    service->operations--;
    close_when_idle(service);
}

void imaging_count(const struct imaging_service *service, struct imaging_counts *ret_counts) {
    *ret_counts = service->counts;
    ret_counts->uploads_now = service->uploads_count;
    ret_counts->ingest_restarts = ingest_link_count(service->ingest).restarts;
    struct frame_cache_counts cache = frame_cache_count(service->frames);
    ret_counts->cache_hits = cache.hits;
    ret_counts->cache_misses = cache.misses;
    ret_counts->cache_bytes = cache.bytes;
    ret_counts->cache_bound = cache.bound;
    struct memory_counts memory = imaging_memory_count(service->memory);
    ret_counts->memory_bound = memory.bound;
    ret_counts->memory_bytes = memory.bytes;
    ret_counts->memory_most = memory.most;
    ret_counts->memory_waiting = memory.waiting;
    ret_counts->memory_waited = memory.waited;
    ret_counts->memory_turned_away = memory.turned_away;
    struct imaging_copies_counts copies = imaging_copies_count(service->copies);
    ret_counts->copies_made = copies.made;
    ret_counts->copies_refused = copies.refused;
    ret_counts->codec_restarts = copies.restarts + codec_link_restarts(service->pictures);
}

struct memory_claim *imaging_keep(struct imaging_service *service, struct bytes bytes) {
    struct memory_claim *claim = service->giving;
    service->giving = NULL;
    return claim ? imaging_memory_hand_on(claim, bytes.length) : NULL;
}

/* Keys. */

struct key_request {
    struct imaging_service *service;
    struct uuid patient_case;
    void (*done)(void *data, enum imaging_read_result result);
    void *data;
};

static void on_key_row(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct key_request *request = data;
    struct imaging_service *service = request->service;
    enum imaging_read_result answer = IMAGING_READ_UNAVAILABLE;
    if (result == POSTGRES_OK && postgres_row_count(rows) == 0) {
        answer = IMAGING_READ_ABSENT;
    } else if (result == POSTGRES_OK) {
        struct postgres_parameter generation = postgres_value(rows, 0, 0);
        struct postgres_parameter wrapped = postgres_value(rows, 0, 1);
        const uint8_t *number = generation.bytes;
        uint32_t value = (uint32_t)number[0] << 24 | (uint32_t)number[1] << 16 |
                         (uint32_t)number[2] << 8 | number[3];
        bool added = wrapped.length == WRAPPED_KEY_BYTES &&
                     keys_add_stream(service->config.keys, service->config.tenant,
                                     request->patient_case, value, wrapped.bytes);
        answer = added ? IMAGING_READ_OK : IMAGING_READ_DAMAGED;
    }
    request->done(request->data, answer);
    free(request);
    imaging_operation_ended(service);
}

void imaging_need_case_key(struct imaging_service *service, struct uuid patient_case,
                           void (*done)(void *data, enum imaging_read_result result), void *data) {
    if (keys_has_stream(service->config.keys, patient_case)) {
        done(data, IMAGING_READ_OK);
        return;
    }
    struct key_request *request = malloc(sizeof *request);
    if (!request) {
        done(data, IMAGING_READ_UNAVAILABLE);
        return;
    }
    *request = (struct key_request){service, patient_case, done, data};
    imaging_operation_began(service);
    struct postgres_parameter parameters[] = {parameter_uuid(&patient_case),
                                              parameter_uuid(&service->config.tenant)};
    postgres_query(service->config.postgres,
                   "SELECT generation, wrapped FROM stream_key"
                   " WHERE stream_id = $1::uuid AND tenant_id = $2::uuid",
                   parameters, 2, on_key_row, request);
}

bool imaging_case_keys(struct imaging_service *service, struct uuid patient_case,
                       struct case_keys *ret_keys) {
    struct uuid tenant = service->config.tenant;
    return keys_derive(service->config.keys, tenant, patient_case, KEY_BLOB, ret_keys->blob) &&
           keys_derive(service->config.keys, tenant, patient_case, KEY_NAME, ret_keys->name);
}

void imaging_tell_changes(struct imaging_service *service,
                          void (*changed)(void *data, struct uuid patient_case), void *data) {
    service->on_changed = changed;
    service->on_changed_data = data;
}

void imaging_changed(struct imaging_service *service, struct uuid patient_case) {
    if (service->on_changed) {
        service->on_changed(service->on_changed_data, patient_case);
    }
}

/* Announcing. */

void imaging_announce_soon(struct imaging_service *service, struct uuid patient_case,
                           const char *series_uid, struct uuid by) {
    imaging_changed(service, patient_case);
    if (service->closing || !service->config.on_series) {
        return;
    }
    for (size_t i = 0; i < service->announce_count; i++) {
        struct announce_entry *entry = &service->announces[i];
        if (uuid_equal(entry->patient_case, patient_case) &&
            strcmp(entry->series_uid, series_uid) == 0) {
            entry->by = by;
            return;
        }
    }
    if (service->announce_count == ANNOUNCE_WAITING_MAX) {
        on_announce_time(&service->announce_timer);
    }
    struct announce_entry *entry = &service->announces[service->announce_count++];
    *entry = (struct announce_entry){.patient_case = patient_case, .by = by};
    snprintf(entry->series_uid, sizeof entry->series_uid, "%s", series_uid);
    if (!uv_is_active((uv_handle_t *)&service->announce_timer)) {
        uv_timer_start(&service->announce_timer, on_announce_time, ANNOUNCE_PAUSE_MS, 0);
    }
}

static void on_series_loaded(void *data, const struct imaging_series *series) {
    struct imaging_service *service = data;
    // When it could not be loaded its rows stay unannounced, and the next file or start tells them.
    if (series && !service->closing) {
        service->config.on_series(service->config.data, series);
    }
}

static void on_announce_time(uv_timer_t *timer) {
    struct imaging_service *service = timer->data;
    size_t count = service->announce_count;
    service->announce_count = 0;
    uv_timer_stop(timer);
    for (size_t i = 0; i < count; i++) {
        struct announce_entry entry = service->announces[i];
        imaging_load_series(service, entry.patient_case, entry.series_uid, entry.by,
                            on_series_loaded, service);
    }
}

static void on_missed_rows(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    for (int row = 0; result == POSTGRES_OK && row < postgres_row_count(rows); row++) {
        struct uuid patient_case;
        struct uuid by;
        char series_uid[65];
        struct postgres_parameter uid = postgres_value(rows, row, 1);
        memcpy(patient_case.bytes, postgres_value(rows, row, 0).bytes, sizeof patient_case.bytes);
        memcpy(by.bytes, postgres_value(rows, row, 2).bytes, sizeof by.bytes);
        snprintf(series_uid, sizeof series_uid, "%.*s", uid.length, (const char *)uid.bytes);
        imaging_announce_soon(service, patient_case, series_uid, by);
    }
    imaging_operation_ended(service);
}

void imaging_service_announce_missed(struct imaging_service *service) {
    imaging_resumables_load(service);
    imaging_copies_wake(service->copies);
    imaging_held_missed(service);
    imaging_operation_began(service);
    struct postgres_parameter tenant = parameter_uuid(&service->config.tenant);
    postgres_query(service->config.postgres,
                   "SELECT DISTINCT ON (case_id, series_uid) case_id, series_uid, stored_by"
                   " FROM image_instance WHERE tenant_id = $1::uuid"
                   " AND (NOT held AND NOT announced OR held AND announced)",
                   &tenant, 1, on_missed_rows, service);
}

static void on_announced_row(void *data, enum postgres_result result,
                             const struct postgres_rows *rows) {
    (void)rows;
    if (result != POSTGRES_OK) {
        log_warning("imaging", "announcement not noted, it will be told again");
    }
    imaging_operation_ended(data);
}

void imaging_announced(struct imaging_service *service, struct uuid patient_case,
                       const char *series_uid) {
    if (service->closing) {
        return; // it is told again after the next start
    }
    imaging_operation_began(service);
    struct postgres_parameter parameters[] = {parameter_uuid(&patient_case),
                                              parameter_text(series_uid)};
    postgres_query(service->config.postgres,
                   "UPDATE image_instance SET announced = NOT held"
                   " WHERE case_id = $1::uuid AND series_uid = $2::text AND announced = held",
                   parameters, 2, on_announced_row, service);
}
