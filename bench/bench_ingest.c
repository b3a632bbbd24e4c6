/* links: load consilium PkgConfig::zlib */
/*
 * Images taken in, durable and to be found when the answer comes: by STOW-RS on one connection, by
 * tus on as many as a browser has, and by tus as one archive that is not compressed; slices of
 * 512 KiB and small ones. Beside them Debian's Orthanc, which has STOW-RS alone, and the same bytes
 * as plain files that are synced, renamed and synced again with their folder by many threads.
 */
#include "bench/archive_peers.h"
#include "bench/figure.h"
#include "bench/images.h"
#include "bench/stow_body.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
    ROUNDS = 3,
    REQUESTS = 8, /* of slices, one after the other */
    REQUEST_SLICES = 32,
    SLICES = REQUESTS * REQUEST_SLICES,
    SMALL = 1000,
    TUS_CONNECTIONS = 6,
    FLOOR_THREADS = 16,
    PATCH_BYTES = 32 << 20, /* as the page sends them */
};

static struct server_process *server;
static struct staff staff;
static struct archive_peer orthanc;
static struct server_address orthanc_address;

/* What a round stores: files one after the other, the same for everybody. */
struct files {
    uint8_t *bytes;
    size_t *ends; /* of each file */
    unsigned count;
};

static const uint8_t *file_of(const struct files *files, unsigned number, size_t *ret_length) {
    size_t from = number > 0 ? files->ends[number - 1] : 0;
    *ret_length = files->ends[number] - from;
    return files->bytes + from;
}

static struct files files_make(unsigned count, size_t size_max) {
    struct files files = {malloc(count * size_max), malloc(count * sizeof(size_t)), 0};
    assert(files.bytes != NULL && files.ends != NULL);
    return files;
}

static void files_finish(struct files *files) {
    free(files->bytes);
    free(files->ends);
}

/* Another series in each case. */
static struct files slices_of(unsigned case_number) {
    unsigned count = figure_is_quick() ? REQUEST_SLICES : SLICES;
    struct files files = files_make(count, IMAGE_FILE_MAX);
    for (size_t at = 0; files.count < count;) {
        at += image_write(files.bytes + at, case_number, files.count + 1);
        files.ends[files.count++] = at;
    }
    return files;
}

static struct files small_of(unsigned case_number) {
    static struct dicom_writer writer;
    unsigned count = figure_is_quick() ? 100 : SMALL;
    struct files files = files_make(count, 2048);
    for (size_t at = 0; files.count < count;) {
        small_study_write(&writer, case_number, files.count);
        assert(writer.size <= 2048);
        memcpy(files.bytes + at, writer.bytes, writer.size);
        at += writer.size;
        files.ends[files.count++] = at;
    }
    return files;
}

/* Each of these gives seconds for all files, 0 when they were not taken. */

static double by_stow(const struct server_address *address, const char *bearer, const char *path,
                      const struct files *files, unsigned in_request) {
    double seconds = 0;
    for (unsigned first = 0; first < files->count; first += in_request) {
        struct stow_body body = {0};
        for (unsigned i = first; i < files->count && i < first + in_request; i++) {
            size_t length;
            const uint8_t *bytes = file_of(files, i, &length);
            stow_body_add(&body, bytes, length);
        }
        stow_body_end(&body);
        double here = stow_body_store(address, bearer, path, &body);
        stow_body_finish(&body);
        if (here == 0)
            return 0;
        seconds += here;
    }
    return seconds;
}

struct crowd {
    const struct files *files;
    const char *path; /* of uploads, or a folder */
    atomic_uint next, failed;
};

static double run_crowd(struct crowd *crowd, unsigned size, void *(*work)(void *)) {
    pthread_t threads[FLOOR_THREADS];
    int64_t begin = monotonic_us();
    for (unsigned i = 0; i < size; i++) {
        int made = pthread_create(&threads[i], NULL, work, crowd);
        assert(made == 0);
    }
    for (unsigned i = 0; i < size; i++)
        pthread_join(threads[i], NULL);
    double seconds = (double)(monotonic_us() - begin) / 1e6;
    return crowd->failed > 0 ? 0 : seconds;
}

