/* links: blobs */
#include "server/blobs/sealed_blob.h"
#include "server/blobs/sealed_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key[BLOB_KEY_SIZE] = {1, 2, 3};
static const uint8_t name[BLOB_NAME_SIZE] = {4, 5, 6};
static const uint8_t random_bytes[BLOB_RANDOM_SIZE] = {7, 8, 9};

struct file {
    uint8_t *bytes;
    size_t size;
};

static bool append(void *data, const uint8_t *bytes, size_t size) {
    struct file *file = data;
    file->bytes = realloc(file->bytes, file->size + size);
    assert_non_null(file->bytes);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
    return true;
}

static uint8_t plain_byte(size_t place) {
    return (uint8_t)(place * 31 + place / 251);
}

/* A sealed file of `size` bytes, written in pieces that fit no chunk. */
static struct file seal(size_t size) {
    struct file file = {0};
    struct sealed_blob_writer writer;
    assert_true(sealed_blob_writer_init(&writer, key, name, random_bytes, append, &file));
    uint8_t piece[7919];
    for (size_t at = 0; at < size;) {
        size_t step = size - at < sizeof piece ? size - at : sizeof piece;
        for (size_t i = 0; i < step; i++) {
            piece[i] = plain_byte(at + i);
        }
        assert_true(sealed_blob_write(&writer, piece, step));
        at += step;
    }
    uint8_t digest[BLOB_DIGEST_SIZE];
    assert_true(sealed_blob_close(&writer, digest));
    sealed_blob_writer_finish(&writer);
    assert_int_equal(file.size, sealed_blob_file_size(size));
    return file;
}

/* Opens a range of the file as it lies there; false when anything does not verify. */
static bool open_range(const struct file *file, const uint8_t *with_key, const uint8_t *with_name,
                       uint64_t offset, size_t length) {
    struct sealed_blob_reader reader;
    bool opened = file->size >= BLOB_HEADER_SIZE &&
                  sealed_blob_reader_init(&reader, with_key, with_name, file->bytes, file->size);
    if (!opened) {
        return false;
    }
    opened = offset <= reader.size && length <= reader.size - offset;
    uint8_t *bytes = malloc(length ? length : 1);
    if (opened) {
        struct sealed_span span = sealed_blob_span(&reader, offset, length);
        assert_true(span.file_offset + span.file_length <= file->size);
        opened =
            sealed_blob_open(&reader, &span, file->bytes + span.file_offset, offset, length, bytes);
    }
    for (size_t i = 0; opened && i < length; i++) {
        assert_int_equal(bytes[i], plain_byte(offset + i));
    }
    free(bytes);
    sealed_blob_reader_finish(&reader);
    return opened;
}

static void every_size_around_a_chunk_comes_back_whole(void **state) {
    (void)state;
    static const size_t sizes[] = {0,
                                   1,
                                   BLOB_CHUNK_SIZE - 1,
                                   BLOB_CHUNK_SIZE,
                                   BLOB_CHUNK_SIZE + 1,
                                   3 * BLOB_CHUNK_SIZE,
                                   3 * BLOB_CHUNK_SIZE + 17};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct file file = seal(sizes[i]);
        assert_true(open_range(&file, key, name, 0, sizes[i]));
        free(file.bytes);
    }
}

static void a_range_across_chunk_borders_needs_only_its_chunks(void **state) {
    (void)state;
    struct file file = seal(4 * BLOB_CHUNK_SIZE);
    assert_true(open_range(&file, key, name, BLOB_CHUNK_SIZE - 5, 10));
    assert_true(open_range(&file, key, name, BLOB_CHUNK_SIZE - 5, BLOB_CHUNK_SIZE + 10));
    assert_true(open_range(&file, key, name, 4 * BLOB_CHUNK_SIZE - 1, 1));
    assert_true(open_range(&file, key, name, 4 * BLOB_CHUNK_SIZE, 0));
    // Damage elsewhere does not matter to it.
    file.bytes[file.size - 1] ^= 1;
    assert_true(open_range(&file, key, name, BLOB_CHUNK_SIZE - 5, 10));
    free(file.bytes);
}

