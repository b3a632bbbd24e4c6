/* links: codecs imaging_format m; timeout: 120 */
/* Every packing of frames against programs that are not ours: DCMTK for RLE, JPEG and JPEG-LS, gdcm
 * and OpenJPEG's own for JPEG 2000; and what is damaged or lies is refused. */
#include "server/codecs/htj2k.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/dicom_writer.h"
#include "tests/support/frame_of_file.h"

#define PYDICOM "/usr/lib/python3/dist-packages/pydicom/data/test_files/"

static char folder[] = "/tmp/consilium-frames-XXXXXX";
static struct character_sets *sets;

static int shell(const char *format, ...) {
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    fclose(stream);
}

static enum codec_result decode_file(const char *path, uint32_t number, struct pixels *pixels) {
    struct frame frame;
    read_frame(path, number, sets, &frame);
    enum codec_result result = frame_decode(&frame.coding, frame.bytes, frame.size, pixels);
    drop_frame(&frame);
    return result;
}

static int32_t value_at(const struct pixels *pixels, size_t at) {
    uint32_t bits = pixels->form.bits_stored;
    uint32_t value =
        pixels->form.bits_allocated == 16 ? ((uint16_t *)pixels->bytes)[at] : pixels->bytes[at];
    value &= (uint32_t)((UINT64_C(1) << bits) - 1);
    uint32_t half = 1u << (bits - 1);
    return pixels->form.is_signed ? (int32_t)((value ^ half) - half) : (int32_t)value;
}

/* The largest difference of any sample. */
static int32_t distance(const struct pixels *a, const struct pixels *b) {
    assert_int_equal(a->form.rows, b->form.rows);
    assert_int_equal(a->form.columns, b->form.columns);
    assert_int_equal(a->form.samples, b->form.samples);
    int32_t most = 0;
    size_t count = (size_t)a->form.rows * a->form.columns * a->form.samples;
    for (size_t i = 0; i < count; i++) {
        int32_t difference = abs(value_at(a, i) - value_at(b, i));
        most = difference > most ? difference : most;
    }
    return most;
}

/* Both files hold the same image; `tolerance` for lossy ones. */
static void same_image(const char *one, const char *other, int32_t tolerance) {
    struct pixels a, b;
    if (decode_file(one, 0, &a) != CODEC_OK) {
        fail_msg("%s is not decoded", one);
    }
    if (decode_file(other, 0, &b) != CODEC_OK) {
        fail_msg("%s is not decoded", other);
    }
    int32_t most = distance(&a, &b);
    if (most > tolerance) {
        fail_msg("%s and %s differ by %d", one, other, most);
    }
    pixels_free(&a);
    pixels_free(&b);
}

