#include "server/evidence/evidence_service.h"

#include "server/evidence/evidence_job.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_DOUBLINGS_MAX = 8 }; // about an hour

struct waiting {
    struct uuid patient_case;
    uint64_t due_ms;    // of the loop's clock
    uint64_t latest_ms; // however busy it is
    unsigned failures;  // in a row
};

struct evidence_service {
    /* Given. */
    struct evidence_service_config config;
    /* Owned. */
    uv_timer_t timer;
    struct waiting waiting[EVIDENCE_WAITING_MAX];
    /* Derived. */
    size_t waiting_count;
    bool look_again;   // there are more than are waiting
    bool looking;      // for them
    bool working;      // on one
    struct waiting at; // which
    struct evidence_job *job;
    bool closing;
    struct evidence_counts counts;
    void (*closed)(void *data);
    void *closed_data;
};

static void work(struct evidence_service *service);

static void on_timer_closed(uv_handle_t *handle) {
    struct evidence_service *service = handle->data;
    service->closed(service->closed_data);
    free(service);
}

/* True when it is over. */
static bool end_if_closing(struct evidence_service *service) {
    if (service->closing && !service->working && !service->looking) {
        uv_close((uv_handle_t *)&service->timer, on_timer_closed);
    }
    return service->closing;
}

static void wait_for(struct evidence_service *service, struct uuid patient_case, uint64_t quiet_ms,
                     unsigned failures) {
    uint64_t now = uv_now(service->config.loop);
    for (size_t i = 0; i < service->waiting_count; i++) {
        struct waiting *waiting = &service->waiting[i];
        if (uuid_equal(waiting->patient_case, patient_case)) {
            uint64_t due = now + quiet_ms;
            waiting->due_ms = due < waiting->latest_ms ? due : waiting->latest_ms;
            return;
        }
    }
    if (service->waiting_count == EVIDENCE_WAITING_MAX) {
        service->look_again = true;
        return;
    }
    service->waiting[service->waiting_count++] =
        (struct waiting){patient_case, now + quiet_ms, now + EVIDENCE_BUSY_MS + quiet_ms, failures};
}

static void on_timer(uv_timer_t *timer) {
    work(timer->data);
}

/* The earliest, when it is due; otherwise the timer says when. */
static bool take_due(struct evidence_service *service, struct waiting *ret) {
    size_t first = 0;
    for (size_t i = 1; i < service->waiting_count; i++) {
        if (service->waiting[i].due_ms < service->waiting[first].due_ms) {
            first = i;
        }
    }
    if (service->waiting_count == 0) {
        return false;
    }
    uint64_t now = uv_now(service->config.loop);
    if (service->waiting[first].due_ms > now) {
        uv_timer_start(&service->timer, on_timer, service->waiting[first].due_ms - now, 0);
        return false;
    }
    *ret = service->waiting[first];
    service->waiting[first] = service->waiting[--service->waiting_count];
    return true;
}

static void on_worked(void *data, enum evidence_outcome outcome, unsigned written) {
    struct evidence_service *service = data;
    service->working = false;
    service->counts.written += written;
    service->counts.cases += outcome == EVIDENCE_DONE;
    if (outcome == EVIDENCE_LATER) {
        service->counts.failed++;
        unsigned doublings =
            service->at.failures < AGAIN_DOUBLINGS_MAX ? service->at.failures : AGAIN_DOUBLINGS_MAX;
        wait_for(service, service->at.patient_case, (uint64_t)EVIDENCE_AGAIN_MS << doublings,
                 service->at.failures + 1);
    }
    if (!end_if_closing(service)) {
        uv_timer_start(&service->timer, on_timer, 0, 0);
    }
}

static void work(struct evidence_service *service) {
    if (service->working || service->closing) {
        return;
    }
    if (take_due(service, &service->at)) {
        service->working = true;
        evidence_job_begin(&service->config, service->at.patient_case, on_worked, service,
                           &service->job);
    } else if (service->look_again && service->waiting_count < EVIDENCE_WAITING_MAX / 2) {
        service->look_again = false;
        evidence_service_catch_up(service);
    }
}

struct evidence_service *evidence_service_create(const struct evidence_service_config *config) {
    struct evidence_service *service = calloc(1, sizeof *service);
    if (service != NULL) {
        service->config = *config;
        uv_timer_init(config->loop, &service->timer);
        service->timer.data = service;
    }
    return service;
}

void evidence_service_close(struct evidence_service *service, void (*closed)(void *data),
                            void *data) {
    if (service == NULL) {
        closed(data);
        return;
    }
    service->closing = true;
    service->closed = closed;
    service->closed_data = data;
    uv_timer_stop(&service->timer);
    service->working = service->working && !evidence_job_abandon(service->job);
    end_if_closing(service);
}

void evidence_service_moved(struct evidence_service *service, const struct stream_head *head) {
    if (service != NULL && !service->closing && head->kind == CHANNEL_KIND_PATIENT_CASE) {
        wait_for(service, head->stream, service->config.quiet_ms, 0);
        work(service);
    }
}

static void on_missed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct evidence_service *service = data;
    service->looking = false;
    if (end_if_closing(service)) {
        return;
    }
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    service->look_again |= result != POSTGRES_OK || count == EVIDENCE_WAITING_MAX / 2;
    for (int row = 0; row < count; row++) {
        wait_for(service, value_uuid(postgres_value(rows, row, 0)), 0, 0);
    }
    if (result == POSTGRES_OK) {
        work(service);
    } else {
        uv_timer_start(&service->timer, on_timer, EVIDENCE_AGAIN_MS, 0);
    }
}

void evidence_service_catch_up(struct evidence_service *service) {
    if (service == NULL || service->looking || service->closing) {
        return;
    }
    service->looking = true;
    struct binary_integer kind = binary_integer(CHANNEL_KIND_PATIENT_CASE);
    struct binary_integer limit = binary_integer(EVIDENCE_WAITING_MAX / 2);
    struct postgres_parameter parameters[] = {parameter_uuid(&service->config.tenant),
                                              parameter_int2(&kind), parameter_int8(&limit)};
    postgres_query(service->config.postgres,
                   "SELECT stream_id FROM stream_key LEFT JOIN evidence_mark ON case_id = stream_id"
                   " WHERE stream_key.tenant_id = $1::uuid AND kind = $2::smallint AND EXISTS ("
                   "SELECT FROM event WHERE event.stream_id = stream_key.stream_id"
                   " AND event.version > coalesce(evidence_mark.version, 0)"
                   " AND type IN " EVIDENCE_EVENT_TYPES ") LIMIT $3::bigint",
                   parameters, 3, on_missed, service);
}

struct evidence_counts evidence_service_count(const struct evidence_service *service) {
    return service != NULL ? service->counts : (struct evidence_counts){0, 0, 0};
}
