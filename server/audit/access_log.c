#include "server/audit/access_log.h"

#include "server/audit/refusal_tally.h"
#include "server/store/postgres_binary.h"
#include "server/uuid_text.h"

#include <assert.h>
#include <stdlib.h>

/* A row that waits for its commit, or for being sent. */
struct entry {
    struct entry *next;
    struct access_row row;
    void (*done)(void *data, bool written);
    void *data;
};

struct queue {
    struct entry *first, *last;
    size_t count;
};

struct covered {
    struct access access;
    int64_t until;
};

struct access_log {
    /* Given */
    struct access_log_config config;
    void (*stopped)(void *data); /* NULL until it is to stop */
    void *stopped_data;
    /* Owned */
    uv_timer_t timer;   /* while the database is away */
    uv_timer_t tallies; /* looks for refusals whose window is over */
    struct refusal_tally *refusals;
    struct seal *seal;
    struct queue waiting;
    struct queue flying; /* in one transaction, sent with the same bytes until its fate is known */
    struct covered *covered; /* at the place of its hash; the last one stays */
    /* Derived */
    struct uuid writer;
    uint64_t number; /* of the last row that was chained */
    uint8_t hash[DATABASE_HASH_BYTES];
    bool sent, away;
    struct access_log_counts counts;
};

/* A second try after an unknown outcome meets its own rows. */
static const char insert_sql[] =
    "INSERT INTO access_log (tenant_id, writer, number, at, node, user_id, sign_in, action, result,"
    " case_id, object, address, hash) VALUES ($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::uuid,"
    " $6::uuid, $7::bigint, $8::smallint, $9::smallint, $10::uuid, $11::text, $12::bytea,"
    " $13::bytea) ON CONFLICT DO NOTHING";
enum { COLUMNS = 13 };

static void push(struct queue *queue, struct entry *entry) {
    entry->next = NULL;
    if (queue->last == NULL) {
        queue->first = entry;
    } else {
        queue->last->next = entry;
    }
    queue->last = entry;
    queue->count++;
}

static struct entry *pop(struct queue *queue) {
    struct entry *entry = queue->first;
    if (entry != NULL) {
        queue->first = entry->next;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
        queue->count--;
    }
    return entry;
}

/* What is covered */

static struct covered *place_of(const struct access_log *log, const struct access *access) {
    const uint8_t *bytes = (const uint8_t *)access;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a: a collision forgets, it never covers */
    for (size_t i = 0; i < sizeof *access; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return &log->covered[(hash ^ hash >> 32) % ACCESS_COVERED_MAX];
}

int64_t access_log_covers_until(const struct access_log *log, const struct access *access) {
    const struct covered *place = place_of(log, access);
    bool covers = log->config.clock->now(log->config.clock) < place->until &&
                  memcmp(&place->access, access, sizeof *access) == 0;
    return covers ? place->until : 0;
}

bool access_log_covers(const struct access_log *log, const struct access *access) {
    return access_log_covers_until(log, access) != 0;
}

static void cover(struct access_log *log, const struct access_row *row) {
    if (row->access.result == ACCESS_REFUSED) {
        return;
    }
    struct covered *place = place_of(log, &row->access);
    place->access = row->access;
    place->until = row->at + (int64_t)ACCESS_WINDOW_S * 1000000;
}

/* Writing */

struct parameters {
    struct binary_integer number, at, sign_in, action, result;
    struct postgres_parameter list[COLUMNS];
};

static void fill(struct parameters *ret, const struct access_row *row) {
    const struct access *access = &row->access;
    ret->number = binary_integer((int64_t)row->number);
    ret->at = binary_integer(row->at);
    ret->sign_in = binary_integer((int64_t)access->sign_in);
    ret->action = binary_integer(access->action);
    ret->result = binary_integer(access->result);
    const struct postgres_parameter list[COLUMNS] = {
        parameter_uuid(&row->tenant),
        parameter_uuid(&row->writer),
        parameter_int8(&ret->number),
        parameter_int8(&ret->at),
        parameter_uuid(&row->node),
        parameter_uuid(&access->user),
        parameter_int8(&ret->sign_in),
        parameter_int2(&ret->action),
        parameter_int2(&ret->result),
        parameter_uuid(&access->patient_case),
        parameter_text(access->object),
        parameter_bytes(access->address, sizeof access->address),
        parameter_bytes(row->hash, sizeof row->hash),
    };
    memcpy(ret->list, list, sizeof list);
}

static void send_rows(struct access_log *log);
static void finish(struct access_log *log);

/* `done` may write more. */
static void tell(struct queue *queue, bool written) {
    struct queue told = *queue;
    *queue = (struct queue){0};
    for (struct entry *entry; (entry = pop(&told)) != NULL; free(entry)) {
        if (entry->done != NULL) {
            entry->done(entry->data, written);
        }
    }
}

static void on_retry(uv_timer_t *timer) {
    send_rows(timer->data);
}

/* Nobody is kept waiting: a row may have been written all the same, and that is no harm. */
static void go_away(struct access_log *log) {
    log->away = true;
    for (struct entry *entry = log->flying.first; entry != NULL; entry = entry->next) {
        void (*done)(void *data, bool written) = entry->done;
        entry->done = NULL;
        if (done != NULL) {
            done(entry->data, false);
        }
    }
    uv_timer_start(&log->timer, on_retry, ACCESS_RETRY_MS, 0);
}

static void on_inserted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct access_log *log = data;
    (void)rows;
    log->sent = false;
    if (result != POSTGRES_OK) {
        go_away(log);
        if (log->stopped != NULL) {
            finish(log);
        }
        return;
    }
    log->away = false;
    const struct access_row *last = &log->flying.last->row;
    log->config.moved(log->config.data, log->writer, last->number, last->hash);
    log->counts.rows += log->flying.count;
    for (const struct entry *entry = log->flying.first; entry != NULL; entry = entry->next) {
        cover(log, &entry->row);
    }
    struct queue written = log->flying;
    log->flying = (struct queue){0};
    send_rows(log);
    tell(&written, true);
    if (log->stopped != NULL && !log->sent) {
        finish(log);
    }
}

