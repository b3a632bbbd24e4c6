/* links: load imaging_ingest imaging_format blobs PkgConfig::zlib consilium-ingest */
/*
 * What reading a file costs: the walk over real ones (index row, frames and JSON together), in this
 * process; and what hostile ones can do to consilium-ingest, in that process: how long until it
 * refuses or takes the worst of them, and how much memory it ever had beyond what it has after an
 * image. Hostile are pydicom's files, malformed ones included, and the fuzzer's seeds cut short at
 * many places and with lengths that lie at all, a sequence in a sequence many times, and what
 * swells when it is inflated.
 */
#define _GNU_SOURCE
#include "bench/figure.h"
#include "bench/process_use.h"
#include "server/blobs/sealed_blob.h"
#include "server/imaging/ingest_link.h"
#include "server/imaging/instance_reader.h"
#include "tests/support/dicom_writer.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    FILES_MAX = 20000,
    FILE_SIZE_MAX = 4 << 20,
    ROUNDS = 7,
    WALKS = 3000,
    CUTS = 40,
    NESTED = 100000,
    SWOLLEN_MIB = 900,
};

#define PYDICOM_FILES "/usr/lib/python3/dist-packages/pydicom/data/test_files"

struct file {
    uint8_t *bytes; /* owned */
    size_t size;
    char name[64];
};

static struct files {
    struct file list[FILES_MAX];
    unsigned count;
} real, hostile;

static struct files *filling;

static struct file *add(struct files *files, const char *name, const void *bytes, size_t size) {
    assert(files->count < FILES_MAX);
    struct file *file = &files->list[files->count++];
    file->bytes = malloc(size + 1);
    assert(file->bytes != NULL);
    memcpy(file->bytes, bytes, size);
    file->size = size;
    snprintf(file->name, sizeof file->name, "%.63s", name);
    return file;
}

static int take_file(const char *path, const struct stat *about, int kind, struct FTW *place) {
    static uint8_t bytes[FILE_SIZE_MAX];
    if (kind != FTW_F || about->st_size > FILE_SIZE_MAX)
        return 0;
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL)
        fclose(file);
    if (size > 0)
        add(filling, path + place->base, bytes, size);
    return 0;
}

static void take_folder(struct files *files, const char *path) {
    filling = files;
    nftw(path, take_file, 16, FTW_PHYS);
}

/* Walking. */

static void take_real(void) {
    static const char *const names[] = {"CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm",
                                        "JPEG2000.dcm", "693_J2KI.dcm", "JPEG-lossy.dcm"};
    filling = &real;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        struct stat about;
        struct FTW place = {.base = sizeof PYDICOM_FILES};
        snprintf(path, sizeof path, PYDICOM_FILES "/%s", names[i]);
        if (stat(path, &about) == 0)
            take_file(path, &about, FTW_F, &place);
    }
    assert(real.count == sizeof names / sizeof names[0]);
}

static double walk_us(struct character_sets *sets) {
    unsigned read = 0;
    int64_t begin = monotonic_us();
    for (unsigned i = 0; i < WALKS; i++) {
        struct instance_reading reading;
        struct file_refusal refusal;
        const struct file *file = &real.list[i % real.count];
        if (instance_read(file->bytes, file->size, sets, &reading, &refusal) == 0) {
            instance_reading_finish(&reading);
            read++;
        }
    }
    return read == WALKS ? (double)(monotonic_us() - begin) / WALKS : 1e6;
}

static bool measure_walk(void) {
    double rounds[ROUNDS];
    unsigned count = figure_runs(ROUNDS);
    struct character_sets *sets = character_sets_create();
    assert(sets != NULL);
    for (unsigned i = 0; i < count; i++)
        rounds[i] = walk_us(sets);
    character_sets_destroy(sets);
    return figure_print(
        &(struct figure){.name = "a file walked through",
                         .unit = "us",
                         .value = median(rounds, count),
                         .kind = BAR_AT_MOST,
                         .bar = 20,
                         .runs = count,
                         .circumstances = "single images of CT, MR and PET scanners, in memory"});
}

/* Hostile files. */

static void make_cut_and_lying(const struct file *seed) {
    for (unsigned i = 1; i < CUTS; i++)
        add(&hostile, seed->name, seed->bytes, seed->size * i / CUTS);
    for (size_t at = 128; at + 4 <= seed->size; at += 2) {
        struct file *file = add(&hostile, seed->name, seed->bytes, seed->size);
        memset(file->bytes + at, 0xff, 4);
    }
}

static void make_nested(void) {
    static const uint8_t begun[] = {0x08, 0,    0x40, 0x11, 'S',  'Q',  0,    0,    0xff, 0xff,
                                    0xff, 0xff, 0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff};
    static struct dicom_writer writer;
    dicom_writer_begin(&writer);
    size_t size = writer.size + (size_t)NESTED * sizeof begun;
    uint8_t *bytes = malloc(size);
    assert(bytes != NULL);
    memcpy(bytes, writer.bytes, writer.size);
    for (unsigned i = 0; i < NESTED; i++)
        memcpy(bytes + writer.size + i * sizeof begun, begun, sizeof begun);
    add(&hostile, "nested", bytes, size);
    free(bytes);
}

