/* links: load codecs consilium m */
#define _GNU_SOURCE /* memmem */
/*
 * Lossless copies: how fast one processor makes them, beside the codec alone in the same run; how
 * fast a running server does, by itself, after an upload; and what a preview bundle of a series
 * costs, in bytes and in the time until it is there, beside as many bytes of one frame.
 */
#include "bench/figure.h"
#include "bench/images.h"
#include "server/codecs/frame_copy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLICES = 174, RUNS = 15, SPACE = 2 << 20, WAIT_S = 120, NATIVE_SIZE = IMAGE_BYTES };

static const struct pixel_form form = {IMAGE_SIDE, IMAGE_SIDE,        1, 16, 12,
                                       false,      COLOUR_MONOCHROME2};
static uint8_t pixels[NATIVE_SIZE], space[SPACE];

/* Like a body: an ellipse of soft tissue with organs and bone, noise of a CT, air around. */
static void draw(unsigned slice) {
    uint32_t noise = slice * 2654435761u + 1;
    for (unsigned y = 0; y < IMAGE_SIDE; y++) {
        for (unsigned x = 0; x < IMAGE_SIDE; x++) {
            double dx = ((double)x - 256) / 220, dy = ((double)y - 256) / 160;
            double value = 24;
            double spread = 4;
            if (dx * dx + dy * dy < 1) {
                value = 1040 + 60 * sin(7 * dx + slice * 0.1) * cos(5 * dy);
                spread = 24;
                double bone = (dx * dx) / 0.01 + ((dy - 0.6) * (dy - 0.6)) / 0.02;
                value += bone < 1 ? 700 : 0;
            }
            double sum = 0; // of four: near enough to a normal one
            for (int i = 0; i < 4; i++) {
                noise = noise * 1664525u + 1013904223u;
                sum += (double)(noise >> 16) / 65536 - 0.5;
            }
            value += sum * spread;
            uint16_t stored = (uint16_t)(value < 0 ? 0 : value > 4095 ? 4095 : value);
            memcpy(pixels + 2 * (y * IMAGE_SIDE + x), &stored, 2);
        }
    }
}

