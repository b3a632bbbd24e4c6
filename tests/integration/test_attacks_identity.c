/* links: server_process consilium libpq; timeout: 120 */
/*
 * Being taken for somebody else: pages of other sites with a visitor's cookie, windows opened from
 * elsewhere, tickets and cookies that are made up, used or over. And what every answer tells a
 * browser, so that none of our pages is put into a frame and nothing uploaded becomes a page.
 */
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include "clients/native/json_text.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWER_MAX = 64 * 1024, PATIENCE_S = 5, READY_MS = 30000 };

static struct server_process *server;
static struct staff staff;
static char answer[ANSWER_MAX];
static char web[] = "/tmp/consilium-web-XXXXXX";

/* A web client of two files, so that the page and what is no page can be asked for. */
static bool make_web(void) {
    char path[64];
    bool made = mkdtemp(web) != NULL;
    static const char *const files[][2] = {
        {"index.html", "<!doctype html><title>x</title>"}, {"x.css", "a{}"}, {"x.js", "1"}};
    for (size_t i = 0; i < sizeof files / sizeof files[0] && made; i++) {
        snprintf(path, sizeof path, "%s/%s", web, files[i][0]);
        FILE *file = fopen(path, "w");
        made = file != NULL && fputs(files[i][1], file) >= 0 && fclose(file) == 0;
    }
    return made;
}

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH, .arguments = {"--web", web}};
    if (!make_web())
        return -1;
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, 2) && staff_make_cases(&staff, 0, 1) ? 0
                                                                                             : -1;
}

static int end(void **state) {
    (void)state;
    char command[64];
    staff_finish(&staff);
    server_process_end(server);
    snprintf(command, sizeof command, "rm -rf %s", web);
    return system(command);
}

static unsigned ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
static unsigned ask(const char *format, ...) {
    char request[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(request, sizeof request, format, arguments);
    va_end(arguments);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, (size_t)length, MSG_NOSIGNAL), length);
    size_t got = 0;
    ssize_t now;
    while (got < ANSWER_MAX - 1 && (now = recv(fd, answer + got, ANSWER_MAX - 1 - got, 0)) > 0)
        got += (size_t)now;
    answer[got] = 0;
    close(fd);
    unsigned status = 0;
    sscanf(answer, "HTTP/1.1 %u", &status);
    return status;
}

#define CLOSE "Connection: close\r\n"

static void sign_in(char ret_cookie[256]) {
    static const char body[] = "{\"login\":\"person0\",\"password\":\"" STAFF_PASSWORD "\"}";
    assert_int_equal(ask("POST /api/sign-in HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" CLOSE
                         "Content-Length: %zu\r\n\r\n%s",
                         server_process_port(server), sizeof body - 1, body),
                     200);
    const char *given = strstr(answer, "Set-Cookie: ");
    assert_non_null(given);
    snprintf(ret_cookie, 256, "%.*s", (int)strcspn(given + 12, ";"), given + 12);
}

static unsigned ask_me(const char *cookie) {
    return ask("GET /api/me HTTP/1.1\r\nHost: localhost\r\n" CLOSE "Cookie: %s\r\n\r\n", cookie);
}

/* Every route that changes something, as the sources have them: a new one is among them. */
enum { CHANGING_MAX = 200 };
static struct { char method[8], path[256]; } changing[CHANGING_MAX];
static size_t changing_count;

static void find_changing(void) {
    static const char find[] = "grep -rhoE '\\{\"(POST|PUT|PATCH|DELETE)\", \"/api[^\"]+\"' "
                               "--include=*.c " CONSILIUM_SOURCE_DIR "/server";
    char line[512], path[256];
    FILE *found = popen(find, "r");
    assert_non_null(found);
    changing_count = 0;
    while (fgets(line, sizeof line, found) != NULL && changing_count < CHANGING_MAX) {
        if (sscanf(line, "{\"%7[A-Z]\", \"%255[^\"]", changing[changing_count].method, path) != 2)
            continue;
        char *to = changing[changing_count++].path;
        for (const char *at = path; *at != 0; at++) {
            if (*at != ':') {
                *to++ = *at;
                continue;
            }
            to = stpcpy(to, "00000000-0000-4000-8000-000000000000");
            at += strcspn(at, "/") - 1;
        }
    }
    pclose(found);
    assert_in_range(changing_count, 8, CHANGING_MAX - 1);
}

