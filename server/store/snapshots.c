#include "server/store/snapshots.h"

#include "protocol/reader.h"
#include "protocol/writer.h"
#include "server/store/store_state.h"

#include <assert.h>
#include <stdlib.h>

/* The payload: msgpack values one after the other. The row's own columns are in its additional
 * data. */
static void write_saved(struct writer *writer, const struct stream_head *head,
                        const struct saved_actor *saved) {
    writer_bytes_value(writer, DATABASE_HASH_BYTES, (struct bytes){sizeof head->hash, head->hash});
    writer_time(writer, head->last_at);
    for (size_t i = 0; i < AUDIENCE_COUNT; i++)
        writer_version(writer, saved->audience_versions[i]);
    writer_u32(writer, saved->recent_count);
    for (uint32_t i = 0; i < saved->recent_count; i++) {
        writer_uuid(writer, saved->recent_commands[i]);
        writer_version(writer, saved->recent_versions[i]);
    }
    writer_u8(writer, saved->state.tag);
    writer_bytes_value(writer, SNAPSHOT_BYTES_MAX, saved->state.fields);
}

static bool read_saved(struct reader *reader, struct saved_actor *ret,
                       uint8_t hash[DATABASE_HASH_BYTES]) {
    struct bytes bytes;
    if (!reader_bytes(reader, DATABASE_HASH_BYTES, &bytes) || bytes.length != DATABASE_HASH_BYTES)
        return false;
    memcpy(hash, bytes.bytes, DATABASE_HASH_BYTES);
    bool read = reader_time(reader, &ret->last_at);
    for (size_t i = 0; read && i < AUDIENCE_COUNT; i++)
        read = reader_version(reader, &ret->audience_versions[i]);
    read = read && reader_u32(reader, &ret->recent_count) &&
           ret->recent_count <= RUNTIME_RECENT_COMMANDS;
    for (uint32_t i = 0; read && i < ret->recent_count; i++)
        read = reader_uuid(reader, &ret->recent_commands[i]) &&
               reader_version(reader, &ret->recent_versions[i]);
    return read && reader_u8(reader, &ret->state.tag) &&
           reader_bytes(reader, SNAPSHOT_BYTES_MAX, &ret->state.fields) && reader_left(reader) == 0;
}

bool snapshot_open(struct store *store, const struct snapshot_row *row, uint8_t *plain,
                   struct saved_actor *ret_saved, uint8_t ret_hash[DATABASE_HASH_BYTES]) {
    uint8_t key[KEY_BYTES];
    struct seal_header header = seal_snapshot_header(row);
    if (!keys_derive(store->config.keys, row->tenant, row->stream, KEY_EVENT, key) ||
        !seal_open(store->seal, key, &header, row->payload, plain))
        return false;
    struct reader reader = reader_of((struct bytes){row->payload.length - SEAL_BYTES, plain});
    *ret_saved = (struct saved_actor){.version = row->version, .state_format = row->state_format};
    return read_saved(&reader, ret_saved, ret_hash);
}

/* On its way to the database, which borrows it. */
struct saving {
    struct snapshot_row row;
    uint8_t payload[];
};

static void on_saved(void *data, enum database_result result) {
    (void)result; /* without it the next load is longer */
    free(data);
}

void store_save_snapshot(struct store *store, struct stream_head *head,
                         const struct saved_actor *saved) {
    struct database *database = store->config.database;
    uint8_t key[KEY_BYTES];
    uint8_t nonce[SEAL_NONCE_BYTES];
    /* Only of what is committed: the head's hash is the one the next event follows. */
    if (saved->version != head->version || head->version == 0 || !store_owns(store, head->stream) ||
        !database->available(database) ||
        !keys_derive(store->config.keys, head->tenant, head->stream, KEY_EVENT, key))
        return;
    struct writer writer;
    writer_init(&writer, SNAPSHOT_BYTES_MAX);
    write_saved(&writer, head, saved);
    struct bytes plain = writer_bytes(&writer);
    if (plain.bytes != NULL) {
        struct saving *saving = malloc(sizeof *saving + plain.length + SEAL_BYTES);
        assert(saving != NULL);
        saving->row = (struct snapshot_row){
            .tenant = head->tenant,
            .stream = head->stream,
            .version = head->version,
            .state_format = saved->state_format,
            .key_id = head->key_id,
            .payload = {plain.length + SEAL_BYTES, saving->payload},
        };
        struct seal_header header = seal_snapshot_header(&saving->row);
        store_nonce(store, nonce);
        seal_close(store->seal, key, nonce, &header, plain, saving->payload);
        head->snapshot_version = head->version;
        database->save_snapshot(database, &saving->row, on_saved, saving);
    }
    writer_finish(&writer);
}
