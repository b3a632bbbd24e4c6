/* links: server */
#include "server/identity/guess_limit.h"
#include "server/identity/password.h"
#include "server/identity/people.h"
#include "server/identity/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t start = 1000000000;
static const int64_t second = 1000000;
static const uint8_t secret[32] = {1};
static const uint8_t home[16] = {1};
static const uint8_t attacker[16] = {2};

static void a_ticket_works_once(void **state) {
    (void)state;
    struct tickets *tickets = tickets_create();
    struct ticket_holder holder = {.user = {{7}}, .sign_in = 9};
    struct ticket_holder found;
    char text[TOKEN_TEXT_LENGTH + 1];
    uint8_t random[TOKEN_RANDOM_BYTES] = {3};
    assert_true(tickets_issue(tickets, random, &holder, start, text));
    struct text ticket = {TOKEN_TEXT_LENGTH, text};
    assert_true(tickets_redeem(tickets, ticket, start + second, &found));
    assert_int_equal(found.sign_in, 9);
    assert_false(tickets_redeem(tickets, ticket, start + second, &found));
    tickets_destroy(tickets);
}

static void a_ticket_is_worth_nothing_after_30_seconds_or_the_end_of_its_sign_in(void **state) {
    (void)state;
    struct tickets *tickets = tickets_create();
    struct ticket_holder holder = {.sign_in = 9};
    struct ticket_holder found;
    char text[TOKEN_TEXT_LENGTH + 1];
    struct text ticket = {TOKEN_TEXT_LENGTH, text};
    uint8_t random[TOKEN_RANDOM_BYTES] = {3};
    assert_true(tickets_issue(tickets, random, &holder, start, text));
    assert_false(tickets_redeem(tickets, ticket, start + 30 * second, &found));
    random[0] = 4;
    assert_true(tickets_issue(tickets, random, &holder, start, text));
    tickets_forget(tickets, 9);
    assert_false(tickets_redeem(tickets, ticket, start, &found));
    tickets_destroy(tickets);
}

static void no_more_than_the_limit_of_tickets_is_out(void **state) {
    (void)state;
    struct tickets *tickets = tickets_create();
    struct ticket_holder holder = {.sign_in = 1};
    char text[TOKEN_TEXT_LENGTH + 1];
    uint8_t random[TOKEN_RANDOM_BYTES] = {0};
    for (unsigned i = 0; i < TICKETS_MAX; i++) {
        random[0] = (uint8_t)i;
        random[1] = (uint8_t)(i >> 8);
        assert_true(tickets_issue(tickets, random, &holder, start, text));
    }
    assert_false(tickets_issue(tickets, random, &holder, start, text));
    assert_true(tickets_issue(tickets, random, &holder, start + 31 * second, text));
    tickets_destroy(tickets);
}

static void guessing_from_one_address_is_held_back_and_may_go_on_later(void **state) {
    (void)state;
    struct guess_limit *limit = guess_limit_create(&password_guesses, secret);
    for (unsigned i = 0; i < password_guesses.pair.guesses; i++) {
        assert_int_equal(guess_limit_take(limit, TEXT("anna"), attacker, start), 0);
    }
    uint32_t wait = guess_limit_take(limit, TEXT("anna"), attacker, start);
    assert_in_range(wait, 1, password_guesses.pair.refill_s);
    assert_int_equal(guess_limit_take(limit, TEXT("anna"), attacker, start + wait * second), 0);
    guess_limit_destroy(limit);
}

static void a_person_signs_in_at_home_while_strangers_guess_their_password(void **state) {
    (void)state;
    struct guess_limit *limit = guess_limit_create(&password_guesses, secret);
    assert_int_equal(guess_limit_take(limit, TEXT("anna"), home, start), 0);
    guess_limit_right(limit, TEXT("anna"), home, start);
    uint8_t stranger[16] = {9};
    bool held_back = false;
    for (unsigned i = 0; i < 200; i++) {
        stranger[5] = (uint8_t)i;
        held_back = held_back || guess_limit_take(limit, TEXT("anna"), stranger, start) > 0;
    }
    assert_true(held_back);
    assert_int_equal(guess_limit_take(limit, TEXT("anna"), home, start + second), 0);
    guess_limit_destroy(limit);
}

