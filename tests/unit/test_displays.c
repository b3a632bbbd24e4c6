/* links: server */
/* Screens that wait to be paired. */
#include "server/identity/displays.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const int64_t start = 1000000000;
static const uint8_t ward[16] = {1}, elsewhere[16] = {2};

static struct displays displays;
static char secret[TOKEN_TEXT_LENGTH + 1];

static struct display *begin(uint8_t number, const uint8_t address[16]) {
    uint8_t random[64];
    memset(random, number, sizeof random);
    return displays_begin(&displays, random, address, start, secret);
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static int fresh(void **state) {
    (void)state;
    memset(&displays, 0, sizeof displays);
    return 0;
}

static void a_code_is_said_once(void **state) {
    (void)state;
    struct display *display = begin(7, ward);
    assert_ptr_equal(displays_claim(&displays, text_of(display->code), start), display);
    assert_null(displays_claim(&displays, text_of(display->code), start));
}

static void a_code_may_be_typed_with_dashes_and_small_letters(void **state) {
    (void)state;
    const struct display *display = begin(7, ward);
    char typed[16];
    snprintf(typed, sizeof typed, "%.4s - %.4s", display->code, display->code + 4);
    for (char *c = typed; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    assert_non_null(displays_claim(&displays, text_of(typed), start));
}

static void what_is_no_code_finds_no_screen(void **state) {
    (void)state;
    begin(7, ward);
    const char *typed[] = {"", "ABCD", "ABCDEFGHJKLMNOP", "--------", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++)
        assert_null(displays_claim(&displays, text_of(typed[i]), start));
}

static void a_screen_is_paired_only_when_its_claim_is_settled(void **state) {
    (void)state;
    struct display *display = begin(7, ward);
    displays_claim(&displays, text_of(display->code), start);
    assert_int_equal(displays_of(&displays, text_of(secret), start)->state, DISPLAY_CLAIMED);
    displays_settle(&displays, display->user, true);
    assert_int_equal(displays_of(&displays, text_of(secret), start)->state, DISPLAY_PAIRED);
}

static void a_claim_that_failed_may_be_made_again(void **state) {
    (void)state;
    struct display *display = begin(7, ward);
    displays_claim(&displays, text_of(display->code), start);
    displays_settle(&displays, display->user, false);
    assert_ptr_equal(displays_claim(&displays, text_of(display->code), start), display);
}

static void a_code_is_over_after_ten_minutes(void **state) {
    (void)state;
    const struct display *display = begin(7, ward);
    char code[DISPLAY_CODE_LENGTH + 1];
    memcpy(code, display->code, sizeof code);
    int64_t late = start + (int64_t)DISPLAY_PAIRING_S * 1000000;
    assert_non_null(displays_of(&displays, text_of(secret), late - 1));
    assert_null(displays_claim(&displays, text_of(code), late));
    assert_null(displays_of(&displays, text_of(secret), late));
}

static void one_address_cannot_take_all_places(void **state) {
    (void)state;
    for (uint8_t i = 0; i < DISPLAYS_PER_ADDRESS_MAX; i++)
        assert_non_null(begin(i, ward));
    assert_null(begin(100, ward));
    assert_non_null(begin(101, elsewhere));
}

static void another_secret_collects_nothing(void **state) {
    (void)state;
    begin(7, ward);
    secret[3] = secret[3] == 'A' ? 'B' : 'A';
    assert_null(displays_of(&displays, text_of(secret), start));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_code_is_said_once, fresh),
        cmocka_unit_test_setup(a_code_may_be_typed_with_dashes_and_small_letters, fresh),
        cmocka_unit_test_setup(what_is_no_code_finds_no_screen, fresh),
        cmocka_unit_test_setup(a_screen_is_paired_only_when_its_claim_is_settled, fresh),
        cmocka_unit_test_setup(a_claim_that_failed_may_be_made_again, fresh),
        cmocka_unit_test_setup(a_code_is_over_after_ten_minutes, fresh),
        cmocka_unit_test_setup(one_address_cannot_take_all_places, fresh),
        cmocka_unit_test_setup(another_secret_collects_nothing, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
