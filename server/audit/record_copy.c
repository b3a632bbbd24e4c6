#include "server/audit/record_copy.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 11, SIGNATURE_BYTES = 11 };

/* Both sides come by their primary keys in order: nothing is sorted. */
static const char settings[] = "SET enable_sort = off; SET enable_hashjoin = off;"
                               "SET statement_timeout = 0; SET default_transaction_read_only = on";
static const char query[] =
    "COPY (SELECT e.tenant_id, e.stream_id, e.version, e.part, e.command_id, e.type, e.at,"
    " e.user_id, e.key_id, e.payload, e.hash, k.kind"
    " FROM event e LEFT JOIN stream_key k ON k.stream_id = e.stream_id"
    " ORDER BY e.stream_id, e.version) TO STDOUT (FORMAT binary)";

struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

static uint64_t take_number(struct cursor *cursor, size_t size) {
    uint64_t value = 0;
    if ((size_t)(cursor->end - cursor->at) < size) {
        cursor->bad = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | cursor->at[i];
    }
    cursor->at += size;
    return value;
}

/* A field: its length, then so many bytes; absent = NULL. */
static struct bytes take_field(struct cursor *cursor) {
    uint32_t length = (uint32_t)take_number(cursor, 4);
    struct bytes field = {0, NULL};
    if (cursor->bad || length == UINT32_MAX) {
        return field;
    }
    if ((size_t)(cursor->end - cursor->at) < length) {
        cursor->bad = true;
        return field;
    }
    field = (struct bytes){length, cursor->at};
    cursor->at += length;
    return field;
}

static void take_into(struct cursor *cursor, void *ret, size_t size) {
    struct bytes field = take_field(cursor);
    if (field.length != size || field.bytes == NULL) {
        cursor->bad = true;
        return;
    }
    memcpy(ret, field.bytes, size);
}

static uint64_t take_integer(struct cursor *cursor, size_t size) {
    struct bytes field = take_field(cursor);
    struct cursor inside = {field.bytes, field.bytes + field.length, field.length != size};
    uint64_t value = inside.bad ? 0 : take_number(&inside, size);
    cursor->bad = cursor->bad || inside.bad;
    return value;
}

static bool read_row(struct cursor *cursor, struct event_row *ret, int *ret_kind) {
    take_into(cursor, &ret->tenant, sizeof ret->tenant);
    take_into(cursor, &ret->stream, sizeof ret->stream);
    ret->version = take_integer(cursor, 8);
    ret->part = (uint16_t)take_integer(cursor, 2);
    take_into(cursor, &ret->command_id, sizeof ret->command_id);
    ret->type = (uint8_t)take_integer(cursor, 2);
    ret->at = (int64_t)take_integer(cursor, 8);
    take_into(cursor, &ret->user, sizeof ret->user);
    ret->key_id = take_integer(cursor, 8);
    ret->payload = take_field(cursor);
    take_into(cursor, ret->hash, sizeof ret->hash);
    struct bytes kind = take_field(cursor);
    *ret_kind = kind.bytes == NULL || kind.length != 2 ? -1 : kind.bytes[0] << 8 | kind.bytes[1];
    return !cursor->bad && ret->payload.bytes != NULL;
}

/* One message: the signature and header with the first; a row, or the end (-1 columns). */
static bool read_message(struct cursor *cursor, bool first,
                         void (*row)(void *data, const struct event_row *row, int kind),
                         void *data) {
    if (first) {
        if ((size_t)(cursor->end - cursor->at) < SIGNATURE_BYTES) {
            return false;
        }
        cursor->at += SIGNATURE_BYTES;
        take_number(cursor, 4);
        size_t extension = (size_t)take_number(cursor, 4);
        cursor->bad = cursor->bad || extension != 0;
    }
    while (!cursor->bad && cursor->at < cursor->end) {
        uint16_t columns = (uint16_t)take_number(cursor, 2);
        if (columns == UINT16_MAX) {
            return true;
        }
        struct event_row read = {0};
        int kind;
        if (columns != COLUMNS + 1 || !read_row(cursor, &read, &kind)) {
            return false;
        }
        row(data, &read, kind);
    }
    return !cursor->bad;
}

bool record_copy(PGconn *connection, void (*row)(void *data, const struct event_row *row, int kind),
                 void *data) {
    PGresult *result = PQexec(connection, settings);
    bool going = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    result = going ? PQexec(connection, query) : NULL;
    going = result != NULL && PQresultStatus(result) == PGRES_COPY_OUT;
    PQclear(result);
    bool first = true;
    int length = 0;
    char *message = NULL;
    while (going && (length = PQgetCopyData(connection, &message, 0)) > 0) {
        struct cursor cursor = {(const uint8_t *)message, (const uint8_t *)message + length, false};
        going = read_message(&cursor, first, row, data);
        first = false;
        PQfreemem(message);
    }
    if (!going || length != -1) {
        return false;
    }
    result = PQgetResult(connection);
    going = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return going;
}
