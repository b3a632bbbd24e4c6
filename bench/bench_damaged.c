/* links: load codecs imaging_ingest imaging_format blobs PkgConfig::zlib consilium-ingest m */
/*
 * What damaged frames can do to consilium-ingest, by the way they are packed: how long until the
 * slowest of them is refused, beside a good one decoded, and how much memory the process ever had
 * beyond what it has after a good one. Frames of 512 x 512 are packed by DCMTK, gdcm and OpenJPH,
 * then cut short, bits of them turned over, every byte of their headers changed, and their size
 * lied about: by the index row, by the codestream, and by both alike. They go the way of a picture
 * that somebody waits for. A deflated file goes the way of an upload.
 */
#define _GNU_SOURCE
#include "bench/figure.h"
#include "bench/process_use.h"
#include "server/blobs/sealed_blob.h"
#include "server/codecs/codec_link.h"
#include "server/codecs/htj2k.h"
#include "server/imaging/ingest_link.h"
#include "server/imaging/instance_reader.h"
#include "tests/support/dicom_writer.h"

#include <assert.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SIDE = 512,
    CUTS = 40,
    FLIPS = 120,
    HEADER = 240, /* bytes, each of which is changed */
    SPACE = 1 << 20,
    PATH_SIZE = 64,
};

static char folder[] = "/tmp/consilium-damaged-XXXXXX";
static uv_loop_t loop;

/* A packed frame, and what the index row says of it. */
struct frame {
    uint8_t *bytes; /* owned */
    size_t size;
    struct pixel_shape shape;
    char transfer_syntax[65], photometric[17];
};

struct packing {
    const char *name;
    const char *transfer_syntax; /* of what is made here; NULL = the command makes a file */
    const char *command;         /* from a native file to a packed one */
    bool colour;
};

static const struct packing packings[] = {
    {"native", "1.2.840.10008.1.2.1", NULL, false},
    {"RLE", NULL, "dcmcrle %s %s", false},
    {"JPEG of 8 bits", NULL, "dcmcjpeg +eb +q 95 %s %s", true},
    {"JPEG of 12 bits", NULL, "dcmcjpeg +ee +q 95 +bt %s %s", false},
    {"lossless JPEG", NULL, "dcmcjpeg +el +sv 6 %s %s", false},
    {"JPEG-LS", NULL, "dcmcjpls +el %s %s", false},
    {"JPEG 2000", NULL, "gdcmconv --j2k %s %s", false},
    {"JPEG 2000 in colour", NULL, "gdcmconv --j2k %s %s", true},
    {"HTJ2K", "1.2.840.10008.1.2.4.202", NULL, false},
};

static bool run(char *command) {
    char *arguments[] = {"sh", "-c", command, NULL};
    pid_t process;
    int status;
    return posix_spawn(&process, "/bin/sh", NULL, NULL, arguments, environ) == 0 &&
           waitpid(process, &status, 0) == process && status == 0;
}

/* Making good ones. */

static const struct pixel_form grey = {SIDE, SIDE, 1, 16, 12, false, COLOUR_MONOCHROME2};
static const struct pixel_form colours = {SIDE, SIDE, 3, 8, 8, false, COLOUR_RGB};

static uint8_t *draw(const struct pixel_form *form) {
    uint8_t *bytes = malloc(pixels_size(form));
    assert(bytes != NULL);
    uint32_t noise = 7, most = (1u << form->bits_stored) - 1;
    size_t width = pixels_sample_bytes(form), count = pixels_size(form) / width;
    for (size_t i = 0; i < count; i++) {
        noise = noise * 1664525u + 1013904223u;
        double x = (double)(i / form->samples % SIDE) / SIDE;
        double y = (double)(i / form->samples / SIDE) / SIDE;
        uint32_t value = (uint32_t)((sin(9 * x) * cos(5 * y) * 0.4 + 0.5) * most) + (noise >> 28);
        value = value < most ? value : most;
        memcpy(bytes + i * width, &value, width);
    }
    return bytes;
}

