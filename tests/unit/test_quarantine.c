/* links: server */
#include "server/quarantine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct uuid stream = {{1}};
static const struct uuid other_stream = {{2}};

struct folder {
    char path[64];
    char file[80];
};

static int make_folder(void **state) {
    struct folder *folder = calloc(1, sizeof *folder);
    snprintf(folder->path, sizeof folder->path, "/tmp/consilium-quarantine-XXXXXX");
    if (mkdtemp(folder->path) == NULL) {
        return -1;
    }
    snprintf(folder->file, sizeof folder->file, "%s/crashes", folder->path);
    *state = folder;
    return 0;
}

static int remove_folder(void **state) {
    struct folder *folder = *state;
    unlink(folder->file);
    rmdir(folder->path);
    free(folder);
    return 0;
}

/* A process of its own that is killed in the middle of a command. */
static void die_with(const struct folder *folder, struct uuid victim, uint8_t command) {
    pid_t child = fork();
    if (child == 0) {
        struct quarantine *quarantine = quarantine_open(folder->file);
        struct crash_marker *marker = quarantine_marker(quarantine);
        marker->stream = victim;
        marker->command_id = (struct uuid){{command}};
        marker->active = 1;
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static bool held_now(const struct folder *folder, struct uuid which) {
    struct quarantine *quarantine = quarantine_open(folder->file);
    bool held = quarantine_holds(quarantine, which);
    quarantine_close(quarantine);
    return held;
}

static void two_deaths_of_one_command_are_let_pass(void **state) {
    die_with(*state, stream, 7);
    die_with(*state, stream, 7);
    assert_false(held_now(*state, stream));
}

static void the_third_death_of_one_command_puts_its_stream_aside(void **state) {
    for (int i = 0; i < QUARANTINE_CRASHES; i++) {
        die_with(*state, stream, 7);
    }
    assert_true(held_now(*state, stream));
    assert_false(held_now(*state, other_stream));
}

static void deaths_of_different_commands_do_not_add_up(void **state) {
    for (uint8_t command = 1; command <= 6; command++) {
        die_with(*state, stream, command);
    }
    assert_false(held_now(*state, stream));
}

static void an_orderly_end_is_not_a_death(void **state) {
    for (int i = 0; i < 5; i++) {
        struct quarantine *quarantine = quarantine_open(((struct folder *)*state)->file);
        struct crash_marker *marker = quarantine_marker(quarantine);
        marker->stream = stream;
        marker->command_id = (struct uuid){{7}};
        marker->active = 1;
        quarantine_close(quarantine);
    }
    assert_false(held_now(*state, stream));
}

static void a_file_of_another_layout_is_begun_anew(void **state) {
    struct folder *folder = *state;
    FILE *file = fopen(folder->file, "w");
    for (int i = 0; i < 20000; i++) {
        fputc(0xff, file);
    }
    fclose(file);
    assert_false(held_now(folder, (struct uuid){{0xff}}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_deaths_of_one_command_are_let_pass, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_third_death_of_one_command_puts_its_stream_aside,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(deaths_of_different_commands_do_not_add_up, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_orderly_end_is_not_a_death, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_of_another_layout_is_begun_anew, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
