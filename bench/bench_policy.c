/* links: load actors */
/*
 * What the policy costs for each recipient of every event: a case with many members and boards, a
 * consent asked for, and the grant of each of them as a fan-out asks for it. The reference of the
 * same run is the generated table alone, as one role asks it.
 */
#include "actors/patient_case.h"
#include "bench/figure.h"
#include "protocol/generated/policy.h"

#include <stdio.h>
#include <string.h>

enum {
    MEMBERS = 40, /* of the case itself */
    BOARDS = 3,
    BOARD_MEMBERS = 30,
    CONSENTS = 6,
    CONSENTED = 10,                                 /* people that one of them names */
    PEOPLE = MEMBERS + BOARDS * BOARD_MEMBERS + 10, /* some belong nowhere */
    ROUNDS = 7,
    NOW = 1000000,
};

static struct case_member members[MEMBERS], board_members[BOARDS][BOARD_MEMBERS];
static struct board_link boards[BOARDS];
static struct consent consents[CONSENTS];
static struct uuid board_ids[BOARDS], consented[CONSENTED];
static struct patient_case the_case = {.created = true, .asks_consent = true};

/* As random as ids are, so that comparing them ends at the first byte no more often. */
static struct uuid person(unsigned number) {
    struct uuid id = {{0}};
    uint64_t value = (number + 1) * 0x9e3779b97f4a7c15u;
    memcpy(id.bytes, &value, sizeof value);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static void fill(void) {
    static const uint8_t roles[] = {ROLE_MEMBER, ROLE_SPECIALIST, ROLE_OBSERVER, ROLE_REFERRER};
    for (unsigned i = 0; i < MEMBERS; i++)
        members[i] = (struct case_member){.user = person(i),
                                          .role = i == 0 ? ROLE_COORDINATOR : roles[i % 4]};
    for (unsigned i = 0; i < BOARDS; i++) {
        for (unsigned j = 0; j < BOARD_MEMBERS; j++)
            board_members[i][j] =
                (struct case_member){.user = person(MEMBERS + i * BOARD_MEMBERS + j),
                                     .role = j == 0 ? ROLE_COORDINATOR : roles[j % 3]};
        boards[i] = (struct board_link){.board = person(1000 + i),
                                        .members = {BOARD_MEMBERS, board_members[i]}};
    }
    for (unsigned i = 0; i < BOARDS; i++)
        board_ids[i] = boards[i].board;
    for (unsigned i = 0; i < CONSENTED; i++)
        consented[i] = person(i * 2);
    for (unsigned i = 0; i < CONSENTS; i++) {
        consents[i] = (struct consent){.id = person(2000 + i), .clinical = true, .identity = i > 2};
        if (i % 2 == 0)
            consents[i].boards = (struct uuid_list){BOARDS, board_ids};
        else
            consents[i].people = (struct uuid_list){CONSENTED, consented};
    }
    the_case.members = (struct case_member_list){MEMBERS, members};
    the_case.boards = (struct board_link_list){BOARDS, boards};
    the_case.consents = (struct consent_list){CONSENTS, consents};
}

static double grants_ns(unsigned turns) {
    static struct uuid people[PEOPLE];
    uint64_t seen = 0;
    for (unsigned i = 0; i < PEOPLE; i++)
        people[i] = person(i);
    int64_t begin = monotonic_us();
    for (unsigned turn = 0; turn < turns; turn++)
        for (unsigned i = 0; i < PEOPLE; i++)
            seen += case_grant(&the_case.actor, people[i], 0, NOW).audiences;
    double took_ns = (double)(monotonic_us() - begin) * 1000 / turns / PEOPLE;
    fprintf(stderr, "%.0f ns for each of %d; audiences %llu\n", took_ns, PEOPLE,
            (unsigned long long)(seen / turns));
    return took_ns;
}

static double table_ns(unsigned turns) {
    volatile uint8_t seen = 0;
    int64_t begin = monotonic_us();
    for (unsigned turn = 0; turn < turns; turn++)
        for (unsigned role = 0; role < ROLE_COUNT; role++)
            seen |= policy_of_patient_case((uint16_t)(1u << role),
                                           PATIENT_CASE_WHEN_COVERED | PATIENT_CASE_WHEN_FREE)
                        .audiences;
    return (double)(monotonic_us() - begin) * 1000 / turns / ROLE_COUNT;
}

int main(int argc, char **argv) {
    figure_begin(argc, argv);
    double grants[ROUNDS], table[ROUNDS];
    unsigned runs = figure_runs(ROUNDS), turns = figure_is_quick() ? 200 : 4000;
    char circumstances[160];
    fill();
    for (unsigned i = 0; i < runs; i++) {
        grants[i] = grants_ns(turns);
        table[i] = table_ns(turns * 10);
    }
    snprintf(circumstances, sizeof circumstances,
             "%d members, %d boards of %d, %d consents; every one of %d people asked in turn",
             MEMBERS, BOARDS, BOARD_MEMBERS, CONSENTS, PEOPLE);
    return figure_print(
               &(struct figure){.name = "policy check for each recipient of a case's event",
                                .unit = "ns",
                                .value = median(grants, runs),
                                .reference = "the generated table alone, for one role",
                                .reference_value = median(table, runs),
                                .kind = BAR_AT_MOST,
                                .bar = 1000,
                                .runs = runs,
                                .circumstances = circumstances})
               ? 0
               : 1;
}
