/*
 * The people of one server that a test or a benchmark needs: its administrator and any number of
 * others, signed in, and the cases and boards they meet on. Ids are made from numbers, so that two
 * processes agree on them without talking.
 */
#ifndef CONSILIUM_TESTS_STAFF_H
#define CONSILIUM_TESTS_STAFF_H

#include "clients/native/conversation.h"
#include "protocol/generated/preparation.h"
#include "tests/support/server_process.h"

enum { STAFF_MAX = 60 };
#define STAFF_PASSWORD "a password for tests only" /* of all but the administrator */

struct staff_person {
    struct uuid id;
    char token[CLIENT_TOKEN_MAX + 1];
};

struct staff {
    struct server_address address;
    char administrator[CLIENT_TOKEN_MAX + 1]; /* token */
    struct staff_person people[STAFF_MAX];
    unsigned count;
    /* Cases that are made are of somebody who is not known yet: images of anybody are taken.
     * Otherwise they are of the patient of dicom_writer.h. */
    bool of_nobody;
};

/* Makes `count` people, or finds those made before, and signs everybody in. False, with the reason
 * on standard error, when the server does not want it. */
bool staff_hire(struct staff *staff, const struct server_process *server, unsigned count);
void staff_finish(struct staff *staff);

/* Opens the window for signing in a meeting of that number, which proves the first signature, too;
 * their token is another one then. And proves each one after that. */
bool staff_step_up(struct staff *staff, unsigned person, unsigned board);
bool staff_prove(const struct staff *staff, unsigned person);
/* For what takes a proof of its own, as changes of the account do; another token, too. */
bool staff_prove_account(struct staff *staff, unsigned person);

struct uuid staff_case_id(unsigned number);
struct uuid staff_board_id(unsigned number);
/* As addresses name the case. */
void staff_case_text(unsigned number, char ret[37]);
/* Never twice the same, in any process. */
struct uuid fresh_id(void);

/* Makes `count` cases from number `first` on. Everybody of the staff belongs to each: person 0 as
 * coordinator, the others as members. The title of each is "Question NUMBER". */
bool staff_make_cases(const struct staff *staff, unsigned first, unsigned count);
/* Makes boards, each with the case of the same number on its stage, which is made too. Person 0 is
 * the chair, the others are members. */
bool staff_make_boards(const struct staff *staff, unsigned first, unsigned count);
/* Makes one board that asks for what `template` says, with `count` cases on its agenda in their
 * order, which are made too. Nothing is open yet. People as above. */
bool staff_make_meeting(const struct staff *staff, unsigned board, const struct template *template,
                        unsigned first_case, unsigned count);

#endif
