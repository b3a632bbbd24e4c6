/* links: server_process consilium; timeout: 150 */
/*
 * TLS as others see it: sslscan judges versions, ciphers, groups and the certificate; a new
 * certificate is taken without a restart and without cutting anybody off.
 */
#include "tests/support/certificate.h"
#include "tests/support/plain_http.h"
#include "tests/support/staff.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUTPUT_MAX = 64 * 1024, LOOK_MS = 50, WAIT_MS = 20000, PATH_BYTES = 1200 };

static struct server_process *server;
static char output[OUTPUT_MAX];

static int begin(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH, .tls = true};
    server = server_process_start(&options);
    return server == NULL ? -1 : 0;
}

static int end(void **state) {
    (void)state;
    server_process_end(server);
    return 0;
}

static void key_path(char ret[PATH_BYTES]) {
    snprintf(ret, PATH_BYTES, "%s/../key.pem", server_process_data(server));
}

static bool log_says(const char *words) {
    char path[PATH_BYTES], line[1024];
    bool says = false;
    snprintf(path, sizeof path, "%s/../log", server_process_data(server));
    FILE *log = fopen(path, "r");
    assert_non_null(log);
    while (!says && fgets(line, sizeof line, log) != NULL)
        says = strstr(line, words) != NULL;
    fclose(log);
    return says;
}

/* What a client holds: its connection, and the certificate it was shown. */
struct visit {
    SSL_CTX *context;
    SSL *tls;
    int fd;
    uint8_t shown[32]; /* SHA-256 of the certificate */
};

static void open_visit(struct visit *visit) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    visit->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(visit->fd, (struct sockaddr *)&address, sizeof address), 0);
    visit->context = SSL_CTX_new(TLS_client_method());
    visit->tls = SSL_new(visit->context);
    SSL_set_fd(visit->tls, visit->fd);
    assert_int_equal(SSL_connect(visit->tls), 1);
    X509 *certificate = SSL_get1_peer_certificate(visit->tls);
    assert_int_equal(X509_digest(certificate, EVP_sha256(), visit->shown, NULL), 1);
    X509_free(certificate);
}

static void close_visit(struct visit *visit) {
    SSL_free(visit->tls);
    SSL_CTX_free(visit->context);
    close(visit->fd);
}

/* Asks over the connection that is there; the head of the answer is in `output`. */
static bool ask(struct visit *visit, const char *path) {
    char request[256];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
                          path, server_process_port(server));
    if (SSL_write(visit->tls, request, length) != length)
        return false;
    int got = SSL_read(visit->tls, output, OUTPUT_MAX - 1);
    output[got > 0 ? got : 0] = 0;
    return strncmp(output, "HTTP/1.1 200", 12) == 0;
}

static bool is_shown_another(const struct visit *before) {
    for (int waited = 0; waited < WAIT_MS; waited += LOOK_MS) {
        struct visit now;
        open_visit(&now);
        bool another = memcmp(now.shown, before->shown, sizeof now.shown) != 0;
        close_visit(&now);
        if (another)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return false;
}

static unsigned count_of(const char *needle) {
    unsigned count = 0;
    for (const char *at = output; (at = strstr(at, needle)) != NULL; at++)
        count++;
    return count;
}

static void sslscan_finds_nothing_old_or_weak(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "sslscan --no-colour --xml=- 127.0.0.1:%u 2>&1",
             server_process_port(server));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    output[fread(output, 1, OUTPUT_MAX - 1, pipe)] = 0;
    assert_int_equal(pclose(pipe), 0); /* Debian's package sslscan is one of the tests' */
    static const char *const off[] = {
        "type=\"ssl\" version=\"2\" enabled=\"0\"",
        "type=\"ssl\" version=\"3\" enabled=\"0\"",
        "type=\"tls\" version=\"1.0\" enabled=\"0\"",
        "type=\"tls\" version=\"1.1\" enabled=\"0\"",
        "renegotiation supported=\"0\"",
    };
    static const char *const on[] = {
        "type=\"tls\" version=\"1.2\" enabled=\"1\"",
        "type=\"tls\" version=\"1.3\" enabled=\"1\"",
    };
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        if (strstr(output, off[i]) == NULL)
            fail_msg("sslscan does not say %s:\n%s", off[i], output);
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        if (strstr(output, on[i]) == NULL)
            fail_msg("sslscan does not say %s:\n%s", on[i], output);
    /* Every cipher is authenticated encryption with a fresh key. */
    unsigned ciphers = count_of("<cipher status=");
    assert_true(ciphers >= 5);
    assert_int_equal(ciphers, count_of("_GCM_SHA") + count_of("-GCM-SHA") + count_of("CHACHA20"));
    assert_int_equal(ciphers, count_of("cipher=\"ECDHE-") + count_of("cipher=\"TLS_"));
    /* Groups: these three and no other. */
    assert_int_equal(count_of("<group "), count_of("name=\"x25519\"") +
                                              count_of("name=\"secp256r1 (NIST P-256)\"") +
                                              count_of("name=\"secp384r1 (NIST P-384)\""));
    assert_true(count_of("<group ") > 0);
    assert_int_equal(count_of("vulnerable=\"1\""), 0);
    /* The certificate: not over, and signed with SHA-256. */
    assert_non_null(strstr(output, "<expired>false</expired>"));
    assert_non_null(strstr(output, "ecdsa-with-SHA256"));
}

