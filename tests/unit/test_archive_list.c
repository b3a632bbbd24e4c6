/* links: server */
#include "server/archives/archive_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "abc.DEF-123_~+/=="

static char folder[64], list_path[96], token_path[96];
static char message[ARCHIVE_MESSAGE_MAX];
static struct archive_list list;

static void write_file(const char *path, const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/consilium-list-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(list_path, sizeof list_path, "%s/archives.json", folder);
    snprintf(token_path, sizeof token_path, "%s/token", folder);
    write_file(token_path, TOKEN "\n", 0600);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(list_path);
    unlink(token_path);
    return rmdir(folder);
}

/* With the token's path for $. */
static bool read_list(const char *json) {
    char text[4096] = "";
    size_t length = 0;
    for (const char *at = json; *at != 0;) {
        size_t plain = strcspn(at, "$");
        bool dollar = at[plain] == '$';
        length += (size_t)snprintf(text + length, sizeof text - length, "%.*s%s", (int)plain, at,
                                   dollar ? token_path : "");
        at += plain + dollar;
    }
    write_file(list_path, text, 0600);
    message[0] = 0;
    return archive_list_read(&list, list_path, message);
}

static void refuses(const char *json, const char *words) {
    assert_false(read_list(json));
    if (strstr(message, words) == NULL)
        fail_msg("said \"%s\" instead of \"%s\"", message, words);
    assert_null(strstr(message, "abc.DEF"));
}

#define ONE(url) "[{\"id\":\"a\",\"name\":\"A\",\"url\":\"" url "\",\"tokenFile\":\"$\"}]"

static void a_list_is_read_as_people_write_it(void **state) {
    (void)state;
    assert_true(
        read_list("[\n  { \"id\": \"radiology-2\", \"name\": \"R\\u00f6ntgen [1]\",\n"
                  "    \"url\": \"https://pacs.example/dicom-web//\", \"tokenFile\": \"$\"},"
                  "\n  {\"id\":\"b\",\"name\":\"B\",\"url\":\"http://[::1]:8042/dw\","
                  "\"tokenFile\":\"$\",\"instanceMaxMiB\":7}\n]\n"));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.all[0].name, "R\xc3\xb6ntgen [1]");
    assert_string_equal(list.all[0].url, "https://pacs.example/dicom-web");
    assert_string_equal(list.all[0].token, TOKEN);
    assert_int_equal(list.all[0].instance_max, (uint64_t)ARCHIVE_INSTANCE_MIB << 20);
    assert_int_equal(list.all[1].instance_max, 7 << 20);
    assert_true(list.all[1].plain);
    assert_ptr_equal(archive_list_find(&list, TEXT("b")), &list.all[1]);
    assert_null(archive_list_find(&list, TEXT("c")));
    archive_list_finish(&list);
    assert_true(read_list("[]"));
    assert_int_equal(list.count, 0);
    archive_list_finish(&list);
}

static void nothing_travels_in_clear_but_within_this_machine(void **state) {
    (void)state;
    refuses(ONE("http://pacs.example/dicom-web"), "must begin with https");
    refuses(ONE("http://127.0.0.1.example/"), "must begin with https");
    refuses(ONE("http://localhost@pacs.example/"), "has a user");
    refuses(ONE("ftp://127.0.0.1/"), "no address of https");
    refuses(ONE("file:///etc/passwd"), "no address of https");
    refuses(ONE("https://a/b?c=d"), "a query");
    refuses(ONE("https://a/b#c"), "a fragment");
    refuses(ONE("pacs.example"), "no address of https");
    refuses(ONE("https://a/\\r\\nx"), "no address of https");
    assert_true(read_list(ONE("http://127.0.0.1:8042/dicom-web")));
    archive_list_finish(&list);
}

static void what_is_wrong_is_named_with_its_place(void **state) {
    (void)state;
    refuses("{}", "is no JSON array");
    refuses("[1]", "archive 1 of ");
    refuses("[{\"id\":\"a\"", "is no JSON array");
    refuses("[{\"id\":\"a\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\"},{\"id\"]",
            "archive 2 of ");
    refuses("[{\"id\":\"a\"}]", "\"name\" is missing");
    refuses("[{\"id\":\"A b\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\"}]",
            "small letters");
    refuses("[{\"id\":\"a\",\"tokenfile\":\"$\"}]", "there is no field \"tokenfile\"");
    refuses("[{\"id\":\"a\",\"id\":\"b\"}]", "stands there twice");
    refuses("[{\"id\":\"a\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\"},"
            "{\"id\":\"a\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\"}]",
            "archive 2 of ");
    refuses("[{\"id\":\"a\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\","
            "\"instanceMaxMiB\":5000}]",
            "from 1 to 4096");
    refuses("[{\"id\":\"a\",\"name\":\"A\",\"url\":\"https://a\",\"tokenFile\":\"$\","
            "\"caFile\":\"/nowhere\"}]",
            "caFile cannot be read");
    assert_false(archive_list_read(&list, "/nowhere/list", message));
    assert_non_null(strstr(message, "cannot be opened"));
}

static void a_token_that_others_can_read_is_refused(void **state) {
    (void)state;
    write_file(token_path, TOKEN, 0644);
    refuses(ONE("https://a"), "its mode must be 0600");
    write_file(token_path, "abc.DEF two words", 0600);
    refuses(ONE("https://a"), "no bearer token");
    write_file(token_path, "", 0600);
    refuses(ONE("https://a"), "no bearer token");
    unlink(token_path);
    refuses(ONE("https://a"), "tokenFile cannot be opened");
    write_file(token_path, TOKEN, 0600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_as_people_write_it),
        cmocka_unit_test(nothing_travels_in_clear_but_within_this_machine),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(a_token_that_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