/* The client sends no headers of its own but the type, which they follow. */
static bool tus(struct http_client *http, const char *method, const char *path, const char *headers,
                const uint8_t *bytes, size_t length, unsigned status,
                struct http_response *response) {
    char text[256];
    snprintf(text, sizeof text, "application/offset+octet-stream\r\nTus-Resumable: 1.0.0\r\n%s",
             headers);
    bool good = http_client_request(http, method, path, text, bytes, length, response) &&
                response->status == status;
    if (!good)
        fprintf(stderr, "tus: %s: %u %.*s\n", method, response->status, (int)response->body_length,
                (const char *)response->body);
    return good;
}

/* Each made and filled with one request (creation-with-upload). */
static void *send_by_tus(void *data) {
    struct crowd *crowd = data;
    struct http_client http;
    http_client_init(&http, &staff.address);
    http.bearer = staff.people[0].token;
    for (unsigned i; (i = atomic_fetch_add(&crowd->next, 1)) < crowd->files->count;) {
        char headers[128];
        size_t length;
        struct http_response response = {0};
        const uint8_t *bytes = file_of(crowd->files, i, &length);
        snprintf(headers, sizeof headers, "Upload-Length: %zu", length);
        if (!tus(&http, "POST", crowd->path, headers, bytes, length, 201, &response)) {
            crowd->failed++;
            break;
        }
    }
    http_client_finish(&http);
    return NULL;
}

/* Numbers little endian, as many bytes of each as the format says. */
static uint8_t *put(uint8_t *at, const char *sizes, const size_t *numbers) {
    for (; *sizes; sizes++, numbers++) {
        for (int i = 0; i < *sizes - '0'; i++)
            *at++ = (uint8_t)(*numbers >> 8 * i);
    }
    return at;
}

/* APPNOTE.TXT 4.3: entries that are stored, named by their number. */
static uint8_t *zip_make(const struct files *files, size_t *ret_length) {
    uint8_t *zip = malloc(files->ends[files->count - 1] + files->count * 128 + 64);
    uint8_t *directory = malloc(files->count * 64), *entry = directory, *at = zip;
    assert(zip != NULL && directory != NULL);
    for (unsigned i = 0; i < files->count; i++) {
        size_t length, offset = (size_t)(at - zip);
        const uint8_t *bytes = file_of(files, i, &length);
        size_t crc = crc32(0, bytes, (uInt)length);
        char name[12];
        snprintf(name, sizeof name, "%08u", i);
        at = put(at, "42222244422",
                 (size_t[]){0x04034b50, 20, 0, 0, 0, 0x21, crc, length, length, 8, 0});
        memcpy(at, name, 8);
        memcpy(at + 8, bytes, length);
        at += 8 + length;
        entry = put(entry, "42222224442222244",
                    (size_t[]){0x02014b50, 20, 20, 0, 0, 0, 0x21, crc, length, length, 8, 0, 0, 0,
                               0, 0, offset});
        memcpy(entry, name, 8);
        entry += 8;
    }
    size_t offset = (size_t)(at - zip), length = (size_t)(entry - directory);
    memcpy(at, directory, length);
    at = put(at + length, "42222442",
             (size_t[]){0x06054b50, 0, 0, files->count, files->count, length, offset, 0});
    free(directory);
    *ret_length = (size_t)(at - zip);
    return zip;
}

