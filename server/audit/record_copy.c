#include "server/audit/record_copy.h"

#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_BYTES = 11 };

/* Both sides come by their primary keys in order: nothing is sorted. */
static const char settings[] = "SET enable_sort = off; SET enable_hashjoin = off;"
                               "SET statement_timeout = 0; SET default_transaction_read_only = on";
/* The key row of an erased stream is gone, and only cases (kind 2) are erased. */
static const char events_sql[] =
    "COPY (SELECT e.tenant_id, e.stream_id, e.version, e.part, e.command_id, e.type, e.at,"
    " e.user_id, e.key_id, e.payload, e.hash, coalesce(k.kind,"
    " CASE WHEN x.stream_id IS NOT NULL THEN 2::smallint END)"
    " FROM event e LEFT JOIN stream_key k ON k.stream_id = e.stream_id"
    " LEFT JOIN erasure x ON x.stream_id = e.stream_id"
    " ORDER BY e.stream_id, e.version) TO STDOUT (FORMAT binary)";

static const char accesses_sql[] =
    "COPY (SELECT tenant_id, writer, number, at, node, user_id, sign_in, action, result, case_id,"
    " object, address, hash FROM access_log ORDER BY writer, number) TO STDOUT (FORMAT binary)";

struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

/* How a table is read: its columns, and what a row of it is given to. */
struct reading {
    uint16_t columns;
    bool (*row)(struct cursor *cursor, const struct reading *reading);
    void (*event)(void *data, const struct event_row *row, int kind);
    void (*access)(void *data, const struct access_row *row);
    void *data;
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

static bool read_event(struct cursor *cursor, const struct reading *reading) {
    struct event_row row = {0};
    take_into(cursor, &row.tenant, sizeof row.tenant);
    take_into(cursor, &row.stream, sizeof row.stream);
    row.version = take_integer(cursor, 8);
    row.part = (uint16_t)take_integer(cursor, 2);
    take_into(cursor, &row.command_id, sizeof row.command_id);
    row.type = (uint8_t)take_integer(cursor, 2);
    row.at = (int64_t)take_integer(cursor, 8);
    take_into(cursor, &row.user, sizeof row.user);
    row.key_id = take_integer(cursor, 8);
    row.payload = take_field(cursor);
    take_into(cursor, row.hash, sizeof row.hash);
    struct bytes kind = take_field(cursor);
    if (cursor->bad || row.payload.bytes == NULL) {
        return false;
    }
    bool known = kind.bytes != NULL && kind.length == 2;
    reading->event(reading->data, &row, known ? kind.bytes[0] << 8 | kind.bytes[1] : -1);
    return true;
}

static bool read_access(struct cursor *cursor, const struct reading *reading) {
    struct access_row row;
    memset(&row, 0, sizeof row);
    take_into(cursor, &row.tenant, sizeof row.tenant);
    take_into(cursor, &row.writer, sizeof row.writer);
    row.number = take_integer(cursor, 8);
    row.at = (int64_t)take_integer(cursor, 8);
    take_into(cursor, &row.node, sizeof row.node);
    take_into(cursor, &row.access.user, sizeof row.access.user);
    row.access.sign_in = take_integer(cursor, 8);
    row.access.action = (uint8_t)take_integer(cursor, 2);
    row.access.result = (uint8_t)take_integer(cursor, 2);
    take_into(cursor, &row.access.patient_case, sizeof row.access.patient_case);
    struct bytes object = take_field(cursor);
    take_into(cursor, row.access.address, sizeof row.access.address);
    take_into(cursor, row.hash, sizeof row.hash);
    if (cursor->bad || object.length > ACCESS_OBJECT_MAX) {
        return false;
    }
    if (object.length > 0) {
        memcpy(row.access.object, object.bytes, object.length);
    }
    reading->access(reading->data, &row);
    return true;
}

static void skip_header(struct cursor *cursor) {
    if ((size_t)(cursor->end - cursor->at) < SIGNATURE_BYTES) {
        cursor->bad = true;
        return;
    }
    cursor->at += SIGNATURE_BYTES;
    take_number(cursor, 4);
    size_t extension = (size_t)take_number(cursor, 4);
    cursor->bad = cursor->bad || extension != 0;
}

/* One message: rows, or the end (-1 columns). */
static bool read_message(struct cursor *cursor, const struct reading *reading) {
    while (!cursor->bad && cursor->at < cursor->end) {
        uint16_t columns = (uint16_t)take_number(cursor, 2);
        if (columns == UINT16_MAX) {
            return true;
        }
        if (columns != reading->columns || !reading->row(cursor, reading)) {
            return false;
        }
    }
    return !cursor->bad;
}

static bool succeeded(PGresult *result, ExecStatusType wanted) {
    bool well = PQresultStatus(result) == wanted;
    PQclear(result);
    return well;
}

static bool copy(PGconn *connection, const char *sql, const struct reading *reading) {
    if (!succeeded(PQexec(connection, settings), PGRES_COMMAND_OK) ||
        !succeeded(PQexec(connection, sql), PGRES_COPY_OUT)) {
        return false;
    }
    bool going = true, first = true;
    int length = 0;
    char *message = NULL;
    while (going && (length = PQgetCopyData(connection, &message, 0)) > 0) {
        struct cursor cursor = {(const uint8_t *)message, (const uint8_t *)message + length, false};
        if (first) { /* the header comes with the first row */
            skip_header(&cursor);
            first = false;
        }
        going = read_message(&cursor, reading);
        PQfreemem(message);
    }
    return going && length == -1 && succeeded(PQgetResult(connection), PGRES_COMMAND_OK);
}

bool record_copy(PGconn *connection, void (*row)(void *data, const struct event_row *row, int kind),
                 void *data) {
    struct reading reading = {.columns = 12, .row = read_event, .event = row, .data = data};
    return copy(connection, events_sql, &reading);
}

bool access_copy(PGconn *connection, void (*row)(void *data, const struct access_row *row),
                 void *data) {
    struct reading reading = {.columns = 13, .row = read_access, .access = row, .data = data};
    return copy(connection, accesses_sql, &reading);
}
