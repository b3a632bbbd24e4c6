/*
 * Keys of a record that was put back. What wrapped them then may have been destroyed since by a
 * rotation: the wrapped keys beside the key files (key_export.h) take their place. A stream that is
 * not among them was erased, and stays so.
 */
#include "server/backup/restore_parts.h"

#include "protocol/generated/session.h"
#include "server/store/generation_secret.h"
#include "server/store/key_export.h"
#include "server/uuid_text.h"

#include <string.h>

enum { HEX_SPACE = 2 * WRAPPED_KEY_BYTES + 1, TEXT_SPACE = 64 };

struct overlay {
    PGconn *connection;
    uint32_t generation; /* that everything is wrapped by */
};

static bool run(PGconn *connection, const char *sql) {
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool run_with(PGconn *connection, const char *sql, const char *const *values, int count) {
    PGresult *result = PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return done;
}

static void to_text(struct uuid id, uint32_t generation, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                    char ret_id[TEXT_SPACE], char ret_generation[TEXT_SPACE],
                    char ret_hex[HEX_SPACE + 2]) {
    uuid_to_text(id, ret_id);
    snprintf(ret_generation, TEXT_SPACE, "%u", (unsigned)generation);
    size_t length = (size_t)snprintf(ret_hex, HEX_SPACE + 2, "\\x");
    for (size_t i = 0; i < WRAPPED_KEY_BYTES; i++) {
        length += (size_t)snprintf(ret_hex + length, HEX_SPACE + 2 - length, "%02x", wrapped[i]);
    }
}

static bool take_tenant(void *data, const struct tenant_key_row *row) {
    struct overlay *overlay = data;
    char tenant[TEXT_SPACE], generation[TEXT_SPACE], wrapped[HEX_SPACE + 2];
    const char *values[] = {tenant, generation, wrapped};
    to_text(row->tenant, row->generation, row->wrapped, tenant, generation, wrapped);
    overlay->generation = row->generation;
    return run_with(overlay->connection,
                    "INSERT INTO tenant_key (tenant_id, generation, wrapped) VALUES ($1::uuid,"
                    " $2::int, $3::bytea) ON CONFLICT (tenant_id, generation) DO UPDATE SET wrapped"
                    " = excluded.wrapped",
                    values, 3);
}

static bool take_stream(void *data, const struct stream_key_row *row) {
    struct overlay *overlay = data;
    char stream[TEXT_SPACE], generation[TEXT_SPACE], wrapped[HEX_SPACE + 2];
    const char *values[] = {stream, generation, wrapped};
    to_text(row->stream, row->generation, row->wrapped, stream, generation, wrapped);
    return run_with(overlay->connection,
                    "UPDATE stream_key SET generation = $2::int, wrapped = $3::bytea"
                    " WHERE stream_id = $1::uuid AND generation < $2::int",
                    values, 3);
}

/* Whatever is still wrapped by what no longer exists. */
static bool forget_erased(PGconn *connection, uint32_t generation) {
    static const char *const each[] = {
        "INSERT INTO erasure SELECT stream_id, tenant_id, (extract(epoch FROM clock_timestamp()) *"
        " 1000000)::bigint FROM stream_key WHERE generation < %u AND about IS NULL"
        " ON CONFLICT DO NOTHING",
        "DELETE FROM image_instance WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM other_file WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM resumable_upload WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM archive_fetch WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM held_decision WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM held_mark WHERE case_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM list_row WHERE owner_stream IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM pending WHERE source_stream IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM snapshot WHERE stream_id IN (SELECT stream_id FROM stream_key WHERE"
        " generation < %u)",
        "DELETE FROM stream_key WHERE generation < %u",
        "DELETE FROM tenant_key WHERE generation < %u",
    };
    char sql[512];
    bool done = true;
    for (size_t i = 0; done && i < sizeof each / sizeof each[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(sql, sizeof sql, each[i], (unsigned)generation);
#pragma GCC diagnostic pop
        done = run(connection, sql);
    }
    return done;
}

/* True = every generation that the database names opens. */
static bool all_open(PGconn *connection, struct keys *keys) {
    PGresult *rows =
        PQexecParams(connection, "SELECT uuid_send(tenant_id), generation, wrapped FROM tenant_key",
                     0, NULL, NULL, NULL, NULL, 1);
    bool open = PQresultStatus(rows) == PGRES_TUPLES_OK;
    for (int row = 0; open && row < PQntuples(rows); row++) {
        struct uuid tenant = {{0}};
        uint32_t generation = 0;
        open = PQgetlength(rows, row, 0) == 16 && PQgetlength(rows, row, 1) == 4 &&
               PQgetlength(rows, row, 2) == WRAPPED_KEY_BYTES;
        if (open) {
            memcpy(tenant.bytes, PQgetvalue(rows, row, 0), 16);
            for (int i = 0; i < 4; i++) {
                generation = generation << 8 | (uint8_t)PQgetvalue(rows, row, 1)[i];
            }
            open = keys_add_tenant(keys, tenant, generation,
                                   (const uint8_t *)PQgetvalue(rows, row, 2));
        }
    }
    PQclear(rows);
    return open;
}

/* Keys of another installation put themselves over the few ids that all have in common: of a person
 * of this one they have none. */
static bool knows_somebody(PGconn *connection, uint32_t generation) {
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT FROM stream_key WHERE generation = %u AND kind = %d LIMIT 1",
             (unsigned)generation, CHANNEL_KIND_USER);
    PGresult *rows = PQexec(connection, sql);
    bool knows = PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1;
    PQclear(rows);
    return knows;
}

static bool put_over(PGconn *connection, struct keys *keys, const char *folder) {
    struct overlay overlay = {.connection = connection};
    struct key_import import = {take_tenant, take_stream, &overlay};
    bool put = run(connection, "BEGIN") && key_export_read(folder, &import) &&
               overlay.generation > 0 && knows_somebody(connection, overlay.generation) &&
               forget_erased(connection, overlay.generation) && all_open(connection, keys) &&
               run(connection, "COMMIT");
    if (!put) {
        run(connection, "ROLLBACK");
    }
    return put;
}

/* Before anything is served with them. */
bool restore_keys(struct restoring *restoring, PGconn *connection) {
    char path[BACKUP_PATH_MAX], folder[KEYS_PATH_MAX];
    const char *own = restoring->options->config.key_file, *trouble = "the path is too long";
    struct keys *keys = NULL;
    if (generation_secret_folder(restoring->data.path, own, folder) &&
        (own != NULL || backup_path(path, restoring->data.path, "keys/" BACKUP_KEY))) {
        keys = keys_open(own != NULL ? own : path, false, &trouble);
    }
    if (keys == NULL) {
        return backup_refuse("%s", trouble);
    }
    keys_use_folder(keys, folder);
    bool fit = all_open(connection, keys) || put_over(connection, keys, folder);
    keys_close(keys);
    return fit || backup_refuse("these are not the keys of this record: its own do not open");
}