static void write_native(const char *path, const struct pixel_form *form) {
    static struct dicom_writer writer;
    dicom_writer_begin(&writer);
    dicom_writer_identity(&writer, 1);
    const uint16_t numbers[][2] = {{0x02, (uint16_t)form->samples},
                                   {0x10, SIDE},
                                   {0x11, SIDE},
                                   {0x100, (uint16_t)form->bits_allocated},
                                   {0x101, (uint16_t)form->bits_stored},
                                   {0x102, (uint16_t)(form->bits_stored - 1)},
                                   {0x103, 0}};
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.3.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.3.2");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dicom_writer_u16(&writer, 0x00280000u + numbers[i][0], numbers[i][1]);
        if (i == 0) /* elements are in the order of their tags */
            dicom_writer_text(&writer, 0x00280004, "CS",
                              form->samples == 3 ? "RGB" : "MONOCHROME2");
        if (i == 0 && form->samples == 3)
            dicom_writer_u16(&writer, 0x00280006, 0);
    }
    uint8_t head[12] = {0xE0, 0x7F, 0x10, 0, 'O', 'W'};
    uint32_t size = (uint32_t)pixels_size(form);
    memcpy(head + 8, &size, 4);
    uint8_t *pixels = draw(form);
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(writer.bytes, writer.size, 1, file) == 1 &&
                   fwrite(head, sizeof head, 1, file) == 1 && fwrite(pixels, size, 1, file) == 1;
    assert(written);
    fclose(file);
    free(pixels);
}

static uint8_t *read_all(const char *path, size_t *ret_size) {
    uint8_t *bytes = malloc(2 * SPACE);
    FILE *file = fopen(path, "rb");
    assert(file != NULL && bytes != NULL);
    *ret_size = fread(bytes, 1, 2 * SPACE, file);
    fclose(file);
    return bytes;
}

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

static void take_shape(struct frame *frame, const struct pixel_form *form) {
    frame->shape = (struct pixel_shape){.rows = form->rows,
                                        .columns = form->columns,
                                        .samples = form->samples,
                                        .bits_allocated = form->bits_allocated,
                                        .bits_stored = form->bits_stored};
    frame->shape.transfer_syntax = text_of(frame->transfer_syntax);
    frame->shape.photometric = text_of(frame->photometric);
}

/* The frame of a file that another program wrote, as the index row has it. */
static void take_packed(struct frame *frame, const char *path, const struct pixel_form *form) {
    size_t size;
    uint8_t *file = read_all(path, &size);
    struct instance_reading reading;
    struct file_refusal refusal;
    struct character_sets *sets = character_sets_create();
    bool read = sets != NULL && instance_read(file, size, sets, &reading, &refusal) == 0;
    assert(read && reading.frames.piece_count > 0);
    struct frame_piece single;
    uint32_t count;
    const struct frame_piece *pieces = frame_table_pieces(&reading.frames, 0, &single, &count);
    frame->bytes = malloc(size);
    assert(frame->bytes != NULL);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(frame->bytes + frame->size, file + pieces[i].offset, pieces[i].length);
        frame->size += pieces[i].length;
    }
    snprintf(frame->transfer_syntax, sizeof frame->transfer_syntax, "%.64s",
             reading.instance.transfer_syntax_uid);
    snprintf(frame->photometric, sizeof frame->photometric, "%.16s", reading.instance.photometric);
    take_shape(frame, form);
    instance_reading_finish(&reading);
    character_sets_destroy(sets);
    free(file);
}

