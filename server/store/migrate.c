#include "server/store/migrate.h"

#include <assert.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two nodes that start at once take turns. */
static const char take_turn[] = "SELECT pg_advisory_lock(7235401862002)";
static const char make_table[] = "CREATE TABLE IF NOT EXISTS migration ("
                                 "name text PRIMARY KEY, digest text NOT NULL,"
                                 "applied_at timestamptz NOT NULL DEFAULT now())";

static bool refuse(char *message, const char *words, const char *detail) {
    snprintf(message, MIGRATE_MESSAGE_MAX, "%s%s%.300s", words, detail == NULL ? "" : ": ",
             detail == NULL ? "" : detail);
    message[strcspn(message, "\n")] = 0;
    return false;
}

static bool execute(PGconn *link, const char *sql) {
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void digest_text(const char *text, char ret[65]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int worked = EVP_Digest(text, strlen(text), digest, &length, EVP_sha512_256(), NULL);
    assert(worked == 1 && length == 32);
    for (unsigned i = 0; i < length; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* Every migration the database has must be one of ours, unchanged; how many it has is returned, or
 * -1. */
static int compare_applied(PGconn *link, char *message) {
    PGresult *result = PQexec(link, "SELECT name, digest FROM migration ORDER BY name");
    int count = PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result) : -1;
    if (count < 0)
        refuse(message, "the list of migrations cannot be read", PQerrorMessage(link));
    for (int i = 0; i < count; i++) {
        const char *name = PQgetvalue(result, i, 0);
        if (migrations[i].name == NULL || strcmp(migrations[i].name, name) != 0) {
            refuse(message, "the database was migrated by a newer or another version, with", name);
            count = -1;
            break;
        }
        char digest[65];
        digest_text(migrations[i].sql, digest);
        if (strcmp(digest, PQgetvalue(result, i, 1)) != 0) {
            refuse(message, "a migration that this database has was changed since", name);
            count = -1;
        }
    }
    PQclear(result);
    return count;
}

static bool apply(PGconn *link, const struct migration *migration, char *message) {
    char digest[65];
    digest_text(migration->sql, digest);
    const char *values[] = {migration->name, digest};
    bool applied = execute(link, "BEGIN") && execute(link, migration->sql);
    if (applied) {
        PGresult *result = PQexecParams(link, "INSERT INTO migration VALUES ($1, $2)", 2, NULL,
                                        values, NULL, NULL, 0);
        applied = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    if (applied && execute(link, "COMMIT"))
        return true;
    char words[128];
    snprintf(words, sizeof words, "migration %.80s failed", migration->name);
    refuse(message, words, PQerrorMessage(link));
    execute(link, "ROLLBACK");
    return false;
}

static bool run(PGconn *link, char *message) {
    if (PQstatus(link) != CONNECTION_OK)
        return refuse(message, "the database cannot be reached", PQerrorMessage(link));
    if (!execute(link, "SET client_min_messages = warning") || !execute(link, take_turn) ||
        !execute(link, make_table))
        return refuse(message, "the database cannot be migrated", PQerrorMessage(link));
    int have = compare_applied(link, message);
    if (have < 0)
        return false;
    for (const struct migration *next = &migrations[have]; next->name != NULL; next++)
        if (!apply(link, next, message))
            return false;
    message[0] = 0;
    return true;
}

bool migrate_run(const char *url, char message[MIGRATE_MESSAGE_MAX]) {
    static const char *const keywords[] = {"connect_timeout", "client_encoding", "dbname", NULL};
    const char *const values[] = {"10", "UTF8", url, NULL};
    PGconn *link = PQconnectdbParams(keywords, values, 1);
    bool migrated = run(link, message);
    PQfinish(link);
    return migrated;
}

struct job {
    uv_thread_t thread;
    uv_async_t finished;
    char *url;
    bool migrated;
    char message[MIGRATE_MESSAGE_MAX];
    void (*done)(void *data, bool migrated, const char *message);
    void *data;
};

static void on_thread(void *argument) {
    struct job *job = argument;
    job->migrated = migrate_run(job->url, job->message);
    uv_async_send(&job->finished);
}

static void on_closed(uv_handle_t *handle) {
    struct job *job = handle->data;
    job->done(job->data, job->migrated, job->message);
    free(job->url);
    free(job);
}

static void on_finished(uv_async_t *async) {
    struct job *job = async->data;
    uv_thread_join(&job->thread);
    uv_close((uv_handle_t *)async, on_closed);
}

void migrate_start(uv_loop_t *loop, const char *url,
                   void (*done)(void *data, bool migrated, const char *message), void *data) {
    struct job *job = calloc(1, sizeof *job);
    assert(job != NULL);
    job->url = strdup(url);
    job->done = done;
    job->data = data;
    uv_async_init(loop, &job->finished, on_finished);
    job->finished.data = job;
    int started = uv_thread_create(&job->thread, on_thread, job);
    assert(started == 0);
}
