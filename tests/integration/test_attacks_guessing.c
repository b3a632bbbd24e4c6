/* links: server_process consilium; timeout: 60 */
/*
 * Guesses that are sent all at once, so that none waits for what another one is told. The limits
 * hold to the guess, and the person whose password it is comes in meanwhile.
 */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    AT_ONCE = 60,
    PAIR = 10,      /* password_guesses, guess_limit.c: one login from one address */
    STRANGERS = 50, /* one login from addresses it does not know */
    REFILL_S = 10,  /* of the latter, which fills the soonest */
    PATIENCE_S = 30,
};

static struct server_process *server;
static struct staff staff;

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, 3) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

static int call_from(const char *address) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons(server_process_port(server)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &here.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static void send_guess(int fd, const char *login, const char *password) {
    char body[256], text[512];
    snprintf(body, sizeof body, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    int length = snprintf(text, sizeof text,
                          "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          strlen(body), body);
    assert_int_equal(send(fd, text, (size_t)length, MSG_NOSIGNAL), length);
}

static unsigned status_of(int fd) {
    char text[64] = "";
    unsigned status = 0;
    assert_true(recv(fd, text, sizeof text - 1, MSG_WAITALL) > 0);
    sscanf(text, "HTTP/1.1 %u", &status);
    close(fd);
    return status;
}

static unsigned sign_in(const char *login, const char *from) {
    int fd = call_from(from);
    send_guess(fd, login, STAFF_PASSWORD);
    return status_of(fd);
}

struct outcome {
    unsigned wrong, limited, others;
};

/* All guesses are on their way before the first answer is read; so is the person's own sign-in, in
 * the middle of them. */
static struct outcome guess_at_once(const char *login, const char *range, bool one_address,
                                    unsigned *ret_own) {
    int fds[AT_ONCE];
    struct outcome outcome = {0};
    for (unsigned i = 0; i < AT_ONCE; i++) {
        char from[32];
        snprintf(from, sizeof from, "%s%u", range, one_address ? 1 : i + 1);
        fds[i] = call_from(from);
    }
    int own = call_from("127.0.0.1");
    for (unsigned i = 0; i < AT_ONCE; i++) {
        if (i == AT_ONCE / 2)
            send_guess(own, login, STAFF_PASSWORD);
        send_guess(fds[i], login, "a guess");
    }
    for (unsigned i = 0; i < AT_ONCE; i++) {
        unsigned status = status_of(fds[i]);
        outcome.wrong += status == 401;
        outcome.limited += status == 429;
        outcome.others += status != 401 && status != 429;
    }
    *ret_own = status_of(own);
    return outcome;
}

static void from_one_address_ten_are_looked_at_however_many_come_at_once(void **state) {
    (void)state;
    unsigned own;
    struct outcome outcome = guess_at_once("person0", "127.0.5.", true, &own);
    assert_int_equal(outcome.others, 0);
    assert_int_equal(outcome.wrong, PAIR);
    assert_int_equal(outcome.limited, AT_ONCE - PAIR);
    assert_int_equal(own, 200);
    /* Nor is the right one, for whoever guessed it too late. */
    assert_int_equal(sign_in("person0", "127.0.5.1"), 429);
}

static void from_everywhere_fifty_are_looked_at_and_the_person_comes_in(void **state) {
    (void)state;
    unsigned own;
    int64_t begun = time(NULL);
    struct outcome outcome = guess_at_once("person1", "127.0.6.", false, &own);
    unsigned refilled = (unsigned)((time(NULL) - begun) / REFILL_S + 1);
    assert_int_equal(outcome.others, 0);
    assert_in_range(outcome.wrong, STRANGERS, STRANGERS + refilled);
    assert_int_equal(own, 200);
    assert_int_equal(sign_in("person1", "127.0.7.1"), 429); /* strange to them, and too late */
    assert_int_equal(sign_in("person1", "127.0.0.1"), 200);
    assert_int_equal(sign_in("person2", "127.0.7.1"), 200); /* nobody else is held back */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_one_address_ten_are_looked_at_however_many_come_at_once),
        cmocka_unit_test(from_everywhere_fifty_are_looked_at_and_the_person_comes_in),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