/* Of this process: others on the machine do not count. */
static int64_t processor_us(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* MB of pixels a second of one processor. */
static double rate_of_copies(double seconds, double *ret_share) {
    static struct pixel_header header;
    struct frame_coding coding = {"1.2.840.10008.1.2.1", form, &header};
    struct frame_copy copy = {0};
    unsigned done = 0;
    int64_t begin = processor_us();
    while (processor_us() - begin < (int64_t)(seconds * 1e6)) {
        if (frame_copy_make(&coding, pixels, sizeof pixels, space, sizeof space, &copy) != CODEC_OK)
            return 0;
        done++;
    }
    *ret_share = (double)copy.prefixes[2] / (double)copy.size;
    return done * (double)NATIVE_SIZE / (double)(processor_us() - begin);
}

static double rate_of_codec(double seconds) {
    struct pixels frame = {form, pixels};
    unsigned done = 0;
    size_t size;
    int64_t begin = processor_us();
    while (processor_us() - begin < (int64_t)(seconds * 1e6)) {
        htj2k_encode(&frame, space, sizeof space, &size);
        done++;
    }
    return done * (double)NATIVE_SIZE / (double)(processor_us() - begin);
}

static bool measure_copies(void) {
    double seconds = figure_is_quick() ? 0.5 : 3, share = 0;
    draw(1);
    double codec = rate_of_codec(seconds), value = rate_of_copies(seconds, &share);
    char circumstances[160];
    snprintf(circumstances, sizeof circumstances,
             "512 x 512 x 12 bit, decoded, coded, decoded again, compared, measured; 1/8 of each "
             "side is %.1f %% of the bytes",
             100 * share);
    return figure_print(&(struct figure){.name = "lossless copies by one processor",
                                         .unit = "MB of pixels a second of processor time",
                                         .value = value,
                                         .reference = "OpenJPH coding alone",
                                         .reference_value = codec,
                                         .kind = BAR_AT_LEAST,
                                         .bar = 70,
                                         .runs = 1,
                                         .circumstances = circumstances});
}

static bool upload_all(const struct staff *staff) {
    struct http_client http;
    struct http_response response;
    char path[IMAGE_PATH_MAX];
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[0].token;
    image_case_path(path, 0, "uploads");
    bool sent = file != NULL;
    for (unsigned slice = 1; sent && slice <= SLICES; slice++) {
        size_t size = image_write(file, 0, slice);
        draw(slice);
        memcpy(file + size - NATIVE_SIZE, pixels, NATIVE_SIZE);
        sent =
            http_client_request(&http, "POST", path, "application/dicom", file, size, &response) &&
            response.status == 201;
    }
    http_client_finish(&http);
    free(file);
    return sent;
}

/* Seconds until all are copied, from now on. */
static double wait_for_copies(const struct server_process *server) {
    int64_t begin = monotonic_us();
    while (server_process_metric(server, "consilium_imaging_copies_made_total") < SLICES) {
        if (monotonic_us() - begin > (int64_t)WAIT_S * 1000000)
            return 0;
        usleep(20000);
    }
    return (double)(monotonic_us() - begin) / 1e6;
}

static bool find_set(struct http_client *http, char path[IMAGE_PATH_MAX], const char *level) {
    struct http_response response;
    char rest[IMAGE_PATH_MAX];
    image_case_path(path, 0, "display-sets");
    if (!http_client_request(http, "GET", path, NULL, NULL, 0, &response) || response.status != 200)
        return false;
    static const char member[] = "\"displaySet\":\"";
    const uint8_t *at = memmem(response.body, response.body_length, member, sizeof member - 1);
    if (at == NULL)
        return false;
    snprintf(rest, sizeof rest, "display-sets/%.32s/preview/%s",
             (const char *)at + sizeof member - 1, level);
    image_case_path(path, 0, rest);
    return true;
}

static double time_of(struct http_client *http, const char *path, size_t *ret_bytes) {
    struct http_response response;
    int64_t begin = monotonic_us();
    if (!http_client_request(http, "GET", path, NULL, NULL, 0, &response) || response.status != 200)
        return -1;
    *ret_bytes = response.body_length;
    return (double)(monotonic_us() - begin) / 1000;
}

static bool measure_bundle(const struct staff *staff, double copy_seconds) {
    struct http_client http;
    char path[IMAGE_PATH_MAX], frame[IMAGE_PATH_MAX];
    double bundle[RUNS], floor[RUNS], first = 0;
    size_t bytes = 0, frame_bytes = 0;
    unsigned runs = figure_runs(RUNS);
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[0].token;
    image_path(frame, 0, 1);
    bool good = find_set(&http, path, "3");
    first = good ? time_of(&http, path, &bytes) : -1;
    for (unsigned run = 0; good && run < runs; run++) {
        bundle[run] = time_of(&http, path, &bytes);
        floor[run] = time_of(&http, frame, &frame_bytes);
        good = bundle[run] >= 0 && floor[run] >= 0;
    }
    http_client_finish(&http);
    if (!good)
        return false;
    char circumstances[240];
    snprintf(circumstances, sizeof circumstances,
             "%d slices of 512 x 512 at 1/8 of each side, %zu bytes, loopback without TLS; the "
             "first time %.1f ms; the server made its copies by itself at %.0f MB a second",
             SLICES, bytes, first, SLICES * (double)NATIVE_SIZE / 1e6 / copy_seconds);
    return figure_print(&(struct figure){.name = "preview bundle of a series",
                                         .unit = "ms, asked to received",
                                         .value = median(bundle, runs),
                                         .reference = "one native frame of 512 KiB",
                                         .reference_value = median(floor, runs),
                                         .kind = BAR_AT_MOST,
                                         .bar = 30,
                                         .runs = runs,
                                         .circumstances = circumstances});
}

int main(int argc, char **argv) {
    static const struct server_options options = {.program = CONSILIUM_PATH};
    figure_begin(argc, argv);
    bool holds = measure_copies();
    struct staff staff = {0};
    struct server_process *server = server_process_start(&options);
    bool ready = server != NULL && staff_hire(&staff, server, 1) &&
                 staff_make_cases(&staff, 0, 1) && upload_all(&staff);
    double copy_seconds = ready ? wait_for_copies(server) : 0;
    holds = copy_seconds > 0 && measure_bundle(&staff, copy_seconds) && holds;
    staff_finish(&staff);
    server_process_end(server);
    return holds ? 0 : 1;
}
