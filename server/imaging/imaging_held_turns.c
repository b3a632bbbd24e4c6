/*
 * Which case has its turn when: a few at a time, the others wait in a row that is bounded. What has
 * no place in it is not lost: all that is to be done can be read from the database, page by page,
 * and is when there is room.
 */
#include "protocol/generated/session.h"
#include "server/imaging/imaging_held_state.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <string.h>

static bool is_among(const struct uuid *cases, size_t count, struct uuid patient_case) {
    for (size_t i = 0; i < count; i++) {
        if (uuid_equal(cases[i], patient_case)) {
            return true;
        }
    }
    return false;
}

static size_t works(const struct imaging_service *service) {
    size_t count = 0;
    for (const struct held_work *held = service->held_works; held; held = held->next) {
        count++;
    }
    return count;
}

static void ask_missed(struct imaging_service *service);

/* Called from itself when a case's work is over at once; no deeper than the row is long. */
static void begin_next(struct imaging_service *service) {
    struct held_turns *turns = &service->held_turns;
    while (!service->closing && turns->ready_count > 0 && works(service) < HELD_WORKS_MAX) {
        struct uuid patient_case = turns->ready[0];
        turns->ready_count--;
        memmove(turns->ready, turns->ready + 1, turns->ready_count * sizeof *turns->ready);
        imaging_held_begin(service, patient_case);
    }
    if (!service->closing && turns->paging && !turns->asking && turns->ready_count == 0) {
        ask_missed(service);
    }
}

void imaging_held_ended(struct imaging_service *service) {
    begin_next(service);
}

void imaging_held_decided(struct imaging_service *service, struct uuid patient_case) {
    struct held_turns *turns = &service->held_turns;
    if (service->closing || !service->config.identify) {
        return;
    }
    for (struct held_work *held = service->held_works; held; held = held->next) {
        if (uuid_equal(held->patient_case, patient_case)) {
            held->again = true;
            return;
        }
    }
    if (is_among(turns->ready, turns->ready_count, patient_case)) {
        return;
    }
    if (turns->ready_count == HELD_WAITING_MAX) {
        turns->missed = true;
        return;
    }
    turns->ready[turns->ready_count++] = patient_case;
    begin_next(service);
}

/* When. */

static void on_held_time(uv_timer_t *timer) {
    struct imaging_service *service = timer->data;
    struct held_turns *turns = &service->held_turns;
    struct uuid now[HELD_WAITING_MAX];
    size_t count = turns->waiting_count;
    memcpy(now, turns->waiting, count * sizeof *now);
    turns->waiting_count = 0;
    for (size_t i = 0; i < count; i++) {
        imaging_held_decided(service, now[i]);
    }
}

void imaging_held_later(struct imaging_service *service, struct uuid patient_case) {
    struct held_turns *turns = &service->held_turns;
    if (is_among(turns->waiting, turns->waiting_count, patient_case)) {
        return;
    }
    if (turns->waiting_count == HELD_WAITING_MAX) {
        turns->missed = true;
        return;
    }
    turns->waiting[turns->waiting_count++] = patient_case;
}

void imaging_held_look(struct imaging_service *service) {
    struct held_turns *turns = &service->held_turns;
    if (service->closing) {
        return;
    }
    on_held_time(&service->held_timer);
    if (turns->missed && !turns->paging) {
        turns->missed = false;
        imaging_held_missed(service);
    }
}

void imaging_held_soon(struct imaging_service *service, struct uuid patient_case) {
    if (service->closing) {
        return;
    }
    imaging_held_later(service, patient_case);
    if (!uv_is_active((uv_handle_t *)&service->held_timer)) {
        uv_timer_start(&service->held_timer, on_held_time, HELD_PAUSE_MS, 0);
    }
}

/* What is to be done and nobody told of. */

