/*
 * What is held in a case, brought to where its stream is: decisions are carried out on rows and
 * files, then the stream is told how much still waits. Each step may be done again, so a crash
 * anywhere is made good by looking once more: at the next image that is held, at the next decision,
 * or after the next start.
 *
 * A decision is noted (held_decision) before images are shown by it, so that an upload that missed
 * it finds it, and after files were deleted by it, so that no row outlives its turn.
 */
#include "protocol/generated/patient_case.h"
#include "protocol/generated/session.h"
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_preview_plan.h"
#include "server/imaging/imaging_state.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 500, MISSED_MAX = 10000 };

struct kept_decision {
    uint64_t version;
    bool joined;
    bool done;
    char study_uid[65];
    uint8_t patient[BLOB_NAME_SIZE];
    int patient_size; // 0 or BLOB_NAME_SIZE
};

struct held_work {
    struct work work; // first, so that a work is its held work
    /* Given. */
    struct imaging_service *service;
    struct uuid patient_case;
    /* Owned. */
    struct case_keys keys;
    struct kept_decision *decisions;
    struct kept_rows rows;
    struct held_work *next;
    /* Derived. */
    size_t count, at;
    bool again; // something happened meanwhile
    bool deleted;
    struct held_count held;
};

static void begin(struct imaging_service *service, struct uuid patient_case);
static void wait_for(struct imaging_service *service, struct uuid patient_case);
static void next_decision(struct held_work *held);

static void finish(struct held_work *held) {
    struct imaging_service *service = held->service;
    struct held_work **at = &service->held_works;
    while (*at != held) {
        at = &(*at)->next;
    }
    *at = held->next;
    if (held->again && !service->closing) {
        begin(service, held->patient_case);
    }
    free(held->decisions);
    kept_rows_free(&held->rows);
    OPENSSL_cleanse(held, sizeof *held);
    free(held);
    imaging_operation_ended(service);
}

static void give_up(struct held_work *held, const char *step) {
    if (!held->service->closing) {
        log_warning("imaging", "what is held in a case waits: %s", step);
        wait_for(held->service, held->patient_case);
    }
    finish(held);
}

/* 4: how much is left */

static void on_counted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    if (result != POSTGRES_OK || postgres_row_count(rows) != 1) {
        give_up(held, "it cannot be counted");
        return;
    }
    held->held.images = (uint64_t)value_integer(postgres_value(rows, 0, 0));
    held->held.studies = (uint64_t)value_integer(postgres_value(rows, 0, 1));
    if (held->service->config.on_held && !held->service->closing) {
        held->service->config.on_held(held->service->config.data, &held->held);
    }
    finish(held);
}

static void count_held(struct held_work *held) {
    struct postgres_parameter id = parameter_uuid(&held->patient_case);
    postgres_query(held->service->config.postgres,
                   "SELECT count(*), count(DISTINCT (study_uid, held_for, patient))"
                   " FROM image_instance WHERE case_id = $1::uuid AND held",
                   &id, 1, on_counted, held);
}

/* 3: what was joined is shown */

static void on_shown(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    struct imaging_service *service = held->service;
    if (result != POSTGRES_OK) {
        give_up(held, "joined images cannot be shown");
        return;
    }
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct postgres_parameter uid = postgres_value(rows, row, 0);
        char series_uid[65];
        if (uid.length < 1 || uid.length >= (int)sizeof series_uid) {
            continue;
        }
        memcpy(series_uid, uid.bytes, (size_t)uid.length);
        series_uid[uid.length] = 0;
        imaging_announce_soon(service, held->patient_case, series_uid,
                              value_uuid(postgres_value(rows, row, 1)));
    }
    if (postgres_row_count(rows) > 0) {
        preview_plans_forget(service, held->patient_case);
        imaging_forget_locators(service, held->patient_case);
        imaging_copies_wake(service->copies);
    }
    count_held(held);
}

/* Where the same UID is shown already, or comes twice, the others go on waiting as other contents
 * of it. */