/* A private value of many zeros, deflated (PS3.5 A.5). */
static void make_swollen(void) {
    static struct dicom_writer writer;
    static uint8_t zeros[1 << 20];
    size_t space = (size_t)SWOLLEN_MIB * 2048 + 65536;
    uint8_t *packed = malloc(space);
    z_stream stream = {0};
    int begun = deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    assert(packed != NULL && begun == Z_OK);
    dicom_writer_begin_as(&writer, "1.2.840.10008.1.2.1.99");
    memcpy(packed, writer.bytes, writer.size);
    stream.next_out = packed + writer.size;
    stream.avail_out = (uInt)(space - writer.size);
    uint32_t length = (uint32_t)SWOLLEN_MIB << 20;
    uint8_t head[12] = {0x09, 0, 0x10, 0x10, 'O', 'B'};
    memcpy(head + 8, &length, 4);
    stream.next_in = head;
    stream.avail_in = sizeof head;
    deflate(&stream, Z_NO_FLUSH);
    for (unsigned i = 0; i < SWOLLEN_MIB; i++) {
        stream.next_in = zeros;
        stream.avail_in = sizeof zeros;
        deflate(&stream, i + 1 < SWOLLEN_MIB ? Z_NO_FLUSH : Z_FINISH);
    }
    add(&hostile, "swollen", packed, space - stream.avail_out);
    deflateEnd(&stream);
    free(packed);
}

static void make_hostile(void) {
    static struct files seeds;
    take_folder(&seeds, CONSILIUM_SOURCE_DIR "/tests/fuzz/corpus/dicom_walker");
    for (unsigned i = 0; i < seeds.count; i++)
        make_cut_and_lying(&seeds.list[i]);
    take_folder(&hostile, PYDICOM_FILES);
    make_nested();
    make_swollen();
}

static struct {
    bool answered;
    enum ingest_refusal refusal;
} answer;

static void on_parsed(void *data, const struct parsed *parsed) {
    (void)data;
    answer.answered = true;
    answer.refusal = parsed->refusal;
}

static double ask_ms(uv_loop_t *loop, struct ingest_link *link, const struct file *file) {
    uint8_t digest[BLOB_DIGEST_SIZE] = {0};
    int memory = memfd_create("file", MFD_CLOEXEC);
    bool written = memory >= 0 && write(memory, file->bytes, file->size) == (ssize_t)file->size;
    assert(written);
    answer.answered = false;
    int64_t begin = monotonic_us();
    bool asked = ingest_link_parse(link, memory, file->size, digest, on_parsed, NULL);
    assert(asked);
    while (!answer.answered)
        uv_run(loop, UV_RUN_ONCE);
    close(memory);
    return (double)(monotonic_us() - begin) / 1000;
}

static bool measure_hostile(void) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct ingest_link *link = ingest_link_create(
        &(struct ingest_link_config){.loop = &loop, .program = CONSILIUM_INGEST_PATH});
    assert(link != NULL);
    ask_ms(&loop, link, &real.list[0]);
    long before = process_memory_kib(ingest_link_child(link), "VmRSS:"), most = 0;
    const struct file *slowest = NULL, *largest = NULL;
    double slowest_ms = 0;
    unsigned refused = 0, died = 0;
    for (unsigned i = 0; i < hostile.count; i++) {
        const struct file *file = &hostile.list[i];
        double ms = ask_ms(&loop, link, file);
        refused += answer.refusal != INGEST_REFUSAL_NONE;
        died += answer.refusal == INGEST_REFUSAL_WORKER_FAILED;
        long now = process_memory_kib(ingest_link_child(link), "VmHWM:");
        largest = now > most ? file : largest;
        most = now > most ? now : most;
        slowest = ms > slowest_ms ? file : slowest;
        slowest_ms = ms > slowest_ms ? ms : slowest_ms;
    }
    ingest_link_close(link, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    char words[192];
    snprintf(words, sizeof words,
             "%u files, %u of them refused, %u killed the reader; the worst: %s", hostile.count,
             refused, died, slowest->name);
    bool holds = figure_print(&(struct figure){.name = "a hostile file answered, the slowest",
                                               .unit = "ms",
                                               .value = slowest_ms,
                                               .kind = BAR_AT_MOST,
                                               .bar = 50,
                                               .runs = 1,
                                               .circumstances = words});
    snprintf(words, sizeof words, "the same files; the worst: %s", largest->name);
    return figure_print(&(struct figure){.name = "memory of the reader beyond an image's, at most",
                                         .unit = "MiB",
                                         .value = (double)(most - before) / 1024,
                                         .kind = BAR_AT_MOST,
                                         .bar = 64,
                                         .runs = 1,
                                         .circumstances = words}) &&
           holds;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    take_real();
    make_hostile();
    bool holds = measure_walk();
    return measure_hostile() && holds ? 0 : 1;
}
