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
static void die_at(const struct folder *folder, struct uuid victim, uint8_t command, uint8_t tag) {
    pid_t child = fork();
    if (child == 0) {
        struct quarantine *quarantine = quarantine_open(folder->file);
        struct crash_marker *marker = quarantine_marker(quarantine);
        marker->stream = victim;
        marker->command_id = (struct uuid){{command}};
        marker->tag = tag;
        marker->active = 1;
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

static void die_with(const struct folder *folder, struct uuid victim, uint8_t command) {
    die_at(folder, victim, command, 1);
}

static enum quarantined held_now(const struct folder *folder, struct uuid which) {
    struct quarantine *quarantine = quarantine_open(folder->file);
    enum quarantined held = quarantine_holds(quarantine, which);
    quarantine_close(quarantine);
    return held;
}

static void two_deaths_of_one_command_are_let_pass(void **state) {
    die_with(*state, stream, 7);
    die_with(*state, stream, 7);
    assert_int_equal(held_now(*state, stream), QUARANTINED_NOT);
}

static void the_third_death_of_one_command_puts_its_stream_aside(void **state) {
    for (int i = 0; i < QUARANTINE_CRASHES; i++) {
        die_with(*state, stream, 7);
    }
    assert_int_equal(held_now(*state, stream), QUARANTINED_READ);
    assert_int_equal(held_now(*state, other_stream), QUARANTINED_NOT);
}

static void a_stream_that_kills_whoever_reads_it_is_not_read_again(void **state) {
    die_at(*state, stream, 7, 1);
    die_at(*state, stream, 7, TAG_DOWN);
    die_at(*state, stream, 7, TAG_DOWN);
    assert_int_equal(held_now(*state, stream), QUARANTINED_UNREAD);
}

static void deaths_of_different_commands_do_not_add_up(void **state) {
    for (uint8_t command = 1; command <= 6; command++) {
        die_with(*state, stream, command);
    }
    assert_int_equal(held_now(*state, stream), QUARANTINED_NOT);
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
    assert_int_equal(held_now(*state, stream), QUARANTINED_NOT);
}

static void a_file_of_another_layout_is_begun_anew(void **state) {
    struct folder *folder = *state;
    FILE *file = fopen(folder->file, "w");
    for (int i = 0; i < 20000; i++) {
        fputc(0xff, file);
    }
    fclose(file);
    assert_int_equal(held_now(folder, (struct uuid){{0xff}}), QUARANTINED_NOT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_deaths_of_one_command_are_let_pass, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_third_death_of_one_command_puts_its_stream_aside,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_stream_that_kills_whoever_reads_it_is_not_read_again,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(deaths_of_different_commands_do_not_add_up, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_orderly_end_is_not_a_death, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_of_another_layout_is_begun_anew, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
