/* Reading streams back: every row is opened and its hash checked against the one before. */
#include "server/store/snapshots.h"
#include "server/store/store_state.h"
#include "server/store/topic.h"

#include <assert.h>
#include <stdlib.h>

struct load {
    struct store *store;
    struct stream_head *head;
    struct store_load_sink sink;
    void *data;
    uint16_t state_format;
    struct bytes plain; /* owned; length = capacity */
};

static const char *uuid_text(struct uuid id, char text[33]) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        text[2 * i] = digits[id.bytes[i] >> 4];
        text[2 * i + 1] = digits[id.bytes[i] & 15];
    }
    text[32] = 0;
    return text;
}

static void report_corrupt(struct store *store, struct uuid stream, uint64_t version) {
    char text[33];
    store_report(store, "the record is damaged: stream %s version %llu", uuid_text(stream, text),
                 (unsigned long long)version);
}

static uint8_t *reserve(struct bytes *plain, uint32_t length) {
    uint8_t *memory = (uint8_t *)(uintptr_t)plain->bytes; /* ours, so not const */
    if (length > plain->length || memory == NULL) {
        free(memory);
        memory = malloc((size_t)length + 1);
        assert(memory != NULL);
        *plain = (struct bytes){length, memory};
    }
    return memory;
}

/* Opens an event that must follow `before`, which becomes its hash. What it was about may be
 * erased: then there is no key, and `ret_fields` has no bytes. */
static bool open_event(struct store *store, const struct stream_head *head,
                       const struct event_row *row, uint64_t version,
                       uint8_t before[DATABASE_HASH_BYTES], struct bytes *plain,
                       struct bytes *ret_fields) {
    struct keys *keys = store->config.keys;
    uint8_t key[KEY_BYTES];
    uint8_t hash[DATABASE_HASH_BYTES];
    bool own = row->key_id == STREAM_OWN_KEY;
    struct uuid sealed_by = own ? row->stream : topic_key(row->stream, row->key_id);
    struct seal_header header = seal_event_header(row, head->kind);
    seal_chain(store->seal, before, &header, row->payload, hash);
    memcpy(before, row->hash, DATABASE_HASH_BYTES);
    if (row->version != version || memcmp(hash, row->hash, sizeof hash) != 0 ||
        row->payload.length < SEAL_BYTES)
        return false;
    *ret_fields = (struct bytes){0, NULL};
    if (!own && !keys_has_stream(keys, sealed_by))
        return true;
    if (!keys_derive(keys, row->tenant, sealed_by, KEY_EVENT, key))
        return false;
    uint8_t *memory = reserve(plain, row->payload.length);
    if (!seal_open(store->seal, key, &header, row->payload, memory))
        return !own; /* its bytes are the chain's: the topic had another key, which was erased */
    *ret_fields = (struct bytes){row->payload.length - SEAL_BYTES, memory};
    return true;
}

static struct event_header header_of(const struct event_row *row) {
    return (struct event_header){
        .version = row->version, .at = row->at, .by = row->user, .tag = row->type};
}

/* Loading */

static void finish_load(struct load *load, enum store_result result) {
    struct load finished = *load;
    free(load);
    free((void *)(uintptr_t)finished.plain.bytes);
    finished.store->reads--;
    if (!store_owns(finished.store, finished.head->stream))
        result = STORE_FENCED;
    finished.sink.done(finished.data, result);
}

static void read_on(struct load *load);

static void on_page(void *data, enum database_result result, const struct event_row *rows,
                    size_t count) {
    struct load *load = data;
    struct stream_head *head = load->head;
    if (result != DATABASE_OK) {
        finish_load(load, STORE_UNAVAILABLE);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct bytes fields;
        if (!open_event(load->store, head, &rows[i], head->version + 1, head->hash, &load->plain,
                        &fields)) {
            report_corrupt(load->store, head->stream, head->version + 1);
            finish_load(load, STORE_CORRUPT);
            return;
        }
        struct event_header header = header_of(&rows[i]);
        head->version = header.version;
        head->last_at = header.at;
        if (!load->sink.event(load->data, &header, rows[i].command_id, fields)) {
            finish_load(load, STORE_CONFLICT);
            return;
        }
    }
    if (count == DATABASE_PAGE_MAX)
        read_on(load);
    else
        finish_load(load, head->version > 0 ? STORE_OK : STORE_ABSENT);
}

static void read_on(struct load *load) {
    struct database *database = load->store->config.database;
    database->read(database, load->head->stream, load->head->version + 1, DATABASE_PAGE_MAX,
                   on_page, load);
}

/* A snapshot that cannot be used is as good as none. */
static void use_snapshot(struct load *load, const struct snapshot_row *row) {
    struct stream_head *head = load->head;
    struct saved_actor saved;
    uint8_t hash[DATABASE_HASH_BYTES];
    if (row->state_format != load->state_format || row->payload.length <= SEAL_BYTES)
        return;
    uint8_t *plain = reserve(&load->plain, row->payload.length);
    struct snapshot_parts parts = {0};
    bool opened = snapshot_open(load->store, row, plain, &parts, &saved, hash);
    if (!opened)
        report_corrupt(load->store, row->stream, row->version);
    bool used = opened && load->sink.snapshot(load->data, &saved);
    snapshot_parts_finish(&parts);
    if (!used)
        return;
    head->version = head->snapshot_version = saved.version;
    head->last_at = saved.last_at;
    memcpy(head->hash, hash, sizeof hash);
}