static void a_flipped_bit_anywhere_is_found(void **state) {
    (void)state;
    struct file file = seal(BLOB_CHUNK_SIZE + 100);
    size_t places[] = {0,
                       9,
                       20,
                       33,
                       BLOB_HEADER_SIZE - 1,
                       BLOB_HEADER_SIZE,
                       1000,
                       BLOB_HEADER_SIZE + BLOB_CHUNK_SIZE,
                       file.size - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        file.bytes[places[i]] ^= 0x10;
        assert_false(open_range(&file, key, name, 0, BLOB_CHUNK_SIZE + 100));
        file.bytes[places[i]] ^= 0x10;
    }
    assert_true(open_range(&file, key, name, 0, BLOB_CHUNK_SIZE + 100));
    free(file.bytes);
}

static void a_file_cut_at_a_chunk_border_is_found(void **state) {
    (void)state;
    struct file file = seal(3 * BLOB_CHUNK_SIZE);
    file.size -= BLOB_SEALED_CHUNK_SIZE;
    assert_false(open_range(&file, key, name, 0, 2 * BLOB_CHUNK_SIZE));
    free(file.bytes);
}

static void a_file_cut_anywhere_else_is_found(void **state) {
    (void)state;
    struct file file = seal(BLOB_CHUNK_SIZE + 100);
    file.size -= 1;
    assert_false(open_range(&file, key, name, BLOB_CHUNK_SIZE, 99));
    file.size = BLOB_HEADER_SIZE + 3;
    assert_false(open_range(&file, key, name, 0, 0));
    free(file.bytes);
}

static void swapped_chunks_are_found(void **state) {
    (void)state;
    struct file file = seal(3 * BLOB_CHUNK_SIZE);
    uint8_t *first = file.bytes + BLOB_HEADER_SIZE;
    uint8_t *second = first + BLOB_SEALED_CHUNK_SIZE;
    uint8_t *kept = malloc(BLOB_SEALED_CHUNK_SIZE);
    memcpy(kept, first, BLOB_SEALED_CHUNK_SIZE);
    memcpy(first, second, BLOB_SEALED_CHUNK_SIZE);
    memcpy(second, kept, BLOB_SEALED_CHUNK_SIZE);
    assert_false(open_range(&file, key, name, 0, 10));
    assert_false(open_range(&file, key, name, BLOB_CHUNK_SIZE, 10));
    assert_true(open_range(&file, key, name, 2 * BLOB_CHUNK_SIZE, 10));
    free(kept);
    free(file.bytes);
}

static void a_chunk_of_another_file_is_found(void **state) {
    (void)state;
    struct file file = seal(2 * BLOB_CHUNK_SIZE);
    struct file other = {0};
    struct sealed_blob_writer writer;
    uint8_t other_random[BLOB_RANDOM_SIZE] = {99};
    assert_true(sealed_blob_writer_init(&writer, key, name, other_random, append, &other));
    uint8_t zeros[1000] = {0};
    uint8_t digest[BLOB_DIGEST_SIZE];
    for (int i = 0; i < 132; i++) {
        assert_true(sealed_blob_write(&writer, zeros, sizeof zeros));
    }
    assert_true(sealed_blob_close(&writer, digest));
    sealed_blob_writer_finish(&writer);
    memcpy(file.bytes + BLOB_HEADER_SIZE, other.bytes + BLOB_HEADER_SIZE, BLOB_SEALED_CHUNK_SIZE);
    assert_false(open_range(&file, key, name, 0, 1));
    free(file.bytes);
    free(other.bytes);
}

