/* links: load consilium */
/*
 * DICOMweb beside Debian's Orthanc with the same files in the same run, and frames beside nginx
 * that serves the same bytes: searches, metadata of a long series, frames on one and on sixteen
 * connections, plain and over TLS, and storing.
 *
 * Searches, metadata and single frames are asked on one connection, one after the other. Servers
 * are pinned to one processor, the client to the other. All frames fit into every server's memory.
 */
#include "bench/archive_peers.h"
#include "bench/figure.h"
#include "bench/images.h"
#include "bench/process_use.h"
#include "bench/raw_get.h"
#include "tests/support/dicom_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERIES = 0,  /* case with the long series */
    TWO = 1,     /* case with two studies */
    MANY = 2,    /* case with many of them */
    STORED = 10, /* cases that are stored into, from this one on */
    SLICES = 384,
    STUDIES = 10000,
    FRAMES =
        6, /* that are fetched in turn: they fit into half of 8 MiB, the usual RLIMIT_MEMLOCK */
    CONNECTIONS = 16,
    PART_MAX = 40000,
    SERVER_PROCESSOR = 0,
    CLIENT_PROCESSOR = 1,
};

static const char boundary[] = "consilium-bench";
static const char stow_type[] =
    "multipart/related; type=\"application/dicom\"; boundary=consilium-bench";

static struct place {
    struct server_process *server;
    struct staff staff;
} plain, secure;
static struct archive_peer orthanc, nginx;
static struct server_address orthanc_address, nginx_address, nginx_tls_address;

static unsigned studies; /* in the case with many of them */

/* Bodies. */

struct body {
    uint8_t *bytes;
    size_t length, capacity, files_length;
    unsigned count;
};

static void body_add(struct body *body, const void *bytes, size_t length) {
    if (body->length + length > body->capacity) {
        body->capacity = 2 * (body->length + length);
        body->bytes = realloc(body->bytes, body->capacity);
    }
    memcpy(body->bytes + body->length, bytes, length);
    body->length += length;
}

static void body_add_part(struct body *body, const void *file, size_t length) {
    char head[128];
    int size =
        snprintf(head, sizeof head, "--%s\r\nContent-Type: application/dicom\r\n\r\n", boundary);
    body_add(body, head, (size_t)size);
    body_add(body, file, length);
    body_add(body, "\r\n", 2);
    body->files_length += length;
    body->count++;
}

static void body_end(struct body *body) {
    char tail[64];
    body_add(body, tail, (size_t)snprintf(tail, sizeof tail, "--%s--\r\n", boundary));
}

/* A study of one small image. */
static void body_add_small(struct body *body, unsigned case_number, unsigned number) {
    static struct dicom_writer writer;
    char text[65];
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    snprintf(text, sizeof text, "2.25.71.%u.%u", case_number, number);
    dicom_writer_text(&writer, 0x00080018, "UI", text);
    snprintf(text, sizeof text, "20%02u%02u%02u", number % 26, 1 + number % 12, 1 + number % 28);
    dicom_writer_text(&writer, 0x00080020, "DA", text);
    snprintf(text, sizeof text, "A%u", number);
    dicom_writer_text(&writer, 0x00080050, "SH", text);
    dicom_writer_text(&writer, 0x00080060, "CS", number % 3 == 0 ? "MR" : "CT");
    dicom_writer_text(&writer, 0x00081030, "LO", "Thorax and abdomen");
    snprintf(text, sizeof text, "Invented%u^Person", number);
    dicom_writer_text(&writer, 0x00100010, "PN", text);
    dicom_writer_text(&writer, 0x00100020, "LO", "0");
    snprintf(text, sizeof text, "2.25.72.%u.%u", case_number, number);
    dicom_writer_text(&writer, 0x0020000D, "UI", text);
    snprintf(text, sizeof text, "2.25.73.%u.%u", case_number, number);
    dicom_writer_text(&writer, 0x0020000E, "UI", text);
    dicom_writer_text(&writer, 0x00200013, "IS", "1");
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(&writer, 0x00280010, 16);
    dicom_writer_u16(&writer, 0x00280011, 16);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 12);
    dicom_writer_u16(&writer, 0x00280102, 11);
    dicom_writer_u16(&writer, 0x00280103, 0);
    uint8_t pixels[512] = {(uint8_t)number};
    dicom_writer_element(&writer, 0x7FE00010, "OW", pixels, sizeof pixels);
    body_add_part(body, writer.bytes, writer.size);
}

static void web_path(char path[IMAGE_PATH_MAX], unsigned case_number, const char *rest) {
    char whole[96];
    snprintf(whole, sizeof whole, "dicom-web/%s", rest);
    image_case_path(path, case_number, whole);
}