static bool take_keys(struct keys *keys, const struct stream_key_row *rows, size_t count) {
    const struct stream_key_row *own = &rows[0];
    bool taken = keys_add_stream(keys, own->tenant, own->stream, own->generation, own->wrapped);
    for (size_t i = 1; i < count && taken; i++)
        taken = keys_add_topic(keys, own->tenant, own->stream, rows[i].stream, rows[i].generation,
                               rows[i].wrapped);
    return taken;
}

static void on_opened(void *data, enum database_result result, const struct stream_key_row *rows,
                      size_t row_count, const struct snapshot_row *snapshot) {
    struct load *load = data;
    struct stream_head *head = load->head;
    struct keys *keys = load->store->config.keys;
    if (result == DATABASE_ABSENT) {
        finish_load(load, STORE_ABSENT);
    } else if (result != DATABASE_OK) {
        finish_load(load, STORE_UNAVAILABLE);
    } else if (!store_owns(load->store, head->stream)) {
        finish_load(load, STORE_FENCED); /* perhaps the keys are not there yet either */
    } else if (rows->kind != head->kind) {
        finish_load(load, STORE_OTHER_KIND);
    } else if (!take_keys(keys, rows, row_count)) {
        report_corrupt(load->store, head->stream, 0);
        finish_load(load, STORE_CORRUPT);
    } else {
        head->tenant = rows->tenant;
        head->key_id = rows->key_id;
        if (snapshot != NULL)
            use_snapshot(load, snapshot);
        read_on(load);
    }
}

void store_load(struct store *store, struct stream_head *head, uint16_t state_format,
                const struct store_load_sink *sink, void *data) {
    struct database *database = store->config.database;
    struct load *load = malloc(sizeof *load);
    assert(load != NULL);
    *load = (struct load){store, head, *sink, data, state_format, {0, NULL}};
    *head = (struct stream_head){
        .stream = head->stream, .kind = head->kind, .tenant = store->config.tenant};
    store->reads++;
    database->open(database, head->stream, on_opened, load);
}

/* Reading again for a resume */

struct reading {
    struct store *store;
    struct stream_head *head;
    struct store_read_sink sink;
    void *data;
    uint64_t after;
};

static enum store_result give_events(const struct reading *reading, const struct event_row *rows,
                                     size_t count, uint64_t *ret_last) {
    struct bytes plain = {0, NULL};
    uint8_t before[DATABASE_HASH_BYTES] = {0};
    enum store_result result = STORE_OK;
    size_t first = 0;
    *ret_last = reading->after;
    if (reading->after > 0) { /* the row before is read for its hash */
        if (count == 0 || rows[0].version != reading->after)
            result = STORE_CORRUPT;
        else
            memcpy(before, rows[0].hash, sizeof before);
        first = 1;
    }
    for (size_t i = first; i < count && result == STORE_OK; i++) {
        struct bytes fields;
        if (!open_event(reading->store, reading->head, &rows[i], *ret_last + 1, before, &plain,
                        &fields)) {
            result = STORE_CORRUPT;
            break;
        }
        struct event_header header = header_of(&rows[i]);
        *ret_last = header.version;
        reading->sink.event(reading->data, &header, fields);
    }
    if (result == STORE_CORRUPT)
        report_corrupt(reading->store, reading->head->stream, *ret_last + 1);
    free((void *)(uintptr_t)plain.bytes);
    return result;
}

static void on_read(void *data, enum database_result result, const struct event_row *rows,
                    size_t count) {
    struct reading reading = *(struct reading *)data;
    free(data);
    reading.store->reads--;
    uint64_t last = 0;
    enum store_result outcome = store_result_of(result);
    if (outcome == STORE_OK && !store_owns(reading.store, reading.head->stream))
        outcome = STORE_FENCED;
    if (outcome == STORE_OK && !keys_has_stream(reading.store->config.keys, reading.head->stream))
        outcome = STORE_UNAVAILABLE;
    if (outcome == STORE_OK)
        outcome = give_events(&reading, rows, count, &last);
    reading.sink.done(reading.data, outcome, outcome == STORE_OK && last < reading.head->version);
}

void store_read(struct store *store, struct stream_head *head, uint64_t after, uint32_t limit,
                const struct store_read_sink *sink, void *data) {
    struct database *database = store->config.database;
    struct reading *reading = malloc(sizeof *reading);
    assert(reading != NULL);
    *reading = (struct reading){store, head, *sink, data, after};
    store->reads++;
    uint32_t rows = limit < DATABASE_PAGE_MAX - 1 ? limit : DATABASE_PAGE_MAX - 1;
    database->read(database, head->stream, after == 0 ? 1 : after, after == 0 ? rows : rows + 1,
                   on_read, reading);
}