static void another_key_or_another_name_opens_nothing(void **state) {
    (void)state;
    struct file file = seal(100);
    uint8_t wrong[32] = {1, 2, 4};
    assert_false(open_range(&file, wrong, name, 0, 100));
    assert_false(open_range(&file, key, wrong, 0, 100));
    free(file.bytes);
}

static void the_digest_is_that_of_the_plaintext(void **state) {
    (void)state;
    // SHA-512/256 of "abc", FIPS 180-4 example.
    static const uint8_t expected[BLOB_DIGEST_SIZE] = {
        0x53, 0x04, 0x8E, 0x26, 0x81, 0x94, 0x1E, 0xF9, 0x9B, 0x2E, 0x29,
        0xB7, 0x6B, 0x4C, 0x7D, 0xAB, 0xE4, 0xC2, 0xD0, 0xC6, 0x34, 0xFC,
        0x6D, 0x46, 0xE0, 0xE2, 0xF1, 0x31, 0x07, 0xE7, 0xAF, 0x23};
    uint8_t digest[BLOB_DIGEST_SIZE];
    blob_digest("abc", 3, digest);
    assert_memory_equal(digest, expected, sizeof digest);
    struct file file = {0};
    struct sealed_blob_writer writer;
    assert_true(sealed_blob_writer_init(&writer, key, name, random_bytes, append, &file));
    assert_true(sealed_blob_write(&writer, "abc", 3));
    assert_true(sealed_blob_close(&writer, digest));
    assert_memory_equal(digest, expected, sizeof digest);
    sealed_blob_writer_finish(&writer);
    free(file.bytes);
}

static bool no_space(void *data, const uint8_t *bytes, size_t size) {
    (void)data;
    (void)bytes;
    (void)size;
    return false;
}

static void a_full_disk_fails_the_writing_and_it_stays_failed(void **state) {
    (void)state;
    struct sealed_blob_writer writer;
    assert_true(sealed_blob_writer_init(&writer, key, name, random_bytes, no_space, NULL));
    uint8_t *bytes = calloc(2, BLOB_CHUNK_SIZE);
    uint8_t digest[BLOB_DIGEST_SIZE];
    assert_false(sealed_blob_write(&writer, bytes, 2 * BLOB_CHUNK_SIZE));
    assert_false(sealed_blob_write(&writer, bytes, 1));
    assert_false(sealed_blob_close(&writer, digest));
    sealed_blob_writer_finish(&writer);
    free(bytes);
}

static void a_sealed_value_opens_only_in_its_place(void **state) {
    (void)state;
    uint8_t sealed[5 + SEALED_VALUE_OVERHEAD];
    uint8_t opened[5];
    assert_true(sealed_value_seal(key, "row 1", 5, "hello", 5, sealed));
    assert_true(sealed_value_open(key, "row 1", 5, sealed, sizeof sealed, opened));
    assert_memory_equal(opened, "hello", 5);
    assert_false(sealed_value_open(key, "row 2", 5, sealed, sizeof sealed, opened));
    sealed[14] ^= 1;
    assert_false(sealed_value_open(key, "row 1", 5, sealed, sizeof sealed, opened));
    assert_false(sealed_value_open(key, "row 1", 5, sealed, 27, opened));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_around_a_chunk_comes_back_whole),
        cmocka_unit_test(a_range_across_chunk_borders_needs_only_its_chunks),
        cmocka_unit_test(a_flipped_bit_anywhere_is_found),
        cmocka_unit_test(a_file_cut_at_a_chunk_border_is_found),
        cmocka_unit_test(a_file_cut_anywhere_else_is_found),
        cmocka_unit_test(swapped_chunks_are_found),
        cmocka_unit_test(a_chunk_of_another_file_is_found),
        cmocka_unit_test(another_key_or_another_name_opens_nothing),
        cmocka_unit_test(the_digest_is_that_of_the_plaintext),
        cmocka_unit_test(a_full_disk_fails_the_writing_and_it_stays_failed),
        cmocka_unit_test(a_sealed_value_opens_only_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
