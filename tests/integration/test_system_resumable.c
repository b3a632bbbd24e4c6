/* links: server_process consilium; timeout: 240 */
/* Uploads that go on: npm's tus-js-client, and requests made by hand, against the real server,
 * which is killed in the middle. */
#include "tests/support/patience.h"
#include "tests/support/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PINNED_NODE CONSILIUM_SOURCE_DIR "/.toolchain/node_modules/.bin/node"
#define PEER CONSILIUM_SOURCE_DIR "/tests/integration/peers/tus_peer.mjs"

enum { READY_MS = 20000 };

struct scene {
    struct server_process *server;
    struct staff staff;
    FILE *said; /* by the peer */
    pid_t peer;
};

static int open_scene(void **state) {
    static struct scene scene;
    struct server_options options = {.program = CONSILIUM_PATH};
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.staff, scene.server, 2) &&
                   staff_make_cases(&scene.staff, 0, 1)
               ? 0
               : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    return 0;
}

static void start_peer(struct scene *scene, const char *story) {
    char case_text[37];
    int pipes[2];
    const char *node = access(PINNED_NODE, X_OK) == 0 ? PINNED_NODE : "node";
    staff_case_text(0, case_text);
    assert_int_equal(pipe(pipes), 0);
    scene->peer = fork();
    if (scene->peer == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        execlp(node, node, PEER, server_process_url(scene->server), "person0", STAFF_PASSWORD, "",
               case_text, story, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    scene->said = fdopen(pipes[0], "r");
    assert_non_null(scene->said);
}

static void wait_until_sent(struct scene *scene, unsigned long long bytes) {
    char line[128];
    unsigned long long sent = 0;
    while (sent < bytes) {
        assert_non_null(fgets(line, sizeof line, scene->said));
        sscanf(line, "sent %llu", &sent);
    }
}

static int end_peer(struct scene *scene) {
    char line[128];
    int status = -1;
    while (fgets(line, sizeof line, scene->said) != NULL) {
    }
    fclose(scene->said);
    return waitpid(scene->peer, &status, 0) == scene->peer && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

/* Unfinished uploads on the disk. */
static unsigned count_growing(const struct scene *scene) {
    char command[1200];
    unsigned count = 0;
    snprintf(command, sizeof command, "find %s/blobs/growing -type f | wc -l",
             server_process_data(scene->server));
    FILE *answer = popen(command, "r");
    assert_int_equal(fscanf(answer, "%u", &count), 1);
    pclose(answer);
    return count;
}

/* A file goes after what became of it is told. */
static void no_upload_is_left(const struct scene *scene) {
    struct patience patience = patience_of(READY_MS);
    while (count_growing(scene) > 0 && patience_lasts(&patience)) {
    }
    assert_int_equal(count_growing(scene), 0);
}

static void the_rules_of_tus_are_kept(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "rules");
    assert_int_equal(end_peer(scene), 0);
    no_upload_is_left(scene);
}

static void an_upload_outlives_the_server_that_is_killed_in_its_middle(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "killed");
    for (unsigned long long sent = 10; sent <= 30; sent += 10) {
        wait_until_sent(scene, sent << 20);
        server_process_kill(scene->server);
        assert_true(server_process_launch(scene->server));
        assert_true(server_process_wait_ready(scene->server, READY_MS));
    }
    assert_int_equal(end_peer(scene), 0);
    no_upload_is_left(scene);
}

/* Bytes of unfinished uploads on the disk. */
static unsigned long long growing_bytes(const struct scene *scene) {
    char command[1200];
    unsigned long long bytes = 0;
    snprintf(command, sizeof command, "cat %s/blobs/growing/* 2>/dev/null | wc -c",
             server_process_data(scene->server));
    FILE *answer = popen(command, "r");
    assert_int_equal(fscanf(answer, "%llu", &bytes), 1);
    pclose(answer);
    return bytes;
}

static void what_was_not_compared_when_the_server_was_killed_does_not_count(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "killed_checked");
    wait_until_sent(scene, 1 << 20);
    struct patience patience = patience_of(READY_MS);
    while (growing_bytes(scene) < 2 << 20 && patience_lasts(&patience)) {
    }
    assert_true(growing_bytes(scene) >= 2 << 20);
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    assert_int_equal(end_peer(scene), 0);
    no_upload_is_left(scene);
}

static void a_dead_connection_does_not_stand_in_the_way(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "half_open");
    assert_int_equal(end_peer(scene), 0);
}

static void a_disc_in_an_archive_is_unpacked_and_what_its_directory_misses_is_said(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "disc");
    assert_int_equal(end_peer(scene), 0);
    no_upload_is_left(scene);
}

static void bombs_are_refused_and_the_rest_goes_on(void **state) {
    struct scene *scene = *state;
    start_peer(scene, "bombs");
    assert_int_equal(end_peer(scene), 0);
}

static void a_file_of_more_than_two_gibibytes_outlives_a_kill_in_its_middle(void **state) {
    struct scene *scene = *state;
    if (getenv("CONSILIUM_TEST_LONG") == NULL) {
        print_message("a long run only\n");
        skip();
    }
    start_peer(scene, "large");
    wait_until_sent(scene, 1ull << 30);
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    assert_int_equal(end_peer(scene), 0);
    no_upload_is_left(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_of_tus_are_kept),
        cmocka_unit_test(an_upload_outlives_the_server_that_is_killed_in_its_middle),
        cmocka_unit_test(what_was_not_compared_when_the_server_was_killed_does_not_count),
        cmocka_unit_test(a_dead_connection_does_not_stand_in_the_way),
        cmocka_unit_test(a_disc_in_an_archive_is_unpacked_and_what_its_directory_misses_is_said),
        cmocka_unit_test(bombs_are_refused_and_the_rest_goes_on),
        cmocka_unit_test(a_file_of_more_than_two_gibibytes_outlives_a_kill_in_its_middle),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
