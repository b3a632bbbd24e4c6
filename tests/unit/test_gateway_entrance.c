/* links: server */
#include "server/gateway/address_count.h"
#include "server/gateway/listener.h"
#include "server/gateway/origin.h"
#include "server/utf8.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct peer_address address_of(const char *text) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
        return peer_address_of((struct sockaddr *)&six);
    }
    assert_int_equal(inet_pton(AF_INET, text, &four.sin_addr), 1);
    return peer_address_of((struct sockaddr *)&four);
}

static void an_address_over_its_limit_is_refused_and_others_are_not(void **state) {
    (void)state;
    struct address_count *table = address_count_create(100);
    struct peer_address one = address_of("192.0.2.1");
    assert_true(address_count_add(table, one, 2));
    assert_true(address_count_add(table, one, 2));
    assert_false(address_count_add(table, one, 2));
    assert_true(address_count_add(table, address_of("192.0.2.2"), 2));
    address_count_remove(table, one);
    assert_true(address_count_add(table, one, 2));
    address_count_destroy(table);
}

static void all_of_an_ipv6_network_counts_as_one_address(void **state) {
    (void)state;
    struct address_count *table = address_count_create(100);
    assert_true(address_count_add(table, address_of("2001:db8:0:1::1"), 1));
    assert_false(address_count_add(table, address_of("2001:db8:0:1:ffff::2"), 1));
    assert_true(address_count_add(table, address_of("2001:db8:0:2::1"), 1));
    address_count_destroy(table);
}

static void counts_stay_right_while_many_addresses_come_and_go(void **state) {
    (void)state;
    enum { ADDRESSES = 400, STEPS = 20000 };
    struct address_count *table = address_count_create(ADDRESSES);
    uint32_t counts[ADDRESSES] = {0};
    uint32_t random = 12345;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1103515245 + 12345;
        uint32_t which = (random >> 16) % ADDRESSES;
        struct peer_address address = {{[10] = 0xff, [11] = 0xff, [12] = 10}};
        address.bytes[14] = (uint8_t)(which >> 8);
        address.bytes[15] = (uint8_t)which;
        assert_int_equal(address_count_of(table, address), counts[which]);
        if (counts[which] > 0 && (random >> 30) != 0) {
            address_count_remove(table, address);
            counts[which]--;
        } else if (address_count_add(table, address, 5)) {
            counts[which]++;
        }
    }
    address_count_destroy(table);
}

static void loopback_is_told_from_other_addresses(void **state) {
    (void)state;
    assert_true(peer_address_is_loopback(address_of("127.0.0.1")));
    assert_true(peer_address_is_loopback(address_of("127.3.2.1")));
    assert_true(peer_address_is_loopback(address_of("::1")));
    assert_true(peer_address_is_loopback(address_of("::ffff:127.0.0.1")));
    assert_false(peer_address_is_loopback(address_of("192.0.2.1")));
    assert_false(peer_address_is_loopback(address_of("2001:db8::1")));
}

static enum first_bytes of(const char *bytes, size_t length) {
    return first_bytes_of((const uint8_t *)bytes, length);
}

static void first_bytes_tell_what_a_connection_speaks(void **state) {
    (void)state;
    assert_int_equal(of("", 0), FIRST_BYTES_MORE);
    assert_int_equal(of("\x16\x03\x01", 3), FIRST_BYTES_TLS);
    assert_int_equal(of("GET / HTTP/1.1", 10), FIRST_BYTES_HTTP);
    assert_int_equal(of("\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42", 10), FIRST_BYTES_STUN);
    assert_int_equal(of("\x00\x14\x00\x01", 4), FIRST_BYTES_MORE);
    assert_int_equal(of("\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x43", 10), FIRST_BYTES_UNKNOWN);
    assert_int_equal(of("\x80\x14", 2), FIRST_BYTES_UNKNOWN);
    assert_int_equal(of("1", 1), FIRST_BYTES_UNKNOWN);
}

static void only_our_own_pages_are_our_origin(void **state) {
    (void)state;
    struct text host = TEXT("board.example:8443");
    assert_true(origin_is_own(TEXT("https://board.example:8443"), host, true));
    assert_true(origin_is_own(TEXT("https://BOARD.example:8443"), host, true));
    assert_true(origin_is_own(TEXT("https://board.example"), TEXT("board.example:443"), true));
    assert_true(origin_is_own(TEXT("http://localhost:8080"), TEXT("localhost:8080"), false));
    assert_false(origin_is_own(TEXT("http://board.example:8443"), host, true));
    assert_false(origin_is_own(TEXT("https://board.example"), host, true));
    assert_false(origin_is_own(TEXT("https://board.example:8443.evil"), host, true));
    assert_false(origin_is_own(TEXT("https://evil.board.example:8443"), host, true));
    assert_false(origin_is_own(TEXT("null"), host, true));
    assert_false(origin_is_own(TEXT("https://"), TEXT(""), true));
}

static void a_host_that_resolves_here_but_is_named_otherwise_is_not_loopback(void **state) {
    (void)state;
    assert_true(host_is_loopback(TEXT("localhost:8080")));
    assert_true(host_is_loopback(TEXT("LOCALHOST")));
    assert_true(host_is_loopback(TEXT("a.localhost")));
    assert_true(host_is_loopback(TEXT("127.0.0.1:1")));
    assert_true(host_is_loopback(TEXT("[::1]:8080")));
    assert_false(host_is_loopback(TEXT("evil.example:8080")));
    assert_false(host_is_loopback(TEXT("127.0.0.1.evil.example")));
    assert_false(host_is_loopback(TEXT("notlocalhost")));
    assert_false(host_is_loopback(TEXT("")));
}

static void utf8_is_shortest_and_has_no_surrogates(void **state) {
    (void)state;
    assert_true(text_is_utf8(TEXT("plain, \xc3\xa4, \xe2\x82\xac, \xf0\x9f\x98\x80")));
    assert_false(text_is_utf8(TEXT("\xc0\xaf")));
    assert_false(text_is_utf8(TEXT("\xed\xa0\x80")));
    assert_false(text_is_utf8(TEXT("\xf4\x90\x80\x80")));
    assert_false(text_is_utf8(TEXT("\xe2\x82")));
    assert_false(text_is_utf8(TEXT("\xff")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_over_its_limit_is_refused_and_others_are_not),
        cmocka_unit_test(all_of_an_ipv6_network_counts_as_one_address),
        cmocka_unit_test(counts_stay_right_while_many_addresses_come_and_go),
        cmocka_unit_test(loopback_is_told_from_other_addresses),
        cmocka_unit_test(first_bytes_tell_what_a_connection_speaks),
        cmocka_unit_test(only_our_own_pages_are_our_origin),
        cmocka_unit_test(a_host_that_resolves_here_but_is_named_otherwise_is_not_loopback),
        cmocka_unit_test(utf8_is_shortest_and_has_no_surrogates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