/* Seconds that it takes; 0 = it was not taken. */
static double store(const struct server_address *address, const char *bearer, const char *path,
                    const struct body *body) {
    struct http_client http;
    struct http_response response;
    http_client_init(&http, address);
    http.bearer = bearer;
    int64_t begin = monotonic_us();
    bool taken =
        http_client_request(&http, "POST", path, stow_type, body->bytes, body->length, &response) &&
        response.status == 200;
    double seconds = (double)(monotonic_us() - begin) / 1e6;
    if (!taken)
        fprintf(stderr, "not stored at %s\n", path);
    http_client_finish(&http);
    return taken ? seconds : 0;
}

static double store_here(const struct place *place, unsigned case_number, const struct body *body) {
    char path[IMAGE_PATH_MAX];
    web_path(path, case_number, "studies");
    return store(&place->staff.address, place->staff.people[0].token, path, body);
}

static bool store_both(struct body *body, unsigned case_number, bool at_orthanc) {
    body_end(body);
    bool stored = store_here(&plain, case_number, body) > 0 &&
                  (!at_orthanc || store(&orthanc_address, NULL, "/dicom-web/studies", body) > 0);
    free(body->bytes);
    return stored;
}

static bool fill_series(void) {
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    bool filled = true;
    for (unsigned first = 1; filled && first <= SLICES; first += 32) {
        struct body body = {0};
        for (unsigned slice = first; slice < first + 32; slice++)
            body_add_part(&body, file, image_write(file, SERIES, slice));
        filled = store_both(&body, SERIES, true);
    }
    free(file);
    return filled;
}

static bool fill_studies(unsigned case_number, unsigned count, bool at_orthanc) {
    bool filled = true;
    for (unsigned first = 0; filled && first < count; first += 1000) {
        struct body body = {0};
        for (unsigned number = first; number < count && number < first + 1000; number++)
            body_add_small(&body, case_number, number);
        filled = store_both(&body, case_number, at_orthanc);
    }
    return filled;
}

/* Paths. */

struct target {
    char prefix[IMAGE_PATH_MAX]; /* before "studies/..." */
    const char *rest;
};

static void path_of(unsigned number, char path[512], void *data) {
    const struct target *target = data;
    (void)number;
    snprintf(path, 512, "%s%s", target->prefix, target->rest);
}

/* One accession number after the other. */
static void search_path(unsigned number, char path[512], void *data) {
    const struct target *target = data;
    snprintf(path, 512, "%sstudies?AccessionNumber=A%u&StudyDate=20000101-", target->prefix,
             number * 7919 % studies);
}

static void frame_path(unsigned number, char path[512], void *data) {
    const struct target *target = data;
    char uid[65];
    image_uid(uid, SERIES, 1 + number % FRAMES);
    snprintf(path, 512, "%sstudies/2.25.78.%u/series/2.25.79.%u/instances/%s/frames/1",
             target->prefix, SERIES + 1, SERIES + 1, uid);
}

static void file_path(unsigned number, char path[512], void *data) {
    (void)data;
    snprintf(path, 512, "/%u", 1 + number % FRAMES);
}

static struct target here(unsigned case_number, const char *rest) {
    struct target target = {.rest = rest};
    web_path(target.prefix, case_number, "");
    return target;
}

static struct target there(const char *rest) {
    return (struct target){"/dicom-web/", rest};
}

static struct raw_got ask(const struct server_address *address, const char *bearer,
                          const char *accept, unsigned connections, size_t least,
                          void (*path)(unsigned, char[512], void *), struct target target,
                          double seconds) {
    struct raw_get get = {.address = address,
                          .bearer = bearer,
                          .accept = accept,
                          .path = path,
                          .data = &target,
                          .connections = connections,
                          .body_least = least};
    raw_get_run(&get, seconds / 6); /* warm */
    return raw_get_run(&get, figure_is_quick() ? seconds / 4 : seconds);
}

static struct raw_got ask_here(const struct place *place, const char *accept, unsigned connections,
                               size_t least, void (*path)(unsigned, char[512], void *),
                               struct target target, double seconds) {
    return ask(&place->staff.address, place->staff.people[0].token, accept, connections, least,
               path, target, seconds);
}

/* Figures. */

static bool print_ms(const char *name, double value, const char *reference, double there_value,
                     double bar, const char *words) {
    return figure_print(&(struct figure){.name = name,
                                         .unit = "ms",
                                         .value = value,
                                         .reference = reference,
                                         .reference_value = there_value,
                                         .kind = BAR_AT_MOST,
                                         .bar = bar,
                                         .runs = 1,
                                         .circumstances = words});
}

