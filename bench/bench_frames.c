/* links: load consilium consilium-unsealed */
/*
 * What encryption at rest costs those who fetch images: frames of a real study over HTTPS, six
 * connections at once, per second of the time that the server, all its threads on one processor,
 * uses of it; by the clock as well, for whoever looks. The reference of the same run is the same
 * server with plain files (unsealed_files.c) and no cache. Everybody's files are in the system's
 * page cache. Once with a cache of decrypted frames that is too small for the study, so that every
 * frame is read, opened and put into it for nothing; once with the cache as it comes, filled by a
 * first pass.
 */
#include "bench/figure.h"
#include "bench/process_use.h"
#include "bench/study.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READERS = 6, /* as many as a browser opens */
    RUNS = 9,
    SERVER_PROCESSOR = 0,
    CLIENT_PROCESSOR = 1,
};

static const double cold_share_min = 0.7, cached_share_min = 0.9;

enum way { UNSEALED, COLD, CACHED, WAYS };

struct place {
    struct server_process *server;
    struct staff staff;
    unsigned next;       /* frame, in turn: a start from the first would find what is still kept */
    double rates[RUNS];  /* frames per second of the server's processor time */
    double shares[RUNS]; /* of the unsealed one's */
    double by_clock[RUNS];
};

static struct place places[WAYS];
static struct study study;

/* One spell of all readers. */
static struct {
    const struct staff *staff;
    int64_t end_us;
    unsigned last; /* when there is no end */
    atomic_uint next, fetched, failed;
} spell;

static void *read_frames(void *unused) {
    struct http_client http;
    struct http_response response;
    (void)unused;
    http_client_init(&http, &spell.staff->address);
    http.bearer = spell.staff->people[0].token;
    for (;;) {
        unsigned number = atomic_fetch_add(&spell.next, 1);
        if (spell.end_us != 0 ? monotonic_us() >= spell.end_us : number >= spell.last)
            break;
        bool came = http_client_request(&http, "GET", study.paths[number % study.count], NULL, NULL,
                                        0, &response) &&
                    response.status == 200;
        atomic_fetch_add(came ? &spell.fetched : &spell.failed, 1);
    }
    http_client_finish(&http);
    return NULL;
}

/* Frames a second; for `seconds`, or 0 for each frame of the study once. */
static double fetch(struct place *place, double seconds) {
    pthread_t readers[READERS];
    int64_t begin = monotonic_us();
    spell.staff = &place->staff;
    spell.end_us = seconds > 0 ? begin + (int64_t)(seconds * 1e6) : 0;
    spell.last = place->next + study.count;
    spell.next = place->next;
    spell.fetched = spell.failed = 0;
    for (unsigned i = 0; i < READERS; i++) {
        int made = pthread_create(&readers[i], NULL, read_frames, NULL);
        assert(made == 0);
    }
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    place->next = spell.next % study.count;
    if (spell.failed > 0)
        fprintf(stderr, "%u frames did not come\n", spell.failed);
    return (double)spell.fetched * 1e6 / (double)(monotonic_us() - begin);
}

/* Every frame is the same bytes from all of them. */
static bool same_bytes(void) {
    struct http_client clients[WAYS];
    struct http_response responses[WAYS];
    bool same = true;
    for (unsigned i = 0; i < WAYS; i++) {
        http_client_init(&clients[i], &places[i].staff.address);
        clients[i].bearer = places[i].staff.people[0].token;
    }
    for (unsigned n = 0; same && n < study.count; n++) {
        for (unsigned i = 0; same && i < WAYS; i++) {
            same = http_client_request(&clients[i], "GET", study.paths[n], NULL, NULL, 0,
                                       &responses[i]) &&
                   responses[i].status == 200 && responses[i].body_length > 0 &&
                   responses[i].body_length == responses[0].body_length &&
                   memcmp(responses[i].body, responses[0].body, responses[0].body_length) == 0;
        }
    }
    for (unsigned i = 0; i < WAYS; i++)
        http_client_finish(&clients[i]);
    return same;
}

