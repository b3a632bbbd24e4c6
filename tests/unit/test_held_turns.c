/* links: protocol */
/* Which case's held images are looked at when: a few at a time, nothing lost, nothing past a
 * bound. Works, database and clock are the test's. */
#include "server/imaging/imaging_held_turns.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CASES = 500 };

static struct imaging_service *service;
static struct held_work made[CASES];
static unsigned begun[CASES], running, most;
static size_t operations;
static postgres_done answer;
static unsigned asked, missed_count;

static struct uuid case_of(unsigned number) {
    struct uuid id = {{0}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static unsigned number_of(struct uuid id) {
    return (unsigned)id.bytes[14] << 8 | id.bytes[15];
}

void imaging_held_begin(struct imaging_service *given, struct uuid patient_case) {
    struct held_work *held = &made[number_of(patient_case)];
    *held = (struct held_work){.service = given, .patient_case = patient_case};
    held->next = given->held_works;
    given->held_works = held;
    begun[number_of(patient_case)]++;
    running++;
    most = running > most ? running : most;
}

static void end_one(void) {
    struct held_work **last = &service->held_works;
    while ((*last)->next) {
        last = &(*last)->next;
    }
    *last = NULL;
    running--;
    imaging_held_ended(service);
}

void imaging_operation_began(struct imaging_service *given) {
    (void)given;
    operations++;
}

void imaging_operation_ended(struct imaging_service *given) {
    (void)given;
    operations--;
}

/* A page of cases 1 to missed_count, in order. */
static unsigned page_begin, page_size;

void postgres_query(struct postgres *postgres, const char *sql,
                    const struct postgres_parameter *parameters, int count, postgres_done done,
                    void *data) {
    (void)postgres;
    (void)sql;
    (void)data;
    answer = done;
    asked++;
    if (count == 4) {
        page_begin = number_of(value_uuid(parameters[3])) + 1;
        unsigned left = missed_count + 1 > page_begin ? missed_count + 1 - page_begin : 0;
        page_size = left < HELD_PAGE ? left : HELD_PAGE;
    }
}

int postgres_row_count(const struct postgres_rows *rows) {
    (void)rows;
    return (int)page_size;
}

struct postgres_parameter postgres_value(const struct postgres_rows *rows, int row, int column) {
    static struct uuid id;
    (void)rows;
    (void)column;
    id = case_of(page_begin + (unsigned)row);
    return (struct postgres_parameter){id.bytes, sizeof id.bytes};
}

void log_line(enum log_level level, const char *area, const char *format, ...) {
    (void)level;
    (void)area;
    (void)format;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb call, uint64_t timeout, uint64_t repeat) {
    (void)timer;
    (void)call;
    (void)timeout;
    (void)repeat;
    return 0;
}

int uv_is_active(const uv_handle_t *handle) {
    (void)handle;
    return 0;
}

static void give_answer(enum postgres_result result) {
    postgres_done done = answer;
    answer = NULL;
    done(service, result, NULL);
}

static void identify(void *data, struct uuid patient_case, imaging_identified to, void *to_data) {
    (void)data;
    (void)patient_case;
    (void)to;
    (void)to_data;
}

static int start(void **state) {
    (void)state;
    service = calloc(1, sizeof *service);
    service->config.identify = identify;
    service->held_timer.data = service;
    memset(begun, 0, sizeof begun);
    running = most = asked = missed_count = 0;
    operations = 0;
    answer = NULL;
    return 0;
}

static int stop(void **state) {
    (void)state;
    free(service);
    return 0;
}

static void what_was_missed_is_looked_at_page_by_page_eight_cases_at_a_time(void **state) {
    (void)state;
    missed_count = 100;
    imaging_held_missed(service);
    while (answer != NULL || running > 0) {
        if (answer != NULL) {
            give_answer(POSTGRES_OK);
        } else {
            end_one();
        }
    }
    for (unsigned i = 1; i <= missed_count; i++) {
        assert_int_equal(begun[i], 1);
    }
    assert_int_equal(most, HELD_WORKS_MAX);
    assert_int_equal(asked, 4);
    assert_int_equal(operations, 0);
}

static void what_has_no_place_is_read_from_the_database_when_there_is(void **state) {
    (void)state;
    for (unsigned i = 1; i <= 300; i++) {
        imaging_held_decided(service, case_of(i));
        imaging_held_later(service, case_of(i));
    }
    assert_int_equal(running, HELD_WORKS_MAX);
    assert_int_equal(service->held_turns.ready_count, HELD_WAITING_MAX);
    assert_int_equal(service->held_turns.waiting_count, HELD_WAITING_MAX);
    while (running > 0) {
        end_one();
    }
    assert_int_equal(asked, 0);
    missed_count = 300;
    imaging_held_look(service);
    while (answer != NULL || running > 0) {
        if (answer != NULL) {
            give_answer(POSTGRES_OK);
        } else {
            end_one();
        }
    }
    assert_true(asked > 0);
    for (unsigned i = 1; i <= 300; i++) {
        assert_true(begun[i] > 0);
    }
}

static void a_database_that_was_away_is_asked_again(void **state) {
    (void)state;
    missed_count = 3;
    imaging_held_missed(service);
    give_answer(POSTGRES_AWAY);
    assert_null(answer);
    imaging_held_look(service);
    give_answer(POSTGRES_OK);
    assert_int_equal(running, 3);
}

static void a_case_that_is_looked_at_is_looked_at_again_after_that(void **state) {
    (void)state;
    imaging_held_decided(service, case_of(1));
    imaging_held_decided(service, case_of(1));
    assert_int_equal(running, 1);
    assert_true(service->held_works->again);
}

static void a_case_that_could_not_be_told_is_looked_at_again(void **state) {
    (void)state;
    imaging_held_not_noted(service, case_of(7));
    assert_int_equal(running, 0);
    imaging_held_look(service);
    assert_int_equal(begun[7], 1);
}

static void nothing_begins_and_nothing_is_written_while_the_service_stops(void **state) {
    (void)state;
    struct held_count held = {.patient_case = case_of(1)};
    for (unsigned i = 1; i <= 300; i++) {
        imaging_held_later(service, case_of(i));
    }
    service->closing = true;
    for (unsigned i = 1; i <= 300; i++) {
        imaging_held_decided(service, case_of(i));
        imaging_held_later(service, case_of(i));
        imaging_held_soon(service, case_of(i));
        imaging_held_not_noted(service, case_of(i));
    }
    imaging_held_noted(service, &held);
    imaging_held_look(service);
    imaging_held_ended(service);
    assert_int_equal(running, 0);
    assert_int_equal(asked, 0);
    assert_int_equal(operations, 0);
    assert_int_equal(service->held_turns.waiting_count, HELD_WAITING_MAX);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE(what_was_missed_is_looked_at_page_by_page_eight_cases_at_a_time),
        SCENE(what_has_no_place_is_read_from_the_database_when_there_is),
        SCENE(a_database_that_was_away_is_asked_again),
        SCENE(a_case_that_is_looked_at_is_looked_at_again_after_that),
        SCENE(a_case_that_could_not_be_told_is_looked_at_again),
        SCENE(nothing_begins_and_nothing_is_written_while_the_service_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
