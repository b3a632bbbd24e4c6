/*
 * The rows of fetches: made before anybody is told, read at the start, taken away when they were
 * cancelled or their time is over.
 */
#include "server/archives/archives_state.h"
#include "server/imaging/element_value.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"
#include "server/uuid_text.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* Making one. */

struct making {
    struct archives *archives;
    struct fetch_record record;
    void (*done)(void *data, enum archives_result result, struct uuid fetch);
    void *data;
};

static void on_inserted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct making *making = data;
    struct archives *archives = making->archives;
    struct fetch_record *record = NULL;
    if (result == POSTGRES_OK && postgres_row_count(rows) == 1) {
        making->record.asked_at = value_integer(postgres_value(rows, 0, 0));
        record = archives_add(archives, &making->record);
    }
    making->done(making->data, record != NULL ? ARCHIVES_OK : ARCHIVES_UNAVAILABLE,
                 making->record.id);
    free(making);
    archives_start_next(archives);
    archives_came_back(archives);
}

static void insert(struct making *making) {
    const struct fetch_record *record = &making->record;
    struct postgres_parameter parameters[] = {
        parameter_uuid(&record->id),           parameter_uuid(&making->archives->config.tenant),
        parameter_uuid(&record->patient_case), parameter_uuid(&record->by),
        parameter_text(record->archive),       parameter_text(record->study_uid)};
    postgres_query(making->archives->config.postgres,
                   "INSERT INTO archive_fetch (fetch_id, tenant_id, case_id, asked_by, archive,"
                   " study_uid, asked_at) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text,"
                   " $6::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
                   " RETURNING asked_at",
                   parameters, 6, on_inserted, making);
}

static int64_t now_us(void) {
    uv_timeval64_t now;
    return uv_gettimeofday(&now) == 0 ? now.tv_sec * 1000000 + now.tv_usec : 0;
}

/* Of those that are over: the old, and the oldest of too many. Their rows go at the next start. */
static void forget_old(struct archives *archives) {
    struct fetch_record *next;
    uint32_t over = 0;
    for (const struct fetch_record *each = archives->records; each != NULL; each = each->next) {
        over += !each->gone && each->outcome != NULL;
    }
    int64_t before = now_us() - (int64_t)FETCH_LIFE_S * 1000000;
    for (struct fetch_record *each = archives->records; each != NULL; each = next) {
        next = each->next;
        if (!each->gone && each->outcome != NULL &&
            (each->asked_at < before || over > FETCHES_OVER_MAX)) {
            over--;
            archives_remove(each);
        }
    }
}

struct open_fetches {
    uint32_t of_all, of_case;
    const struct fetch_record *same; /* of this study from there into this case */
};

static struct open_fetches look_at_open(const struct archives *archives,
                                        const struct fetch_wanted *wanted) {
    struct open_fetches open = {0};
    for (const struct fetch_record *each = archives->records; each != NULL; each = each->next) {
        if (each->gone || each->outcome != NULL) {
            continue;
        }
        open.of_all++;
        if (uuid_equal(each->patient_case, wanted->patient_case)) {
            struct text study = {(uint32_t)strlen(each->study_uid), each->study_uid};
            bool same = strcmp(each->archive, wanted->archive->id) == 0 &&
                        text_equal(wanted->study_uid, study);
            open.of_case++;
            open.same = same ? each : open.same;
        }
    }
    return open;
}

void archives_fetch(struct archives *archives, const struct fetch_wanted *wanted,
                    void (*done)(void *data, enum archives_result result, struct uuid fetch),
                    void *data) {
    uint8_t random[16];
    archives_catch_up(archives); /* should the database have been away at the start */
    if (archives->closing || !archives->loaded || !element_is_uid(wanted->study_uid)) {
        done(data, ARCHIVES_UNAVAILABLE, (struct uuid){{0}});
        return;
    }
    forget_old(archives);
    struct open_fetches open = look_at_open(archives, wanted);
    if (open.same != NULL) {
        done(data, ARCHIVES_OK, open.same->id);
        return;
    }
    if (open.of_case >= FETCHES_OF_CASE_MAX || open.of_all >= FETCHES_OPEN_MAX) {
        done(data, ARCHIVES_TOO_MANY, (struct uuid){{0}});
        return;
    }
    struct making *making = calloc(1, sizeof *making);
    if (making == NULL || RAND_bytes(random, sizeof random) != 1) {
        free(making);
        done(data, ARCHIVES_UNAVAILABLE, (struct uuid){{0}});
        return;
    }
    *making = (struct making){
        archives,
        {.id = uuid_of_random(random), .patient_case = wanted->patient_case, .by = wanted->by},
        done,
        data};
    memcpy(making->record.archive, wanted->archive->id, sizeof making->record.archive);
    memcpy(making->record.study_uid, wanted->study_uid.bytes, wanted->study_uid.length);
    archives->pending++;
    insert(making);
}

/* Its end. */

static void on_kept(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct archives *archives = data;
    (void)rows;
    if (result != POSTGRES_OK) {
        log_warning("archives", "what became of a fetch was not written down: it is looked at again"
                                " after the next start");
    }
    archives_came_back(archives);
}

