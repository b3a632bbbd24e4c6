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
#include "server/imaging/imaging_copies.h"
#include "server/imaging/imaging_held_state.h"
#include "server/imaging/imaging_preview_plan.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void next_decision(struct held_work *held);

static void finish(struct held_work *held) {
    struct imaging_service *service = held->service;
    struct held_work **at = &service->held_works;
    while (*at != held) {
        at = &(*at)->next;
    }
    *at = held->next;
    bool again = held->again && !service->closing;
    if (again) {
        imaging_held_begin(service, held->patient_case);
    }
    free(held->decisions);
    kept_rows_free(&held->rows);
    OPENSSL_cleanse(held, sizeof *held);
    free(held);
    if (!again) {
        imaging_held_ended(service);
    }
    imaging_operation_ended(service);
}

void held_give_up(struct held_work *held, const char *step) {
    if (!held->service->closing) {
        log_warning("imaging", "what is held in a case waits: %s", step);
        imaging_held_later(held->service, held->patient_case);
    }
    finish(held);
}

bool held_begins_anew(struct held_work *held) {
    bool anew = held->again || held->service->closing;
    if (anew) {
        finish(held);
    }
    return anew;
}

/* 5: how much is left */

enum telling { TELL_NOTHING, TELL_LATER, TELL_NOW };

/* Told at once: that something is held, or nothing any more, or of other studies, and that
 * decisions were carried out. While a disc arrives the number of its images alone is told now and
 * then. */
static enum telling what_to_tell(const struct held_work *held, const struct postgres_rows *rows) {
    const struct held_count told = {
        .images = (uint64_t)value_integer(postgres_value(rows, 0, 2)),
        .studies = (uint64_t)value_integer(postgres_value(rows, 0, 3)),
        .version = (uint64_t)value_integer(postgres_value(rows, 0, 4)),
    };
    int64_t ago_ms = value_integer(postgres_value(rows, 0, 5)); // -1 = never
    if (ago_ms < 0 || held->held.kept_count > 0 || held->held.studies != told.studies ||
        held->held.version != told.version) {
        return TELL_NOW;
    }
    return held->held.images == told.images ? TELL_NOTHING
           : ago_ms >= HELD_TELL_MS         ? TELL_NOW
                                            : TELL_LATER;
}

static void on_counted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    struct imaging_service *service = held->service;
    if (result != POSTGRES_OK || postgres_row_count(rows) != 1) {
        held_give_up(held, "it cannot be counted");
        return;
    }
    held->held.images = (uint64_t)value_integer(postgres_value(rows, 0, 0));
    held->held.studies = (uint64_t)value_integer(postgres_value(rows, 0, 1));
    if (held->hidden) {
        imaging_revoke(service, held->patient_case, (struct uuid){{0}});
    }
    enum telling telling = service->config.on_held ? what_to_tell(held, rows) : TELL_NOTHING;
    if (telling == TELL_NOW && !service->closing) {
        service->config.on_held(service->config.data, &held->held);
    } else if (telling == TELL_LATER) {
        imaging_held_later(service, held->patient_case);
    }
    finish(held);
}

static void count_held(struct held_work *held) {
    struct postgres_parameter id = parameter_uuid(&held->patient_case);
    postgres_query(held->service->config.postgres,
                   "SELECT n, s, coalesce(m.images, 0), coalesce(m.studies, 0),"
                   " coalesce(m.version, 0),"
                   " coalesce((extract(epoch FROM now() - told_at) * 1000)::bigint, -1)"
                   " FROM (SELECT count(*) AS n, count(DISTINCT (study_uid, held_for,"
                   " CASE held_for WHEN 1 THEN patient ELSE '' END)) AS s"
                   " FROM image_instance WHERE case_id = $1::uuid AND held) counted"
                   " LEFT JOIN held_mark m ON m.case_id = $1::uuid",
                   &id, 1, on_counted, held);
}

/* Rows of series and who stored one: they are told to the case as they are now. */
static void announce(struct held_work *held, const struct postgres_rows *rows) {
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct postgres_parameter uid = postgres_value(rows, row, 0);
        char series_uid[65];
        if (uid.length < 1 || uid.length >= (int)sizeof series_uid) {
            continue;
        }
        memcpy(series_uid, uid.bytes, (size_t)uid.length);
        series_uid[uid.length] = 0;
        imaging_announce_soon(held->service, held->patient_case, series_uid,
                              value_uuid(postgres_value(rows, row, 1)));
    }
}

