/* links: server_process consilium; timeout: 120 */
/* WebSocket clients that others wrote talk to the server, plain and over TLS: Debian's
 * python3-websockets and npm's ws. */
#include "tests/support/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Not whichever Python comes first: Debian's, which has its package. */
#define PYTHON "/usr/bin/python3"
#define PINNED_NODE CONSILIUM_SOURCE_DIR "/.toolchain/node_modules/.bin/node"
#define PEERS CONSILIUM_SOURCE_DIR "/tests/integration/peers/"

enum { PATH_MAX_BYTES = 1200 };

struct scene {
    struct server_process *server;
    struct staff staff;
    char certificate[PATH_MAX_BYTES]; /* "" = plain */
};

static void open_scene(struct scene *scene, bool tls) {
    struct server_options options = {.program = CONSILIUM_PATH, .tls = tls};
    memset(scene, 0, sizeof *scene);
    scene->server = server_process_start(&options);
    assert_non_null(scene->server);
    assert_true(staff_hire(&scene->staff, scene->server, 1));
    assert_true(staff_make_cases(&scene->staff, 0, 1));
    if (tls)
        snprintf(scene->certificate, sizeof scene->certificate, "%s",
                 server_process_certificate(scene->server));
}

static void close_scene(struct scene *scene) {
    staff_finish(&scene->staff);
    server_process_end(scene->server);
}

static int run_peer(const struct scene *scene, const char *program, const char *script) {
    char case_text[37];
    staff_case_text(0, case_text);
    int status = -1;
    pid_t peer = fork();
    if (peer == 0) {
        execlp(program, program, script, server_process_url(scene->server), "person0",
               STAFF_PASSWORD, scene->certificate, case_text, (char *)NULL);
        _exit(127);
    }
    return waitpid(peer, &status, 0) == peer && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void let_both_talk(bool tls) {
    struct scene scene;
    const char *node = access(PINNED_NODE, X_OK) == 0 ? PINNED_NODE : "node";
    open_scene(&scene, tls);
    assert_int_equal(run_peer(&scene, PYTHON, PEERS "websockets_peer.py"), 0);
    assert_int_equal(run_peer(&scene, node, PEERS "ws_peer.mjs"), 0);
    close_scene(&scene);
}

static void clients_of_others_are_understood_over_plain_sockets(void **state) {
    (void)state;
    let_both_talk(false);
}

static void clients_of_others_are_understood_over_tls(void **state) {
    (void)state;
    let_both_talk(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_of_others_are_understood_over_plain_sockets),
        cmocka_unit_test(clients_of_others_are_understood_over_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