static void make_good(struct frame *frame, const struct packing *packing) {
    const struct pixel_form *form = packing->colour ? &colours : &grey;
    char from[PATH_SIZE], into[PATH_SIZE], command[512], words[256];
    memset(frame, 0, sizeof *frame);
    snprintf(frame->photometric, sizeof frame->photometric, "MONOCHROME2");
    if (packing->command != NULL) {
        snprintf(from, sizeof from, "%s/native.dcm", folder);
        snprintf(into, sizeof into, "%s/packed.dcm", folder);
        write_native(from, form);
        snprintf(words, sizeof words, packing->command, from, into);
        snprintf(command, sizeof command, "%s >%s/log 2>&1", words, folder);
        bool made = run(command);
        assert(made);
        take_packed(frame, into, form);
        return;
    }
    snprintf(frame->transfer_syntax, sizeof frame->transfer_syntax, "%s", packing->transfer_syntax);
    frame->bytes = draw(form);
    frame->size = pixels_size(form);
    take_shape(frame, form);
    if (strcmp(packing->name, "HTJ2K") == 0) {
        struct pixels pixels = {*form, frame->bytes};
        uint8_t *packed = malloc(SPACE);
        enum codec_result result = htj2k_encode(&pixels, packed, SPACE, &frame->size);
        assert(packed != NULL && result == CODEC_OK);
        free(frame->bytes);
        frame->bytes = packed;
    }
}

/* The most it has had is counted anew (proc(5), clear_refs). */
static void forget_peak(int process) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", process);
    FILE *file = process > 0 ? fopen(path, "w") : NULL;
    if (file != NULL && fputs("5", file) + fclose(file) < 0)
        fprintf(stderr, "peaks are not forgotten\n");
}

static int memory_of(const void *bytes, size_t size) {
    int memory = memfd_create("frame", MFD_CLOEXEC);
    bool written = memory >= 0 && (size == 0 || write(memory, bytes, size) == (ssize_t)size);
    assert(written);
    return memory;
}

static struct {
    bool answered, died;
    unsigned refusal;
} answer;

static void on_rendered(void *data, const struct frame_rendered *rendered) {
    (void)data;
    answer.answered = true;
    answer.died = rendered == NULL;
    answer.refusal = rendered != NULL ? (unsigned)rendered->refusal : 1;
}

static void on_parsed(void *data, const struct parsed *parsed) {
    (void)data;
    answer.answered = true;
    answer.died = parsed->refusal == INGEST_REFUSAL_WORKER_FAILED;
    answer.refusal = (unsigned)parsed->refusal;
}

/* What is being measured: one packing, by one of the two ways. */
static struct measured {
    const char *name;
    struct codec_link *codec;   /* of frames */
    struct ingest_link *ingest; /* of files */
    int into;
    double good_ms, refused_ms, answered_ms, after_death_ms;
    long before_kib, most_kib;
    unsigned asked, refused, died, cut_taken;
    char slowest[64], longest[64], largest[64];
} now;

static int child(void) {
    return now.codec != NULL ? codec_link_child(now.codec) : ingest_link_child(now.ingest);
}

static double wait_ms(int64_t begin) {
    while (!answer.answered)
        uv_run(&loop, UV_RUN_ONCE);
    return (double)(monotonic_us() - begin) / 1000;
}

static double ask(const struct frame *frame) {
    static const uint8_t digest[BLOB_DIGEST_SIZE];
    int memory = memory_of(frame->bytes, frame->size);
    bool asked;
    answer.answered = false;
    int64_t begin = monotonic_us();
    if (now.codec != NULL) {
        struct codec_input input = {
            .from = memory, .into = now.into, .space = SPACE, .shape = frame->shape};
        struct render_frame wanted = {
            .length = frame->size, .rows_max = 128, .columns_max = 128, .quality = 90};
        asked = codec_link_render(now.codec, &input, &wanted, on_rendered, NULL);
    } else {
        asked = ingest_link_parse(now.ingest, memory, frame->size, digest, on_parsed, NULL);
    }
    assert(asked);
    double ms = wait_ms(begin);
    close(memory);
    return ms;
}