/* Images of all kinds that are made by ourselves: written native, packed by others. */
static void write_image(const char *path, const struct pixel_form *form, unsigned planar) {
    static uint8_t bytes[1 << 20];
    size_t size = 128;
    struct dicom_writer *writer = calloc(1, sizeof *writer);
    dicom_writer_begin(writer);
    dicom_writer_identity(writer, 1);
    dicom_writer_text(writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(writer, 0x0020000E, "UI", "1.2.3.2");
    dicom_writer_text(writer, 0x00200013, "IS", "1");
    dicom_writer_u16(writer, 0x00280002, (uint16_t)form->samples);
    dicom_writer_text(writer, 0x00280004, "CS", form->samples == 3 ? "RGB" : "MONOCHROME2");
    if (form->samples == 3) {
        dicom_writer_u16(writer, 0x00280006, (uint16_t)planar);
    }
    dicom_writer_u16(writer, 0x00280010, (uint16_t)form->rows);
    dicom_writer_u16(writer, 0x00280011, (uint16_t)form->columns);
    dicom_writer_u16(writer, 0x00280100, (uint16_t)form->bits_allocated);
    dicom_writer_u16(writer, 0x00280101, (uint16_t)form->bits_stored);
    dicom_writer_u16(writer, 0x00280102, (uint16_t)(form->bits_stored - 1));
    dicom_writer_u16(writer, 0x00280103, form->is_signed);
    size = pixels_size(form);
    assert_true(size <= sizeof bytes);
    uint32_t noise = 7, mask = (1u << form->bits_stored) - 1, half = 1u << (form->bits_stored - 1);
    size_t count = size / pixels_sample_bytes(form);
    for (size_t i = 0; i < count; i++) {
        noise = noise * 1664525u + 1013904223u;
        double x = (double)(i / form->samples % form->columns) / form->columns;
        double y = (double)(i / form->samples / form->columns) / form->rows;
        uint32_t value = (uint32_t)((sin(9 * x) * cos(5 * y) * 0.4 + 0.5) * mask) + (noise >> 29);
        value &= mask;
        if (form->is_signed) {
            value = (value ^ half) - half;
        }
        memcpy(bytes + i * pixels_sample_bytes(form), &value, pixels_sample_bytes(form));
    }
    assert_true(writer->size + 12 + size <= sizeof writer->bytes);
    dicom_writer_element(writer, 0x7FE00010, "OW", bytes, size);
    write_file(path, writer->bytes, writer->size);
    free(writer);
}

static const struct pixel_form forms[] = {
    {64, 96, 1, 16, 12, false, COLOUR_MONOCHROME2}, {97, 65, 1, 16, 16, false, COLOUR_MONOCHROME2},
    {64, 64, 1, 16, 16, true, COLOUR_MONOCHROME2},  {61, 83, 1, 16, 12, true, COLOUR_MONOCHROME2},
    {63, 65, 1, 8, 8, false, COLOUR_MONOCHROME2},   {64, 80, 3, 8, 8, false, COLOUR_RGB},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static void rle_of_dcmtk_is_read(void **state) {
    (void)state;
    char from[128], into[128];
    for (size_t i = 0; i < FORMS; i++) {
        snprintf(from, sizeof from, "%s/native%zu.dcm", folder, i);
        snprintf(into, sizeof into, "%s/rle%zu.dcm", folder, i);
        write_image(from, &forms[i], 0);
        assert_int_equal(shell("dcmcrle %s %s 2>%s/log", from, into, folder), 0);
        same_image(from, into, 0);
    }
}

static void planes_of_colours_are_joined(void **state) {
    (void)state;
    char from[128], into[128];
    snprintf(from, sizeof from, "%s/planes.dcm", folder);
    snprintf(into, sizeof into, "%s/planes-rle.dcm", folder);
    write_image(from, &forms[5], 1);
    assert_int_equal(shell("dcmcrle %s %s 2>%s/log", from, into, folder), 0);
    same_image(from, into, 0);
}

static void lossless_jpeg_of_dcmtk_is_read_with_every_predictor(void **state) {
    (void)state;
    char from[128], into[128];
    for (size_t i = 0; i < FORMS; i++) {
        for (int predictor = 1; predictor <= 7; predictor++) {
            snprintf(from, sizeof from, "%s/native%zu.dcm", folder, i);
            snprintf(into, sizeof into, "%s/lossless%zu-%d.dcm", folder, i, predictor);
            write_image(from, &forms[i], 0);
            assert_int_equal(
                shell("dcmcjpeg +el +sv %d %s %s 2>%s/log", predictor, from, into, folder), 0);
            same_image(from, into, 0);
        }
    }
}

static void jpeg_ls_of_dcmtk_is_read(void **state) {
    (void)state;
    char from[128], into[128];
    for (size_t i = 0; i < FORMS; i++) {
        snprintf(from, sizeof from, "%s/native%zu.dcm", folder, i);
        snprintf(into, sizeof into, "%s/ls%zu.dcm", folder, i);
        write_image(from, &forms[i], 0);
        assert_int_equal(shell("dcmcjpls +el %s %s 2>%s/log", from, into, folder), 0);
        same_image(from, into, 0);
        if (forms[i].is_signed) {
            continue; // DCMTK's near-lossless wraps signed values around
        }
        assert_int_equal(shell("dcmcjpls +en +md 2 %s %s 2>%s/log", from, into, folder), 0);
        same_image(from, into, 2);
    }
}

static void baseline_jpeg_is_read_as_dcmtk_reads_it(void **state) {
    (void)state;
    char from[128], into[128], back[128];
    for (size_t i = 4; i <= 5; i++) {
        snprintf(from, sizeof from, "%s/native%zu.dcm", folder, i);
        snprintf(into, sizeof into, "%s/baseline%zu.dcm", folder, i);
        snprintf(back, sizeof back, "%s/baseline%zu-back.dcm", folder, i);
        write_image(from, &forms[i], 0);
        assert_int_equal(shell("dcmcjpeg +eb +q 95 %s %s 2>%s/log", from, into, folder), 0);
        assert_int_equal(shell("dcmdjpeg %s %s 2>%s/log", into, back, folder), 0);
        same_image(into, back, 3); // two libraries' inverse transforms and colour conversions
        same_image(from, into, 24);
    }
}

static void jpeg_of_twelve_bits_is_read_as_dcmtk_reads_it(void **state) {
    (void)state;
    char from[128], into[128], back[128];
    snprintf(from, sizeof from, "%s/native0.dcm", folder);
    snprintf(into, sizeof into, "%s/extended.dcm", folder);
    snprintf(back, sizeof back, "%s/extended-back.dcm", folder);
    write_image(from, &forms[0], 0);
    assert_int_equal(shell("dcmcjpeg +ee +q 95 +bt %s %s 2>%s/log", from, into, folder), 0);
    assert_int_equal(shell("dcmdjpeg %s %s 2>%s/log", into, back, folder), 0);
    same_image(into, back, 2);
}

static void jpeg_2000_of_gdcm_is_read(void **state) {
    (void)state;
    char from[128], into[128];
    for (size_t i = 0; i < FORMS; i++) {
        snprintf(from, sizeof from, "%s/native%zu.dcm", folder, i);
        snprintf(into, sizeof into, "%s/j2k%zu.dcm", folder, i);
        write_image(from, &forms[i], 0);
        assert_int_equal(shell("gdcmconv --j2k %s %s 2>%s/log", from, into, folder), 0);
        same_image(from, into, 0);
        assert_int_equal(shell("gdcmconv --j2k --lossy -q 60 %s %s 2>%s/log", from, into, folder),
                         0);
        struct pixels pixels;
        assert_int_equal(decode_file(into, 0, &pixels), CODEC_OK);
        pixels_free(&pixels);
    }
}

static void other_makers_files_decode_as_gdcm_decodes_them(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"MR_small_RLE.dcm", "dcmdrle"},
        {"SC_rgb_rle.dcm", "dcmdrle"},
        {"SC_rgb_rle_16bit.dcm", "dcmdrle"},
        {"MR_small_jpeg_ls_lossless.dcm", "dcmdjpls"},
        {"MR_small_jp2klossless.dcm", "gdcmconv --raw"},
        {"GDCMJ2K_TextGBR.dcm", "gdcmconv --raw"},
        {"JPEG2000.dcm", "gdcmconv --raw"},
        {"693_J2KI.dcm", "gdcmconv --raw"},
        {"MR_small_bigendian.dcm", "dcmconv +te"},
        {"MR_small_implicit.dcm", "dcmconv +te"},
        {"SC_rgb_small_odd.dcm", "dcmconv +ti"},
    };
    char back[128];
    snprintf(back, sizeof back, "%s/back.dcm", folder);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, PYDICOM "%s", names[i][0]);
        if (shell("%s %s %s 2>%s/log >%s/log", names[i][1], path, back, folder, folder) != 0) {
            fail_msg("%s %s", names[i][1], names[i][0]);
        }
        same_image(path, back, 0);
    }
}