/* 4: what was joined is shown */

static void on_shown(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    struct imaging_service *service = held->service;
    if (result != POSTGRES_OK) {
        held_give_up(held, "joined images cannot be shown");
        return;
    }
    announce(held, rows);
    if (postgres_row_count(rows) > 0) {
        preview_plans_forget(service, held->patient_case);
        imaging_forget_locators(service, held->patient_case);
        imaging_copies_wake(service->copies);
    }
    count_held(held);
}

/* Where the same UID is shown already, or comes twice, the others go on waiting as other contents
 * of it. What they say of their patient stays with them, so that a join can be taken back. */
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
                   " first THEN 0 ELSE 2 END, announced = false FROM ready r WHERE i.case_id ="
                   " $1::uuid AND i.sop_instance_uid = r.sop_instance_uid AND i.digest = r.digest"
                   " RETURNING series_uid, stored_by, first)"
                   " SELECT DISTINCT ON (series_uid) series_uid, stored_by FROM shown WHERE first",
                   &id, 1, on_shown, held);
}

/* 3: what says another patient and is not joined (any more) is nowhere: it was held again, or came
 * in just as it was */

static void on_hidden(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    if (result != POSTGRES_OK) {
        held_give_up(held, "images cannot be held again");
        return;
    }
    if (postgres_row_count(rows) > 0) {
        // And once more at the end: what was read of them before may still be on its way.
        held->hidden = true;
        imaging_revoke(held->service, held->patient_case, (struct uuid){{0}});
        announce(held, rows);
    }
    show_joined(held);
}

/* `announced` stays as it was: the case's stream still has to hear that they are gone. */
static void hide_others(struct held_work *held) {
    struct postgres_parameter id = parameter_uuid(&held->patient_case);
    postgres_query(held->service->config.postgres,
                   "WITH hidden AS (UPDATE image_instance i SET held = true, held_for = 1"
                   " WHERE case_id = $1::uuid AND held_for <> 1 AND patient <> '' AND NOT EXISTS"
                   " (SELECT FROM held_decision d WHERE d.case_id = $1::uuid AND d.study_uid ="
                   " i.study_uid AND d.patient = i.patient AND joined)"
                   " RETURNING series_uid, stored_by)"
                   " SELECT DISTINCT ON (series_uid) series_uid, stored_by FROM hidden",
                   &id, 1, on_hidden, held);
}

/* 2: one decision after the other */

static void on_noted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct held_work *held = data;
    (void)rows;
    if (result != POSTGRES_OK) {
        held_give_up(held, "a decision cannot be noted");
        return;
    }
    held->at++;
    next_decision(held);
}

void held_carried_out(struct held_work *held) {
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
                   " excluded.joined, version = excluded.version WHERE held_decision.version < "
                   "excluded.version",
                   parameters, 6, on_noted, held);
}

static void next_decision(struct held_work *held) {
    while (held->at < held->count && held->decisions[held->at].done) {
        held->at++;
    }
    if (held->at == held->count) {
        hide_others(held);
    } else if (held->decisions[held->at].removed) {
        held_remove(held);
    } else {
        held_carried_out(held); // on rows and files it has no part yet
    }
}

void held_kept(struct held_work *held) {
    struct held_count *told = &held->held;
    if (told->kept_count < HELD_KEPT_MAX) {
        told->kept[told->kept_count++] = held->decisions[held->at].version;
    }
    held->at++;
    next_decision(held);
}

/* 1: what was decided, and what of it was done */

static void on_done_before(void *data, enum postgres_result result,
                           const struct postgres_rows *rows) {
    struct held_work *held = data;
    if (result != POSTGRES_OK) {
        held_give_up(held, "what was done cannot be read");
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
        decision->removed = from->outcome == HELD_OUTCOME_REMOVED;
        decision->images = from->images;
        decision->seen = from->seen;
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
        held_give_up(held, "its record cannot be read");
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
        held_give_up(held, "its key cannot be had");
    } else {
        service->config.identify(service->config.data, held->patient_case, on_identified, held);
    }
}

void imaging_held_begin(struct imaging_service *service, struct uuid patient_case) {
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
