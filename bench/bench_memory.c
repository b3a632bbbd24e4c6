/* links: load consilium */
/*
 * What one idle session costs the server, with all that libwebsockets, OpenSSL and the allocator
 * hold for it: the slope of the process's resident memory over thousands of idle sessions. The
 * kernel's socket buffers are not in it. The reference is the same slope of a process that has
 * libwebsockets and nothing of ours; for TLS it is the plain session. Beside them, a session that
 * has a case open.
 */
#include "bench/bare_server.h"
#include "bench/figure.h"
#include "bench/process_use.h"
#include "tests/support/bots.h"

#include <assert.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
    PEOPLE = 4,
    CASES = 50,
    STEP = 1000,
    STEPS = 4,
    DESCRIPTORS = 16384,
    SETTLE_MS = 1500, /* handshakes are over, what was freed is reused */
};

static const double plain_max_kb = 10, tls_max_kb = 24;

static unsigned person_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return index % PEOPLE;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    (void)bots;
    return staff_case_id(index % CASES);
}

/* Least squares: kilobytes a session. */
static double slope_kb(const double *sessions, const double *bytes, unsigned count) {
    double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    for (unsigned i = 0; i < count; i++) {
        sum_x += sessions[i];
        sum_y += bytes[i];
        sum_xx += sessions[i] * sessions[i];
        sum_xy += sessions[i] * bytes[i];
    }
    double n = count;
    return (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x) / 1024;
}

/* More and more sessions. Negative when they do not come. */
static double slope_of(const struct staff *staff, pid_t server, enum channel_kind kind) {
    struct bots bots;
    double sessions[STEPS], bytes[STEPS];
    unsigned step = figure_is_quick() ? STEP / 5 : STEP, done = 0;
    struct bots_plan plan = {
        .staff = staff, .count = step * STEPS, .kind = kind, .person = person_of, .actor = case_of};
    bool ready = bots_init(&bots, &plan);
    assert(ready);
    for (; done < STEPS; done++) {
        bots.plan.count = step * (done + 1);
        if (!bots_all_open(&bots, 120000))
            break;
        bots_run(&bots, SETTLE_MS);
        sessions[done] = bots.open;
        bytes[done] = (double)process_resident_bytes(server);
        fprintf(stderr, "%.0f sessions, %.1f MB\n", sessions[done], bytes[done] / (1 << 20));
    }
    bots_finish(&bots);
    return done == STEPS ? slope_kb(sessions, bytes, STEPS) : -1;
}

static double measure(bool tls, enum channel_kind kind) {
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH, .tls = tls};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && staff_make_cases(&staff, 0, CASES);
    double slope = ready ? slope_of(&staff, server_process_id(server), kind) : -1;
    staff_finish(&staff);
    server_process_end(server);
    return slope;
}

static double measure_bare(void) {
    struct staff staff = {.count = PEOPLE};
    char url[64];
    const char *reason;
    uint16_t port;
    pid_t server = bare_server_start(0, &port);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    bool known = server_address_init(&staff.address, url, NULL, &reason);
    assert(known);
    double slope = slope_of(&staff, server, CHANNEL_KIND_SESSION);
    staff_finish(&staff);
    bare_server_end(server);
    return slope;
}

static void print(const char *name, double value, const char *reference, double reference_value,
                  double bar) {
    figure_print(&(struct figure){.name = name,
                                  .unit = "KB resident",
                                  .value = value > 0 ? value : 1e9, /* they did not come */
                                  .reference = reference,
                                  .reference_value = reference_value,
                                  .kind = bar > 0 ? BAR_AT_MOST : BAR_NONE,
                                  .bar = bar,
                                  .runs = 1,
                                  .circumstances = "slope over 1,000 to 4,000 sessions"});
}

int main(int argc, char **argv) {
    struct rlimit descriptors = {.rlim_cur = DESCRIPTORS, .rlim_max = DESCRIPTORS};
    figure_begin(argc, argv);
    setrlimit(RLIMIT_NOFILE, &descriptors);
    double bare = measure_bare();
    double plain = measure(false, CHANNEL_KIND_SESSION);
    print("memory of an idle session, plain", plain, "libwebsockets alone", bare, plain_max_kb);
    print("memory of an idle session, TLS", measure(true, CHANNEL_KIND_SESSION),
          "the same without TLS", plain, tls_max_kb);
    print("memory of an idle session with a case open, plain",
          measure(false, CHANNEL_KIND_PATIENT_CASE), "without the case", plain, 0);
    return 0;
}