static void show_joined(struct held_work *held) {
    struct postgres_parameter id = parameter_uuid(&held->patient_case);
    postgres_query(held->service->config.postgres,
                   "WITH ready AS (SELECT sop_instance_uid, digest, row_number() OVER (PARTITION BY"
                   " sop_instance_uid ORDER BY stored_at, digest) = 1 AND NOT EXISTS (SELECT FROM"
                   " image_instance s WHERE s.case_id = $1::uuid AND s.sop_instance_uid ="
                   " h.sop_instance_uid AND NOT s.held) AS first FROM image_instance h"
                   " JOIN held_decision d USING (case_id, study_uid, patient)"
                   " WHERE case_id = $1::uuid AND held_for = 1 AND joined),"
                   " shown AS (UPDATE image_instance i SET held = NOT first, held_for = CASE WHEN"
                   " first THEN 0 ELSE 2 END, patient = '' FROM ready r WHERE i.case_id = $1::uuid"
                   " AND i.sop_instance_uid = r.sop_instance_uid AND i.digest = r.digest"
                   " RETURNING series_uid, stored_by, first)"
                   " SELECT DISTINCT ON (series_uid) series_uid, stored_by FROM shown WHERE first",
                   &id, 1, on_shown, held);
}

/* 2: one decision after the other */

static void on_noted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    (void)rows;
    if (result != POSTGRES_OK) {
        give_up(held, "a decision cannot be noted");
        return;
    }
    held->at++;
    next_decision(held);
}

static void note(struct held_work *held) {
    const struct kept_decision *decision = &held->decisions[held->at];
    struct binary_integer version = binary_integer((int64_t)decision->version);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&held->patient_case),
        parameter_uuid(&held->service->config.tenant),
        parameter_text(decision->study_uid),
        parameter_bytes(decision->patient, (size_t)decision->patient_size),
        parameter_bool(&decision->joined),
        parameter_int8(&version)};
    postgres_query(held->service->config.postgres,
                   "INSERT INTO held_decision (case_id, tenant_id, study_uid, patient, joined,"
                   " version) VALUES ($1::uuid, $2::uuid, $3::text, $4::bytea, $5::boolean,"
                   " $6::bigint) ON CONFLICT (case_id, study_uid, patient) DO UPDATE SET joined ="
                   " excluded.joined, version = excluded.version",
                   parameters, 6, on_noted, held);
}

static void ask_page(struct held_work *held);

static void on_rows_gone(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct held_work *held = data;
    bool more = held->rows.row_count == PAGE_ROWS;
    (void)rows;
    kept_rows_free(&held->rows);
    if (result != POSTGRES_OK) {
        give_up(held, "removed images cannot be taken off the list");
    } else if (more) {
        ask_page(held);
    } else {
        note(held);
    }
}

#define OF_DECISION                                                                                \
    " FROM image_instance WHERE case_id = $1::uuid AND study_uid = $2::text AND held_for ="        \
    " CASE WHEN $3::bytea = '' THEN 2 ELSE 1 END AND patient = $3::bytea"

/* Of a page the last row is known: what came in between has its turn later. */
static void on_deleted(struct work *work) {
    struct held_work *held = (struct held_work *)work;
    const struct kept_decision *decision = &held->decisions[held->at];
    if (!held->deleted) {
        give_up(held, "a file cannot be deleted");
        return;
    }
    struct bytes uid = kept_rows_cell(&held->rows, held->rows.row_count - 1, 0);
    struct bytes digest = kept_rows_cell(&held->rows, held->rows.row_count - 1, 1);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&held->patient_case), parameter_text(decision->study_uid),
        parameter_bytes(decision->patient, (size_t)decision->patient_size),
        parameter_bytes(uid.bytes, uid.length), parameter_bytes(digest.bytes, digest.length)};
    postgres_query(held->service->config.postgres,
                   "DELETE" OF_DECISION " AND (sop_instance_uid, digest) <= ($4::text, $5::bytea)",
                   parameters, 5, on_rows_gone, held);
}

static void run_delete(struct work *work) {
    struct held_work *held = (struct held_work *)work;
    held->deleted = true;
    for (int row = 0; row < held->rows.row_count; row++) {
        struct bytes uid = kept_rows_cell(&held->rows, row, 0);
        struct bytes digest = kept_rows_cell(&held->rows, row, 1);
        char text[65];
        uint8_t name[BLOB_NAME_SIZE];
        if (uid.length >= sizeof text || digest.length != BLOB_DIGEST_SIZE) {
            held->deleted = false;
            continue;
        }
        memcpy(text, uid.bytes, uid.length);
        text[uid.length] = 0;
        record_blob_name(&held->keys, held->patient_case, text, digest.bytes, name);
        enum blob_result result = blob_delete(&held->service->files, name);
        held->deleted &= result == BLOB_OK || result == BLOB_ABSENT;
    }
}

