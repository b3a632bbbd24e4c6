/* links: imaging_format */
#define _GNU_SOURCE // memmem
#include "server/imaging/instance_outline.h"
#include "server/imaging/instance_reader.h"
#include "tests/support/dicom_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

static struct character_sets *sets;

static int make_sets(void **state) {
    (void)state;
    sets = character_sets_create();
    return sets ? 0 : -1;
}

static int drop_sets(void **state) {
    (void)state;
    character_sets_destroy(sets);
    return 0;
}

/* Reads a copy of exactly this size, so that the address sanitizer sees one byte too many. */
static enum file_refusal_kind read_bytes(const void *bytes, size_t size,
                                         struct instance_reading *reading,
                                         struct file_refusal *refusal) {
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    enum file_refusal_kind kind = instance_read(copy, size, sets, reading, refusal);
    free(copy);
    return kind;
}

static struct instance_reading read_written(const struct dicom_writer *writer) {
    struct instance_reading reading;
    struct file_refusal refusal;
    if (read_bytes(writer->bytes, writer->size, &reading, &refusal) != FILE_REFUSAL_NONE) {
        fail_msg("%s", refusal.reason);
    }
    return reading;
}

static enum file_refusal_kind refusal_of(const void *bytes, size_t size) {
    struct instance_reading reading;
    struct file_refusal refusal = {0};
    enum file_refusal_kind kind = read_bytes(bytes, size, &reading, &refusal);
    if (kind == FILE_REFUSAL_NONE) {
        instance_reading_finish(&reading);
    } else {
        assert_true(strlen(refusal.reason) > 10);
    }
    return kind;
}

static bool has_json(const struct instance_reading *reading, const char *piece) {
    return memmem(reading->metadata.bytes, reading->metadata.size, piece, strlen(piece)) != NULL;
}

static void one_pass_gives_row_frames_and_metadata(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 7);
    struct instance_reading reading = read_written(&writer);
    const struct instance *instance = &reading.instance;
    assert_string_equal(instance->sop_instance_uid, "1.2.3.4.7");
    assert_string_equal(instance->patient_name, "Example^Eva");
    assert_string_equal(instance->modality, "CT");
    assert_int_equal(instance->rows, 16);
    assert_int_equal(instance->instance_number, 7);
    assert_true(instance->position_lps[2] == 14);
    assert_false(instance_has(instance, INSTANCE_RESCALE_SLOPE));
    assert_int_equal(reading.frames.frame_count, 1);
    assert_int_equal(reading.frames.native_size, 512);
    assert_int_equal(reading.frames.native_offset + 512, writer.size);
    assert_true(has_json(&reading, "\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":"
                                   "\"Example^Eva\"}]}"));
    assert_true(
        has_json(&reading, "\"00083002\":{\"vr\":\"UI\",\"Value\":[\"1.2.840.10008.1.2.1\"]}"));
    char bulk[80]; // of pixels only the address
    snprintf(bulk, sizeof bulk,
             "\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"7FE00010.%zu.512\"}}",
             writer.size - 512);
    assert_true(has_json(&reading, bulk));
    instance_reading_finish(&reading);
}

static void a_row_survives_being_stored(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 7);
    struct instance_reading reading = read_written(&writer);
    static uint8_t encoded[INSTANCE_ENCODED_MAX];
    size_t size = instance_encode(&reading.instance, encoded);
    struct instance decoded;
    assert_true(instance_decode(&decoded, encoded, size));
    assert_memory_equal(&decoded, &reading.instance, sizeof decoded);
    for (size_t cut = 1; cut < 40; cut++) {
        instance_decode(&decoded, encoded, size - cut); // must not read past its end
    }
    instance_reading_finish(&reading);
}

static void an_outline_identifies_nobody(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 7);
    struct instance_reading reading = read_written(&writer);
    struct instance outline;
    instance_outline(&reading.instance, &outline);
    static uint8_t encoded[INSTANCE_ENCODED_MAX];
    size_t size = instance_encode(&outline, encoded);
    static const char *const secrets[] = {"Example", "E-1", "20260102", "Thorax"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_null(memmem(encoded, size, secrets[i], strlen(secrets[i])));
        assert_null(memmem(&outline, sizeof outline, secrets[i], strlen(secrets[i])));
    }
    assert_string_equal(outline.sop_instance_uid, "1.2.3.4.7");
    instance_reading_finish(&reading);
}