void archives_keep_outcome(struct fetch_record *record) {
    struct archives *archives = record->archives;
    struct postgres_parameter parameters[] = {parameter_uuid(&record->id),
                                              parameter_text(record->outcome)};
    archives->pending++;
    postgres_query(archives->config.postgres,
                   "UPDATE archive_fetch SET outcome = $2::text WHERE fetch_id = $1::uuid",
                   parameters, 2, on_kept, archives);
}

struct cancelling {
    struct archives *archives;
    struct uuid id;
    void (*done)(void *data, enum archives_result result);
    void *data;
};

static void on_deleted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct cancelling *cancelling = data;
    struct archives *archives = cancelling->archives;
    struct fetch_record *record = archives_find(archives, cancelling->id);
    (void)rows;
    if (result == POSTGRES_OK && record != NULL && !archives->closing) {
        archives_remove(record);
    }
    cancelling->done(cancelling->data, result == POSTGRES_OK ? ARCHIVES_OK : ARCHIVES_UNAVAILABLE);
    free(cancelling);
    archives_start_next(archives);
    archives_came_back(archives);
}

void archives_cancel(struct archives *archives, struct uuid patient_case, struct uuid fetch,
                     void (*done)(void *data, enum archives_result result), void *data) {
    const struct fetch_record *record = archives_find(archives, fetch);
    struct cancelling *cancelling = malloc(sizeof *cancelling);
    if (archives->closing || !archives->loaded || cancelling == NULL) {
        free(cancelling);
        done(data, ARCHIVES_UNAVAILABLE);
        return;
    }
    if (record == NULL || !uuid_equal(record->patient_case, patient_case)) {
        free(cancelling);
        done(data, ARCHIVES_ABSENT);
        return;
    }
    *cancelling = (struct cancelling){archives, fetch, done, data};
    struct postgres_parameter id = parameter_uuid(&cancelling->id);
    archives->pending++;
    postgres_query(archives->config.postgres, "DELETE FROM archive_fetch WHERE fetch_id = $1::uuid",
                   &id, 1, on_deleted, cancelling);
}

/* At the start. */

static bool take_text(struct postgres_parameter value, char *to, size_t space) {
    struct bytes bytes = value_bytes(value);
    if (bytes.length >= space) {
        return false;
    }
    memcpy(to, bytes.bytes, bytes.length);
    to[bytes.length] = 0;
    return true;
}

static void take_row(struct archives *archives, const struct postgres_rows *rows, int row) {
    struct fetch_record record = {.id = value_uuid(postgres_value(rows, row, 0)),
                                  .patient_case = value_uuid(postgres_value(rows, row, 1)),
                                  .by = value_uuid(postgres_value(rows, row, 2)),
                                  .asked_at = value_integer(postgres_value(rows, row, 5)),
                                  .resumed = true};
    struct postgres_parameter outcome = postgres_value(rows, row, 6);
    if (!take_text(postgres_value(rows, row, 3), record.archive, sizeof record.archive) ||
        !take_text(postgres_value(rows, row, 4), record.study_uid, sizeof record.study_uid) ||
        archives->config.is_erased(archives->config.data, record.patient_case)) {
        return;
    }
    if (outcome.bytes != NULL) {
        record.outcome = strndup(outcome.bytes, (size_t)outcome.length);
    }
    if ((outcome.bytes != NULL && record.outcome == NULL) || !archives_add(archives, &record)) {
        free(record.outcome);
    }
}

static void on_loaded(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct archives *archives = data;
    archives->loading = false;
    if (result == POSTGRES_OK && !archives->closing) {
        for (int row = 0; row < postgres_row_count(rows); row++) {
            take_row(archives, rows, row);
        }
        archives->loaded = true;
        archives_start_next(archives);
    }
    archives_came_back(archives);
}

void archives_catch_up(struct archives *archives) {
    if (archives->loaded || archives->loading || archives->closing) {
        return;
    }
    struct binary_integer life = binary_integer((int64_t)FETCH_LIFE_S * 1000000);
    struct binary_integer limit = binary_integer(FETCHES_OVER_MAX);
    struct postgres_parameter tenant = parameter_uuid(&archives->config.tenant);
    struct postgres_parameter parameters[] = {tenant, parameter_int8(&life)};
    struct postgres_parameter both[] = {tenant, parameter_int8(&limit)};
    struct postgres_statement statements[] = {
        {"DELETE FROM archive_fetch WHERE tenant_id = $1::uuid AND outcome IS NOT NULL AND asked_at"
         " < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $2::bigint",
         parameters, 2},
        {"SELECT fetch_id, case_id, asked_by, archive, study_uid, asked_at, outcome FROM"
         " archive_fetch WHERE tenant_id = $1::uuid AND (outcome IS NULL OR asked_at >= coalesce("
         "(SELECT asked_at FROM archive_fetch WHERE tenant_id = $1::uuid AND outcome IS NOT NULL"
         " ORDER BY asked_at DESC OFFSET $2::bigint - 1 LIMIT 1), 0)) ORDER BY asked_at",
         both, 2}};
    archives->loading = true;
    archives->pending++;
    postgres_transaction(archives->config.postgres, statements, 2, on_loaded, archives);
}
