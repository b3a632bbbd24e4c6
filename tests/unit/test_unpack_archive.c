/* links: imaging_format protocol */
#include "server/imaging/unpack_archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct box {
    uint8_t *bytes;
    size_t size;
    uint64_t given;
    uint8_t last;
};

static bool read_box(void *data, uint64_t offset, size_t length, uint8_t *ret_bytes) {
    struct box *box = data;
    assert_true(offset <= box->size && length <= box->size - offset);
    memcpy(ret_bytes, box->bytes + offset, length);
    return true;
}

static bool take(void *data, const uint8_t *bytes, size_t length) {
    struct box *box = data;
    box->given += length;
    box->last = bytes[length - 1];
    return true;
}

/* A folder of two files, packed by Debian's zip. */
static struct box pack(const char *command) {
    char folder[] = "/tmp/consilium-zip-XXXXXX", line[1024], path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(line, sizeof line,
             "cd %s && mkdir -p disc/empty && head -c 300000 /dev/zero > disc/zeros &&"
             " printf 'hello!' > disc/hello && %s",
             folder, command);
    assert_int_equal(system(line), 0);
    snprintf(path, sizeof path, "%s/a.zip", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct box box = {.bytes = malloc(1 << 20)};
    box.size = fread(box.bytes, 1, 1 << 20, file);
    fclose(file);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    assert_int_equal(system(line), 0);
    return box;
}

static struct unpack_archive archive_of(struct box *box) {
    return (struct unpack_archive){
        .read = read_box, .give = take, .data = box, .size = box->size, .entry_size_max = 1 << 20};
}

static void assert_is_unpacked(struct box *box) {
    struct unpack_archive archive = archive_of(box);
    assert_int_equal(unpack_archive_open(&archive), UNPACK_REFUSAL_NONE);
    assert_int_equal(archive.entry_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        struct bytes name = unpack_archive_name(&archive, i);
        bool hello = name.length == 10 && memcmp(name.bytes, "disc/hello", 10) == 0;
        box->given = 0;
        assert_int_equal(unpack_archive_check(&archive, i), UNPACK_REFUSAL_NONE);
        assert_int_equal(unpack_archive_entry(&archive, i), UNPACK_REFUSAL_NONE);
        assert_int_equal(box->given, hello ? 6 : 300000);
        assert_int_equal(box->last, hello ? '!' : 0);
    }
    unpack_archive_finish(&archive);
    free(box->bytes);
}

static void a_plain_archive_is_unpacked(void **state) {
    (void)state;
    struct box box = pack("zip -q -r a.zip disc");
    assert_is_unpacked(&box);
}

static void so_is_one_with_data_descriptors_and_zip64(void **state) {
    (void)state;
    struct box box = pack("zip -q -r -fz - disc > a.zip");
    assert_is_unpacked(&box);
}

static void so_is_one_with_a_comment_and_one_behind_a_program(void **state) {
    (void)state;
    struct box commented = pack("zip -q -r a.zip disc && echo PK | zip -q -z a.zip > /dev/null");
    assert_is_unpacked(&commented);
    struct box behind = pack("zip -q -r b.zip disc && (head -c 5000 /dev/zero; cat b.zip) > a.zip");
    assert_is_unpacked(&behind);
}

static void whatever_byte_is_changed_nothing_breaks(void **state) {
    (void)state;
    struct box box = pack("zip -q -r -fz - disc > a.zip");
    for (size_t at = 0; at < box.size; at++) {
        uint8_t was = box.bytes[at];
        for (unsigned bit = 0; bit < 8; bit += 3) {
            box.bytes[at] = (uint8_t)(was ^ 1u << bit);
            struct unpack_archive archive = archive_of(&box);
            if (unpack_archive_open(&archive) == UNPACK_REFUSAL_NONE) {
                for (uint32_t i = 0; i < archive.entry_count; i++) {
                    box.given = 0;
                    if (unpack_archive_check(&archive, i) == UNPACK_REFUSAL_NONE) {
                        unpack_archive_entry(&archive, i);
                        assert_true(box.given <= archive.entry_size_max);
                    }
                }
            }
            unpack_archive_finish(&archive);
        }
        box.bytes[at] = was;
    }
    free(box.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_archive_is_unpacked),
        cmocka_unit_test(so_is_one_with_data_descriptors_and_zip64),
        cmocka_unit_test(so_is_one_with_a_comment_and_one_behind_a_program),
        cmocka_unit_test(whatever_byte_is_changed_nothing_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
