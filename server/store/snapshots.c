#include "server/store/snapshots.h"

#include "protocol/reader.h"
#include "protocol/writer.h"
#include "server/store/store_state.h"
#include "server/store/topic.h"

#include <assert.h>
#include <stdlib.h>

/* A part is sealed once more, by the key of what it is about. False = that key is not here. */
static bool write_part(struct store *store, struct writer *writer, const struct snapshot_row *row,
                       const struct saved_part *part) {
    uint8_t key[KEY_BYTES], nonce[SEAL_NONCE_BYTES];
    struct snapshot_row topic = *row;
    topic.key_id = topic_number(part->about);
    struct uuid id = topic_key(row->stream, topic.key_id);
    if (!keys_derive(store->config.keys, row->tenant, id, KEY_EVENT, key))
        return false;
    uint8_t *sealed = malloc((size_t)part->bytes.length + SEAL_BYTES);
    assert(sealed != NULL);
    struct seal_header header = seal_snapshot_header(&topic);
    store_nonce(store, nonce);
    seal_close(store->seal, key, nonce, &header, part->bytes, sealed);
    writer_u64(writer, topic.key_id);
    writer_bytes_value(writer, SNAPSHOT_BYTES_MAX,
                       (struct bytes){part->bytes.length + SEAL_BYTES, sealed});
    free(sealed);
    return true;
}

/* The payload: msgpack values one after the other. The row's own columns are in its additional
 * data. False = it cannot be written. */
static bool write_saved(struct store *store, struct writer *writer, const struct stream_head *head,
                        const struct snapshot_row *row, const struct saved_actor *saved) {
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
    writer_u32(writer, saved->part_count);
    for (uint32_t i = 0; i < saved->part_count; i++)
        if (!write_part(store, writer, row, &saved->parts[i]))
            return false;
    return true;
}

/* Opened where it lies. What it was about may be erased; the part is left out then. */
static bool read_part(struct store *store, struct reader *reader, const struct snapshot_row *row,
                      struct snapshot_parts *parts) {
    uint8_t key[KEY_BYTES];
    struct snapshot_row topic = *row;
    struct bytes sealed;
    if (!reader_u64(reader, &topic.key_id) || !reader_bytes(reader, SNAPSHOT_BYTES_MAX, &sealed))
        return false;
    struct uuid id = topic_key(row->stream, topic.key_id);
    if (!keys_has_stream(store->config.keys, id))
        return true;
    struct seal_header header = seal_snapshot_header(&topic);
    if (sealed.length < SEAL_BYTES ||
        !keys_derive(store->config.keys, row->tenant, id, KEY_EVENT, key))
        return false;
    uint8_t *plain = malloc((size_t)sealed.length - SEAL_BYTES + 1);
    assert(plain != NULL);
    if (seal_open(store->seal, key, &header, sealed, plain))
        parts->items[parts->count++].bytes = (struct bytes){sealed.length - SEAL_BYTES, plain};
    else
        free(plain); /* by a key that the topic had before it was erased */
    return true;
}

static bool read_parts(struct store *store, struct reader *reader, const struct snapshot_row *row,
                       struct snapshot_parts *parts) {
    uint32_t count;
    if (reader_left(reader) == 0) /* of before there were any */
        return true;
    if (!reader_u32(reader, &count) || count > reader_left(reader))
        return false;
    parts->items = calloc((size_t)count + 1, sizeof *parts->items);
    assert(parts->items != NULL);
    for (uint32_t i = 0; i < count; i++)
        if (!read_part(store, reader, row, parts))
            return false;
    return true;
}

void snapshot_parts_finish(struct snapshot_parts *parts) {
    for (uint32_t i = 0; i < parts->count; i++)
        free((void *)(uintptr_t)parts->items[i].bytes.bytes);
    free(parts->items);
    *parts = (struct snapshot_parts){0};
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
           reader_bytes(reader, SNAPSHOT_BYTES_MAX, &ret->state.fields);
}

bool snapshot_open(struct store *store, const struct snapshot_row *row, uint8_t *plain,
                   struct snapshot_parts *parts, struct saved_actor *ret_saved,
                   uint8_t ret_hash[DATABASE_HASH_BYTES]) {
    uint8_t key[KEY_BYTES];
    struct seal_header header = seal_snapshot_header(row);
    if (!keys_derive(store->config.keys, row->tenant, row->stream, KEY_EVENT, key) ||
        !seal_open(store->seal, key, &header, row->payload, plain))
        return false;
    struct reader reader = reader_of((struct bytes){row->payload.length - SEAL_BYTES, plain});
    *ret_saved = (struct saved_actor){.version = row->version, .state_format = row->state_format};
    bool read = read_saved(&reader, ret_saved, ret_hash) &&
                read_parts(store, &reader, row, parts) && reader_left(&reader) == 0;
    ret_saved->parts = parts->items;
    ret_saved->part_count = parts->count;
    return read;
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
    struct snapshot_row row = {
        .tenant = head->tenant,
        .stream = head->stream,
        .version = head->version,
        .state_format = saved->state_format,
        .key_id = head->key_id,
    };
    struct writer writer;
    writer_init(&writer, SNAPSHOT_BYTES_MAX);
    bool whole = write_saved(store, &writer, head, &row, saved);
    struct bytes plain = writer_bytes(&writer);
    if (whole && plain.bytes != NULL) {
        struct saving *saving = malloc(sizeof *saving + plain.length + SEAL_BYTES);
        assert(saving != NULL);
        saving->row = row;
        saving->row.payload = (struct bytes){plain.length + SEAL_BYTES, saving->payload};
        struct seal_header header = seal_snapshot_header(&saving->row);
        store_nonce(store, nonce);
        seal_close(store->seal, key, nonce, &header, plain, saving->payload);
        head->snapshot_version = head->version;
        database->save_snapshot(database, &saving->row, on_saved, saving);
    }
    writer_finish(&writer);
}
