/* links: wire namespaces; timeout: 60; alone */
#include "tests/support/namespaces.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// Datagrams through the real program: an echo in one network namespace, the test's socket in the
// other. Where namespaces or TUN interfaces cannot be made, the tests say so and are skipped.

enum { DATAGRAMS = 500, PORT = 7007, DEADLINE_MS = 20000 };

static const char *cannot; // why there is nothing to test with; NULL = there is

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int look_around(void **state) {
    (void)state;
    cannot = namespaces_prepare();
    return 0;
}

static int bound_socket(const char *address) {
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &local.sin_addr);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&local, sizeof(local)) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

static void echo(void) {
    // Bound to any address: it may begin before the interface has one.
    int descriptor = bound_socket("0.0.0.0");
    uint8_t bytes[2048];
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_length = sizeof(from);
        ssize_t length =
            recvfrom(descriptor, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_length);
        if (length > 0)
            sendto(descriptor, bytes, (size_t)length, 0, (struct sockaddr *)&from, from_length);
    }
}

static void begin(struct namespaces *network, const char *const *conditions) {
    if (cannot == NULL)
        cannot = namespaces_begin(network, WIRE_PATH, conditions, echo);
    if (cannot != NULL) {
        fprintf(stderr, "SKIPPED: %s\n", cannot);
        skip();
    }
}

// Ends everything; the counts that wire printed.
static void end(struct namespaces *network, char counts[512]) {
    assert_int_equal(namespaces_end(network, counts), 0);
    assert_int_not_equal(counts[0], '\0');
}

struct result {
    uint32_t returned;
    uint32_t overtaken; // came back after one that was sent later
    int64_t least_us, median_us;
};

static int by_time(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

struct datagram {
    uint32_t number;
    int64_t sent_us;
    uint8_t filling[100];
};

// Sends DATAGRAMS, `interval_us` apart, and collects what comes back.
static struct result talk(const struct namespaces *network, int64_t interval_us) {
    static int64_t ways_us[DATAGRAMS];
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct result result = {0};
    uint32_t sent = 0, newest = 0;
    inet_pton(AF_INET, "10.77.0.2", &peer.sin_addr);
    assert_null(namespaces_enter(network, 0));
    int descriptor = bound_socket("10.77.0.1");
    assert_true(descriptor >= 0);
    int64_t began_us = now_us(), quiet_since_us = began_us;
    while (sent < DATAGRAMS || now_us() - quiet_since_us < 500000) {
        struct datagram datagram = {.number = sent, .sent_us = now_us()};
        if (sent < DATAGRAMS && now_us() >= began_us + sent * interval_us) {
            sendto(descriptor, &datagram, sizeof(datagram), 0, (struct sockaddr *)&peer,
                   sizeof(peer));
            sent++;
            quiet_since_us = now_us();
        }
        struct pollfd ready = {.fd = descriptor, .events = POLLIN};
        if (poll(&ready, 1, 1) == 1 &&
            recv(descriptor, &datagram, sizeof(datagram), 0) == sizeof(datagram)) {
            assert_true(result.returned < DATAGRAMS);
            ways_us[result.returned++] = now_us() - datagram.sent_us;
            result.overtaken += datagram.number < newest;
            newest = datagram.number > newest ? datagram.number : newest;
            quiet_since_us = now_us();
        }
        assert_true(now_us() - began_us < DEADLINE_MS * 1000);
    }
    close(descriptor);
    qsort(ways_us, result.returned, sizeof(ways_us[0]), by_time);
    result.least_us = result.returned > 0 ? ways_us[0] : 0;
    result.median_us = result.returned > 0 ? ways_us[result.returned / 2] : 0;
    return result;
}

static void loss_and_delay_are_as_asked_for(void **state) {
    (void)state;
    struct namespaces network;
    const char *conditions[] = {"--seed", "7", "--delay", "20", "--loss", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(&network, 2000);
    end(&network, counts);
    // 0.9 of 0.9 of 500, four standard deviations around it.
    assert_in_range(result.returned, 405 - 36, 405 + 36);
    assert_true(result.least_us >= 40000);
    assert_true(result.median_us < 60000);
    assert_int_equal(result.overtaken, 0);
    assert_non_null(strstr(counts, "\"overflowed\":0"));
}

static void some_datagrams_are_overtaken(void **state) {
    (void)state;
    struct namespaces network;
    const char *conditions[] = {"--seed", "9", "--delay", "10", "--reorder", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(&network, 2000);
    end(&network, counts);
    assert_int_equal(result.returned, DATAGRAMS);
    assert_in_range(result.overtaken, 40, 160);
}

static void what_the_rate_cannot_carry_overflows(void **state) {
    (void)state;
    struct namespaces network;
    // 144 bytes each 2 ms are 576 kbit/s; half of that goes through, the rest meets a short queue.
    const char *conditions[] = {"--seed", "1", "--rate", "288", "--queue", "10", NULL};
    char counts[512];
    begin(&network, conditions);
    struct result result = talk(&network, 2000);
    end(&network, counts);
    assert_in_range(result.returned, DATAGRAMS * 40 / 100, DATAGRAMS * 62 / 100);
    assert_null(strstr(counts, "\"a_to_b\":{\"in\":500,\"out\":500"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_delay_are_as_asked_for),
        cmocka_unit_test(some_datagrams_are_overtaken),
        cmocka_unit_test(what_the_rate_cannot_carry_overflows),
    };
    return cmocka_run_group_tests(tests, look_around, NULL);
}