static void our_copies_decode_with_openjpeg_at_every_resolution(void **state) {
    (void)state;
    static uint8_t coded[1 << 20];
    for (size_t i = 0; i < FORMS; i++) {
        char path[128];
        struct pixels pixels, reduced;
        size_t size = 0;
        if (forms[i].is_signed) {
            continue; // PGM has no signs; OpenJPEG shifts them on writing
        }
        snprintf(path, sizeof path, "%s/native%zu.dcm", folder, i);
        write_image(path, &forms[i], 0);
        assert_int_equal(decode_file(path, 0, &pixels), CODEC_OK);
        assert_int_equal(htj2k_encode(&pixels, coded, sizeof coded, &size), CODEC_OK);
        snprintf(path, sizeof path, "%s/copy.j2c", folder);
        write_file(path, coded, size);
        for (unsigned reduction = 0; reduction <= 5; reduction++) {
            assert_int_equal(shell("opj_decompress -r %u -i %s -o %s/copy.rawl >%s/log 2>&1",
                                   reduction, path, folder, folder),
                             0);
            assert_int_equal(htj2k_decode(coded, size, &forms[i], reduction, &reduced), CODEC_OK);
            char raw[128];
            snprintf(raw, sizeof raw, "%s/copy.rawl", folder);
            struct file file = read_file(raw);
            size_t count = (size_t)reduced.form.rows * reduced.form.columns;
            size_t bytes = pixels_sample_bytes(&reduced.form);
            assert_int_equal(file.size, count * bytes * reduced.form.samples);
            for (size_t at = 0; at < count; at++) { // plane after plane
                for (uint32_t sample = 0; sample < reduced.form.samples; sample++) {
                    assert_memory_equal(
                        file.bytes + (sample * count + at) * bytes,
                        reduced.bytes + (at * reduced.form.samples + sample) * bytes, bytes);
                }
            }
            free(file.bytes);
            pixels_free(&reduced);
        }
        pixels_free(&pixels);
    }
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static long peak_kib(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_maxrss;
}

/* Of images that we packed ourselves: `size` of its bytes, decoded as `form`. */
static enum codec_result decode_part(const struct frame *frame, const struct pixel_form *form,
                                     const uint8_t *bytes, size_t size) {
    struct frame_coding coding = frame->coding;
    struct pixels pixels;
    coding.form = *form;
    enum codec_result result = frame_decode(&coding, bytes, size, &pixels);
    if (result == CODEC_OK) {
        pixels_free(&pixels);
    }
    return result;
}

static const char *const kinds[] = {"native0",     "rle0",     "rle5", "lossless0-1",
                                    "lossless3-7", "ls0",      "ls5",  "baseline4",
                                    "baseline5",   "extended", "j2k0", "j2k5"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void a_frame_that_ends_early_is_refused_however_it_is_packed(void **state) {
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        char path[128];
        struct frame frame;
        snprintf(path, sizeof path, "%s/%s.dcm", folder, kinds[i]);
        read_frame(path, 0, sets, &frame);
        for (unsigned tenth = 1; tenth <= 9; tenth++) {
            size_t size = frame.size * tenth / 10;
            if (decode_part(&frame, &frame.coding.form, frame.bytes, size) == CODEC_OK) {
                fail_msg("%s is taken after %u0 %% of it", kinds[i], tenth);
            }
        }
        drop_frame(&frame);
    }
}

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* The same in JPEG 2000 and in HTJ2K: T.800 A.5.1. */
static void tiles_that_begin_outside_of_the_image_are_refused_at_once(void **state) {
    (void)state;
    static uint8_t coded[1 << 20];
    static const uint32_t offsets[] = {1, 96, 0x7FFFFFFF, 0xFF000000, 0xFFFFFFFF};
    struct frame frame;
    struct pixels pixels;
    char path[128];
    snprintf(path, sizeof path, "%s/j2k0.dcm", folder);
    read_frame(path, 0, sets, &frame);
    size_t size;
    assert_int_equal(frame_decode(&frame.coding, frame.bytes, frame.size, &pixels), CODEC_OK);
    assert_int_equal(htj2k_encode(&pixels, coded, sizeof coded, &size), CODEC_OK);
    pixels_free(&pixels);
    for (size_t i = 0; i < 2 * sizeof offsets / sizeof offsets[0]; i++) {
        size_t at = 32 + 4 * (i % 2);
        put_u32(frame.bytes + at, offsets[i / 2]);
        put_u32(coded + at, offsets[i / 2]);
        uint64_t before = now_us();
        assert_int_not_equal(decode_part(&frame, &frame.coding.form, frame.bytes, frame.size),
                             CODEC_OK);
        assert_int_not_equal(htj2k_decode(coded, size, &frame.coding.form, 0, &pixels), CODEC_OK);
        assert_true(now_us() - before < 500000);
        put_u32(frame.bytes + at, 0);
        put_u32(coded + at, 0);
    }
    drop_frame(&frame);
}

/* JPEG 2000 says nothing of bytes that are missing: pixels that none are there for would be made of
 * nothing, in seconds and gigabytes. */
static void a_large_frame_of_too_few_bytes_is_refused_before_it_is_decoded(void **state) {
    (void)state;
    struct frame frame;
    char path[128];
    snprintf(path, sizeof path, "%s/j2k0.dcm", folder);
    read_frame(path, 0, sets, &frame);
    struct pixel_form form = frame.coding.form;
    form.rows = form.columns = 8192;
    for (size_t at = 8; at <= 28; at += at == 12 ? 12 : 4) { // extent, then size of tiles
        put_u32(frame.bytes + at, 8192);
    }
    long before = peak_kib();
    assert_int_equal(decode_part(&frame, &form, frame.bytes, frame.size), CODEC_DAMAGED);
    assert_true(peak_kib() - before < 1024);
    drop_frame(&frame);
}

/* Cut anywhere, with bytes changed anywhere, and with another size than the index row says. */
static void hurt(const char *path, uint64_t *slowest_us) {
    struct frame frame;
    read_frame(path, 0, sets, &frame);
    uint8_t *copy = malloc(frame.size);
    uint32_t noise = 1;
    struct pixels pixels;
    for (unsigned turn = 0; turn < 300; turn++) {
        struct frame_coding coding = frame.coding;
        size_t size = frame.size;
        memcpy(copy, frame.bytes, size);
        noise = noise * 1664525u + 1013904223u;
        if (turn % 3 == 0) {
            size = (noise >> 8) % frame.size;
        } else if (turn % 3 == 1) {
            for (unsigned i = 0; i < 4; i++) {
                noise = noise * 1664525u + 1013904223u;
                size_t span = i < 2 && size > 64 ? 64 : size; // headers first
                copy[(noise >> 8) % span] = (uint8_t)(noise >> 3);
            }
        } else {
            coding.form.rows += 1 + turn % 5;
            coding.form.columns = coding.form.columns * (1 + turn % 7) + turn % 2;
        }
        uint64_t before = now_us();
        enum codec_result result = frame_decode(&coding, copy, size, &pixels);
        uint64_t taken = now_us() - before;
        if (result == CODEC_OK) {
            pixels_free(&pixels);
        } else if (taken > *slowest_us) {
            *slowest_us = taken;
        }
        // What says another size is never believed.
        assert_true(turn % 3 != 2 || result != CODEC_OK);
    }
    free(copy);
    drop_frame(&frame);
}

static void what_is_damaged_or_lies_is_refused_quickly_and_without_much_memory(void **state) {
    (void)state;
    long before = peak_kib();
    uint64_t slowest_us = 0;
    for (size_t i = 0; i < KINDS; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s.dcm", folder, kinds[i]);
        hurt(path, &slowest_us);
    }
    long more = peak_kib() - before;
    print_message("slowest refusal %llu us, %ld KiB more\n", (unsigned long long)slowest_us, more);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(slowest_us <= 50000);
    assert_true(more <= 64 << 10);
#endif
}

static int set_up(void **state) {
    (void)state;
    sets = character_sets_create();
    return sets && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    character_sets_destroy(sets);
    return shell("rm -rf %s", folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rle_of_dcmtk_is_read),
        cmocka_unit_test(planes_of_colours_are_joined),
        cmocka_unit_test(lossless_jpeg_of_dcmtk_is_read_with_every_predictor),
        cmocka_unit_test(jpeg_ls_of_dcmtk_is_read),
        cmocka_unit_test(baseline_jpeg_is_read_as_dcmtk_reads_it),
        cmocka_unit_test(jpeg_of_twelve_bits_is_read_as_dcmtk_reads_it),
        cmocka_unit_test(jpeg_2000_of_gdcm_is_read),
        cmocka_unit_test(other_makers_files_decode_as_gdcm_decodes_them),
        cmocka_unit_test(our_copies_decode_with_openjpeg_at_every_resolution),
        cmocka_unit_test(a_frame_that_ends_early_is_refused_however_it_is_packed),
        cmocka_unit_test(tiles_that_begin_outside_of_the_image_are_refused_at_once),
        cmocka_unit_test(a_large_frame_of_too_few_bytes_is_refused_before_it_is_decoded),
        cmocka_unit_test(what_is_damaged_or_lies_is_refused_quickly_and_without_much_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
