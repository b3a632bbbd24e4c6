/* links: load consilium */
/*
 * A meeting of forty cases, fifteen people and one more at a browser, from the first case to the
 * end: how late everybody is at the next case, how soon a decision is on record, whether every case
 * ends decided or with a reason, and what the browser showed. `meeting_page.mjs` watches it. Then
 * how long somebody who comes late waits for an agenda of sixty cases.
 */
#include "bench/agenda_view.h"
#include "bench/figure.h"
#include "bench/meeting_plan.h"
#include "bench/meeting_play.h"
#include "bench/page.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    PEOPLE = 15, /* and one at a browser, who comes last on the staff */
    CASES = 40,
    CASES_IF_QUICK = 10,
    FULL_AGENDA = MEETING_BOARD + 1, /* another board */
    LATECOMER = 5,
    LOOKS = 10,
    LOOKS_IF_QUICK = 2,
    TEXT_MAX = 16,
    CIRCUMSTANCES_MAX = 320,
};

#define AT_BROWSER "person15"

static const double switch_max_ms = 250, agenda_max_ms = 300;

static unsigned cases(void) {
    return figure_is_quick() ? CASES_IF_QUICK : CASES;
}

/* What the record says of a meeting that is over */

static bool is_signed(const struct case_snapshot *the_case, struct uuid board, uint32_t item,
                      unsigned votes) {
    unsigned found = 0;
    for (uint32_t i = 0; i < the_case->decisions.count; i++) {
        const struct decision *decision = &the_case->decisions.items[i];
        bool here = uuid_equal(decision->board, board) && decision->item == item;
        if (here && (decision->signed_at == 0 || decision->votes.count != votes))
            return false;
        found += here;
    }
    return found == 1;
}

static const struct discussion *discussion_of(const struct case_snapshot *the_case,
                                              struct uuid board, uint32_t item) {
    for (uint32_t i = 0; i < the_case->discussions.count; i++) {
        const struct discussion *discussion = &the_case->discussions.items[i];
        if (uuid_equal(discussion->board, board) && discussion->item == item)
            return discussion;
    }
    return NULL;
}

/* The board and the case say so both: decided and signed, or why not. */
static bool ends_well(const struct agenda_item *item, const struct case_snapshot *the_case,
                      struct uuid board) {
    unsigned place = item->item - 1;
    enum fate fate = plan_fate(place);
    const struct discussion *discussion = discussion_of(the_case, board, item->item);
    if (item->state != ITEM_STATE_DISCUSSED || item->outcome != plan_outcome(fate) ||
        discussion == NULL || discussion->outcome != item->outcome ||
        (discussion->unready.length > 0) != plan_is_unready(place))
        return false;
    if (fate == FATE_DEFERRED || fate == FATE_NOT_DISCUSSED)
        return item->reason == plan_reason(place) && the_case->decisions.count == 0 &&
               text_equal(discussion->reason,
                          plan_template()->defer_reasons.items[item->reason - 1].text);
    return item->decision == DECISION_STATE_SIGNED &&
           is_signed(the_case, board, item->item, fate == FATE_STANDARD ? 0 : PLAY_VOTERS);
}

/* All of them when the meeting is not over. */
static unsigned count_unfinished(const struct staff *staff) {
    struct agenda_view view;
    unsigned finished = 0;
    bool seen = agenda_view_take(&view, staff, LATECOMER, MEETING_BOARD, cases());
    bool over = seen && view.board->state == MEETING_STATE_ENDED &&
                view.board->unsigned_items.count == 0 && view.board->closing.count == 0;
    for (unsigned i = 0; over && i < view.count; i++) {
        const struct agenda_item *item = &view.board->items.items[i];
        bool well = ends_well(item, view.cases[i], staff_board_id(MEETING_BOARD));
        if (!well)
            fprintf(stderr, "Item %u: state %d, outcome %d, decision %d\n", item->item, item->state,
                    item->outcome, item->decision);
        finished += well;
    }
    if (!over)
        fprintf(stderr, "The meeting is not over\n");
    agenda_view_finish(&view);
    return cases() - finished;
}

/* Figures */

static void print_times(struct play *play, double round_trip_ms) {
    static const char pace[] =
        "minutes are virtual: a case every 510 ms, which is as fast as the server lets a chair; "
        "everybody holds all cases open; 15 people, the server and a Chromium that shows each case "
        "on one machine";
    median(play->switches, play->switch_count); /* sorts */
    median(play->decisions, play->decision_count);
    fprintf(stderr, "%zu switches heard, median %.2f ms, longest %.2f ms; %zu decisions\n",
            play->switch_count, play->switches[play->switch_count / 2],
            play->switches[play->switch_count - 1], play->decision_count);
    struct figure figure = {.name = "switch of case at 15 bots, 40-case meeting",
                            .unit = "ms from OpenItem to each one's ItemOpened, 95th percentile",
                            .value = percentile(play->switches, play->switch_count, 0.95),
                            .reference = "a ping on the chair's connection, nobody else speaking",
                            .reference_value = round_trip_ms,
                            .kind = BAR_AT_MOST,
                            .bar = switch_max_ms,
                            .runs = 1,
                            .circumstances = pace};
    figure_print(&figure);
    figure.name = "a decision acknowledged";
    figure.unit = "ms from RecordDecision to Accepted, 95th percentile";
    figure.value = percentile(play->decisions, play->decision_count, 0.95);
    figure.kind = BAR_NONE;
    figure_print(&figure);
}