/* Numbered and chained when it is certain that it comes next. */
static void chain(struct access_log *log, struct access_row *row) {
    row->number = ++log->number;
    row->at = log->config.clock->now(log->config.clock);
    struct seal_header header = access_row_header(row);
    seal_chain(log->seal, log->hash, &header, access_row_payload(row), row->hash);
    memcpy(log->hash, row->hash, sizeof log->hash);
}

static void send_rows(struct access_log *log) {
    static struct parameters parameters[ACCESS_BATCH_MAX];
    struct postgres_statement statements[ACCESS_BATCH_MAX];
    size_t count = 0;
    if (log->sent) {
        return;
    }
    if (log->flying.count == 0) {
        while (log->waiting.count > 0 && log->flying.count < ACCESS_BATCH_MAX) {
            struct entry *entry = pop(&log->waiting);
            chain(log, &entry->row);
            push(&log->flying, entry);
        }
    }
    for (const struct entry *entry = log->flying.first; entry != NULL; entry = entry->next) {
        fill(&parameters[count], &entry->row);
        statements[count] =
            (struct postgres_statement){insert_sql, parameters[count].list, COLUMNS};
        count++;
    }
    if (count > 0) {
        log->sent = true;
        postgres_transaction(log->config.postgres, statements, count, on_inserted, log);
    }
}

static void write_row(struct access_log *log, const struct access *access,
                      void (*done)(void *data, bool written), void *data) {
    bool refused = log->stopped != NULL || log->waiting.count >= ACCESS_WAITING_MAX ||
                   (log->away && done != NULL);
    struct entry *entry = refused ? NULL : malloc(sizeof *entry);
    if (entry == NULL) {
        if (done != NULL) {
            log->counts.refused++;
            done(data, false);
        } else {
            log->counts.lost++;
        }
        return;
    }
    *entry = (struct entry){.row = {.tenant = log->config.tenant,
                                    .writer = log->writer,
                                    .node = log->config.node,
                                    .access = *access},
                            .done = done,
                            .data = data};
    push(&log->waiting, entry);
    if (!log->away) {
        send_rows(log);
    }
}

static void on_refusals(void *data, const struct access *row) {
    write_row(data, row, NULL, NULL);
}

void access_log_write(struct access_log *log, const struct access *access,
                      void (*done)(void *data, bool written), void *data) {
    int64_t now = log->config.clock->now(log->config.clock);
    if (access->result != ACCESS_REFUSED || done != NULL ||
        refusal_tally_take(log->refusals, access, now, on_refusals, log)) {
        write_row(log, access, done, data);
    }
}

static void on_tallies(uv_timer_t *timer) {
    struct access_log *log = timer->data;
    int64_t now = log->config.clock->now(log->config.clock);
    refusal_tally_close(log->refusals, now, on_refusals, log);
}

/* Its life */

struct access_log *access_log_create(const struct access_log_config *config) {
    struct access_log *log = calloc(1, sizeof *log);
    assert(log != NULL);
    log->config = *config;
    log->seal = seal_create();
    log->covered = calloc(ACCESS_COVERED_MAX, sizeof *log->covered);
    assert(log->covered != NULL);
    uint8_t random[16];
    config->clock->random(config->clock, random, sizeof random);
    log->writer = uuid_of_random(random);
    log->refusals = refusal_tally_create();
    assert(log->refusals != NULL);
    uv_timer_init(config->loop, &log->timer);
    uv_timer_init(config->loop, &log->tallies);
    log->timer.data = log->tallies.data = log;
    uv_timer_start(&log->tallies, on_tallies, ACCESS_TALLY_MS, ACCESS_TALLY_MS);
    return log;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct access_log *log = handle->data;
    void (*stopped)(void *data) = log->stopped;
    void *data = log->stopped_data;
    seal_destroy(log->seal);
    refusal_tally_destroy(log->refusals);
    free(log->covered);
    free(log);
    stopped(data);
}

static void on_tallies_closed(uv_handle_t *handle) {
    struct access_log *log = handle->data;
    uv_close((uv_handle_t *)&log->timer, on_timer_closed);
}

static void finish(struct access_log *log) {
    tell(&log->flying, false);
    tell(&log->waiting, false);
    uv_close((uv_handle_t *)&log->tallies, on_tallies_closed);
}

void access_log_stop(struct access_log *log, void (*stopped)(void *data), void *data) {
    refusal_tally_close(log->refusals, INT64_MAX, on_refusals, log);
    log->stopped = stopped;
    log->stopped_data = data;
    if (!log->sent) {
        finish(log);
    }
}

void access_log_count(const struct access_log *log, struct access_log_counts *ret) {
    *ret = log->counts;
}