static struct instance on_glass(const char *sop_class_uid, const char *series, const char *glass) {
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080016, "UI", sop_class_uid);
    dicom_writer_text(&writer, 0x00080018, "UI", "1.2.3.4");
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(&writer, 0x0020000E, "UI", series);
    dicom_writer_text(&writer, 0x00400512, "LO", glass);
    struct instance_reading reading = read_written(&writer);
    struct instance instance = reading.instance;
    instance_reading_finish(&reading);
    return instance;
}

static void the_glass_of_a_slide_is_known_again_and_not_told(void **state) {
    (void)state;
    static const char slide[] = "1.2.840.10008.5.1.4.1.1.77.1.6";
    struct instance one = on_glass(slide, "1.3", "B26-17 1A ");
    assert_true(one.container != 0);
    assert_true(one.container == on_glass(slide, "1.3", "B26-17 1A").container);
    assert_true(one.container != on_glass(slide, "1.3", "B26-17 1B").container);
    assert_true(one.container != on_glass(slide, "1.4", "B26-17 1A").container);
    assert_int_equal(on_glass(slide, "1.3", "").container, 0);
    assert_int_equal(on_glass("1.2.840.10008.5.1.4.1.1.2", "1.3", "B26-17 1A").container, 0);
    assert_null(memmem(&one, sizeof one, "B26-17", 6));
    static uint8_t encoded[INSTANCE_ENCODED_MAX];
    struct instance outline, decoded;
    instance_outline(&one, &outline);
    size_t size = instance_encode(&outline, encoded);
    assert_true(instance_decode(&decoded, encoded, size));
    assert_true(decoded.container == one.container);
    encoded[size - 10]--; // one byte less of it than there is
    assert_false(instance_decode(&decoded, encoded, size));
}

/* A cut between two elements may leave what could be a report, but never an image. */
static void no_cut_of_an_image_is_taken_for_one_or_read_past_its_end(void **state) {
    (void)state;
    struct dicom_writer writer;
    unsigned taken = 0;
    dicom_writer_begin(&writer);
    dicom_writer_slice(&writer, 7);
    for (size_t size = 0; size < writer.size; size++) {
        struct instance_reading reading;
        struct file_refusal refusal;
        if (read_bytes(writer.bytes, size, &reading, &refusal) == FILE_REFUSAL_NONE) {
            assert_int_equal(reading.frames.frame_count, 0);
            assert_true(reading.instance.rows == 0 || reading.instance.columns == 0);
            instance_reading_finish(&reading);
            taken++;
        }
    }
    assert_true(taken < 10);
}

static void strangers_are_named(void **state) {
    (void)state;
    assert_int_equal(refusal_of("", 0), FILE_REFUSAL_NOT_DICOM);
    assert_int_equal(refusal_of("PK\003\004abcdefgh", 12), FILE_REFUSAL_NOT_DICOM);
    assert_int_equal(refusal_of("<!DOCTYPE html>", 15), FILE_REFUSAL_NOT_DICOM);
}

static void a_second_patient_name_refuses_the_file(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    dicom_writer_text(&writer, 0x00100010, "PN", "Other^Name");
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.3");
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_MALFORMED);
}

static void a_file_without_identity_or_with_an_unknown_syntax_is_refused(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_NO_IDENTITY);
    dicom_writer_begin_as(&writer, "1.2.3.4.5");
    dicom_writer_slice(&writer, 1);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_UNSUPPORTED);
}

static void pixels_that_are_fewer_than_rows_and_columns_say_are_refused(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.3");
    dicom_writer_text(&writer, 0x00280008, "IS", "2000000000");
    dicom_writer_u16(&writer, 0x00280010, 65535);
    dicom_writer_u16(&writer, 0x00280011, 65535);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_element(&writer, 0x7FE00010, "OW", "abcd", 4);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_TRUNCATED);
}