static void one_address_cannot_try_a_password_on_everybody(void **state) {
    (void)state;
    struct guess_limit *limit = guess_limit_create(&password_guesses, secret);
    unsigned tried = 0;
    char login[8] = "user000";
    for (unsigned i = 0; i < 500; i++) {
        login[4] = (char)('0' + i / 100);
        login[5] = (char)('0' + i / 10 % 10);
        login[6] = (char)('0' + i % 10);
        tried += guess_limit_take(limit, (struct text){7, login}, attacker, start) == 0;
    }
    assert_int_equal(tried, password_guesses.address.guesses);
    guess_limit_destroy(limit);
}

static void a_token_is_hashed_and_other_texts_are_not(void **state) {
    (void)state;
    uint8_t random[TOKEN_RANDOM_BYTES];
    memset(random, 0xff, sizeof(random));
    char text[TOKEN_TEXT_LENGTH + 1];
    struct token_hash hash;
    token_write(random, text);
    assert_string_equal(text, "__________________________________________8");
    assert_true(token_hash_of((struct text){TOKEN_TEXT_LENGTH, text}, &hash));
    assert_false(token_hash_of((struct text){TOKEN_TEXT_LENGTH - 1, text}, &hash));
    text[3] = '=';
    assert_false(token_hash_of((struct text){TOKEN_TEXT_LENGTH, text}, &hash));
}

static void a_password_matches_its_verifier_and_no_other(void **state) {
    (void)state;
    char verifier[VERIFIER_MAX];
    uint8_t salt[PASSWORD_SALT_BYTES] = {5};
    assert_true(password_hash(TEXT("correct horse"), salt, verifier));
    assert_memory_equal(verifier, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_true(password_matches(verifier, TEXT("correct horse")));
    assert_false(password_matches(verifier, TEXT("correct hors")));
    assert_false(password_matches("no verifier", TEXT("correct horse")));
}

static void answer(void *data, bool matches) {
    int *answers = data;
    answers[matches]++;
}

static void the_queue_of_passwords_is_bounded_and_every_one_taken_is_answered(void **state) {
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct password_thread *thread = password_thread_start(&loop);
    int answers[2] = {0, 0};
    int taken = 0;
    for (unsigned i = 0; i < PASSWORD_QUEUE_MAX * 2; i++) {
        taken += password_verify_later(thread, "no verifier", TEXT("x"), answer, answers);
    }
    assert_in_range(taken, PASSWORD_QUEUE_MAX, PASSWORD_QUEUE_MAX * 2);
    password_thread_stop(thread);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(answers[0], taken);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_login_is_brought_to_lower_case_and_has_no_spaces(void **state) {
    (void)state;
    char buffer[LOGIN_BYTES_MAX + 1];
    struct text login;
    assert_true(login_of_text(TEXT("Anna.B"), buffer, &login));
    assert_string_equal(buffer, "anna.b");
    assert_false(login_of_text(TEXT("anna b"), buffer, &login));
    assert_false(login_of_text(TEXT(""), buffer, &login));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_works_once),
        cmocka_unit_test(a_ticket_is_worth_nothing_after_30_seconds_or_the_end_of_its_sign_in),
        cmocka_unit_test(no_more_than_the_limit_of_tickets_is_out),
        cmocka_unit_test(guessing_from_one_address_is_held_back_and_may_go_on_later),
        cmocka_unit_test(a_person_signs_in_at_home_while_strangers_guess_their_password),
        cmocka_unit_test(one_address_cannot_try_a_password_on_everybody),
        cmocka_unit_test(a_token_is_hashed_and_other_texts_are_not),
        cmocka_unit_test(a_password_matches_its_verifier_and_no_other),
        cmocka_unit_test(the_queue_of_passwords_is_bounded_and_every_one_taken_is_answered),
        cmocka_unit_test(a_login_is_brought_to_lower_case_and_has_no_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