static void on_missed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    struct held_turns *turns = &service->held_turns;
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    turns->paging = count == HELD_PAGE;
    turns->missed |= result != POSTGRES_OK;
    for (int row = 0; row < count; row++) {
        turns->last = value_uuid(postgres_value(rows, row, 0));
        imaging_held_decided(service, turns->last);
    }
    turns->asking = false; // the next page follows this one's last
    begin_next(service);
    imaging_operation_ended(service);
}

static void ask_missed(struct imaging_service *service) {
    struct held_turns *turns = &service->held_turns;
    struct binary_integer kind = binary_integer(CHANNEL_KIND_PATIENT_CASE);
    struct binary_integer limit = binary_integer(HELD_PAGE);
    struct postgres_parameter parameters[] = {parameter_uuid(&service->config.tenant),
                                              parameter_int2(&kind), parameter_int8(&limit),
                                              parameter_uuid(&turns->last)};
    turns->asking = true;
    imaging_operation_began(service);
    postgres_query(service->config.postgres,
                   "WITH now AS (SELECT case_id, count(*) AS n, count(DISTINCT (study_uid,"
                   " held_for, CASE held_for WHEN 1 THEN patient ELSE '' END)) AS s FROM"
                   " image_instance WHERE tenant_id = $1::uuid AND held GROUP BY case_id)"
                   " SELECT case_id FROM (SELECT case_id FROM now FULL JOIN (SELECT * FROM"
                   " held_mark WHERE tenant_id = $1::uuid) m USING (case_id) WHERE coalesce(n, 0) "
                   "<> coalesce(m.images, 0)"
                   " OR coalesce(s, 0) <> coalesce(m.studies, 0)"
                   " UNION SELECT case_id FROM image_instance LEFT JOIN held_decision d"
                   " USING (case_id, study_uid, patient) WHERE image_instance.tenant_id ="
                   " $1::uuid AND patient <> '' AND (held_for = 1) = coalesce(joined, false)"
                   " UNION SELECT stream_id FROM event JOIN stream_key k USING (stream_id)"
                   " LEFT JOIN held_mark ON case_id = stream_id WHERE type IN (101, 102, 103)"
                   " AND k.tenant_id = $1::uuid AND k.kind = $2::smallint"
                   " AND event.version > coalesce(held_mark.version, 0)) AS missed"
                   " WHERE case_id > $4::uuid ORDER BY case_id LIMIT $3::bigint",
                   parameters, 4, on_missed, service);
}

void imaging_held_missed(struct imaging_service *service) {
    service->held_turns.last = (struct uuid){{0}};
    service->held_turns.paging = true;
    begin_next(service);
}

/* What the case's stream knows. */

static void on_mark_written(void *data, enum postgres_result result,
                            const struct postgres_rows *rows) {
    (void)rows;
    if (result != POSTGRES_OK) {
        log_warning("imaging", "what a case was told of held images is not noted");
    }
    imaging_operation_ended(data);
}

void imaging_held_noted(struct imaging_service *service, const struct held_count *held) {
    if (service->closing) {
        return; // it is told again after the next start
    }
    struct binary_integer version = binary_integer((int64_t)held->version);
    struct binary_integer images = binary_integer((int64_t)held->images);
    struct binary_integer studies = binary_integer((int64_t)held->studies);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&held->patient_case), parameter_uuid(&service->config.tenant),
        parameter_int8(&version), parameter_int8(&images), parameter_int8(&studies)};
    imaging_operation_began(service);
    postgres_query(service->config.postgres,
                   "INSERT INTO held_mark (case_id, tenant_id, version, images, studies) VALUES"
                   " ($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::bigint)"
                   " ON CONFLICT (case_id) DO UPDATE SET version = excluded.version,"
                   " images = excluded.images, studies = excluded.studies, told_at = now()",
                   parameters, 5, on_mark_written, service);
}

void imaging_held_not_noted(struct imaging_service *service, struct uuid patient_case) {
    if (!service->closing) {
        imaging_held_later(service, patient_case);
    }
}
