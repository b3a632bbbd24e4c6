/* links: server */
#include "server/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct config config;
static char message[CONFIG_MESSAGE_MAX];

static enum config_result read_words(const char *first, ...) {
    char *words[16] = {(char *)(uintptr_t) "consilium"};
    int count = 1;
    va_list list;
    va_start(list, first);
    for (const char *word = first; word != NULL; word = va_arg(list, const char *)) {
        words[count++] = (char *)(uintptr_t)word;
    }
    va_end(list);
    return config_read(&config, count, words, message);
}

static void without_options_it_listens_on_this_machine_only(void **state) {
    (void)state;
    assert_int_equal(read_words(NULL), CONFIG_RUN);
    assert_string_equal(config.listen, "localhost");
    assert_int_equal(config.port, 8080);
    assert_int_equal(config.admin_port, 8081);
}

static void other_archives_are_asked_only_when_a_list_is_given(void **state) {
    (void)state;
    assert_int_equal(read_words(NULL), CONFIG_RUN);
    assert_null(config.archives);
    assert_int_equal(read_words("--archives", "/etc/list", NULL), CONFIG_RUN);
    assert_string_equal(config.archives, "/etc/list");
    assert_int_equal(read_words("--archives", "", NULL), CONFIG_WRONG);
}

static void any_other_address_is_refused_without_a_certificate_and_says_what_to_do(void **state) {
    (void)state;
    assert_int_equal(read_words("--listen", "0.0.0.0", NULL), CONFIG_WRONG);
    assert_non_null(strstr(message, "--certificate"));
    assert_int_equal(read_words("--listen", "192.0.2.1", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--listen", "::", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--listen", "127.0.0.1", NULL), CONFIG_RUN);
    assert_int_equal(read_words("--listen", "::1", NULL), CONFIG_RUN);
}

static void a_certificate_and_its_key_belong_together_and_must_be_readable(void **state) {
    (void)state;
    assert_int_equal(read_words("--certificate", "/dev/null", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--certificate", "/dev/null", "--key", "/absent", NULL),
                     CONFIG_WRONG);
    assert_non_null(strstr(message, "/absent"));
    assert_int_equal(
        read_words("--certificate=/dev/null", "--key=/dev/null", "--listen=0.0.0.0", NULL),
        CONFIG_RUN);
}

static void root_can_be_told_whom_to_become(void **state) {
    (void)state;
    assert_int_equal(read_words(NULL), CONFIG_RUN);
    assert_null(config.user);
    assert_int_equal(read_words("--user", "nobody", NULL), CONFIG_RUN);
    assert_string_equal(config.user, "nobody");
    assert_int_equal(read_words("--user=", NULL), CONFIG_WRONG);
}

static void a_wrong_option_or_value_is_named(void **state) {
    (void)state;
    assert_int_equal(read_words("--ports", "1", NULL), CONFIG_WRONG);
    assert_non_null(strstr(message, "--ports"));
    assert_int_equal(read_words("--port", "70000", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--port", "80x", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--port", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--admin", "nowhere", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--patience", "0", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--patience", "7", NULL), CONFIG_RUN);
    assert_int_equal(config.patience_s, 7);
    assert_int_equal(read_words("--frame-cache", "-1", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--frame-cache", "65537", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--documents-after", "60001", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--documents-after", "250", NULL), CONFIG_RUN);
    assert_int_equal(config.documents_after_ms, 250);
    assert_int_equal(read_words("--frame-cache", "12", NULL), CONFIG_RUN);
    assert_int_equal(config.frame_cache_bytes, 12 << 20);
    assert_int_equal(read_words("--imaging-memory", "0", NULL), CONFIG_WRONG);
    assert_int_equal(read_words("--imaging-memory", "3", NULL), CONFIG_RUN);
    assert_int_equal(config.imaging_memory_bytes, 3 << 20);
}

static void the_environment_is_read_and_the_command_line_wins(void **state) {
    (void)state;
    setenv("CONSILIUM_PORT", "1234", 1);
    setenv("CONSILIUM_LOG_LEVEL", "debug", 1);
    assert_int_equal(read_words(NULL), CONFIG_RUN);
    assert_int_equal(config.port, 1234);
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(read_words("--port=4321", NULL), CONFIG_RUN);
    assert_int_equal(config.port, 4321);
    setenv("CONSILIUM_PORT", "much", 1);
    assert_int_equal(read_words(NULL), CONFIG_WRONG);
    assert_non_null(strstr(message, "CONSILIUM_PORT"));
    unsetenv("CONSILIUM_PORT");
    unsetenv("CONSILIUM_LOG_LEVEL");
}

static void the_admin_address_may_be_ipv6(void **state) {
    (void)state;
    assert_int_equal(read_words("--admin", "[::1]:9", NULL), CONFIG_RUN);
    assert_string_equal(config.admin_address, "::1");
    assert_int_equal(config.admin_port, 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_listens_on_this_machine_only),
        cmocka_unit_test(other_archives_are_asked_only_when_a_list_is_given),
        cmocka_unit_test(any_other_address_is_refused_without_a_certificate_and_says_what_to_do),
        cmocka_unit_test(a_certificate_and_its_key_belong_together_and_must_be_readable),
        cmocka_unit_test(root_can_be_told_whom_to_become),
        cmocka_unit_test(a_wrong_option_or_value_is_named),
        cmocka_unit_test(the_environment_is_read_and_the_command_line_wins),
        cmocka_unit_test(the_admin_address_may_be_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
