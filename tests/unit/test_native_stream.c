/* links: native_client openssl */
#include "clients/native/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_somewhere(uint16_t *ret_port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

/* SIGPIPE would end the whole program, and a library may not say how its program takes signals. */
static void tls_on_a_line_that_takes_no_more_is_broken_and_kills_nobody(void **state) {
    (void)state;
    uint16_t port;
    char url[64];
    const char *reason;
    struct server_address address;
    struct stream stream;
    int listener = listen_somewhere(&port);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", port);
    assert_true(server_address_init(&address, url, NULL, &reason));
    assert_true(stream_connect(&stream, &address));
    struct pollfd connected = {.fd = stream.descriptor, .events = POLLOUT};
    assert_int_equal(poll(&connected, 1, 5000), 1);
    assert_int_equal(shutdown(stream.descriptor, SHUT_WR), 0);
    assert_int_equal(stream_advance(&stream), STREAM_BROKEN);
    stream_close(&stream);
    server_address_finish(&address);
    close(listener);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_on_a_line_that_takes_no_more_is_broken_and_kills_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
