/* links: server_process consilium; timeout: 120 */
/* What a running server has given up, as the kernel tells it; and what systemd says of its unit. */
#include "tests/support/staff.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_MAX = 32 * 1024, FINISH_MS = 30000 };
#define EXPOSURE_MAX 2.0

static char text[TEXT_MAX];

static const char unit_path[] = CONSILIUM_SOURCE_DIR "/server/consilium.service";

static void read_of(pid_t process, const char *file) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, file);
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    text[fread(text, 1, sizeof text - 1, status)] = 0;
    fclose(status);
}

static void says(const char *line) {
    if (strstr(text, line) == NULL)
        fail_msg("no \"%s\" in:\n%s", line, text);
}

static void every_server_gives_up_cores_new_privileges_and_files_of_others(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    read_of(server_process_id(server), "status");
    says("NoNewPrivs:\t1\n");
    says("Umask:\t0077\n");
    read_of(server_process_id(server), "limits");
    says("Max core file size        0                    0 ");
    char path[1200];
    struct stat status;
    snprintf(path, sizeof path, "%s/checkpoints", server_process_data(server));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 077, 0);
    server_process_end(server);
}

/* As a newcomer never has to: nobody is root after it, and nobody can become it. */
static void told_to_become_a_user_it_is_never_root_again(void **state) {
    (void)state;
    char line[128];
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || nobody == NULL) {
        print_message(
            "SKIPPED: only root can become another user, so that --user was NOT tested\n");
        skip();
    }
    struct staff staff;
    struct server_options options = {.program = CONSILIUM_PATH, .arguments = {"--user", "nobody"}};
    struct server_process *server = server_process_start(&options);
    assert_non_null(server);
    read_of(server_process_id(server), "status");
    snprintf(line, sizeof line, "Uid:\t%u\t%u\t%u\t%u\n", nobody->pw_uid, nobody->pw_uid,
             nobody->pw_uid, nobody->pw_uid);
    says(line);
    snprintf(line, sizeof line, "Gid:\t%u\t%u\t%u\t%u\n", nobody->pw_gid, nobody->pw_gid,
             nobody->pw_gid, nobody->pw_gid);
    says(line);
    says("CapInh:\t0000000000000000\n");
    says("CapPrm:\t0000000000000000\n");
    says("CapEff:\t0000000000000000\n");
    says("CapBnd:\t0000000000000000\n");
    says("CapAmb:\t0000000000000000\n");
    says("NoNewPrivs:\t1\n");
    read_of(server_process_postmaster(server), "status"); /* PostgreSQL is the same user */
    snprintf(line, sizeof line, "Uid:\t%u\t", nobody->pw_uid);
    says(line);
    says("CapBnd:\t0000000000000000\n");
    assert_true(staff_hire(&staff, server, 2) && staff_make_cases(&staff, 0, 1)); /* it works */
    staff_finish(&staff);
    assert_int_equal(server_process_finish(server, FINISH_MS), 0);
    server_process_end(server);
}

static void a_data_folder_of_somebody_else_is_refused_in_words(void **state) {
    (void)state;
    char folder[] = "/tmp/consilium-owned-XXXXXX", command[512];
    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "%s --data %s --user nobody --check-config 2>&1",
             CONSILIUM_PATH, folder);
    FILE *pipe = popen(command, "r");
    text[fread(text, 1, sizeof text - 1, pipe)] = 0;
    assert_int_equal(WEXITSTATUS(pclose(pipe)), 2);
    says("does not belong to nobody");
    rmdir(folder);
}

/* systemd-analyze is Debian's package systemd, which the tests install: its absence is a failure.
 */
static int run(const char *format) {
    char command[2048];
    snprintf(command, sizeof command, format, unit_path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    text[fread(text, 1, sizeof text - 1, pipe)] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void systemd_finds_the_unit_well_formed_and_little_exposed(void **state) {
    (void)state;
    /* A unit is only well formed when its program is there: this one stands for the installed. */
    assert_int_equal(run("folder=$(mktemp -d) && sed 's#^ExecStart=[^ ]*#ExecStart=" CONSILIUM_PATH
                         "#' %s > $folder/consilium.service && "
                         "systemd-analyze verify --man=no $folder/consilium.service 2>&1; "
                         "code=$?; rm -r $folder; exit $code"),
                     0);
    assert_string_equal(text, "");
    assert_int_equal(run("SYSTEMD_PAGER= systemd-analyze security --offline=true --no-pager %s "
                         "2>&1"),
                     0);
    double exposure = -1;
    const char *overall = strstr(text, "Overall exposure level for ");
    assert_non_null(overall);
    sscanf(strchr(overall, ':') + 1, "%lf", &exposure);
    print_message("exposure %.1f\n", exposure);
    assert_true(exposure >= 0 && exposure <= EXPOSURE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_gives_up_cores_new_privileges_and_files_of_others),
        cmocka_unit_test(told_to_become_a_user_it_is_never_root_again),
        cmocka_unit_test(a_data_folder_of_somebody_else_is_refused_in_words),
        cmocka_unit_test(systemd_finds_the_unit_well_formed_and_little_exposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