static void try(const struct frame *good, const struct frame *damaged, const char *how) {
    forget_peak(child());
    double ms = ask(damaged);
    now.asked++;
    if (ms > now.answered_ms)
        snprintf(now.longest, sizeof now.longest, "%s", how);
    now.answered_ms = ms > now.answered_ms ? ms : now.answered_ms;
    if (answer.refusal != 0) {
        now.refused++;
        if (ms > now.refused_ms)
            snprintf(now.slowest, sizeof now.slowest, "%s", how);
        now.refused_ms = ms > now.refused_ms ? ms : now.refused_ms;
    }
    long kib = process_memory_kib(child(), "VmHWM:");
    if (kib > now.most_kib)
        snprintf(now.largest, sizeof now.largest, "%s", how);
    now.most_kib = kib > now.most_kib ? kib : now.most_kib;
    if (answer.died) {
        now.died++;
        ms = ask(good);
        assert(answer.refusal == 0);
        now.after_death_ms = ms > now.after_death_ms ? ms : now.after_death_ms;
    }
}

static void cut_and_turn(const struct frame *good, struct frame *damaged) {
    char how[64];
    unsigned cuts = figure_is_quick() ? 4 : CUTS, flips = figure_is_quick() ? 8 : FLIPS;
    for (unsigned i = 0; i < cuts; i++) {
        damaged->size = good->size * i / cuts + (i == 0);
        snprintf(how, sizeof how, "cut after %zu of %zu bytes", damaged->size, good->size);
        try(good, damaged, how);
        now.cut_taken += answer.refusal == 0;
    }
    damaged->size = good->size;
    uint32_t noise = 1;
    for (unsigned i = 0; i < flips; i++) {
        noise = noise * 1664525u + 1013904223u;
        size_t at = (size_t)((uint64_t)noise * good->size >> 32);
        damaged->bytes[at] ^= (uint8_t)(1 << (noise & 7));
        snprintf(how, sizeof how, "a bit of byte %zu turned over", at);
        try(good, damaged, how);
        damaged->bytes[at] = good->bytes[at];
    }
}

static void lie_in_header(const struct frame *good, struct frame *damaged) {
    static const uint8_t values[] = {0, 1, 32, 255};
    char how[64];
    for (size_t at = 0; at < HEADER && at < good->size; at += figure_is_quick() ? 40 : 1) {
        for (size_t i = 0; i < sizeof values; i++) {
            damaged->bytes[at] = values[i];
            snprintf(how, sizeof how, "byte %zu is %u", at, values[i]);
            try(good, damaged, how);
        }
        damaged->bytes[at] = good->bytes[at];
    }
}

static void put(uint8_t *bytes, unsigned width, uint32_t value) {
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* What the codestream says of its size, where it says one (T.81 B.2.2, T.87 C.2.2, T.800 A.5.1). */
static void resize(struct frame *frame, uint32_t rows, uint32_t columns) {
    if (frame->size > 40 && frame->bytes[0] == 0xFF && frame->bytes[1] == 0x4F) {
        put(frame->bytes + 8, 4, columns);
        put(frame->bytes + 12, 4, rows);
        put(frame->bytes + 24, 4, columns);
        put(frame->bytes + 28, 4, rows);
        return;
    }
    for (size_t at = 2; at + 9 < frame->size && at < 2000; at++) {
        uint8_t kind = frame->bytes[at + 1];
        if (frame->bytes[at] == 0xFF &&
            (kind == 0xC0 || kind == 0xC1 || kind == 0xC3 || kind == 0xF7)) {
            put(frame->bytes + at + 5, 2, rows);
            put(frame->bytes + at + 7, 2, columns);
            return;
        }
    }
}

static void lie_about_size(const struct frame *good, struct frame *damaged) {
    static const uint32_t sizes[][2] = {{1, 1},        {SIDE + 1, SIDE}, {SIDE, 2 * SIDE},
                                        {32768, 4096}, {8192, 8192},     {1, 32768},
                                        {2048, 2048}};
    char how[64];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (unsigned who = 1; who <= 3; who++) {
            damaged->shape.rows = who & 1 ? sizes[i][0] : SIDE;
            damaged->shape.columns = who & 1 ? sizes[i][1] : SIDE;
            memcpy(damaged->bytes, good->bytes, good->size);
            if (who & 2)
                resize(damaged, sizes[i][0], sizes[i][1]);
            snprintf(how, sizeof how, "%s of %u x %u",
                     who == 1   ? "an index row"
                     : who == 2 ? "a codestream"
                                : "row and codestream",
                     sizes[i][0], sizes[i][1]);
            try(good, damaged, how);
        }
    }
    damaged->shape = good->shape;
    memcpy(damaged->bytes, good->bytes, good->size);
}

