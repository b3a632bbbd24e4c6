/* links: server_process consilium libpq; timeout: 180 */
/* Studies fetched from Debian's Orthanc behind a door that wants a token and cuts the line, and
 * from an archive that means ill. What is done there says peers/archive_peer.mjs. */
#include "tests/support/planted_case.h"

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
#define PEER CONSILIUM_SOURCE_DIR "/tests/integration/peers/archive_peer.mjs"

enum { READY_MS = 20000 };

struct scene {
    struct server_process *server;
    struct staff staff;
    char folder[64], list[96];
    FILE *said; /* by the peer */
    pid_t peer;
};

static const char *node(void) {
    return access(PINNED_NODE, X_OK) == 0 ? PINNED_NODE : "node";
}

static bool prepare(struct scene *scene) {
    int status = -1;
    snprintf(scene->folder, sizeof scene->folder, "/tmp/consilium-archives-XXXXXX");
    if (mkdtemp(scene->folder) == NULL)
        return false;
    snprintf(scene->list, sizeof scene->list, "%s/archives.json", scene->folder);
    pid_t peer = fork();
    if (peer == 0) {
        execlp(node(), node(), PEER, "prepare", scene->folder, (char *)NULL);
        _exit(127);
    }
    return waitpid(peer, &status, 0) == peer && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool start_peer(struct scene *scene) {
    char of_nobody[37], of_somebody[37], process[16];
    int pipes[2];
    staff_case_text(0, of_nobody);
    staff_case_text(1, of_somebody);
    snprintf(process, sizeof process, "%d", (int)server_process_id(scene->server));
    if (pipe(pipes) != 0)
        return false;
    scene->peer = fork();
    if (scene->peer == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        execlp(node(), node(), PEER, "run", scene->folder, server_process_url(scene->server),
               "person0", STAFF_PASSWORD, of_nobody, "person1", process, of_somebody, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    scene->said = fdopen(pipes[0], "r");
    return scene->said != NULL;
}

static int open_scene(void **state) {
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    *state = &scene;
    if (!prepare(&scene))
        return -1;
    struct server_options options = {
        .program = CONSILIUM_PATH, .arguments = {"--archives", scene.list, "--log-level", "debug"}};
    scene.server = server_process_start(&options);
    /* Person 1 is hired when the case is made already, and has nothing to do with it. */
    if (scene.server == NULL || !staff_hire(&scene.staff, scene.server, 1))
        return -1;
    scene.staff.of_nobody = true; /* the studies are of several people */
    bool made = staff_make_cases(&scene.staff, 0, 1);
    scene.staff.of_nobody = false;
    return made && staff_make_cases(&scene.staff, 1, 1) &&
                   staff_hire(&scene.staff, scene.server, 2) && start_peer(&scene)
               ? 0
               : -1;
}

static int close_scene(void **state) {
    struct scene *scene = *state;
    char command[96];
    int status = -1;
    fclose(scene->said);
    waitpid(scene->peer, &status, 0);
    staff_finish(&scene->staff);
    server_process_end(scene->server);
    snprintf(command, sizeof command, "rm -rf %s", scene->folder);
    return system(command) == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void wait_for(struct scene *scene, const char *wanted) {
    char line[128];
    do {
        assert_non_null(fgets(line, sizeof line, scene->said));
        line[strcspn(line, "\n")] = 0;
    } while (strcmp(line, wanted) != 0);
}

static void a_study_comes_with_the_bytes_it_was_stored_with_and_once(void **state) {
    wait_for(*state, "done bytes");
}

static void compressed_images_come_as_they_are(void **state) {
    wait_for(*state, "done syntaxes");
}

static void a_line_that_breaks_is_taken_up_with_what_is_missing(void **state) {
    wait_for(*state, "done cut");
}

static void what_is_wrong_with_an_archive_is_said_in_a_word(void **state) {
    wait_for(*state, "done words");
}

static void who_may_not_add_images_finds_no_archives(void **state) {
    wait_for(*state, "done rights");
}

static void images_of_another_patient_wait_and_it_is_said_why(void **state) {
    wait_for(*state, "done another");
}

static void a_fetch_that_is_cancelled_leaves_what_came(void **state) {
    wait_for(*state, "done cancelled");
}

static void an_archive_that_means_ill_costs_no_memory(void **state) {
    wait_for(*state, "done ill");
}

static void a_fetch_outlives_the_server_that_is_killed_in_its_middle(void **state) {
    struct scene *scene = *state;
    wait_for(scene, "kill");
    server_process_kill(scene->server);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    wait_for(scene, "done killed");
}

static void a_server_that_is_stopped_breaks_a_fetch_off_and_goes_on_with_it(void **state) {
    struct scene *scene = *state;
    wait_for(scene, "stop");
    assert_int_equal(server_process_finish(scene->server, READY_MS), 0);
    assert_true(server_process_launch(scene->server));
    assert_true(server_process_wait_ready(scene->server, READY_MS));
    wait_for(scene, "done stopped");
}

/* Of whom was searched for and found: Weiss^Erika. Logs, the database's files and blobs. */
static void who_was_searched_for_is_written_nowhere(void **state) {
    struct scene *scene = *state;
    char log[256], place[256];
    snprintf(log, sizeof log, "%s/../log", server_process_data(scene->server));
    snprintf(place, sizeof place, "%s/..", server_process_data(scene->server));
    assert_true(planted_count(log, "a fetch is over archive=") > 0);
    assert_true(planted_count(log, "hop=") > 0); /* the finest there is */
    assert_true(planted_count(place, "archive_fetch") > 0);
    assert_int_equal(planted_count(place, "weiss"), 0);
    assert_int_equal(planted_count(place, "erika"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_comes_with_the_bytes_it_was_stored_with_and_once),
        cmocka_unit_test(compressed_images_come_as_they_are),
        cmocka_unit_test(a_line_that_breaks_is_taken_up_with_what_is_missing),
        cmocka_unit_test(what_is_wrong_with_an_archive_is_said_in_a_word),
        cmocka_unit_test(who_may_not_add_images_finds_no_archives),
        cmocka_unit_test(images_of_another_patient_wait_and_it_is_said_why),
        cmocka_unit_test(a_fetch_that_is_cancelled_leaves_what_came),
        cmocka_unit_test(an_archive_that_means_ill_costs_no_memory),
        cmocka_unit_test(a_fetch_outlives_the_server_that_is_killed_in_its_middle),
        cmocka_unit_test(a_server_that_is_stopped_breaks_a_fetch_off_and_goes_on_with_it),
        cmocka_unit_test(who_was_searched_for_is_written_nowhere),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