static void print_ends(unsigned unfinished) {
    figure_print(&(struct figure){
        .name = "every case of the meeting ends decided or with a reason",
        .unit = "items that do not",
        .value = unfinished,
        .reference = "items of the agenda",
        .reference_value = cases(),
        .kind = BAR_AT_MOST,
        .bar = 0,
        .runs = 1,
        .circumstances = "read from snapshots of somebody who comes after the end: the meeting is "
                         "ended, what is decided is signed with its votes, what is put off says "
                         "why in its case, too"});
}

/* What the browser had on its screen: once for each opening of a case. */
static bool print_shown(const struct play *play, FILE *lines) {
    unsigned shown, amiss, item, question;
    if (fscanf(lines, "%u %u %u %u", &shown, &amiss, &item, &question) != 4) {
        fprintf(stderr, "The browser did not say what it showed\n");
        return false;
    }
    char circumstances[CIRCUMSTANCES_MAX];
    bool last = item == play->open && question == play->last;
    snprintf(circumstances, sizeof circumstances,
             "headless Chromium, on the board from before the first case; read in each of its "
             "frames: the agenda's open item and the title on the case's card, which disagreed in "
             "%u; the last was item %u with question %u, which is %s",
             amiss, item, question, last ? "right" : "wrong");
    figure_print(&(struct figure){.name = "cases of the meeting a browser did not show",
                                  .unit = "openings, one more if its last case was wrong",
                                  .value = play->steps - (double)shown + amiss + !last,
                                  .reference = "openings",
                                  .reference_value = play->steps,
                                  .kind = BAR_AT_MOST,
                                  .bar = 0,
                                  .runs = 1,
                                  .circumstances = circumstances});
    return true;
}

static void print_agenda(const char *name, double value_ms, double one_ms, unsigned runs,
                         const char *circumstances) {
    figure_print(
        &(struct figure){.name = name,
                         .unit = "ms from connecting to the last snapshot, decoded; slowest",
                         .value = value_ms,
                         .reference = "the same person for one of the cases, median",
                         .reference_value = one_ms,
                         .kind = BAR_AT_MOST,
                         .bar = agenda_max_ms,
                         .runs = runs,
                         .circumstances = circumstances});
}

/* Milliseconds; negative when not everything came. */
static double look(const struct staff *staff, unsigned most) {
    struct agenda_view view;
    bool seen = agenda_view_take(&view, staff, LATECOMER, FULL_AGENDA, most);
    fprintf(stderr, "%u cases, %zu bytes: welcomed %.1f ms, board %.1f ms, all %.1f ms\n",
            view.held, view.bytes, view.welcomed_ms, view.board_ms, view.held_ms);
    double held_ms = seen ? view.held_ms : -1;
    agenda_view_finish(&view);
    return held_ms;
}

/* Sorted; false when one of them did not see everything. */
static bool look_often(const struct staff *staff, unsigned most, unsigned looks,
                       double ret_ms[LOOKS]) {
    bool seen = true;
    for (unsigned i = 0; seen && i < looks; i++) {
        ret_ms[i] = look(staff, most);
        seen = ret_ms[i] >= 0;
    }
    if (seen)
        median(ret_ms, looks);
    return seen;
}

static bool measure_agenda(const struct staff *staff, struct server_process *server) {
    unsigned looks = figure_is_quick() ? LOOKS_IF_QUICK : LOOKS;
    double one[LOOKS], all[LOOKS];
    if (!look_often(staff, 1, looks, one) || !look_often(staff, AGENDA_CASES_MAX, looks, all))
        return false;
    double one_ms = one[looks / 2];
    print_agenda("agenda of 60 cases opened", all[looks - 1], one_ms, looks,
                 "a fresh connection and no snapshot kept; the cases are in the server's memory");
    server_process_kill(server);
    if (!server_process_launch(server) || !server_process_wait_ready(server, SERVER_READY_MS))
        return false;
    double cold_ms = look(staff, AGENDA_CASES_MAX);
    if (cold_ms < 0)
        return false;
    print_agenda("agenda of 60 cases opened, first after the server was killed", cold_ms, one_ms, 1,
                 "every case is loaded from PostgreSQL");
    return true;
}

static bool play_watched(struct play *play, struct page *page) {
    char there[TEXT_MAX];
    if (fscanf(page->lines, "%15s", there) != 1)
        return false;
    bool begun = play_begin(play);
    double round_trip_ms = begun ? play_round_trip_ms(play) : 0;
    bool played = begun && play_meeting(play);
    if (played)
        print_times(play, round_trip_ms);
    return played && print_shown(play, page->lines);
}

static bool measure_meeting(struct staff *staff, const struct server_process *server) {
    static struct play play;
    play =
        (struct play){.staff = staff, .board = MEETING_BOARD, .cases = cases(), .people = PEOPLE};
    if (!plan_make(staff, MEETING_BOARD, 0, cases()))
        return false;
    struct page page =
        page_open(server, "meeting_page.mjs", AT_BROWSER, MEETING_BOARD, (const char *[]){NULL});
    bool played = play_watched(&play, &page);
    play_end(&play);
    if (!played)
        page_stop(&page);
    played &= page_close(&page);
    print_ends(count_unfinished(staff));
    return played;
}

int main(int argc, char **argv) {
    struct staff staff;
    figure_begin(argc, argv);
    struct server_options options = {.program = CONSILIUM_PATH, .arguments = {"--web", page_web()}};
    struct server_process *server = server_process_start(&options);
    assert(server != NULL);
    bool ready = staff_hire(&staff, server, PEOPLE + 1) && measure_meeting(&staff, server) &&
                 plan_make(&staff, FULL_AGENDA, CASES, AGENDA_CASES_MAX) &&
                 measure_agenda(&staff, server);
    staff_finish(&staff);
    server_process_end(server);
    return ready ? 0 : 1;
}