static void damage(const struct frame *good) {
    struct frame damaged = *good;
    damaged.bytes = malloc(good->size);
    assert(damaged.bytes != NULL);
    memcpy(damaged.bytes, good->bytes, good->size);
    double ms[3];
    for (unsigned i = 0; i < 3; i++) {
        ms[i] = ask(good);
        assert(answer.refusal == 0);
    }
    now.good_ms = median(ms, 3);
    now.before_kib = process_memory_kib(child(), "VmRSS:");
    cut_and_turn(good, &damaged);
    lie_in_header(good, &damaged);
    if (now.codec != NULL)
        lie_about_size(good, &damaged);
    free(damaged.bytes);
}

static bool print_measured(void) {
    char name[96], words[384];
    snprintf(name, sizeof name, "a damaged frame refused, the slowest: %s", now.name);
    snprintf(words, sizeof words,
             "%u frames, %u refused, %u by the reader's death (a good one was back after %.1f ms); "
             "the slowest: %s; %u of those cut short taken; of all %.1f ms at most (%s)",
             now.asked, now.refused, now.died, now.after_death_ms, now.slowest, now.cut_taken,
             now.answered_ms, now.longest);
    bool holds = figure_print(&(struct figure){.name = name,
                                               .unit = "ms",
                                               .value = now.refused_ms,
                                               .reference = "a good one",
                                               .reference_value = now.good_ms,
                                               .kind = BAR_AT_MOST,
                                               .bar = 50,
                                               .runs = 1,
                                               .circumstances = words});
    snprintf(name, sizeof name, "memory beyond what stays after a good one: %s", now.name);
    snprintf(words, sizeof words, "the same frames; the largest: %s", now.largest);
    return figure_print(&(struct figure){.name = name,
                                         .unit = "KiB",
                                         .value = (double)(now.most_kib - now.before_kib),
                                         .kind = BAR_AT_MOST,
                                         .bar = 65536,
                                         .runs = 1,
                                         .circumstances = words}) &&
           holds;
}

static bool measure_frames(const struct packing *packing) {
    struct frame good;
    make_good(&good, packing);
    now = (struct measured){.name = packing->name,
                            .codec = codec_link_create(&loop, CONSILIUM_INGEST_PATH, false),
                            .into = memfd_create("picture", MFD_CLOEXEC)};
    bool made = now.codec != NULL && now.into >= 0 && ftruncate(now.into, SPACE) == 0;
    assert(made);
    damage(&good);
    codec_link_close(now.codec, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    close(now.into);
    free(good.bytes);
    return print_measured();
}

static bool measure_deflated(void) {
    char from[PATH_SIZE], into[PATH_SIZE], command[256];
    snprintf(from, sizeof from, "%s/native.dcm", folder);
    snprintf(into, sizeof into, "%s/deflated.dcm", folder);
    write_native(from, &grey);
    snprintf(command, sizeof command, "dcmconv +td %s %s >%s/log 2>&1", from, into, folder);
    bool made = run(command);
    assert(made);
    struct frame good = {0};
    good.bytes = read_all(into, &good.size);
    now = (struct measured){.name = "deflated file",
                            .ingest = ingest_link_create(&(struct ingest_link_config){
                                .loop = &loop, .program = CONSILIUM_INGEST_PATH})};
    assert(now.ingest != NULL);
    damage(&good);
    ingest_link_close(now.ingest, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    free(good.bytes);
    return print_measured();
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    char command[128], *made = mkdtemp(folder);
    assert(made != NULL);
    uv_loop_init(&loop);
    bool holds = true;
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++)
        holds = measure_frames(&packings[i]) && holds;
    holds = measure_deflated() && holds;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return run(command) && holds ? 0 : 1;
}