/* An encapsulated image of `frames` frames from fragments that begin as given. */
static void write_fragments(struct dicom_writer *writer, const char *frames,
                            const char *const *fragments, size_t count) {
    dicom_writer_begin_as(writer, "1.2.840.10008.1.2.4.90");
    dicom_writer_identity(writer, 1);
    dicom_writer_text(writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(writer, 0x0020000E, "UI", "1.3");
    dicom_writer_text(writer, 0x00280008, "IS", frames);
    dicom_writer_raw(writer, "\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF", 12);
    dicom_writer_raw(writer, "\xFE\xFF\x00\xE0\0\0\0\0", 8);
    for (size_t i = 0; i < count; i++) {
        dicom_writer_raw(writer, "\xFE\xFF\x00\xE0\x04\0\0\0", 8);
        dicom_writer_raw(writer, fragments[i], 4);
    }
    dicom_writer_raw(writer, "\xFE\xFF\xDD\xE0\0\0\0\0", 8);
}

static void fragments_are_joined_to_frames_by_how_a_frame_begins(void **state) {
    (void)state;
    static const char *const fragments[] = {"\xFF\x4F\xFF\x51", "more", "\xFF\x4F\xFF\x51"};
    struct dicom_writer writer;
    write_fragments(&writer, "2", fragments, 3);
    struct instance_reading reading = read_written(&writer);
    struct frame_piece single;
    uint32_t count;
    assert_int_equal(reading.frames.frame_count, 2);
    const struct frame_piece *pieces = frame_table_pieces(&reading.frames, 0, &single, &count);
    assert_int_equal(count, 2);
    assert_memory_equal(writer.bytes + pieces[1].offset, "more", 4);
    frame_table_pieces(&reading.frames, 1, &single, &count);
    assert_int_equal(count, 1);
    instance_reading_finish(&reading);
}

static void fragments_that_cannot_be_told_apart_are_refused(void **state) {
    (void)state;
    static const char *const fragments[] = {"aaaa", "bbbb", "cccc"};
    struct dicom_writer writer;
    write_fragments(&writer, "2", fragments, 3);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_MALFORMED);
    write_fragments(&writer, "4", fragments, 3);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_TRUNCATED);
    write_fragments(&writer, "1", fragments, 3);
    assert_int_equal(refusal_of(writer.bytes, writer.size), FILE_REFUSAL_NONE);
}

/* The name of a person after decoding. */
static void expect_name(const char *charset, const char *name, const char *expected) {
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080005, "CS", charset);
    dicom_writer_text(&writer, 0x00080018, "UI", "1.1");
    dicom_writer_text(&writer, 0x00100010, "PN", name);
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.3");
    struct instance_reading reading = read_written(&writer);
    assert_string_equal(reading.instance.patient_name, expected);
    assert_true(has_json(&reading, "\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 192\"]}"));
    instance_reading_finish(&reading);
}

/* Names of PS3.5 Annexes H, I and J and of PS3.3's tables. */
static void names_of_every_script_become_utf8(void **state) {
    (void)state;
    expect_name("ISO_IR 100", "Buc^J\xE9r\xF4me", "Buc^Jérôme");
    expect_name("ISO_IR 144", "\xBB\xEE\xDA\xE1", "Люкс");
    expect_name("ISO_IR 192", "Äneas^Rüdiger", "Äneas^Rüdiger");
    expect_name("GB18030", "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB", "Wang^XiaoDong=王^小东");
    expect_name("\\ISO 2022 IR 87",
                "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B=\033$B$d$^$@\033(B^\033$B$?$m$&"
                "\033(B",
                "Yamada^Tarou=山田^太郎=やまだ^たろう");
    expect_name("\\ISO 2022 IR 149",
                "Hong^Gildong=\033$)C\xFB\xF3^\033$)C\xD1\xCE\xD4\xD7=\033$)C\xC8\xAB^\033$)C\xB1"
                "\xE6\xB5\xBF",
                "Hong^Gildong=洪^吉洞=홍^길동");
    expect_name("ISO_IR 13", "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ﾔﾏﾀﾞ^ﾀﾛｳ");
}

