/*
 * A whole meeting, played: a chair and members who hold the board and all its cases open, as
 * browsers do. The chair opens each case, a member records a decision on it, some vote, the chair
 * signs; what the plan puts off is put off by digit. As fast as the server lets a chair be.
 */
#ifndef CONSILIUM_BENCH_MEETING_PLAY_H
#define CONSILIUM_BENCH_MEETING_PLAY_H

#include "protocol/sha256.h"
#include "tests/support/bots.h"

enum {
    PLAY_CASES_MAX = 60,
    PLAY_PEOPLE_MAX = 15,
    PLAY_VOTERS = 4,
    PLAY_CHAIR = 0,
    PLAY_SWITCHES_MAX = PLAY_CASES_MAX * 2, /* some come back */
};

#define PLAY_WORDS "resection first" /* in every recommendation, and nowhere else */

struct play_person {
    /* The command that is under way; `seq` 0 = none. */
    uint32_t seq;
    uint16_t channel;
    uint8_t refusal; /* enum refusal of the last one; REFUSAL_NONE = accepted */
    int64_t sent_us;
    double took_ms; /* from sending it to its answer */
    unsigned cases; /* whose snapshot has come */
};

struct play {
    /* Given. The board was made by staff_make_meeting with the plan's template. */
    struct staff *staff;
    unsigned board, first_case, cases, people;
    /* The rest is set by `play_begin` and `play_meeting`. */
    struct bots bots;
    struct play_person list[PLAY_PEOPLE_MAX];
    uint32_t open;      /* item on the stage, as the chair saw last */
    unsigned steps;     /* how often a case was opened */
    unsigned last;      /* its place */
    int64_t stepped_us; /* when the chair sent the last step */
    unsigned heard;     /* people who heard what is waited for */
    bool may_sign;      /* the chair's window for signing is open */
    struct sha256 read; /* of the decision that the chair was shown last */
    uint16_t waited_channel;
    uint8_t waited_for; /* its tag */
    uint32_t waited_item;
    double switches[PLAY_SWITCHES_MAX * PLAY_PEOPLE_MAX]; /* ms, each person's */
    size_t switch_count;
    double decisions[PLAY_SWITCHES_MAX]; /* ms, from sending one to its acceptance */
    size_t decision_count;
};

/* Everybody comes and opens the board and its cases. */
bool play_begin(struct play *play);
void play_end(struct play *play);

/* To the end. False, with the reason on standard error, when something was refused or not heard. */
bool play_meeting(struct play *play);

/* Median of some pings on the chair's connection, in milliseconds. */
double play_round_trip_ms(struct play *play);

#endif
