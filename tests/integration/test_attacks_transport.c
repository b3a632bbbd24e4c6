/* links: server_process consilium; timeout: 60 */
/*
 * What is done to a server by those who want its connections, its memory, or to be taken for
 * somebody else, over real sockets and byte by byte. Each is answered clearly, or cut; and somebody
 * honest is served all the while.
 */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
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
    ANSWER_MAX = 64 * 1024,
    FLOOD_MAX = 1024 * 1024,
    PATIENCE_S = 5,
    TRICKLE_MS = 100,
    /* What --patience 3 comes to, and twice as much again for a busy machine. */
    PATIENCE_MS = 3000,
    ENTERING_MS = 3 * PATIENCE_MS / 2,
    PACE_MS = 3 * PATIENCE_MS,
    IDLE_MS = 9 * PATIENCE_MS,
    LINGER_MS = 10000,
};

static struct server_process *server;
static struct staff staff;
static char answer[ANSWER_MAX];
static char flood[FLOOD_MAX];

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH, .arguments = {"--patience", "3"}};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, 1) && staff_make_cases(&staff, 0, 1) ? 0
                                                                                             : -1;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int call(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text) {
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* All that comes until the peer closes or says nothing more; in `answer`. */
static void listen_to(int fd) {
    size_t length = 0;
    ssize_t got;
    while (length < ANSWER_MAX - 1 &&
           (got = recv(fd, answer + length, ANSWER_MAX - 1 - length, 0)) > 0)
        length += (size_t)got;
    answer[length] = 0;
}

/* The status of the first answer; 0 = cut without one. */
static unsigned status(void) {
    unsigned number = 0;
    sscanf(answer, "HTTP/1.1 %u", &number);
    return number;
}

static unsigned answers(void) {
    unsigned count = 0;
    for (const char *at = answer; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        count++;
    return count;
}

static bool is_closed(int fd) {
    char byte;
    struct pollfd question = {.fd = fd, .events = POLLIN};
    if (poll(&question, 1, 0) == 0)
        return false;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static unsigned ask_raw(const char *text) {
    int fd = call();
    say(fd, text);
    listen_to(fd);
    close(fd);
    return status();
}

/* Somebody honest, at any time. */
static void others_are_served(void) {
    static struct plain_answer plain;
    struct plain_request request = {.port = server_process_port(server),
                                    .method = "GET",
                                    .path = "/api/me",
                                    .bearer = staff.people[0].token};
    plain_ask(&request, &plain);
    assert_int_equal(plain.status, 200);
}

/* Slowly */

struct slow {
    const char *begin;   /* said at once */
    const char *letters; /* then one at a time, over and over */
    int limit_ms;
    const char *told; /* what the client hears before it is cut; NULL = nothing can be said */
};

/* Whether all of `words` stand in what came so far. */
static bool hears(int fd, bool heard, const char *words) {
    ssize_t got;
    while ((got = recv(fd, answer, ANSWER_MAX - 1, MSG_DONTWAIT)) > 0) {
        answer[got] = 0;
        heard = heard || (words != NULL && strstr(answer, words) != NULL);
    }
    return heard;
}

/* Five ways at the same time, so that the test takes as long as the longest. */
static void letters_one_by_one_keep_no_connection(void **state) {
    (void)state;
    char signing_in[256], uploading[CLIENT_TOKEN_MAX + 256];
    const uint8_t *id = staff_case_id(0).bytes;
    snprintf(uploading, sizeof uploading,
             "POST /api/cases/%02x%02x0000-0000-4000-8000-0000000000%02x/uploads HTTP/1.1\r\n"
             "Host: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 100000\r\n\r\n%%PDF-",
             id[0], id[1], id[15], staff.people[0].token);
    snprintf(signing_in, sizeof signing_in,
             "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n");
    const struct slow ways[] = {
        {"G", "E", ENTERING_MS, NULL},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "x", ENTERING_MS, NULL},
        {signing_in, " ", PACE_MS, "HTTP/1.1 408 Request Timeout"},
        {uploading, " ", PACE_MS, "HTTP/1.1 408 Request Timeout"},
        {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nX: ", "x",
         IDLE_MS, "HTTP/1.1 200 OK"},
    };
    enum { WAYS = sizeof ways / sizeof ways[0] };
    int fds[WAYS];
    bool heard[WAYS] = {false};
    int64_t begun = now_ms(), gone[WAYS] = {0};
    for (unsigned i = 0; i < WAYS; i++) {
        fds[i] = call();
        say(fds[i], ways[i].begin);
    }
    for (unsigned left = WAYS; left > 0 && now_ms() - begun < IDLE_MS + 2000;) {
        nanosleep(&(struct timespec){.tv_nsec = TRICKLE_MS * 1000000L}, NULL);
        for (unsigned i = 0; i < WAYS; i++) {
            if (gone[i] != 0)
                continue;
            say(fds[i], ways[i].letters);
            heard[i] = hears(fds[i], heard[i], ways[i].told);
            if (is_closed(fds[i])) {
                gone[i] = now_ms() - begun;
                left--;
            }
        }
    }
    others_are_served();
    for (unsigned i = 0; i < WAYS; i++) {
        close(fds[i]);
        print_message("way %u: cut after %d ms\n", i, (int)gone[i]);
        assert_in_range(gone[i], 1, ways[i].limit_ms);
        assert_int_equal(heard[i], ways[i].told != NULL);
    }
}

/* Much */

static void more_headers_than_anybody_needs_cost_their_connection(void **state) {
    (void)state;
    int fd = call();
    say(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 100000; i++) { /* many */
        char line[64];
        snprintf(line, sizeof line, "X-Header-%d: value\r\n", i);
        if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
            break;
    }
    say(fd, "\r\n");
    listen_to(fd);
    assert_int_not_equal(status(), 200);
    close(fd);
    fd = call(); /* one, but large */
    memset(flood, 'x', sizeof flood);
    say(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
    (void)send(fd, flood, sizeof flood, MSG_NOSIGNAL);
    say(fd, "\r\n\r\n");
    listen_to(fd);
    assert_int_not_equal(status(), 200);
    close(fd);
    others_are_served();
}

/* Not so large that its connection is cut, and larger. */
static void a_cookie_that_is_too_large_is_no_sign_in(void **state) {
    (void)state;
    static const int sizes[] = {200, 4000, 12000, 15000, 30000};
    static char request[40 * 1024], value[32 * 1024];
    memset(value, 'c', sizeof value - 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        snprintf(request, sizeof request,
                 "GET /api/me HTTP/1.1\r\nHost: localhost\r\nCookie: __Host-consilium=%.*s\r\n"
                 "Connection: close\r\n\r\n",
                 sizes[i], value);
        unsigned got = ask_raw(request);
        assert_true(sizes[i] < 15000 ? got == 401 : got == 0 || got == 400 || got == 401);
    }
    others_are_served();
}

/* Other programs of the same host set cookies too; ours is found among them. */
static void among_many_cookies_ones_own_is_found(void **state) {
    (void)state;
    static char request[16 * 1024];
    static struct plain_answer plain;
    char own[256];
    plain_ask(&(struct plain_request){.port = server_process_port(server),
                                      .method = "POST",
                                      .path = "/api/sign-in",
                                      .body =
                                          "{\"login\":\"person0\",\"password\":\"" STAFF_PASSWORD
                                          "\"}"},
              &plain);
    assert_true(plain_header(&plain, "set-cookie", own, sizeof own));
    int length =
        snprintf(request, sizeof request,
                 "GET /api/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ");
    for (unsigned i = 0; i < 180; i++)
        length += snprintf(request + length, sizeof request - (size_t)length,
                           "__Host-consilium%u=%050u; ", i, i);
    snprintf(request + length, sizeof request - (size_t)length, "%.*s\r\n\r\n",
             (int)strcspn(own, ";"), own);
    assert_int_equal(ask_raw(request), 200);
}

static void a_body_is_announced_and_kept_to(void **state) {
    (void)state;
    assert_int_equal(ask_raw("POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n{}"), 411);
    assert_non_null(strstr(answer, "Content-Length"));
    assert_int_equal(ask_raw("POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Length: 99999999999\r\n\r\n{}"),
                     413);
    assert_non_null(strstr(answer, "too_large"));
    assert_int_equal(ask_raw("POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Length: -5\r\n\r\n{}"),
                     400);
    assert_int_equal(ask_raw("POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Length: 0x10\r\n\r\n{}"),
                     400);
    /* More than was announced is not of this body. */
    unsigned got = ask_raw("POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                           "Connection: close\r\n\r\n{}{}{}{}");
    assert_true(got == 400 || got == 401 || got == 422);
    assert_int_equal(answers(), 1);
    others_are_served();
}

static void a_flood_after_its_refusal_is_cut(void **state) {
    (void)state;
    int fd = call();
    int64_t begun = now_ms();
    say(fd, "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n");
    while (now_ms() - begun < 3 * LINGER_MS) {
        if (send(fd, flood, 4096, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
    }
    assert_in_range(now_ms() - begun, 0, LINGER_MS);
    close(fd);
    others_are_served();
}

/* Two readings of one request */

static void what_could_be_read_in_two_ways_is_not_read(void **state) {
    (void)state;
    static const char *const shapes[] = {
        "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        "Content-Length: 40\r\n\r\n{}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\n{}",
        "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        "Content-Length: 4\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n"
        "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 38\r\n\r\n"
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        unsigned got = ask_raw(shapes[i]);
        if ((got != 0 && got != 400 && got != 411) || answers() > 1)
            fail_msg("shape %zu was answered %u, %u times:\n%s", i, got, answers(), answer);
    }
    others_are_served();
}

/* Paths */

static void no_path_leads_out_of_the_web_client(void **state) {
    (void)state;
    static const char *const paths[] = {
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%252e%252e%252fetc%252fpasswd",
        "/..\\..\\etc\\passwd",
        "/%5c..%5c..%5cetc%5cpasswd",
        "/index.html%00.png",
        "/assets/../../keys/key-encryption-key",
        "//etc/passwd",
        "/./././etc/passwd",
        "/api/../../../etc/passwd",
        "/api/cases/..%2f..%2f..%2fetc%2fpasswd/display-sets",
        "/api/cases/%00/display-sets",
        "/api/cases/..\\..\\/display-sets",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char request[1024];
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: "
                 "close\r\n\r\n",
                 paths[i], staff.people[0].token);
        unsigned got = ask_raw(request);
        bool page = got == 200 && strstr(answer, "Content-Type: text/html") != NULL;
        if ((got != 0 && got != 400 && got != 403 && got != 404 && !page) ||
            strstr(answer, "root:") != NULL)
            fail_msg("%s was answered %u:\n%s", paths[i], got, answer);
    }
    others_are_served();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_one_by_one_keep_no_connection),
        cmocka_unit_test(more_headers_than_anybody_needs_cost_their_connection),
        cmocka_unit_test(a_cookie_that_is_too_large_is_no_sign_in),
        cmocka_unit_test(among_many_cookies_ones_own_is_found),
        cmocka_unit_test(a_body_is_announced_and_kept_to),
        cmocka_unit_test(a_flood_after_its_refusal_is_cut),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_not_read),
        cmocka_unit_test(no_path_leads_out_of_the_web_client),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