static void bytes_that_mean_nothing_become_the_replacement_character(void **state) {
    (void)state;
    expect_name("ISO_IR 192", "Doe\xFF^J", "Doe\xEF\xBF\xBD^J");
    expect_name("ISO_IR 6", "Doe\xE9", "Doe\xEF\xBF\xBD");
    expect_name("UNKNOWN", "Doe\xE9", "Doe\xEF\xBF\xBD");
}

static void numbers_are_numbers_in_json_or_stay_text(void **state) {
    (void)state;
    struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080018, "UI", "1.1");
    dicom_writer_text(&writer, 0x00180050, "DS", "+1.50");
    dicom_writer_text(&writer, 0x00181164, "DS", ".5\\nan");
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.3");
    dicom_writer_text(&writer, 0x00200013, "IS", "007");
    struct instance_reading reading = read_written(&writer);
    assert_true(has_json(&reading, "\"00180050\":{\"vr\":\"DS\",\"Value\":[1.5]}"));
    assert_true(has_json(&reading, "\"00181164\":{\"vr\":\"DS\",\"Value\":[0.5,\"nan\"]}"));
    assert_true(has_json(&reading, "\"00200013\":{\"vr\":\"IS\",\"Value\":[7]}"));
    assert_false(instance_has(&reading.instance, INSTANCE_IMAGER_PIXEL_SPACING));
    instance_reading_finish(&reading);
}

/* PS3.5 A.5: a private value of nothing but zeros. */
static void what_swells_beyond_all_measure_is_refused(void **state) {
    (void)state;
    enum { ZEROS = 64 << 20, STEP = 1 << 20, SPACE = 1 << 18 };
    struct dicom_writer writer;
    uint8_t *packed = malloc(SPACE);
    uint8_t *zeros = calloc(1, STEP);
    uint8_t head[12] = {0x09, 0, 0x10, 0x10, 'O', 'B', 0, 0, 0, 0, 0, ZEROS >> 24};
    z_stream stream = {0};
    dicom_writer_begin_as(&writer, "1.2.840.10008.1.2.1.99");
    memcpy(packed, writer.bytes, writer.size);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed + writer.size;
    stream.avail_out = (uInt)(SPACE - writer.size);
    stream.next_in = head;
    stream.avail_in = sizeof head;
    for (size_t sent = 0; sent <= ZEROS; sent += STEP) {
        deflate(&stream, sent < ZEROS ? Z_NO_FLUSH : Z_FINISH);
        stream.next_in = zeros;
        stream.avail_in = STEP;
    }
    assert_int_equal(refusal_of(packed, SPACE - stream.avail_out), FILE_REFUSAL_OVER_LIMIT);
    deflateEnd(&stream);
    free(zeros);
    free(packed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pass_gives_row_frames_and_metadata),
        cmocka_unit_test(a_row_survives_being_stored),
        cmocka_unit_test(an_outline_identifies_nobody),
        cmocka_unit_test(the_glass_of_a_slide_is_known_again_and_not_told),
        cmocka_unit_test(no_cut_of_an_image_is_taken_for_one_or_read_past_its_end),
        cmocka_unit_test(strangers_are_named),
        cmocka_unit_test(a_second_patient_name_refuses_the_file),
        cmocka_unit_test(a_file_without_identity_or_with_an_unknown_syntax_is_refused),
        cmocka_unit_test(pixels_that_are_fewer_than_rows_and_columns_say_are_refused),
        cmocka_unit_test(fragments_are_joined_to_frames_by_how_a_frame_begins),
        cmocka_unit_test(fragments_that_cannot_be_told_apart_are_refused),
        cmocka_unit_test(what_swells_beyond_all_measure_is_refused),
        cmocka_unit_test(names_of_every_script_become_utf8),
        cmocka_unit_test(bytes_that_mean_nothing_become_the_replacement_character),
        cmocka_unit_test(numbers_are_numbers_in_json_or_stay_text),
    };
    return cmocka_run_group_tests(tests, make_sets, drop_sets);
}
