/* links: load consilium */
/*
 * The minutes of a meeting of forty cases that was played to its end: how long the page of its
 * chair builds, in a Chromium that was never there before. `minutes_page.mjs` is the reader.
 */
#include "bench/figure.h"
#include "bench/meeting_plan.h"
#include "bench/meeting_play.h"
#include "bench/page.h"

#include <assert.h>
#include <stdio.h>

enum { PEOPLE = 15, CASES = 40, CASES_IF_QUICK = 10, RUNS = 5, TEXT_MAX = 16 };

static const double build_max_ms = 500;

static unsigned cases(void) {
    return figure_is_quick() ? CASES_IF_QUICK : CASES;
}

/* What the reader found, in milliseconds and by run. */
struct reading {
    double whole[RUNS], from_board[RUNS], from_last_case[RUNS], bare[RUNS];
    unsigned runs;
};

static unsigned decided(void) {
    unsigned count = 0;
    for (unsigned place = 0; place < cases(); place++)
        count += plan_fate(place) == FATE_DECIDED || plan_fate(place) == FATE_COMES_BACK;
    return count;
}

static bool take_in(FILE *lines, unsigned runs, struct reading *ret) {
    unsigned papers, found;
    *ret = (struct reading){0};
    while (ret->runs < runs && fscanf(lines, "%lf %lf %lf %lf %u %u", &ret->whole[ret->runs],
                                      &ret->from_board[ret->runs], &ret->from_last_case[ret->runs],
                                      &ret->bare[ret->runs], &papers, &found) == 6) {
        fprintf(stderr, "%.0f ms from navigation, %.0f from the board, %.0f from the last case\n",
                ret->whole[ret->runs], ret->from_board[ret->runs], ret->from_last_case[ret->runs]);
        if (papers != cases() || found != decided()) {
            fprintf(stderr, "%u cases on the paper, %u decided of %u\n", papers, found, decided());
            return false;
        }
        ret->runs++;
    }
    return ret->runs == runs;
}

static bool read_minutes(const struct server_process *server, unsigned runs, struct reading *ret) {
    char count[TEXT_MAX], times[TEXT_MAX];
    snprintf(count, sizeof count, "%u", cases());
    snprintf(times, sizeof times, "%u", runs);
    struct page page = page_open(server, "minutes_page.mjs", "person0", MEETING_BOARD,
                                 (const char *[]){count, PLAY_WORDS, times, NULL});
    bool taken = take_in(page.lines, runs, ret);
    return page_close(&page) && taken;
}

static void print(const char *name, double *values, const struct reading *reading, double floor_ms,
                  enum bar_kind kind, const char *circumstances) {
    figure_print(&(struct figure){.name = name,
                                  .unit = "ms until the last decision is painted, median",
                                  .value = median(values, reading->runs),
                                  .reference = "the same document put into a bare page and painted",
                                  .reference_value = floor_ms,
                                  .kind = kind,
                                  .bar = build_max_ms,
                                  .runs = reading->runs,
                                  .circumstances = circumstances});
}

static void print_all(struct reading *reading) {
    double floor_ms = median(reading->bare, reading->runs);
    print("minutes of a 40-case meeting built", reading->from_board, reading, floor_ms, BAR_AT_MOST,
          "from the board's snapshot: its 40 cases are fetched in that time, too; a new Chromium "
          "each time");
    print("minutes of a 40-case meeting built from the last case on", reading->from_last_case,
          reading, floor_ms, BAR_NONE, "from the last case's snapshot");
    print("minutes of a 40-case meeting opened cold", reading->whole, reading, floor_ms, BAR_NONE,
          "from navigation; the cookie of a sign-in is all that this Chromium has");
}

static bool play_to_the_end(struct staff *staff) {
    static struct play play;
    play =
        (struct play){.staff = staff, .board = MEETING_BOARD, .cases = cases(), .people = PEOPLE};
    bool played =
        plan_make(staff, MEETING_BOARD, 0, cases()) && play_begin(&play) && play_meeting(&play);
    play_end(&play);
    return played;
}

int main(int argc, char **argv) {
    struct staff staff;
    struct reading reading;
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH, .arguments = {"--web", page_web()}};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE) && play_to_the_end(&staff) &&
                 read_minutes(server, figure_runs(RUNS), &reading);
    if (ready)
        print_all(&reading);
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
