/* links: server */
/* The parts of a second factor: codes of RFC 6238's own table, recovery codes, challenges, halves,
 * enrolments; and which verifiers are made anew. */
#include "server/identity/challenges.h"
#include "server/identity/enrolments.h"
#include "server/identity/guess_limit.h"
#include "server/identity/halves.h"
#include "server/identity/password.h"
#include "server/identity/recovery_codes.h"
#include "server/identity/sign_ins.h"
#include "server/identity/webauthn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t start = INT64_C(1700000000) * 1000000;
static const int64_t second = 1000000;
static const uint8_t secret[32] = {1};
static const struct uuid anna = {{7}};
static const struct uuid ben = {{8}};

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static void codes_are_those_of_the_standards_own_table(void **state) {
    (void)state;
    /* RFC 6238 Appendix B, SHA-1, the last six of its eight digits. */
    static const struct {
        int64_t at;
        const char *code;
    } table[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    struct bytes key = {20, (const uint8_t *)"12345678901234567890"};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t at = table[i].at * second;
        uint64_t step = (uint64_t)totp_step(at);
        assert_int_equal(totp_match(key, text_of(table[i].code), at), step);
        assert_int_equal(totp_match(key, text_of(table[i].code), at + 30 * second), step);
        assert_int_equal(totp_match(key, text_of(table[i].code), at - 30 * second), step);
        assert_int_equal(totp_match(key, text_of(table[i].code), at + 60 * second), 0);
    }
    assert_int_equal(totp_match(key, TEXT("28708"), 59 * second), 0);
    assert_int_equal(totp_match(key, TEXT("2870822"), 59 * second), 0);
}