static bool both_ms(const char *name, struct raw_got got, const char *reference,
                    struct raw_got beside, double p50, double p99, const char *words) {
    char text[160];
    snprintf(text, sizeof text, "%s, p50", name);
    bool holds =
        got.failed == 0 && print_ms(text, got.p50_ms, reference, beside.p50_ms, p50, words);
    snprintf(text, sizeof text, "%s, p99", name);
    return print_ms(text, got.p99_ms, reference, beside.p99_ms, p99, words) && holds;
}

static const char json[] = "application/dicom+json";
static const char octets[] = "application/octet-stream";
static const char parts[] =
    "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*";

static bool measure_searches(void) {
    struct raw_got none = {0};
    struct raw_got got = ask_here(&plain, json, 1, 100, path_of, here(TWO, "studies"), 2);
    struct raw_got other = ask(&orthanc_address, NULL, json, 1, 100, path_of,
                               there("studies?StudyDate=20000101-20010228&limit=2"), 2);
    bool holds = both_ms("studies found, 2 in the case", got, "Orthanc", other, 1.5, 5,
                         "one connection; Orthanc holds these two and one more study");
    got = ask_here(&plain, json, 1, 100, search_path, here(MANY, ""), 3);
    holds &= both_ms("one study found by accession number and date among 10,000 in the case", got,
                     NULL, none, 5, 20, "one connection; all 10,000 are looked at");
    got = ask_here(&plain, json, 1, 1000, path_of, here(MANY, "studies?limit=100"), 2);
    holds &= both_ms("first 100 studies of 10,000", got, NULL, none, 5, 20, "one connection");
    got = ask_here(&plain, json, 1, 1000, path_of,
                   here(MANY, "studies?PatientName=person%20invented99&fuzzymatching=true"), 2);
    holds &= both_ms("studies of 10,000 by the beginnings of names", got, NULL, none, 5, 20,
                     "one connection; 111 are found");
    return holds;
}

static bool measure_series(void) {
    static const char metadata[] = "studies/2.25.78.1/series/2.25.79.1/metadata";
    static const char instances[] = "studies/2.25.78.1/series/2.25.79.1/instances";
    struct raw_got got = ask_here(&plain, json, 1, 100000, path_of, here(SERIES, metadata), 3);
    struct raw_got other =
        ask(&orthanc_address, NULL, json, 1, 100000, path_of, there(metadata), 3);
    bool holds = got.failed == 0 && print_ms("metadata of a series of 384, p50", got.p50_ms,
                                             "Orthanc", other.p50_ms, 15, "one connection, JSON");
    got = ask_here(&plain, json, 1, 100000, path_of, here(SERIES, instances), 3);
    other = ask(&orthanc_address, NULL, json, 1, 100000, path_of, there(instances), 3);
    return print_ms("instances of a series found, 384, p50", got.p50_ms, "Orthanc", other.p50_ms,
                    10, "one connection") &&
           got.failed == 0 && holds;
}

static bool print_rate(const char *name, struct raw_got got, const char *reference, double beside,
                       enum bar_kind kind, double bar) {
    char words[160];
    snprintf(words, sizeof words,
             "512 x 512 x 16 bit, %d connections, %d frames in turn; p50 %.2f ms, p99 %.2f ms",
             CONNECTIONS, FRAMES, got.p50_ms, got.p99_ms);
    return figure_print(&(struct figure){.name = name,
                                         .unit = "frames per second",
                                         .value = got.rate,
                                         .reference = reference,
                                         .reference_value = beside,
                                         .kind = kind,
                                         .bar = bar,
                                         .runs = 1,
                                         .circumstances = words}) &&
           got.failed == 0;
}

static bool measure_frames(void) {
    struct target frames = here(SERIES, ""), others = there("");
    struct raw_got got = ask_here(&plain, octets, 1, IMAGE_BYTES, frame_path, frames, 3);
    struct raw_got other =
        ask(&orthanc_address, NULL, parts, 1, IMAGE_BYTES, frame_path, others, 3);
    bool holds = both_ms("a frame of 512 x 512 x 16 bit, one connection", got, "Orthanc", other,
                         0.5, 2, "plain");
    other = ask(&orthanc_address, NULL, parts, CONNECTIONS, IMAGE_BYTES, frame_path, others, 3);
    got = ask_here(&plain, octets, CONNECTIONS, IMAGE_BYTES, frame_path, frames, 3);
    holds &= print_rate("frames over plain HTTP, 16 connections", got, "Orthanc", other.rate,
                        BAR_AT_LEAST, 2000);
    holds &= print_ms("the same, p99 of a frame", got.p99_ms, "Orthanc", other.p99_ms, 20, NULL);
    other = ask(&nginx_address, NULL, NULL, CONNECTIONS, IMAGE_BYTES, file_path, others, 3);
    print_rate("the same beside files of nginx", got, "nginx", other.rate, BAR_NONE, 0);
    other = ask(&nginx_tls_address, NULL, NULL, CONNECTIONS, IMAGE_BYTES, file_path, others, 3);
    got = ask_here(&secure, octets, CONNECTIONS, IMAGE_BYTES, frame_path, frames, 3);
    return print_rate("frames over HTTPS, 16 connections", got, "nginx", other.rate,
                      BAR_RATIO_AT_LEAST, 0.8) &&
           holds;
}