/* A form needs no permission to be sent (CORS calls it simple), so it is what an attacker has. */
static void a_form_of_another_site_changes_nothing_whatever_it_calls_itself(void **state) {
    (void)state;
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=x", "application/json"};
    char cookie[256];
    sign_in(cookie);
    find_changing();
    for (size_t i = 0; i < changing_count; i++) {
        for (size_t j = 0; j < sizeof types / sizeof types[0]; j++) {
            if (ask("%s %s HTTP/1.1\r\nHost: localhost\r\n" CLOSE "Cookie: %s\r\n"
                    "Origin: https://elsewhere.example\r\nContent-Type: %s\r\n"
                    "Content-Length: 2\r\n\r\n{}",
                    changing[i].method, changing[i].path, cookie, types[j]) != 403 ||
                strstr(answer, "foreign_origin") == NULL)
                fail_msg("%s %s:\n%s", changing[i].method, changing[i].path, answer);
        }
    }
    assert_int_equal(ask_me(cookie), 200);
}

static void what_a_browser_says_of_where_it_comes_from_is_believed(void **state) {
    (void)state;
    static const char *const sites[] = {"cross-site", "same-site", "whatever"};
    char cookie[256];
    sign_in(cookie);
    find_changing();
    for (size_t i = 0; i < changing_count; i++)
        for (size_t j = 0; j < sizeof sites / sizeof sites[0]; j++)
            /* Also without a cookie: nobody is signed in as somebody else by a page. */
            assert_int_equal(ask("%s %s HTTP/1.1\r\nHost: localhost\r\n" CLOSE
                                 "Sec-Fetch-Site: %s\r\nContent-Length: 2\r\n\r\n{}",
                                 changing[i].method, changing[i].path, sites[j]),
                             403);
    assert_int_equal(ask("POST /api/tickets HTTP/1.1\r\nHost: localhost\r\n" CLOSE "Cookie: %s\r\n"
                         "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n"
                         "Content-Length: 0\r\n\r\n",
                         cookie),
                     200);
}

/* Tickets */

static void take_ticket(char ret[128]) {
    assert_int_equal(ask("POST /api/tickets HTTP/1.1\r\nHost: localhost\r\n" CLOSE
                         "Authorization: Bearer %s\r\nContent-Length: 0\r\n\r\n",
                         staff.people[0].token),
                     200);
    const char *body = strstr(answer, "\r\n\r\n") + 4;
    assert_true(json_find_text((const uint8_t *)body, strlen(body), "ticket", ret, 128));
}

static void a_window_from_elsewhere_is_not_opened_and_spends_no_ticket(void **state) {
    (void)state;
    static const char *const origins[] = {"https://elsewhere.example", "null",
                                          "http://127.0.0.1.elsewhere.example", "file://"};
    char ticket[128];
    unsigned status;
    uint16_t port = server_process_port(server);
    take_ticket(ticket);
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        assert_int_equal(plain_websocket(port, ticket, origins[i], &status), -1);
        assert_int_equal(status, 403);
    }
    /* Without any: no browser leaves it out of a WebSocket (RFC 6455 4.1), so it is a native
     * client, which has its ticket from a bearer. */
    int socket = plain_websocket(port, ticket, NULL, &status);
    assert_int_equal(status, 101);
    close(socket);
}

static void a_ticket_that_is_used_made_up_or_of_an_ended_sign_in_opens_nothing(void **state) {
    (void)state;
    static const char *const made_up[] = {"", "x", "../../x", "%00",
                                          "0000000000000000000000000000"};
    char ticket[128], cookie[256];
    unsigned status;
    uint16_t port = server_process_port(server);
    take_ticket(ticket);
    int socket = plain_websocket(port, ticket, NULL, &status);
    assert_int_equal(status, 101);
    close(socket);
    assert_int_equal(plain_websocket(port, ticket, NULL, &status), -1);
    assert_int_equal(status, 401);
    for (size_t i = 0; i < sizeof made_up / sizeof made_up[0]; i++) {
        assert_int_equal(plain_websocket(port, made_up[i], NULL, &status), -1);
        /* libwebsockets hangs up on a zero byte in an address. */
        assert_int_equal(status, strcmp(made_up[i], "%00") == 0 ? 0 : 401);
    }
    sign_in(cookie);
    assert_int_equal(ask("POST /api/tickets HTTP/1.1\r\nHost: localhost\r\n" CLOSE "Cookie: %s\r\n"
                         "Origin: http://localhost\r\nContent-Length: 0\r\n\r\n",
                         cookie),
                     200);
    const char *body = strstr(answer, "\r\n\r\n") + 4;
    assert_true(json_find_text((const uint8_t *)body, strlen(body), "ticket", ticket, 128));
    assert_int_equal(ask("POST /api/sign-out HTTP/1.1\r\nHost: localhost\r\n" CLOSE "Cookie: %s\r\n"
                         "Origin: http://localhost\r\nContent-Length: 0\r\n\r\n",
                         cookie),
                     204);
    assert_int_equal(plain_websocket(port, ticket, NULL, &status), -1);
    assert_int_equal(status, 401);
}

