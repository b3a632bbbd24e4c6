#include "server/store/postgres_connection.h"

#include "server/store/postgres_request.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state {
    STATE_APART,      /* ended by the back-off timer */
    STATE_CONNECTING, /* ended by libpq or the connect timer */
    STATE_READY,      /* ended by a lost connection */
    STATE_CLOSED,
};

/* What the results that come next belong to. */
enum phase { PHASE_IDLE, PHASE_PREPARE, PHASE_STATEMENTS, PHASE_ROLLBACK };

struct prepared {
    uint64_t hash;
    char *sql; /* owned */
    unsigned name;
};

struct connection {
    /* Given. */
    uv_loop_t *loop;
    char *url;
    void (*changed)(void *data, bool ready);
    void *data;
    /* Owned. */
    PGconn *link;
    uv_poll_t *poll;  /* one for each descriptor libpq ever shows us */
    uv_timer_t timer; /* back-off, or the bound of connecting */
    uv_timer_t soon;  /* what must not happen inside the caller's call */
    struct request_queue waiting;
    struct request_queue refused;
    struct request *current;
    struct postgres_rows rows; /* of `current` */
    struct prepared prepared[CONNECTION_STATEMENTS_MAX];
    /* Derived. */
    enum state state;
    enum phase phase;
    int poll_mask;
    unsigned prepared_count, preparing_from, names;
    unsigned failures; /* connects in a row that failed */
    size_t results;    /* of the current request's statements, so far */
    uint64_t number;
    bool broken; /* found lost inside a caller's call; `soon` tells */
    void (*closed)(void *data);
    void *closed_data;
    int handles;
};

static void connect_now(struct connection *connection);
static void lose(struct connection *connection);
static void dispatch(struct connection *connection);

static uint64_t hash_text(const char *text) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *text != 0; text++)
        hash = (hash ^ (uint8_t)*text) * 1099511628211u;
    return hash;
}

/* Handles */

static void free_poll(uv_handle_t *handle) {
    free(handle);
}

