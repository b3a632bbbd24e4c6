/*
 * How the imaging service's rows are written and read: kept copies of results, sealed columns'
 * places, blob names, frame tables.
 */
#include "server/blobs/sealed_value.h"
#include "server/imaging/imaging_state.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_HEADER_SIZE 8 // two counts
#define PIECE_SIZE 16

const char *held_for_word(enum held_for held_for) {
    return held_for == HELD_PATIENT ? "patient" : "content";
}

bool kept_rows_copy(struct kept_rows *rows, const struct postgres_rows *from, int column_count) {
    memset(rows, 0, sizeof *rows);
    int row_count = postgres_row_count(from);
    size_t size = 0;
    for (int row = 0; row < row_count; row++) {
        for (int column = 0; column < column_count; column++) {
            size += (size_t)postgres_value(from, row, column).length;
        }
    }
    rows->bytes = malloc(size + 1);
    rows->cells = calloc((size_t)row_count * (size_t)column_count + 1, sizeof *rows->cells);
    if (!rows->bytes || !rows->cells) {
        kept_rows_free(rows);
        return false;
    }
    rows->row_count = row_count;
    rows->column_count = column_count;
    size_t at = 0;
    for (int row = 0; row < row_count; row++) {
        for (int column = 0; column < column_count; column++) {
            struct postgres_parameter value = postgres_value(from, row, column);
            size_t length = value.bytes ? (size_t)value.length : 0;
            struct kept_cell *cell = &rows->cells[row * column_count + column];
            *cell = (struct kept_cell){at, length};
            if (length > 0) {
                memcpy(rows->bytes + at, value.bytes, length);
            }
            at += length;
        }
    }
    return true;
}

void kept_rows_free(struct kept_rows *rows) {
    free(rows->bytes);
    free(rows->cells);
    memset(rows, 0, sizeof *rows);
}

struct bytes kept_rows_cell(const struct kept_rows *rows, int row, int column) {
    assert(row < rows->row_count && column < rows->column_count);
    struct kept_cell cell = rows->cells[row * rows->column_count + column];
    return (struct bytes){(uint32_t)cell.length, rows->bytes + cell.offset};
}

size_t record_place(const char *column, struct uuid patient_case, const char *sop_instance_uid,
                    uint8_t place[RECORD_PLACE_MAX]) {
    size_t column_size = strlen(column) + 1;
    size_t uid_size = strlen(sop_instance_uid) + 1;
    size_t size = column_size + sizeof patient_case.bytes + uid_size;
    assert(size <= RECORD_PLACE_MAX);
    memcpy(place, column, column_size);
    memcpy(place + column_size, patient_case.bytes, sizeof patient_case.bytes);
    memcpy(place + column_size + sizeof patient_case.bytes, sop_instance_uid, uid_size);
    return size;
}

bool record_open_identity(struct instance *ret_identity, struct uuid patient_case,
                          const struct case_keys *keys, const char *sop_instance_uid,
                          struct bytes sealed) {
    uint8_t place[RECORD_PLACE_MAX];
    size_t place_size = record_place("identity", patient_case, sop_instance_uid, place);
    if (sealed.length < SEALED_VALUE_OVERHEAD ||
        sealed.length > INSTANCE_ENCODED_MAX + SEALED_VALUE_OVERHEAD) {
        return false;
    }
    size_t size = sealed.length - SEALED_VALUE_OVERHEAD;
    uint8_t *bytes = malloc(size + 1);
    bool opened =
        bytes &&
        sealed_value_open(keys->blob, place, place_size, sealed.bytes, sealed.length, bytes) &&
        instance_decode(ret_identity, bytes, size);
    if (bytes) {
        OPENSSL_cleanse(bytes, size);
    }
    free(bytes);
    return opened;
}

void record_blob_name(const struct case_keys *keys, struct uuid patient_case,
                      const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                      uint8_t ret_name[BLOB_NAME_SIZE]) {
    uint8_t what[RECORD_PLACE_MAX + BLOB_DIGEST_SIZE];
    size_t size = record_place("file", patient_case, sop_instance_uid, what);
    memcpy(what + size, digest, BLOB_DIGEST_SIZE);
    blob_name(keys->name, what, size + BLOB_DIGEST_SIZE, ret_name);
}

void record_copy_name(const struct case_keys *keys, struct uuid patient_case,
                      const char *sop_instance_uid, const uint8_t digest[BLOB_DIGEST_SIZE],
                      uint8_t ret_name[BLOB_NAME_SIZE]) {
    uint8_t what[RECORD_PLACE_MAX + BLOB_DIGEST_SIZE];
    size_t size = record_place("copy", patient_case, sop_instance_uid, what);
    memcpy(what + size, digest, BLOB_DIGEST_SIZE);
    blob_name(keys->name, what, size + BLOB_DIGEST_SIZE, ret_name);
}

static void put_number(uint8_t *bytes, uint64_t number, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static uint64_t get_number(const uint8_t *bytes, int size) {
    uint64_t number = 0;
    for (int i = size - 1; i >= 0; i--) {
        number = number << 8 | bytes[i];
    }
    return number;
}

uint8_t *record_frames_encode(const struct parsed *parsed, size_t *ret_size) {
    size_t pieces = parsed->frames.count;
    size_t firsts = parsed->frame_first.count;
    size_t size = pieces ? FRAMES_HEADER_SIZE + pieces * PIECE_SIZE + firsts * 4 : 0;
    uint8_t *bytes = malloc(size + 1);
    if (!bytes) {
        return NULL;
    }
    *ret_size = size;
    if (pieces == 0) {
        return bytes;
    }
    put_number(bytes, pieces, 4);
    put_number(bytes + 4, firsts, 4);
    uint8_t *at = bytes + FRAMES_HEADER_SIZE;
    for (size_t i = 0; i < pieces; i++, at += PIECE_SIZE) {
        put_number(at, parsed->frames.items[i].offset, 8);
        put_number(at + 8, parsed->frames.items[i].length, 8);
    }
    for (size_t i = 0; i < firsts; i++, at += 4) {
        put_number(at, parsed->frame_first.items[i], 4);
    }
    return bytes;
}

bool record_frames_decode(struct frame_table *table, const uint8_t *bytes, size_t size) {
    if (size == 0) {
        return true;
    }
    if (size < FRAMES_HEADER_SIZE) {
        return false;
    }
    uint64_t pieces = get_number(bytes, 4);
    uint64_t firsts = get_number(bytes + 4, 4);
    if (pieces > FRAME_PIECES_MAX || firsts > pieces ||
        size != FRAMES_HEADER_SIZE + pieces * PIECE_SIZE + firsts * 4) {
        return false;
    }
    const uint8_t *at = bytes + FRAMES_HEADER_SIZE;
    for (uint64_t i = 0; i < pieces; i++, at += PIECE_SIZE) {
        if (!frame_table_add_fragment(table, get_number(at, 8), get_number(at + 8, 8))) {
            return false;
        }
    }
    table->frame_count = (uint32_t)(firsts ? firsts : pieces);
    if (firsts == 0) {
        return true;
    }
    table->first_pieces = calloc(firsts, sizeof *table->first_pieces);
    for (uint64_t i = 0; table->first_pieces && i < firsts; i++, at += 4) {
        uint64_t first = get_number(at, 4);
        if (first >= pieces || (i > 0 && first <= table->first_pieces[i - 1])) {
            return false;
        }
        table->first_pieces[i] = (uint32_t)first;
    }
    return table->first_pieces != NULL;
}