/* Until the archive has been read to its end and all of it is stored. */
static bool wait_for_outcome(struct http_client *http, const char *path, unsigned count) {
    char wanted[32];
    struct http_response response;
    snprintf(wanted, sizeof wanted, "\"stored\":%u,", count);
    for (;;) {
        if (!http_client_request(http, "GET", path, NULL, NULL, 0, &response) ||
            response.status != 200)
            return false;
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)response.body_length, (const char *)response.body);
        if (strstr(text, "\"state\":\"done\"") != NULL) {
            if (strstr(text, wanted) == NULL)
                fprintf(stderr, "archive: %s\n", text);
            return strstr(text, wanted) != NULL;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static bool send_archive(struct http_client *http, const char *path, const uint8_t *zip,
                         size_t length, unsigned count) {
    struct http_response response = {0};
    char headers[64], upload[IMAGE_PATH_MAX];
    snprintf(headers, sizeof headers, "Upload-Length: %zu", length);
    if (!tus(http, "POST", path, headers, NULL, 0, 201, &response) ||
        !http_response_header(&response, "location", upload, sizeof upload))
        return false;
    for (size_t at = 0; at < length;) {
        size_t step = length - at < PATCH_BYTES ? length - at : PATCH_BYTES;
        snprintf(headers, sizeof headers, "Upload-Offset: %zu", at);
        if (!tus(http, "PATCH", upload, headers, zip + at, step, 204, &response))
            return false;
        at += step;
    }
    return wait_for_outcome(http, upload, count);
}

static double by_archive(unsigned case_number, const struct files *files) {
    char path[IMAGE_PATH_MAX];
    struct http_client http;
    size_t length;
    uint8_t *zip = zip_make(files, &length);
    image_case_path(path, case_number, "resumable");
    http_client_init(&http, &staff.address);
    http.bearer = staff.people[0].token;
    int64_t begin = monotonic_us();
    bool sent = send_archive(&http, path, zip, length, files->count);
    double seconds = (double)(monotonic_us() - begin) / 1e6;
    http_client_finish(&http);
    free(zip);
    return sent ? seconds : 0;
}

/* As durable as it gets: bytes, name and folder. */
static bool write_plain(const char *folder, unsigned number, const uint8_t *bytes, size_t length) {
    char from[128], into[192], where[128];
    snprintf(from, sizeof from, "%s/unfinished-%u", folder, number);
    snprintf(where, sizeof where, "%s/%02x", folder, number * 37 % 256);
    snprintf(into, sizeof into, "%s/%u", where, number);
    int file = open(from, O_CREAT | O_WRONLY | O_EXCL, 0600);
    bool good = file >= 0 && write(file, bytes, length) == (ssize_t)length && fsync(file) == 0 &&
                rename(from, into) == 0;
    int place = open(where, O_RDONLY | O_DIRECTORY);
    good = good && place >= 0 && fsync(place) == 0;
    close(place);
    close(file);
    return good;
}

static void *write_files(void *data) {
    struct crowd *crowd = data;
    for (unsigned i; (i = atomic_fetch_add(&crowd->next, 1)) < crowd->files->count;) {
        size_t length;
        const uint8_t *bytes = file_of(crowd->files, i, &length);
        if (!write_plain(crowd->path, i, bytes, length))
            crowd->failed++;
    }
    return NULL;
}

static double by_tus(unsigned case_number, const struct files *files) {
    char path[IMAGE_PATH_MAX];
    image_case_path(path, case_number, "resumable");
    return run_crowd(&(struct crowd){.files = files, .path = path}, TUS_CONNECTIONS, send_by_tus);
}

/* On the same disk as the servers' folders; it goes with Orthanc's. */
static double by_floor(unsigned number, const struct files *files) {
    char folder[96], path[128];
    snprintf(folder, sizeof folder, "%s/plain-%u", orthanc.folder, number);
    if (mkdir(folder, 0700) != 0)
        return 0;
    for (unsigned i = 0; i < 256; i++) {
        snprintf(path, sizeof path, "%s/%02x", folder, i);
        mkdir(path, 0700);
    }
    return run_crowd(&(struct crowd){.files = files, .path = folder}, FLOOR_THREADS, write_files);
}

/* Figures. */

enum way { BY_STOW, BY_TUS, BY_ARCHIVE, BY_ORTHANC, BY_FLOOR, WAYS };

static double store(enum way way, unsigned case_number, const struct files *files,
                    unsigned in_request) {
    char path[IMAGE_PATH_MAX];
    image_case_path(path, case_number, "dicom-web/studies");
    switch (way) {
    case BY_STOW:
        return by_stow(&staff.address, staff.people[0].token, path, files, in_request);
    case BY_TUS:
        return by_tus(case_number, files);
    case BY_ARCHIVE:
        return by_archive(case_number, files);
    case BY_ORTHANC:
        return by_stow(&orthanc_address, NULL, "/dicom-web/studies", files, in_request);
    default:
        return by_floor(case_number, files);
    }
}

/* What is stored in a second by each way, the median of the rounds. Of finished uploads the server
 * keeps a bounded number, so that not everything goes by tus file by file. */
static bool measure(struct files (*make)(unsigned), unsigned in_request, bool slices,
                    unsigned *next_case, double ret_rates[WAYS]) {
    double rates[WAYS][ROUNDS];
    unsigned rounds = figure_runs(ROUNDS);
    for (unsigned round = 0; round < rounds; round++) {
        for (enum way way = 0; way < WAYS; way++) {
            if (way == BY_TUS && !slices)
                continue;
            struct files files = make(*next_case);
            double seconds = store(way, (*next_case)++, &files, in_request);
            double amount = slices ? (double)files.ends[files.count - 1] / 1e6 : files.count;
            files_finish(&files);
            if (seconds == 0)
                return false;
            rates[way][round] = amount / seconds;
        }
    }
    for (enum way way = 0; way < WAYS; way++)
        ret_rates[way] = way == BY_TUS && !slices ? 0 : median(rates[way], rounds);
    return true;
}

static bool print(const char *name, const char *unit, double value, const char *reference,
                  double beside, double bar, const char *words) {
    return figure_print(&(struct figure){.name = name,
                                         .unit = unit,
                                         .value = value,
                                         .reference = reference,
                                         .reference_value = beside,
                                         .kind = bar > 0 ? BAR_AT_LEAST : BAR_NONE,
                                         .bar = bar,
                                         .runs = figure_runs(ROUNDS),
                                         .circumstances = words});
}

static bool print_all(const char *what, const char *unit, const double rates[WAYS], double bar,
                      const char *stow_words) {
    static const char floor_name[] = "plain files, synced, by 16 threads";
    char name[96];
    snprintf(name, sizeof name, "STOW, %s", what);
    bool holds = print(name, unit, rates[BY_STOW], "Orthanc", rates[BY_ORTHANC], bar, stow_words);
    snprintf(name, sizeof name, "STOW beside the disk, %s", what);
    print(name, unit, rates[BY_STOW], floor_name, rates[BY_FLOOR], 0, stow_words);
    snprintf(name, sizeof name, "tus, an archive, %s", what);
    holds &= print(name, unit, rates[BY_ARCHIVE], floor_name, rates[BY_FLOOR], bar,
                   "not compressed, one connection, until the last file of it is to be found");
    snprintf(name, sizeof name, "tus, file by file, %s", what);
    return rates[BY_TUS] == 0 || (print(name, unit, rates[BY_TUS], floor_name, rates[BY_FLOOR], bar,
                                        "six connections, a file a request") &&
                                  holds);
}

static bool measure_all(void) {
    unsigned next_case = 0;
    double rates[WAYS];
    bool holds = measure(slices_of, REQUEST_SLICES, true, &next_case, rates) &&
                 print_all("slices of 512 KiB", "MB per second", rates, 200,
                           "eight requests of 32 one after the other, one connection each");
    return measure(small_of, SMALL, false, &next_case, rates) &&
           print_all("small ones", "instances per second", rates, 800,
                     "one request; each instance is a study of its own") &&
           holds;
}

/* Of nobody who is named: the small ones are of as many people as there are. */
static bool make_cases(void) {
    staff.of_nobody = true;
    return staff_make_cases(&staff, 0, 2 * ROUNDS * WAYS);
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH};
    const char *reason;
    server = server_process_start(&options);
    bool holds = server != NULL && staff_hire(&staff, server, 1) && make_cases() &&
                 orthanc_start(&orthanc) &&
                 server_address_init(&orthanc_address, orthanc.url, NULL, &reason) && measure_all();
    archive_peer_end(&orthanc);
    staff_finish(&staff);
    server_process_end(server);
    return holds ? 0 : 1;
}
