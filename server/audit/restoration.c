#include "server/audit/restoration.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hash_row(const struct restoration *row, uint8_t ret[DATABASE_HASH_BYTES]) {
    char text[512];
    int length = snprintf(
        text, sizeof text,
        "consilium restoration\n%" PRIu64 "\n%" PRId64 "\n%" PRId64 "\n%" PRId64 "\n%s\n%s\n",
        row->number, row->at, row->restored_to, row->asked_for, row->operator, row->base);
    if (EVP_Digest(text, (size_t)length, ret, NULL, EVP_sha512_256(), NULL) != 1) {
        abort();
    }
}

bool restoration_holds(struct checkpoint_key *key, const struct restoration *row) {
    uint8_t hash[DATABASE_HASH_BYTES];
    hash_row(row, hash);
    return memcmp(hash, row->hash, sizeof hash) == 0 &&
           checkpoint_key_holds(key, row->hash, row->signature);
}

bool restoration_explains(const struct restoration *row, int64_t checkpoint_at) {
    return checkpoint_at > row->restored_to - RESTORATION_SLACK_US && checkpoint_at <= row->at;
}

static void write_hex(char *ret, const uint8_t *bytes, size_t length) {
    ret += snprintf(ret, 3, "\\x");
    for (size_t i = 0; i < length; i++) {
        ret += snprintf(ret, 3, "%02x", bytes[i]);
    }
}

bool restoration_write(PGconn *connection, struct checkpoint_key *key, struct restoration *row) {
    struct restoration *earlier = calloc(RESTORATIONS_MAX, sizeof *earlier);
    size_t count = 0;
    bool read = earlier != NULL && restorations_read(connection, earlier, &count);
    row->number = read && count > 0 ? earlier[count - 1].number + 1 : 1;
    free(earlier);
    if (!read) {
        return false;
    }
    hash_row(row, row->hash);
    checkpoint_key_sign(key, row->hash, row->signature);
    char number[24], at[24], to[24], asked[24];
    char hash[2 * DATABASE_HASH_BYTES + 3], signature[2 * CHECKPOINT_SIGNATURE_BYTES + 3];
    snprintf(number, sizeof number, "%" PRIu64, row->number);
    snprintf(at, sizeof at, "%" PRId64, row->at);
    snprintf(to, sizeof to, "%" PRId64, row->restored_to);
    snprintf(asked, sizeof asked, "%" PRId64, row->asked_for);
    write_hex(hash, row->hash, sizeof row->hash);
    write_hex(signature, row->signature, sizeof row->signature);
    const char *values[] = {number, at, to, asked, row->operator, row->base, hash, signature};
    PGresult *result =
        PQexecParams(connection,
                     "INSERT INTO restoration (number, at, restored_to, asked_for, operator, base,"
                     " hash, signature) VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint,"
                     " $5::text, $6::text, $7::bytea, $8::bytea)",
                     8, NULL, values, NULL, NULL, 0);
    bool written = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return written;
}

static bool read_bytes(const PGresult *rows, int row, int column, uint8_t *ret, size_t wanted) {
    size_t length = 0;
    unsigned char *bytes =
        PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, column), &length);
    bool fits = bytes != NULL && length == wanted;
    if (fits) {
        memcpy(ret, bytes, wanted);
    }
    PQfreemem(bytes);
    return fits;
}

static bool take_row(const PGresult *rows, int row, struct restoration *ret) {
    memset(ret, 0, sizeof *ret);
    ret->number = strtoull(PQgetvalue(rows, row, 0), NULL, 10);
    ret->at = strtoll(PQgetvalue(rows, row, 1), NULL, 10);
    ret->restored_to = strtoll(PQgetvalue(rows, row, 2), NULL, 10);
    ret->asked_for = strtoll(PQgetvalue(rows, row, 3), NULL, 10);
    snprintf(ret->operator, sizeof ret->operator, "%s", PQgetvalue(rows, row, 4));
    snprintf(ret->base, sizeof ret->base, "%s", PQgetvalue(rows, row, 5));
    return read_bytes(rows, row, 6, ret->hash, sizeof ret->hash) &&
           read_bytes(rows, row, 7, ret->signature, sizeof ret->signature);
}

bool restorations_read(PGconn *connection, struct restoration *ret, size_t *ret_count) {
    *ret_count = 0;
    PGresult *there = PQexec(connection, "SELECT to_regclass('restoration') IS NOT NULL");
    bool asked = PQresultStatus(there) == PGRES_TUPLES_OK;
    bool absent = asked && PQgetvalue(there, 0, 0)[0] == 'f';
    PQclear(there);
    if (!asked || absent) {
        return absent;
    }
    PGresult *rows =
        PQexec(connection, "SELECT number, at, restored_to, asked_for, operator, base, hash,"
                           " signature FROM restoration ORDER BY number LIMIT 1024");
    bool read = PQresultStatus(rows) == PGRES_TUPLES_OK;
    for (int row = 0; read && row < PQntuples(rows); row++) {
        read = take_row(rows, row, &ret[(*ret_count)++]);
    }
    PQclear(rows);
    return read;
}