static void stop_poll(struct connection *connection) {
    if (connection->poll == NULL)
        return;
    uv_poll_stop(connection->poll);
    uv_close((uv_handle_t *)connection->poll, free_poll);
    connection->poll = NULL;
    connection->poll_mask = 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* libpq closes and opens descriptors while it connects, also under the same number, which epoll
 * forgets: so each step of connecting takes a new handle. uv_poll_start costs two system calls: the
 * mask is kept. */
static bool watch(struct connection *connection, int mask) {
    if (connection->poll == NULL) {
        connection->poll = malloc(sizeof *connection->poll);
        if (connection->poll == NULL)
            return false;
        if (uv_poll_init(connection->loop, connection->poll, PQsocket(connection->link)) != 0) {
            free(connection->poll);
            connection->poll = NULL;
            return false;
        }
        connection->poll->data = connection;
    }
    if (mask == connection->poll_mask)
        return true;
    connection->poll_mask = mask;
    return uv_poll_start(connection->poll, mask, on_poll) == 0;
}

static void forget_prepared(struct connection *connection, unsigned from) {
    while (connection->prepared_count > from)
        free(connection->prepared[--connection->prepared_count].sql);
}

/* Connecting */

static void on_back_off(uv_timer_t *timer) {
    connect_now(timer->data);
}

static void on_connect_timeout(uv_timer_t *timer) {
    lose(timer->data);
}

static uint64_t back_off_ms(const struct connection *connection) {
    unsigned doublings = connection->failures < 6 ? connection->failures : 6;
    uint64_t most = (uint64_t)CONNECTION_BACKOFF_FIRST_MS << doublings;
    if (most > CONNECTION_BACKOFF_LAST_MS)
        most = CONNECTION_BACKOFF_LAST_MS;
    /* Jitter, so that many nodes do not come back in step. It decides nothing else. */
    uint64_t mixed = (uv_hrtime() ^ (uintptr_t)connection) * 0x9E3779B97F4A7C15u;
    return most / 2 + (mixed >> 33) % (most / 2 + 1);
}

static void take_notice(void *data, const PGresult *result) {
    struct connection *connection = data;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        connection->rows.warned = true;
}

static void connect_now(struct connection *connection) {
    assert(connection->state == STATE_APART && connection->link == NULL);
    /* What the url says comes last, so it wins. */
    static const char *const keywords[] = {"client_encoding",
                                           "keepalives_idle",
                                           "keepalives_interval",
                                           "tcp_user_timeout",
                                           "target_session_attrs",
                                           "dbname",
                                           NULL};
    const char *const values[] = {"UTF8", "5", "2", "10000", "read-write", connection->url, NULL};
    connection->state = STATE_CONNECTING;
    connection->link = PQconnectStartParams(keywords, values, 1);
    if (connection->link == NULL || PQstatus(connection->link) == CONNECTION_BAD ||
        PQsetnonblocking(connection->link, 1) != 0) {
        lose(connection);
        return;
    }
    PQsetNoticeReceiver(connection->link, take_notice, connection);
    uv_timer_start(&connection->timer, on_connect_timeout, CONNECTION_CONNECT_MS, 0);
    if (!watch(connection, UV_WRITABLE))
        lose(connection);
}

static void become_ready(struct connection *connection) {
    stop_poll(connection);
    if (PQenterPipelineMode(connection->link) != 1 || !watch(connection, UV_READABLE)) {
        lose(connection);
        return;
    }
    uv_timer_stop(&connection->timer);
    connection->state = STATE_READY;
    connection->failures = 0;
    connection->number++;
    if (connection->changed != NULL)
        connection->changed(connection->data, true);
    dispatch(connection);
}

static void continue_connecting(struct connection *connection) {
    PostgresPollingStatusType step = PQconnectPoll(connection->link);
    if (step == PGRES_POLLING_OK) {
        become_ready(connection);
        return;
    }
    stop_poll(connection);
    if (step == PGRES_POLLING_FAILED ||
        !watch(connection, step == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE))
        lose(connection);
}

/* From any state to APART, and on to the next attempt. */
static void lose(struct connection *connection) {
    bool was_ready = connection->state == STATE_READY;
    stop_poll(connection);
    if (connection->link != NULL)
        PQfinish(connection->link);
    connection->link = NULL;
    connection->broken = false;
    forget_prepared(connection, 0);
    PQclear(connection->rows.result);
    connection->rows = (struct postgres_rows){0};
    connection->phase = PHASE_IDLE;
    connection->state = STATE_APART;
    if (connection->failures < UINT16_MAX)
        connection->failures++;
    uv_timer_start(&connection->timer, on_back_off, back_off_ms(connection), 0);

    /* Only those that waited now: what the callbacks ask for meanwhile is refused on its own. */
    struct request_queue told = connection->waiting;
    struct request *current = connection->current;
    connection->waiting = (struct request_queue){0};
    connection->current = NULL;
    if (was_ready && connection->changed != NULL)
        connection->changed(connection->data, false);
    if (current != NULL)
        request_finish(current, POSTGRES_AWAY, NULL);
    for (struct request *request; (request = request_queue_pop(&told)) != NULL;)
        request_finish(request, POSTGRES_AWAY, NULL);
}

/* Sending */

/* Name of a statement on this connection; 0 = not kept. Sends the Parse when it is new. */
static unsigned prepare(struct connection *connection, const char *sql) {
    uint64_t hash = hash_text(sql);
    for (unsigned i = 0; i < connection->prepared_count; i++) {
        const struct prepared *prepared = &connection->prepared[i];
        if (prepared->hash == hash && strcmp(prepared->sql, sql) == 0)
            return prepared->name;
    }
    if (connection->prepared_count == CONNECTION_STATEMENTS_MAX)
        return 0;
    char *copy = strdup(sql);
    if (copy == NULL)
        return 0;
    struct prepared *prepared = &connection->prepared[connection->prepared_count++];
    *prepared = (struct prepared){.hash = hash, .sql = copy, .name = ++connection->names};
    char name[16];
    snprintf(name, sizeof name, "s%u", prepared->name);
    if (PQsendPrepare(connection->link, name, sql, 0, NULL) != 1)
        connection->broken = true;
    return prepared->name;
}

enum { PARAMETERS_MAX = 24 };

static bool send_statement(struct connection *connection,
                           const struct postgres_statement *statement) {
    const char *values[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    assert(statement->count <= PARAMETERS_MAX);
    for (int i = 0; i < statement->count; i++) {
        values[i] = statement->parameters[i].bytes;
        lengths[i] = statement->parameters[i].length;
        formats[i] = 1;
    }
    unsigned known = prepare(connection, statement->sql);
    if (known == 0)
        return PQsendQueryParams(connection->link, statement->sql, statement->count, NULL, values,
                                 lengths, formats, 1) == 1;
    char name[16];
    snprintf(name, sizeof name, "s%u", known);
    return PQsendQueryPrepared(connection->link, name, statement->count, values, lengths, formats,
                               1) == 1;
}

static bool flush(struct connection *connection) {
    int left = PQflush(connection->link);
    return left >= 0 && watch(connection, left == 1 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static const struct postgres_statement begin = {"BEGIN", NULL, 0};
static const struct postgres_statement commit = {"COMMIT", NULL, 0};
static const struct postgres_statement rollback = {"ROLLBACK", NULL, 0};

static bool send_current(struct connection *connection) {
    const struct request *request = connection->current;
    bool several = request->count > 1;
    bool sent = true;
    connection->phase = PHASE_STATEMENTS;
    connection->results = 0;
    connection->preparing_from = connection->prepared_count;
    /* Parse messages go first and have a sync of their own, so that a statement's failure does not
     * skip them. */
    if (several) {
        prepare(connection, begin.sql);
        prepare(connection, commit.sql);
        prepare(connection, rollback.sql);
    }
    for (size_t i = 0; i < request->count; i++)
        prepare(connection, request->statements[i].sql);
    if (connection->prepared_count > connection->preparing_from) {
        connection->phase = PHASE_PREPARE;
        sent = PQpipelineSync(connection->link) == 1;
    }
    sent = sent && (!several || send_statement(connection, &begin));
    for (size_t i = 0; sent && i < request->count; i++)
        sent = send_statement(connection, &request->statements[i]);
    sent = sent && (!several || send_statement(connection, &commit));
    return sent && PQpipelineSync(connection->link) == 1 && flush(connection) &&
           !connection->broken;
}

static void break_soon(struct connection *connection);

/* One request at a time: what waits behind it costs a turn of the loop, and a failure touches
 * nobody else. */
static void dispatch(struct connection *connection) {
    if (connection->state != STATE_READY || connection->current != NULL || connection->broken)
        return;
    connection->current = request_queue_pop(&connection->waiting);
    if (connection->current == NULL)
        return;
    connection->rows = (struct postgres_rows){0};
    if (!send_current(connection))
        break_soon(connection);
}

/* Receiving */

static void finish_current(struct connection *connection) {
    struct request *request = connection->current;
    struct postgres_rows rows = connection->rows;
    connection->current = NULL;
    connection->rows = (struct postgres_rows){0};
    connection->phase = PHASE_IDLE;
    /* The next one is on its way before the answer is looked at. */
    dispatch(connection);
    request_finish(request, rows.sqlstate[0] == 0 ? POSTGRES_OK : POSTGRES_FAILED, &rows);
    PQclear(rows.result);
}

static void on_sync(struct connection *connection) {
    if (connection->phase == PHASE_PREPARE) {
        if (connection->rows.sqlstate[0] != 0)
            forget_prepared(connection, connection->preparing_from);
        connection->phase = PHASE_STATEMENTS;
        return;
    }
    if (PQtransactionStatus(connection->link) != PQTRANS_IDLE) {
        if (connection->phase == PHASE_ROLLBACK ||
            PQsendQueryParams(connection->link, rollback.sql, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
            PQpipelineSync(connection->link) != 1 || !flush(connection))
            connection->broken = true;
        connection->phase = PHASE_ROLLBACK;
        return;
    }
    finish_current(connection);
}

static void on_result(struct connection *connection, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        on_sync(connection);
        return;
    }
    struct postgres_rows *rows = &connection->rows;
    if (status == PGRES_FATAL_ERROR && rows->sqlstate[0] == 0) {
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        snprintf(rows->sqlstate, sizeof rows->sqlstate, "%s",
                 sqlstate == NULL ? "XX000" : sqlstate);
    }
    /* With several, BEGIN is number 0 and COMMIT comes after the last. */
    size_t last = connection->current->count > 1 ? connection->current->count
                                                 : connection->current->count - 1;
    if (connection->phase == PHASE_STATEMENTS && connection->results++ == last)
        rows->result = result;
    else
        PQclear(result);
}

static bool receive(struct connection *connection) {
    if (PQconsumeInput(connection->link) != 1)
        return false;
    bool ended_before =
        false; /* PQgetResult says NULL between statements, and twice when there is no more */
    while (connection->state == STATE_READY && !connection->broken && !PQisBusy(connection->link)) {
        PGresult *result = PQgetResult(connection->link);
        if (result == NULL) {
            if (ended_before || connection->current == NULL)
                break;
            ended_before = true;
            continue;
        }
        ended_before = false;
        if (connection->current == NULL) {
            /* An error nobody asked for: the server says goodbye. */
            PQclear(result);
            return false;
        }
        on_result(connection, result);
    }
    return !connection->broken && PQstatus(connection->link) == CONNECTION_OK;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct connection *connection = poll->data;
    if (connection->state == STATE_CONNECTING) {
        continue_connecting(connection);
        return;
    }
    bool alive = status == 0;
    if (alive && (events & UV_WRITABLE) != 0)
        alive = flush(connection);
    if (alive && (events & UV_READABLE) != 0)
        alive = receive(connection);
    if (!alive && connection->state == STATE_READY)
        lose(connection);
}

/* What must not happen inside a caller's call */

static void on_soon(uv_timer_t *timer) {
    struct connection *connection = timer->data;
    struct request_queue refused = connection->refused;
    connection->refused = (struct request_queue){0};
    for (struct request *request; (request = request_queue_pop(&refused)) != NULL;)
        request_finish(request, POSTGRES_AWAY, NULL);
    if (connection->broken && connection->state == STATE_READY)
        lose(connection);
}

static void break_soon(struct connection *connection) {
    connection->broken = true;
    uv_timer_start(&connection->soon, on_soon, 0, 0);
}

void connection_request(struct connection *connection, const struct postgres_statement *statements,
                        size_t count, postgres_done done, void *data) {
    struct request *request = request_create(statements, count, done, data);
    assert(request != NULL);
    if (connection->state != STATE_READY || connection->broken ||
        connection->waiting.count >= CONNECTION_REQUESTS_MAX) {
        request_queue_push(&connection->refused, request);
        uv_timer_start(&connection->soon, on_soon, 0, 0);
        return;
    }
    request_queue_push(&connection->waiting, request);
    dispatch(connection);
}

struct connection *connection_create(uv_loop_t *loop, const char *url,
                                     void (*changed)(void *data, bool ready), void *data) {
    struct connection *connection = calloc(1, sizeof *connection);
    char *copy = strdup(url);
    assert(connection != NULL && copy != NULL);
    connection->loop = loop;
    connection->url = copy;
    connection->changed = changed;
    connection->data = data;
    uv_timer_init(loop, &connection->timer);
    uv_timer_init(loop, &connection->soon);
    connection->timer.data = connection;
    connection->soon.data = connection;
    connection->handles = 2;
    uv_timer_start(&connection->timer, on_back_off, 0, 0);
    return connection;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct connection *connection = handle->data;
    if (--connection->handles > 0)
        return;
    void (*closed)(void *data) = connection->closed;
    void *data = connection->closed_data;
    free(connection->url);
    free(connection);
    if (closed != NULL)
        closed(data);
}

void connection_close(struct connection *connection, void (*closed)(void *data), void *data) {
    connection->changed = NULL;
    connection->closed = closed;
    connection->closed_data = data;
    lose(connection);
    on_soon(&connection->soon);
    connection->state = STATE_CLOSED;
    uv_timer_stop(&connection->timer);
    uv_close((uv_handle_t *)&connection->timer, on_handle_closed);
    uv_close((uv_handle_t *)&connection->soon, on_handle_closed);
}

bool connection_ready(const struct connection *connection) {
    return connection->state == STATE_READY && !connection->broken;
}

size_t connection_waiting(const struct connection *connection) {
    return connection->waiting.count + (connection->current != NULL);
}

uint64_t connection_number(const struct connection *connection) {
    return connection->number;
}