static void on_page(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    if (result == POSTGRES_OK && postgres_row_count(rows) == 0) {
        note(held);
        return;
    }
    held->work.run = run_delete;
    held->work.done = on_deleted;
    if (result != POSTGRES_OK || !kept_rows_copy(&held->rows, rows, 2) ||
        !work_submit(held->service->queue, &held->work)) {
        give_up(held, "removed images cannot be listed");
    }
}

/* In the order of bytes, as they are compared above. */
static void ask_page(struct held_work *held) {
    const struct kept_decision *decision = &held->decisions[held->at];
    struct binary_integer limit = binary_integer(PAGE_ROWS);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&held->patient_case), parameter_text(decision->study_uid),
        parameter_bytes(decision->patient, (size_t)decision->patient_size), parameter_int8(&limit)};
    postgres_query(held->service->config.postgres,
                   "SELECT sop_instance_uid, digest" OF_DECISION
                   " ORDER BY sop_instance_uid, digest LIMIT $4::bigint",
                   parameters, 4, on_page, held);
}

static void next_decision(struct held_work *held) {
    while (held->at < held->count && held->decisions[held->at].done) {
        held->at++;
    }
    if (held->at == held->count) {
        show_joined(held);
    } else if (held->decisions[held->at].joined) {
        note(held);
    } else {
        ask_page(held);
    }
}

/* 1: what was decided, and what of it was done */

static void on_done_before(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct held_work *held = data;
    if (result != POSTGRES_OK) {
        give_up(held, "what was done cannot be read");
        return;
    }
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct bytes study = value_bytes(postgres_value(rows, row, 0));
        struct bytes patient = value_bytes(postgres_value(rows, row, 1));
        uint64_t version = (uint64_t)value_integer(postgres_value(rows, row, 2));
        for (size_t i = 0; i < held->count; i++) {
            struct kept_decision *decision = &held->decisions[i];
            struct bytes uid = {(uint32_t)strlen(decision->study_uid),
                                (const uint8_t *)decision->study_uid};
            struct bytes whose = {(uint32_t)decision->patient_size, decision->patient};
            if (bytes_equal(uid, study) && bytes_equal(whose, patient)) {
                decision->done = version >= decision->version;
            }
        }
    }
    next_decision(held);
}

static bool keep_decisions(struct held_work *held, const struct held_decision_list *list) {
    uint32_t count = list ? list->count : 0;
    held->decisions = calloc((size_t)count + 1, sizeof *held->decisions);
    if (!held->decisions) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct held_decision *from = &list->items[i];
        struct kept_decision *decision = &held->decisions[held->count];
        if (from->study_uid.length >= sizeof decision->study_uid ||
            from->patient.length > sizeof decision->patient) {
            continue;
        }
        decision->version = from->version;
        decision->joined = from->outcome == HELD_OUTCOME_JOINED;
        memcpy(decision->study_uid, from->study_uid.bytes, from->study_uid.length);
        decision->patient_size = (int)from->patient.length;
        memcpy(decision->patient, from->patient.length > 0 ? from->patient.bytes : (uint8_t *)"",
               from->patient.length);
        held->count++;
        held->held.version =
            from->version > held->held.version ? from->version : held->held.version;
    }
    return true;
}

static void on_identified(void *data, const struct case_identity *identity) {
    struct held_work *held = data;
    if (!identity || held->service->closing ||
        !imaging_case_keys(held->service, held->patient_case, &held->keys) ||
        !keep_decisions(held, identity->decisions)) {
        give_up(held, "its record cannot be read");
        return;
    }
    struct postgres_parameter id = parameter_uuid(&held->patient_case);
    postgres_query(held->service->config.postgres,
                   "SELECT study_uid, patient, version FROM held_decision WHERE case_id = $1::uuid",
                   &id, 1, on_done_before, held);
}

static void on_key(void *data, enum imaging_read_result result) {
    struct held_work *held = data;
    struct imaging_service *service = held->service;
    if (result == IMAGING_READ_ABSENT) {
        finish(held); // erased meanwhile
    } else if (result != IMAGING_READ_OK || !service->config.identify) {
        give_up(held, "its key cannot be had");
    } else {
        service->config.identify(service->config.data, held->patient_case, on_identified, held);
    }
}