static void answers_over_tls_bind_browsers_to_tls_and_others_do_not(void **state) {
    (void)state;
    static struct plain_answer answer;
    struct visit visit;
    char value[128];
    open_visit(&visit);
    assert_true(ask(&visit, "/healthz"));
    assert_non_null(
        strstr(output, "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"));
    close_visit(&visit);
    struct plain_request request = {
        .port = server_process_admin_port(server), .method = "GET", .path = "/healthz"};
    plain_ask(&request, &answer);
    assert_int_equal(answer.status, 200);
    assert_false(plain_header(&answer, "strict-transport-security", value, sizeof value));
}

static void a_new_certificate_is_taken_without_cutting_anybody_off(void **state) {
    (void)state;
    char key[PATH_BYTES];
    struct visit before;
    key_path(key);
    open_visit(&before);
    assert_true(ask(&before, "/healthz"));
    pid_t process = server_process_id(server);
    assert_true(certificate_make(server_process_certificate(server), key));
    assert_true(is_shown_another(&before)); /* it looks at the files by itself */
    assert_true(ask(&before, "/healthz"));  /* who was there is still there */
    assert_true(server_process_runs(server));
    assert_int_equal(server_process_id(server), process);
    assert_true(log_says("certificate renewed until="));
    close_visit(&before);
}

static void sighup_loads_it_at_once(void **state) {
    (void)state;
    char key[PATH_BYTES];
    struct visit before;
    key_path(key);
    open_visit(&before);
    assert_true(certificate_make(server_process_certificate(server), key));
    server_process_signal(server, SIGHUP);
    assert_true(is_shown_another(&before));
    assert_true(ask(&before, "/healthz"));
    close_visit(&before);
}

static void a_broken_certificate_is_refused_and_the_old_one_stays(void **state) {
    (void)state;
    struct visit before, after;
    open_visit(&before);
    FILE *file = fopen(server_process_certificate(server), "w");
    fputs("-----BEGIN CERTIFICATE-----\nhalf of it\n", file);
    fclose(file);
    server_process_signal(server, SIGHUP);
    for (int waited = 0; waited < WAIT_MS && !log_says("the old one stays"); waited += LOOK_MS)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    assert_true(log_says("the new certificate is not used, the old one stays: the certificate "
                         "could not be read"));
    open_visit(&after);
    assert_memory_equal(before.shown, after.shown, sizeof before.shown);
    assert_true(ask(&after, "/healthz"));
    close_visit(&before);
    close_visit(&after);
    char other[PATH_BYTES];
    snprintf(other, sizeof other, "%s/../other.pem", server_process_data(server));
    assert_true(certificate_make(server_process_certificate(server), other));
    server_process_signal(server, SIGHUP); /* whole, but not this key's */
    for (int waited = 0; waited < WAIT_MS && !log_says("not the certificate's"); waited += LOOK_MS)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    assert_true(log_says("it is not the certificate's"));
    open_visit(&after);
    assert_true(ask(&after, "/healthz"));
    close_visit(&after);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sslscan_finds_nothing_old_or_weak),
        cmocka_unit_test(answers_over_tls_bind_browsers_to_tls_and_others_do_not),
        cmocka_unit_test(a_new_certificate_is_taken_without_cutting_anybody_off),
        cmocka_unit_test(sighup_loads_it_at_once),
        cmocka_unit_test(a_broken_certificate_is_refused_and_the_old_one_stays),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