/* The server, what it starts and all their threads stay on the processor of who starts them. */
static bool open_places(const char *folder) {
    static const struct server_options options[WAYS] = {
        [UNSEALED] = {.program = CONSILIUM_UNSEALED_PATH,
                      .tls = true,
                      .arguments = {"--frame-cache", "0"}},
        [COLD] = {.program = CONSILIUM_PATH, .tls = true, .arguments = {"--frame-cache", "4"}},
        [CACHED] = {.program = CONSILIUM_PATH, .tls = true},
    };
    bool ready = true;
    process_pin(0, SERVER_PROCESSOR);
    for (unsigned i = 0; ready && i < WAYS; i++) {
        struct place *place = &places[i];
        place->server = server_process_start(&options[i]);
        ready = place->server != NULL && staff_hire(&place->staff, place->server, 1) &&
                staff_make_cases(&place->staff, 0, 1) &&
                study_upload(&place->staff, 0, folder, &study);
    }
    process_pin(0, CLIENT_PROCESSOR);
    return ready;
}

static double metric(const struct place *place, const char *name) {
    return server_process_metric(place->server, name);
}

static void say(const char *word, struct place *place, unsigned run) {
    fprintf(stderr,
            "%-8s %5.0f frames per processor second, %5.0f by the clock; %.0f hits, %.0f misses\n",
            word, place->rates[run], place->by_clock[run],
            metric(place, "consilium_frame_cache_hits_total"),
            metric(place, "consilium_frame_cache_misses_total"));
}

static void measure(unsigned runs) {
    static const char *const words[WAYS] = {"unsealed", "sealed", "cached"};
    double seconds = figure_is_quick() ? 1 : 3;
    for (unsigned run = 0; run < runs; run++) {
        for (unsigned turn = 0; turn < WAYS; turn++) {
            unsigned i = (run + turn) % WAYS; /* nobody is always the last */
            struct place *place = &places[i];
            double used = process_seconds(server_process_id(place->server));
            place->by_clock[run] = fetch(place, seconds);
            used = process_seconds(server_process_id(place->server)) - used;
            place->rates[run] = (double)spell.fetched / used;
            say(words[i], place, run);
        }
        for (unsigned i = 0; i < WAYS; i++)
            places[i].shares[run] = places[i].rates[run] / places[UNSEALED].rates[run];
    }
}

static bool print(const char *name, struct place *place, double bar, unsigned runs) {
    struct place *floor = &places[UNSEALED];
    double share = median(place->shares, runs), reference = median(floor->rates, runs);
    char circumstances[200];
    snprintf(circumstances, sizeof circumstances,
             "%u frames of a CT study, %d connections; by the clock %.0f and %.0f a second; the "
             "share is the median of pairs",
             study.count, READERS, median(place->by_clock, runs), median(floor->by_clock, runs));
    return figure_print(&(struct figure){.name = name,
                                         .unit = "frames per processor second of the server",
                                         .value = share * reference,
                                         .reference = "the same server with plain files",
                                         .reference_value = reference,
                                         .kind = BAR_RATIO_AT_LEAST,
                                         .bar = bar,
                                         .runs = runs,
                                         .circumstances = circumstances});
}

int main(int argc, char **argv) {
    char folder[64];
    figure_begin(argc, argv);
    unsigned runs = figure_runs(RUNS);
    bool ready = study_make_files(folder) && open_places(folder) && same_bytes();
    bool holds = ready;
    if (ready) {
        fetch(&places[CACHED], 0);
        measure(runs);
        holds = print("frames over HTTPS, sealed at rest, none in the cache", &places[COLD],
                      cold_share_min, runs) &&
                holds;
        holds = print("frames over HTTPS from the cache of decrypted frames", &places[CACHED],
                      cached_share_min, runs) &&
                holds;
    }
    for (unsigned i = WAYS; i-- > 0;) { /* a guardian may hold what an earlier one waits for */
        staff_finish(&places[i].staff);
        server_process_end(places[i].server);
    }
    study_remove_files(folder);
    return holds ? 0 : 1;
}