static void begin(struct imaging_service *service, struct uuid patient_case) {
    struct held_work *held = calloc(1, sizeof *held);
    if (!held) {
        return;
    }
    held->service = service;
    held->patient_case = patient_case;
    held->held.patient_case = patient_case;
    held->next = service->held_works;
    service->held_works = held;
    imaging_operation_began(service);
    imaging_need_case_key(service, patient_case, on_key, held);
}

void imaging_held_decided(struct imaging_service *service, struct uuid patient_case) {
    if (service->closing || !service->config.identify) {
        return;
    }
    for (struct held_work *held = service->held_works; held; held = held->next) {
        if (uuid_equal(held->patient_case, patient_case)) {
            held->again = true;
            return;
        }
    }
    begin(service, patient_case);
}

/* When. */

static void on_held_time(uv_timer_t *timer) {
    struct imaging_service *service = timer->data;
    size_t count = service->held_waiting_count;
    service->held_waiting_count = 0;
    for (size_t i = 0; i < count; i++) {
        imaging_held_decided(service, service->held_waiting[i]);
    }
}

/* It is looked at when the timer says so, or at the latest by imaging_held_look. */
static void wait_for(struct imaging_service *service, struct uuid patient_case) {
    for (size_t i = 0; i < service->held_waiting_count; i++) {
        if (uuid_equal(service->held_waiting[i], patient_case)) {
            return;
        }
    }
    if (service->held_waiting_count == HELD_WAITING_MAX) {
        uv_timer_stop(&service->held_timer);
        on_held_time(&service->held_timer);
    }
    service->held_waiting[service->held_waiting_count++] = patient_case;
}

void imaging_held_look(struct imaging_service *service) {
    if (!service->closing) {
        on_held_time(&service->held_timer);
    }
}

void imaging_held_soon(struct imaging_service *service, struct uuid patient_case) {
    if (service->closing) {
        return;
    }
    wait_for(service, patient_case);
    if (!uv_is_active((uv_handle_t *)&service->held_timer)) {
        uv_timer_start(&service->held_timer, on_held_time, HELD_PAUSE_MS, 0);
    }
}

static void on_missed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_service *service = data;
    for (int row = 0; result == POSTGRES_OK && row < postgres_row_count(rows); row++) {
        imaging_held_decided(service, value_uuid(postgres_value(rows, row, 0)));
    }
    imaging_operation_ended(service);
}

void imaging_held_missed(struct imaging_service *service) {
    struct binary_integer kind = binary_integer(CHANNEL_KIND_PATIENT_CASE);
    struct binary_integer limit = binary_integer(MISSED_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&service->config.tenant),
                                              parameter_int2(&kind), parameter_int8(&limit)};
    imaging_operation_began(service);
    postgres_query(service->config.postgres,
                   "WITH now AS (SELECT case_id, count(*) AS n, count(DISTINCT (study_uid,"
                   " held_for, patient)) AS s FROM image_instance WHERE tenant_id = $1::uuid AND"
                   " held GROUP BY case_id)"
                   " SELECT case_id FROM now FULL JOIN held_mark m USING (case_id)"
                   " WHERE coalesce(n, 0) <> coalesce(m.images, 0)"
                   " OR coalesce(s, 0) <> coalesce(m.studies, 0)"
                   " UNION SELECT case_id FROM image_instance JOIN held_decision"
                   " USING (case_id, study_uid, patient) WHERE held_for = 1 AND joined"
                   " UNION SELECT stream_id FROM event JOIN stream_key k USING (stream_id)"
                   " LEFT JOIN held_mark ON case_id = stream_id WHERE type IN (101, 102)"
                   " AND k.tenant_id = $1::uuid AND k.kind = $2::smallint"
                   " AND event.version > coalesce(held_mark.version, 0) LIMIT $3::bigint",
                   parameters, 3, on_missed, service);
}

static void on_mark_written(void *data, enum postgres_result result,
                            const struct postgres_rows *rows) {
    (void)rows;
    if (result != POSTGRES_OK) {
        log_warning("imaging", "what a case was told of held images is not noted");
    }
    imaging_operation_ended(data);
}

void imaging_held_noted(struct imaging_service *service, const struct held_count *held) {
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
                   " images = excluded.images, studies = excluded.studies",
                   parameters, 5, on_mark_written, service);
}