static bool print_store(const char *name, const char *unit, double value, double beside, double bar,
                        const char *words) {
    return figure_print(&(struct figure){.name = name,
                                         .unit = unit,
                                         .value = value,
                                         .reference = "Orthanc",
                                         .reference_value = beside,
                                         .kind = BAR_AT_LEAST,
                                         .bar = bar,
                                         .runs = 1,
                                         .circumstances = words});
}

static bool measure_storing(void) {
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    double seconds = 0, there_seconds = 0, bytes = 0;
    for (unsigned request = 0; request < 8; request++) {
        struct body body = {0};
        for (unsigned slice = 1; slice <= 32; slice++)
            body_add_part(&body, file, image_write(file, STORED, request * 32 + slice));
        body_end(&body);
        seconds += store_here(&plain, STORED, &body);
        there_seconds += store(&orthanc_address, NULL, "/dicom-web/studies", &body);
        bytes += (double)body.files_length;
        free(body.bytes);
    }
    free(file);
    bool holds = print_store("stored, durable and found at the answer, slices of 512 KiB",
                             "MB per second", bytes / 1e6 / seconds, bytes / 1e6 / there_seconds,
                             200, "eight requests of 32 one after the other, one connection each");
    unsigned count = figure_is_quick() ? 200 : 1000;
    struct body body = {0};
    for (unsigned number = 0; number < count; number++)
        body_add_small(&body, STORED + 1, number);
    body_end(&body);
    seconds = store_here(&plain, STORED + 1, &body);
    there_seconds = store(&orthanc_address, NULL, "/dicom-web/studies", &body);
    free(body.bytes);
    return print_store("stored, durable and found at the answer, small ones",
                       "instances per second", count / seconds, count / there_seconds, 800,
                       "one request; each instance is a study of its own") &&
           holds;
}

/* The places. */

static bool open_place(struct place *place, bool tls) {
    struct server_options options = {.program = CONSILIUM_PATH, .tls = tls};
    place->server = server_process_start(&options);
    return place->server != NULL && staff_hire(&place->staff, place->server, 1) &&
           staff_make_cases(&place->staff, 0, STORED + 2);
}

static bool write_files(void) {
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    bool written = file != NULL;
    for (unsigned slice = 1; written && slice <= FRAMES; slice++) {
        char path[128];
        size_t length = image_write(file, SERIES, slice);
        snprintf(path, sizeof path, "%s/files/%u", nginx.folder, slice);
        FILE *one = fopen(path, "wb");
        written =
            one != NULL && fwrite(file + length - IMAGE_BYTES, 1, IMAGE_BYTES, one) == IMAGE_BYTES;
        if (one != NULL)
            fclose(one);
    }
    free(file);
    return written;
}

static bool open_all(void) {
    const char *reason;
    char key[512];
    process_pin(0, SERVER_PROCESSOR);
    if (!open_place(&plain, false) || !open_place(&secure, true) || !orthanc_start(&orthanc))
        return false;
    const char *certificate = server_process_certificate(secure.server);
    snprintf(key, sizeof key, "%.*skey.pem", (int)(strrchr(certificate, '/') + 1 - certificate),
             certificate);
    bool ready = nginx_start(&nginx, certificate, key) &&
                 server_address_init(&orthanc_address, orthanc.url, NULL, &reason) &&
                 server_address_init(&nginx_address, nginx.url, NULL, &reason) &&
                 server_address_init(&nginx_tls_address, nginx.tls_url, certificate, &reason);
    process_pin(0, CLIENT_PROCESSOR);
    return ready && write_files() && images_upload(&secure.staff, SERIES, FRAMES);
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    studies = figure_is_quick() ? 1000 : STUDIES;
    bool ready = open_all() && fill_series() && fill_studies(TWO, 2, true) &&
                 fill_studies(MANY, studies, false);
    bool holds = ready;
    if (ready) {
        holds = measure_searches();
        holds = measure_series() && holds;
        holds = measure_frames() && holds;
        holds = measure_storing() && holds;
    }
    archive_peer_end(&nginx);
    archive_peer_end(&orthanc);
    staff_finish(&secure.staff);
    server_process_end(secure.server);
    staff_finish(&plain.staff);
    server_process_end(plain.server);
    return holds ? 0 : 1;
}
