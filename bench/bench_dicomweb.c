/* links: load consilium */
/*
 * DICOMweb beside Debian's Orthanc with the same files in the same run, and frames beside nginx
 * that serves the same bytes: searches, metadata of a long series, frames on one and on sixteen
 * connections, plain and over TLS.
 *
 * Searches, metadata and single frames are asked on one connection, one after the other. Servers
 * are pinned to one processor, the client to the other. All frames fit into every server's memory.
 */
#include "bench/archive_peers.h"
#include "bench/figure.h"
#include "bench/images.h"
#include "bench/process_use.h"
#include "bench/raw_get.h"
#include "bench/stow_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERIES = 0, /* case with the long series */
    TWO = 1,    /* case with two studies */
    MANY = 2,   /* case with many of them */
    CASES = 3,
    SLICES = 384,
    STUDIES = 10000,
    FRAMES =
        6, /* that are fetched in turn: they fit into half of 8 MiB, the usual RLIMIT_MEMLOCK */
    CONNECTIONS = 16,
    PAIRS = 7,
    SERVER_PROCESSOR = 0,
    CLIENT_PROCESSOR = 1,
};

static struct place {
    struct server_process *server;
    struct staff staff;
} plain, secure;
static struct archive_peer orthanc, nginx;
static struct server_address orthanc_address, nginx_address, nginx_tls_address;

static unsigned studies; /* in the case with many of them */

static void web_path(char path[IMAGE_PATH_MAX], unsigned case_number, const char *rest) {
    char whole[96];
    snprintf(whole, sizeof whole, "dicom-web/%s", rest);
    image_case_path(path, case_number, whole);
}

static bool store_both(struct stow_body *body, unsigned case_number, bool at_orthanc) {
    char path[IMAGE_PATH_MAX];
    web_path(path, case_number, "studies");
    stow_body_end(body);
    bool stored =
        stow_body_store(&plain.staff.address, plain.staff.people[0].token, path, body) > 0 &&
        (!at_orthanc || stow_body_store(&orthanc_address, NULL, "/dicom-web/studies", body) > 0);
    stow_body_finish(body);
    return stored;
}

static bool fill_series(void) {
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    bool filled = true;
    for (unsigned first = 1; filled && first <= SLICES; first += 32) {
        struct stow_body body = {0};
        for (unsigned slice = first; slice < first + 32; slice++)
            stow_body_add(&body, file, image_write(file, SERIES, slice));
        filled = store_both(&body, SERIES, true);
    }
    free(file);
    return filled;
}

static bool fill_studies(unsigned case_number, unsigned count, bool at_orthanc) {
    static struct dicom_writer writer;
    bool filled = true;
    for (unsigned first = 0; filled && first < count; first += 1000) {
        struct stow_body body = {0};
        for (unsigned number = first; number < count && number < first + 1000; number++) {
            small_study_write(&writer, case_number, number);
            stow_body_add(&body, writer.bytes, writer.size);
        }
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
                       enum bar_kind kind, double bar, unsigned runs) {
    char words[192];
    snprintf(words, sizeof words,
             "512 x 512 x 16 bit, %d connections, %d frames in turn%s; p50 %.2f ms, p99 %.2f ms",
             CONNECTIONS, FRAMES, runs > 1 ? ", the pair with the median ratio" : "", got.p50_ms,
             got.p99_ms);
    return figure_print(&(struct figure){.name = name,
                                         .unit = "frames per second",
                                         .value = got.rate,
                                         .reference = reference,
                                         .reference_value = beside,
                                         .kind = kind,
                                         .bar = bar,
                                         .runs = runs,
                                         .circumstances = words}) &&
           got.failed == 0;
}

struct pair {
    struct raw_got ours, other;
};

static int by_ratio(const void *a, const void *b) {
    const struct pair *one = a, *two = b;
    double x = one->ours.rate / one->other.rate, y = two->ours.rate / two->other.rate;
    return (x > y) - (x < y);
}

/* Frames beside files of nginx, in short turns, because a busy machine is another one each second:
 * the pair of turns whose ratio is the median. */
static struct pair beside_nginx(const struct place *place, const struct server_address *address) {
    struct pair pairs[PAIRS];
    unsigned count = figure_runs(PAIRS);
    for (unsigned i = 0; i < count; i++) {
        pairs[i].other =
            ask(address, NULL, NULL, CONNECTIONS, IMAGE_BYTES, file_path, there(""), 1);
        pairs[i].ours =
            ask_here(place, octets, CONNECTIONS, IMAGE_BYTES, frame_path, here(SERIES, ""), 1);
    }
    qsort(pairs, count, sizeof pairs[0], by_ratio);
    return pairs[count / 2];
}

static bool measure_frames(void) {
    static const char one_name[] = "a frame of 512 x 512 x 16 bit, one connection";
    struct target frames = here(SERIES, ""), others = there("");
    struct raw_got got = ask_here(&plain, octets, 1, IMAGE_BYTES, frame_path, frames, 3);
    struct raw_got other =
        ask(&orthanc_address, NULL, parts, 1, IMAGE_BYTES, frame_path, others, 3);
    bool holds = both_ms(one_name, got, "Orthanc", other, 0.5, 2, "plain");
    other = ask(&nginx_address, NULL, NULL, 1, IMAGE_BYTES, file_path, others, 3);
    print_ms("the same beside a file of nginx, p99", got.p99_ms, "nginx", other.p99_ms, 2,
             "what both have of it is the machine's");
    other = ask(&orthanc_address, NULL, parts, CONNECTIONS, IMAGE_BYTES, frame_path, others, 3);
    got = ask_here(&plain, octets, CONNECTIONS, IMAGE_BYTES, frame_path, frames, 3);
    holds &= print_rate("frames over plain HTTP, 16 connections", got, "Orthanc", other.rate,
                        BAR_AT_LEAST, 2000, 1);
    holds &= print_ms("the same, p99 of a frame", got.p99_ms, "Orthanc", other.p99_ms, 20, NULL);
    struct pair pair = beside_nginx(&plain, &nginx_address);
    print_rate("the same beside files of nginx", pair.ours, "nginx", pair.other.rate, BAR_NONE, 0,
               figure_runs(PAIRS));
    pair = beside_nginx(&secure, &nginx_tls_address);
    return print_rate("frames over HTTPS, 16 connections", pair.ours, "nginx", pair.other.rate,
                      BAR_RATIO_AT_LEAST, 0.8, figure_runs(PAIRS)) &&
           holds;
}

/* The places. */

static bool open_place(struct place *place, bool tls) {
    struct server_options options = {.program = CONSILIUM_PATH, .tls = tls};
    place->server = server_process_start(&options);
    if (place->server == NULL || !staff_hire(&place->staff, place->server, 1))
        return false;
    place->staff.of_nobody = true;
    return staff_make_cases(&place->staff, 0, CASES);
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
    }
    archive_peer_end(&nginx);
    archive_peer_end(&orthanc);
    staff_finish(&secure.staff);
    server_process_end(secure.server);
    staff_finish(&plain.staff);
    server_process_end(plain.server);
    return holds ? 0 : 1;
}
