/*
 * What somebody could read who has everything that is left of an installation: its database, its
 * key-encryption key and its folder of keys. Every row that any of the keys opens is opened, and
 * searched for words.
 */
#ifndef CONSILIUM_TESTS_OPENED_RECORD_H
#define CONSILIUM_TESTS_OPENED_RECORD_H

#include "server/store/keys.h"
#include "server/store/seal.h"
#include "server/store/topic.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

struct opened_record {
    PGconn *connection;
    struct keys *keys;
    struct seal *seal;
    const char *words;
    long found;
    long opened;
};

static inline struct uuid opened_uuid(const PGresult *rows, int row, int column) {
    struct uuid id = {{0}};
    memcpy(id.bytes, PQgetvalue(rows, row, column), sizeof id.bytes);
    return id;
}

static inline int64_t opened_number(const PGresult *rows, int row, int column) {
    uint64_t value = 0;
    for (int i = 0; i < PQgetlength(rows, row, column); i++)
        value = value << 8 | (uint8_t)PQgetvalue(rows, row, column)[i];
    return (int64_t)value;
}

static inline struct bytes opened_bytes(const PGresult *rows, int row, int column) {
    return (struct bytes){(uint32_t)PQgetlength(rows, row, column),
                          (const uint8_t *)PQgetvalue(rows, row, column)};
}

static inline PGresult *opened_rows(struct opened_record *record, const char *sql) {
    return PQexecParams(record->connection, sql, 0, NULL, NULL, NULL, NULL, 1);
}

static inline void opened_take_keys(struct opened_record *record) {
    PGresult *rows = opened_rows(
        record, "SELECT uuid_send(tenant_id), generation, wrapped FROM tenant_key ORDER BY 2");
    for (int row = 0; row < PQntuples(rows); row++)
        (void)keys_add_tenant(record->keys, opened_uuid(rows, row, 0),
                              (uint32_t)opened_number(rows, row, 1),
                              opened_bytes(rows, row, 2).bytes);
    PQclear(rows);
    rows = opened_rows(record, "SELECT uuid_send(tenant_id), uuid_send(stream_id), generation,"
                               " wrapped FROM stream_key");
    for (int row = 0; row < PQntuples(rows); row++)
        (void)keys_add_stream(record->keys, opened_uuid(rows, row, 0), opened_uuid(rows, row, 1),
                              (uint32_t)opened_number(rows, row, 2),
                              opened_bytes(rows, row, 3).bytes);
    PQclear(rows);
}

static inline void opened_look(struct opened_record *record, struct uuid tenant, struct uuid key_of,
                               enum key_purpose purpose, const struct seal_header *header,
                               struct bytes sealed) {
    uint8_t key[KEY_BYTES];
    uint8_t *plain = malloc((size_t)sealed.length + 1);
    size_t length = strlen(record->words);
    if (plain != NULL && sealed.length >= SEAL_BYTES &&
        keys_derive(record->keys, tenant, key_of, purpose, key) &&
        seal_open(record->seal, key, header, sealed, plain)) {
        size_t size = sealed.length - SEAL_BYTES;
        bool found = false;
        for (size_t i = 0; i + length <= size && !found; i++)
            found = memcmp(plain + i, record->words, length) == 0;
        record->opened++;
        record->found += found;
    }
    free(plain);
}

static inline void opened_events(struct opened_record *record) {
    PGresult *rows = opened_rows(
        record, "SELECT uuid_send(e.tenant_id), uuid_send(e.stream_id), e.version, e.part,"
                " uuid_send(e.command_id), e.type, e.at, uuid_send(e.user_id), e.key_id, e.payload,"
                " k.kind FROM event e JOIN stream_key k ON k.stream_id = e.stream_id");
    for (int i = 0; i < PQntuples(rows); i++) {
        struct event_row row = {.tenant = opened_uuid(rows, i, 0),
                                .stream = opened_uuid(rows, i, 1),
                                .version = (uint64_t)opened_number(rows, i, 2),
                                .part = (uint16_t)opened_number(rows, i, 3),
                                .command_id = opened_uuid(rows, i, 4),
                                .type = (uint8_t)opened_number(rows, i, 5),
                                .at = opened_number(rows, i, 6),
                                .user = opened_uuid(rows, i, 7),
                                .key_id = (uint64_t)opened_number(rows, i, 8)};
        struct seal_header header = seal_event_header(&row, (uint8_t)opened_number(rows, i, 10));
        bool own = row.key_id == STREAM_OWN_KEY;
        opened_look(record, row.tenant, own ? row.stream : topic_key(row.stream, row.key_id),
                    KEY_EVENT, &header, opened_bytes(rows, i, 9));
    }
    PQclear(rows);
}

static inline void opened_snapshots(struct opened_record *record) {
    PGresult *rows =
        opened_rows(record, "SELECT uuid_send(tenant_id), uuid_send(stream_id), version,"
                            " state_format, key_id, payload FROM snapshot");
    for (int i = 0; i < PQntuples(rows); i++) {
        struct snapshot_row row = {.tenant = opened_uuid(rows, i, 0),
                                   .stream = opened_uuid(rows, i, 1),
                                   .version = (uint64_t)opened_number(rows, i, 2),
                                   .state_format = (uint16_t)opened_number(rows, i, 3),
                                   .key_id = (uint64_t)opened_number(rows, i, 4)};
        struct seal_header header = seal_snapshot_header(&row);
        opened_look(record, row.tenant, row.stream, KEY_EVENT, &header, opened_bytes(rows, i, 5));
    }
    PQclear(rows);
}

static inline void opened_messages(struct opened_record *record) {
    PGresult *rows = opened_rows(
        record, "SELECT uuid_send(tenant_id), uuid_send(source_stream), uuid_send(target_stream),"
                " target_kind, uuid_send(command_id), due_at, key_id, payload FROM pending");
    for (int i = 0; i < PQntuples(rows); i++) {
        struct pending_row row = {.tenant = opened_uuid(rows, i, 0),
                                  .source = opened_uuid(rows, i, 1),
                                  .target = opened_uuid(rows, i, 2),
                                  .target_kind = (uint8_t)opened_number(rows, i, 3),
                                  .command_id = opened_uuid(rows, i, 4),
                                  .due_at = opened_number(rows, i, 5),
                                  .key_id = (uint64_t)opened_number(rows, i, 6)};
        struct seal_header header = seal_pending_header(&row);
        opened_look(record, row.tenant, row.source, KEY_EVENT, &header, opened_bytes(rows, i, 7));
    }
    PQclear(rows);
}

/* How many rows say these words; ret_opened: how many could be read at all. -1 = nothing could be
 * tried. The keys are as in a data folder. */
static inline long opened_record_count(const char *database, const char *data_folder,
                                       const char *words, long *ret_opened) {
    char path[KEYS_PATH_MAX + 32], folder[KEYS_PATH_MAX];
    const char *message = NULL;
    snprintf(folder, sizeof folder, "%s/keys", data_folder);
    snprintf(path, sizeof path, "%s/key-encryption-key", folder);
    struct opened_record record = {.words = words, .keys = keys_open(path, false, &message)};
    if (record.keys == NULL || !keys_use_folder(record.keys, folder))
        return -1;
    record.seal = seal_create();
    record.connection = PQconnectdb(database);
    opened_take_keys(&record);
    opened_events(&record);
    opened_snapshots(&record);
    opened_messages(&record);
    PQfinish(record.connection);
    seal_destroy(record.seal);
    keys_close(record.keys);
    *ret_opened = record.opened;
    return record.found;
}

#endif