/* Cookies */

static void a_cookie_that_is_made_up_is_nobodys(void **state) {
    (void)state;
    char cookie[256], bent[300];
    sign_in(cookie);
    assert_int_equal(ask_me(cookie), 200);
    char *value = strchr(cookie, '=') + 1;
    for (size_t at = 0; at < strlen(value); at += 7) {
        snprintf(bent, sizeof bent, "%s", cookie);
        char *letter = bent + (value - cookie) + at;
        *letter = *letter == 'A' ? 'B' : 'A';
        /* The last letter holds fewer bits than it could: another one may be the same token. */
        if (at + 1 < strlen(value))
            assert_int_equal(ask_me(bent), 401);
    }
    snprintf(bent, sizeof bent, "%sA", cookie);
    assert_int_equal(ask_me(bent), 401);
    snprintf(bent, sizeof bent, "%.*s", (int)(value - cookie), cookie);
    assert_int_equal(ask_me(bent), 401);
}

static void run_sql(const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
}

static void a_cookie_that_is_over_is_nobodys(void **state) {
    (void)state;
    char unused[256], old[256];
    sign_in(unused);
    /* Twelve hours unused, as the database has it when the server comes back. */
    server_process_kill(server);
    run_sql("UPDATE sign_in SET used_at = used_at - 43201000000, made_at = made_at - 43201000000");
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    assert_int_equal(ask_me(unused), 401);
    assert_non_null(strstr(answer, "signed_out"));
    sign_in(old);
    server_process_kill(server);
    run_sql("UPDATE sign_in SET made_at = made_at - 86401000000"); /* a day, used all the while */
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    assert_int_equal(ask_me(old), 401);
}

/* What browsers are told */

static void says(const char *line) {
    if (strstr(answer, line) == NULL)
        fail_msg("no %s in:\n%s", line, answer);
}

static void binds(bool page) {
    says("frame-ancestors 'none'");
    says("X-Frame-Options: DENY\r\n");
    says("X-Content-Type-Options: nosniff\r\n");
    says("Referrer-Policy: no-referrer\r\n");
    says("Cross-Origin-Opener-Policy: same-origin\r\n");
    says("Cross-Origin-Resource-Policy: same-origin\r\n");
    says("Permissions-Policy: ");
    says(page ? "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
              : "Content-Security-Policy: default-src 'none'");
    assert_null(strstr(answer, "unsafe-inline"));
    assert_null(strstr(answer, "'unsafe-eval'"));
    assert_null(strstr(answer, "Access-Control-Allow-"));
    assert_null(strstr(answer, "Strict-Transport-Security")); /* in clear it means nothing */
    if (!page)
        says("; sandbox");
}

static void every_answer_binds_the_browser_that_gets_it(void **state) {
    (void)state;
    static const struct {
        const char *path;
        bool page;
    } asked[] = {{"/", true},        {"/index.html", true}, {"/x.js", true},
                 {"/x.css", false},  {"/none", true},       {"/none.png", false},
                 {"/api/me", false}, {"/healthz", false},   {"/api/x", false}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ask("GET %s HTTP/1.1\r\nHost: localhost\r\n" CLOSE "\r\n", asked[i].path);
        binds(asked[i].page);
    }
    static const char *const windows[] = {"13", "12"};
    for (size_t i = 0; i < 2; i++) {
        ask("GET /ws?ticket=x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: %s\r\n"
            "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
            "Sec-WebSocket-Protocol: consilium.1\r\n\r\n",
            windows[i]);
        binds(false);
    }
    ask("TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Told: back\r\n" CLOSE "\r\n");
    assert_null(strstr(answer, "X-Told"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_of_another_site_changes_nothing_whatever_it_calls_itself),
        cmocka_unit_test(what_a_browser_says_of_where_it_comes_from_is_believed),
        cmocka_unit_test(a_window_from_elsewhere_is_not_opened_and_spends_no_ticket),
        cmocka_unit_test(a_ticket_that_is_used_made_up_or_of_an_ended_sign_in_opens_nothing),
        cmocka_unit_test(a_cookie_that_is_made_up_is_nobodys),
        cmocka_unit_test(a_cookie_that_is_over_is_nobodys),
        cmocka_unit_test(every_answer_binds_the_browser_that_gets_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