static void a_secret_is_written_as_apps_read_it(void **state) {
    (void)state;
    char text[TOTP_SECRET_TEXT + 1];
    totp_secret_text((const uint8_t *)"12345678901234567890", text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void a_code_of_the_paper_is_read_as_people_type_it(void **state) {
    (void)state;
    uint8_t random[RECOVERY_CODE_RANDOM];
    char code[RECOVERY_CODE_TEXT + 1];
    uint8_t hash[RECOVERY_HASH_BYTES];
    uint8_t again[RECOVERY_HASH_BYTES];
    for (unsigned i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)(7 * i);
    recovery_code_write(random, code);
    assert_int_equal(strlen(code), 19);
    assert_true(recovery_code_hash(text_of(code), hash));
    char typed[64] = " ";
    for (unsigned i = 0; code[i] != 0; i++)
        typed[i + 1] = (char)(code[i] >= 'A' ? code[i] + 'a' - 'A' : code[i]);
    assert_true(recovery_code_hash(text_of(typed), again));
    assert_memory_equal(hash, again, sizeof hash);
    assert_false(recovery_code_hash(TEXT("123456"), hash));
    assert_false(recovery_code_hash((struct text){18, code}, hash));
}

static void a_challenge_is_for_one_purpose_and_person_and_once(void **state) {
    (void)state;
    struct challenges *challenges = challenges_create(secret);
    uint8_t random[16] = {5};
    char challenge[CHALLENGE_TEXT + 1];
    challenges_write(challenges, CHALLENGE_PROOF, anna, random, start, challenge);
    struct text given = text_of(challenge);
    assert_int_equal(given.length, CHALLENGE_TEXT);
    assert_true(challenges_hold(challenges, CHALLENGE_PROOF, anna, given, start));
    assert_false(challenges_hold(challenges, CHALLENGE_PROOF, ben, given, start));
    assert_false(challenges_hold(challenges, CHALLENGE_ADD, anna, given, start));
    assert_false(challenges_hold(challenges, CHALLENGE_PROOF, anna, given, start + 120 * second));
    assert_true(challenges_use(challenges, given, start));
    assert_false(challenges_hold(challenges, CHALLENGE_PROOF, anna, given, start));
    assert_false(challenges_use(challenges, given, start));
    challenge[40] = challenge[40] == 'A' ? 'B' : 'A';
    assert_false(challenges_hold(challenges, CHALLENGE_PROOF, anna, given, start));
    challenges_destroy(challenges);
}

static void more_used_challenges_than_can_be_remembered_count_for_nothing(void **state) {
    (void)state;
    struct challenges *challenges = challenges_create(secret);
    uint8_t random[16] = {0};
    char challenge[CHALLENGE_TEXT + 1];
    for (unsigned i = 0; i <= CHALLENGES_USED_MAX; i++) {
        random[0] = (uint8_t)i;
        random[1] = (uint8_t)(i >> 8);
        challenges_write(challenges, CHALLENGE_SIGN_IN, anna, random, start, challenge);
        assert_int_equal(challenges_use(challenges, text_of(challenge), start),
                         i < CHALLENGES_USED_MAX);
    }
    challenges_write(challenges, CHALLENGE_SIGN_IN, anna, random, start + 121 * second, challenge);
    assert_true(challenges_use(challenges, text_of(challenge), start + 121 * second));
    challenges_destroy(challenges);
}

static void half_of_a_sign_in_works_once_for_five_minutes_and_five_tries(void **state) {
    (void)state;
    struct halves *halves = calloc(1, sizeof *halves);
    uint8_t random[TOKEN_RANDOM_BYTES] = {3};
    char text[TOKEN_TEXT_LENGTH + 1];
    assert_true(halves_issue(halves, random, anna, true, start, text));
    struct half *half = halves_try(halves, text_of(text), start);
    assert_non_null(half);
    assert_true(half->bearer && uuid_equal(half->user, anna));
    for (unsigned i = 1; i < HALF_TRIES; i++)
        assert_non_null(halves_try(halves, text_of(text), start));
    assert_null(halves_try(halves, text_of(text), start));
    random[0] = 4;
    assert_true(halves_issue(halves, random, anna, false, start, text));
    assert_null(halves_try(halves, text_of(text), start + 300 * second));
    struct token_hash hash = halves_of(halves, text_of(text), start)->hash;
    assert_true(halves_use(halves, &hash, start));
    assert_false(halves_use(halves, &hash, start));
    free(halves);
}

static void an_enrolment_is_one_a_person_and_over_after_ten_minutes(void **state) {
    (void)state;
    static struct enrolments enrolments;
    uint8_t random[TOTP_SECRET_BYTES] = {1};
    assert_non_null(enrolments_begin(&enrolments, anna, random, start));
    random[0] = 2;
    assert_non_null(enrolments_begin(&enrolments, anna, random, start));
    assert_int_equal(enrolments_of(&enrolments, anna, start)->secret[0], 2);
    assert_null(enrolments_of(&enrolments, ben, start));
    assert_null(enrolments_of(&enrolments, anna, start + 600 * second));
}

static void a_person_gives_their_code_while_strangers_guess_it(void **state) {
    (void)state;
    struct guess_limit *limit = guess_limit_create(&code_guesses, secret);
    uint8_t home[16] = {1};
    uint8_t stranger[16] = {2};
    unsigned taken = 0;
    guess_limit_right(limit, TEXT("anna"), home, start);
    for (unsigned i = 0; i < 200; i++) {
        stranger[5] = (uint8_t)i;
        taken += guess_limit_take(limit, TEXT("anna"), stranger, start) == 0;
    }
    assert_int_equal(taken, code_guesses.strangers.guesses);
    assert_int_equal(guess_limit_take(limit, TEXT("anna"), home, start), 0);
    assert_int_equal(guess_limit_take(limit, TEXT("ben"), stranger, start), 0);
    guess_limit_destroy(limit);
}

static void a_verifier_under_other_parameters_is_not_todays(void **state) {
    (void)state;
    char verifier[VERIFIER_MAX];
    uint8_t salt[PASSWORD_SALT_BYTES] = {5};
    assert_true(password_hash(TEXT("correct horse"), salt, verifier));
    assert_true(password_is_current(verifier));
    assert_false(password_is_current("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$x"));
    assert_false(password_is_current(""));
}

static void a_sign_in_ends_unused_or_old(void **state) {
    (void)state;
    struct sign_in sign_in = {.kind = SIGN_IN_ADMINISTRATOR, .made_at = start, .used_at = start};
    assert_false(sign_in_is_over(&sign_in, start + 900 * second));
    assert_true(sign_in_is_over(&sign_in, start + 901 * second));
    sign_in.kind = SIGN_IN_PERSON;
    assert_false(sign_in_is_over(&sign_in, start + 3600 * second));
    assert_true(sign_in_is_over(&sign_in, start + 3601 * second));
    sign_in.used_at = start + 12 * 3600 * second;
    assert_true(sign_in_is_over(&sign_in, start + 12 * 3600 * second + 1));
    sign_in.kind = SIGN_IN_DISPLAY;
    sign_in.used_at = start;
    assert_false(sign_in_is_over(&sign_in, start + 24 * 3600 * second));
    assert_true(sign_in_is_over(&sign_in, start + 24 * 3600 * second + 1));
}

static void client_data_count_from_our_own_page_only(void **state) {
    (void)state;
    struct webauthn_site site = {TEXT("board.example:8443"), true};
    char challenge[WEBAUTHN_CHALLENGE_MAX + 1];
    static const struct {
        const char *client;
        bool ours;
    } cases[] = {
        {"{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"https://"
         "board.example:8443\","
         "\"crossOrigin\":false}",
         true},
        {"{\"type\":\"webauthn.create\",\"challenge\":\"abc\",\"origin\":\"https://"
         "board.example:8443\"}",
         false},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"https://board.example\"}",
         false},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"http://"
         "board.example:8443\"}",
         false},
        {"{\"type\":\"webauthn.get\",\"challenge\":\"abc\",\"origin\":\"https://"
         "board.example:8443\",\"crossOrigin\":true}",
         false},
        {"{\"type\":\"webauthn.get\",\"origin\":\"https://board.example:8443\"}", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes client = {(uint32_t)strlen(cases[i].client), (const uint8_t *)cases[i].client};
        assert_int_equal(webauthn_client_is_ours(&site, client, "webauthn.get", challenge),
                         cases[i].ours);
    }
}

static void passkeys_are_for_names_and_not_for_addresses(void **state) {
    (void)state;
    char domain[WEBAUTHN_SITE_MAX + 1];
    assert_true(webauthn_domain(TEXT("Board.Example:8443"), domain));
    assert_string_equal(domain, "board.example");
    assert_true(webauthn_domain(TEXT("localhost:80"), domain));
    assert_false(webauthn_domain(TEXT("127.0.0.1:8080"), domain));
    assert_false(webauthn_domain(TEXT("[::1]:8080"), domain));
    assert_false(webauthn_domain(TEXT(""), domain));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_standards_own_table),
        cmocka_unit_test(a_secret_is_written_as_apps_read_it),
        cmocka_unit_test(a_code_of_the_paper_is_read_as_people_type_it),
        cmocka_unit_test(a_challenge_is_for_one_purpose_and_person_and_once),
        cmocka_unit_test(more_used_challenges_than_can_be_remembered_count_for_nothing),
        cmocka_unit_test(half_of_a_sign_in_works_once_for_five_minutes_and_five_tries),
        cmocka_unit_test(an_enrolment_is_one_a_person_and_over_after_ten_minutes),
        cmocka_unit_test(a_person_gives_their_code_while_strangers_guess_it),
        cmocka_unit_test(a_verifier_under_other_parameters_is_not_todays),
        cmocka_unit_test(a_sign_in_ends_unused_or_old),
        cmocka_unit_test(client_data_count_from_our_own_page_only),
        cmocka_unit_test(passkeys_are_for_names_and_not_for_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
