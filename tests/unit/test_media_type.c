/* links: server */
/* Which of what there is of frames a client is given (PS3.18 8.7.3 to 8.7.8). */
#include "server/dicomweb/media_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define ROOT "1.2.840.10008.1.2"
#define PARTS(type) "multipart/related; type=\"" type "\""
#define OCTETS "application/octet-stream"

static const struct media_offer native = {ROOT ".1", true, false, 1};
static const struct media_offer implicit = {ROOT, false, true, 1};
static const struct media_offer big_endian = {ROOT ".2", false, true, 1};
static const struct media_offer deep_big_endian = {ROOT ".2", false, false, 1};
static const struct media_offer jpeg_ls = {ROOT ".4.80", true, true, 1};
static const struct media_offer video = {ROOT ".4.102", false, false, 1};
static const struct media_offer three = {ROOT ".4.80", true, true, 3};

/* "FORM TYPE SYNTAX", with "+" in front for parts; "" = nothing. */
static const char *chosen(const struct media_offer *offer, const char *header) {
    static const char *const forms[] = {"stored", "copy", "decoded"};
    static char told[160];
    struct accept accept;
    struct media_choice choice;
    accept_parse((struct text){(uint32_t)strlen(header), header}, &accept);
    if (!media_choose_frames(&accept, offer, &choice)) {
        return "";
    }
    snprintf(told, sizeof told, "%s%s %s %s", choice.multipart ? "+" : "", forms[choice.form],
             choice.media_type, choice.transfer_syntax + sizeof ROOT - 1);
    return told;
}

static void who_takes_anything_is_given_what_is_stored_in_parts(void **state) {
    (void)state;
    assert_string_equal(chosen(&jpeg_ls, ""), "+stored image/jls .4.80");
    assert_string_equal(chosen(&jpeg_ls, "*/*"), "+stored image/jls .4.80");
    assert_string_equal(chosen(&native, "*/*"), "+stored " OCTETS " .1");
    assert_string_equal(chosen(&jpeg_ls, "image/*"), "stored image/jls .4.80");
    assert_string_equal(chosen(&jpeg_ls, PARTS("image/jls")), "+stored image/jls .4.80");
    assert_string_equal(chosen(&video, PARTS("video/*")), "+stored video/mp4 .4.102");
}

static void octets_without_a_syntax_are_not_compressed(void **state) {
    (void)state;
    assert_string_equal(chosen(&jpeg_ls, OCTETS), "decoded " OCTETS " .1");
    assert_string_equal(chosen(&jpeg_ls, PARTS(OCTETS)), "+decoded " OCTETS " .1");
    assert_string_equal(chosen(&jpeg_ls, OCTETS ";transfer-syntax=*"), "stored " OCTETS " .4.80");
    assert_string_equal(chosen(&native, OCTETS), "stored " OCTETS " .1");
    assert_string_equal(chosen(&video, OCTETS), "");
}

static void implicit_and_big_endian_are_no_syntaxes_of_web_services(void **state) {
    (void)state;
    assert_string_equal(chosen(&implicit, OCTETS ";transfer-syntax=*"), "stored " OCTETS " .1");
    assert_string_equal(chosen(&big_endian, OCTETS ";transfer-syntax=*"), "decoded " OCTETS " .1");
    assert_string_equal(chosen(&big_endian, ""), "+decoded " OCTETS " .1");
    assert_string_equal(chosen(&big_endian, OCTETS ";transfer-syntax=" ROOT ".2"),
                        "stored " OCTETS " .2");
    assert_string_equal(chosen(&deep_big_endian, OCTETS ";transfer-syntax=*"),
                        "stored " OCTETS " .2");
    assert_string_equal(chosen(&deep_big_endian, OCTETS), "");
}

static void the_copy_is_for_who_names_htj2k(void **state) {
    (void)state;
    assert_string_equal(chosen(&jpeg_ls, "image/jphc"), "copy image/jphc .4.202");
    assert_string_equal(chosen(&native, "image/*"), "copy image/jphc .4.202");
    assert_string_equal(chosen(&native, PARTS("image/jphc; transfer-syntax=" ROOT ".4.201")),
                        "+copy image/jphc .4.201");
    assert_string_equal(chosen(&native, OCTETS "; transfer-syntax=" ROOT ".4.203"),
                        "copy " OCTETS " .4.203");
    assert_string_equal(chosen(&implicit, "image/jphc"), "");
    assert_string_equal(chosen(&native, "image/jphc; transfer-syntax=" ROOT ".4.90"), "");
}

static void names_of_old_are_understood_and_used(void **state) {
    (void)state;
    assert_string_equal(chosen(&jpeg_ls, PARTS("image/x-jls")), "+stored image/x-jls .4.80");
    assert_string_equal(chosen(&native, PARTS("image/jhc; transfer-syntax=" ROOT ".4.202")),
                        "+copy image/jhc .4.202");
    assert_string_equal(chosen(&native, "image/x-jls"), "");
}

static void the_best_by_quality_comes_first(void **state) {
    (void)state;
    assert_string_equal(chosen(&three, PARTS(OCTETS) ";q=0.3, " PARTS("image/jls") ";q=0.4"),
                        "+stored image/jls .4.80");
    assert_string_equal(chosen(&three, PARTS(OCTETS) ";q=0.5, " PARTS("image/jls") ";q=0.4"),
                        "+decoded " OCTETS " .1");
    assert_string_equal(chosen(&three, PARTS("image/jphc") ", " PARTS(OCTETS)),
                        "+copy image/jphc .4.202");
    assert_string_equal(chosen(&three, OCTETS), ""); // three do not come as one
    assert_string_equal(chosen(&jpeg_ls, OCTETS ";q=0"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_anything_is_given_what_is_stored_in_parts),
        cmocka_unit_test(octets_without_a_syntax_are_not_compressed),
        cmocka_unit_test(implicit_and_big_endian_are_no_syntaxes_of_web_services),
        cmocka_unit_test(the_copy_is_for_who_names_htj2k),
        cmocka_unit_test(names_of_old_are_understood_and_used),
        cmocka_unit_test(the_best_by_quality_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
