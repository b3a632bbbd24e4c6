/* links: server_process consilium libpq; timeout: 300 */
/*
 * Copies of what is kept, over real HTTP: who gets one, what is in it and what is not, and that it
 * is written down. `unzip` is the judge of the archive.
 */
#include "protocol/generated/user.h"
#include "tests/support/patience.h"
#include "tests/support/planted_case.h"
#include "tests/support/server_guardian.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 4, COORDINATOR = 0, MEMBER = 1, PATIENT = 2, STRANGER = 3, PATH_BYTES = 256 };
/* What the other case says, which no copy of this one may. */
#define OTHER_TITLE "Question 80"
#define NOTE "a note of my own, Wyrzbk"

static struct server_process *server;
static struct staff staff;
static char folder[] = "/tmp/consilium-export-XXXXXX";

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...) {
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static long ask(const char *sql) {
    return planted_number(server, sql);
}

/* Refusals are written down behind the answer. */
static long becomes(const char *sql, long wanted) {
    struct patience patience = patience_of(PLANTED_MS);
    while (ask(sql) != wanted && patience_lasts(&patience)) {
    }
    return ask(sql);
}

static long copies_written_down(int result) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM access_log WHERE action = 25 AND result = %d",
             result);
    return ask(sql);
}

/* The status; what came is in the folder under `name`, unpacked if it is an archive. */
static unsigned fetch(unsigned person, const char *path, const char *name) {
    struct http_client http;
    struct http_response response;
    http_client_init(&http, &staff.address);
    http.bearer = staff.people[person].token;
    bool asked = http_client_request(&http, "GET", path, NULL, NULL, 0, &response);
    unsigned status = asked ? response.status : 0;
    if (status == 200) {
        char file[PATH_BYTES];
        snprintf(file, sizeof file, "%s/%s.zip", folder, name);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        assert_int_equal(fwrite(response.body, 1, response.body_length, out), response.body_length);
        fclose(out);
        assert_int_equal(shell("unzip -qt %s >/dev/null", file), 0);
        assert_int_equal(shell("unzip -qo %s -d %s/%s", file, folder, name), 0);
    }
    http_client_finish(&http);
    return status;
}

static unsigned fetch_case(unsigned person, const char *name) {
    char path[160];
    planted_path("export", path, sizeof path);
    return fetch(person, path, name);
}

static bool says(const char *name, const char *file, const char *words) {
    return shell("grep -qF -- '%s' %s/%s/%s", words, folder, name, file) == 0;
}

static bool let_in_the_patient(void) {
    struct conversation one;
    struct arena arena;
    struct grant_access grant = {.command_id = fresh_id(),
                                 .member = {.user = staff.people[PATIENT].id,
                                            .role = ROLE_PATIENT,
                                            .name = TEXT("The Patient")}};
    struct set_note note = {
        .command_id = fresh_id(), .patient_case = staff_case_id(PLANTED_CASE), .text = TEXT(NOTE)};
    arena_init(&arena, PLANTED_ARENA);
    bool done =
        conversation_begin(&one, &staff.address, staff.people[COORDINATOR].token, "granting") &&
        conversation_open(&one, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)) &&
        planted_say(&one, 1, grant_access_encode(&arena, &grant)) &&
        conversation_open(&one, 2, CHANNEL_KIND_USER, staff.people[COORDINATOR].id) &&
        planted_say(&one, 2, set_note_encode(&arena, &note));
    conversation_end(&one);
    arena_finish(&arena);
    return done;
}

static int begin(void **state) {
    (void)state;
    server = server_process_start(&(struct server_options){.program = CONSILIUM_PATH});
    return server != NULL && mkdtemp(folder) != NULL && staff_hire(&staff, server, PEOPLE) &&
                   staff_make_cases(&staff, 80, 1) && plant(&staff) && let_in_the_patient()
               ? 0
               : -1;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return shell("rm -rf %s", folder);
}

#define FILES_READ(object, result)                                                                 \
    "SELECT count(*) FROM access_log WHERE action = 5 AND object " object " AND result = " result

/* The list has no object, one file its name: their reader is written down, and who is refused. */
static void who_reads_other_files_is_written_down(void **state) {
    (void)state;
    static const char one[] = "files/00000000-0000-4000-8000-000000000001";
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, "SELECT min(file_id::text) FROM other_file");
    char path[64];
    assert_int_equal(PQntuples(result), 1);
    snprintf(path, sizeof path, "files/%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    for (int again = 0; again < 2; again++) { /* once in a quarter of an hour */
        assert_int_equal(planted_ask(&staff, MEMBER, "GET", "files", NULL, 0), 200);
        assert_int_equal(planted_ask(&staff, MEMBER, "GET", path, NULL, 0), 200);
    }
    assert_int_equal(ask(FILES_READ("= ''", "0")), 1);
    assert_int_equal(ask(FILES_READ("<> ''", "0")), 1);
    assert_int_equal(planted_ask(&staff, STRANGER, "GET", "files", NULL, 0), 404);
    assert_int_equal(planted_ask(&staff, STRANGER, "GET", one, NULL, 0), 404);
    assert_int_equal(becomes(FILES_READ("= ''", "1"), 1), 1);
    assert_int_equal(becomes(FILES_READ("<> ''", "1"), 1), 1);
}

static void nobody_gets_a_copy_who_has_not_just_proved_who_they_are(void **state) {
    (void)state;
    assert_int_equal(fetch_case(COORDINATOR, "unproved"), 403);
    assert_int_equal(fetch(COORDINATOR, "/api/people/me/export", "unproved"), 403);
    assert_int_equal(copies_written_down(0), 0);
}

static void a_copy_of_a_case_holds_all_of_it_and_nothing_of_another(void **state) {
    (void)state;
    assert_true(staff_prove_account(&staff, COORDINATOR));
    assert_int_equal(fetch_case(COORDINATOR, "case"), 200);
    static const char *const texts[] = {"data.json", "data.html"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(says("case", texts[i], PLANTED_PATIENT));
        assert_true(says("case", texts[i], "Has anybody seen " PLANTED_NAME " since?"));
        assert_true(says("case", texts[i], "Operate on " PLANTED_NAME));
        assert_true(says("case", texts[i], "images/1.2.3.2/"));
        assert_false(says("case", texts[i], OTHER_TITLE));
    }
    assert_true(says("case", "data.json", "\"type\": \"MessagePosted\""));
    assert_true(says("case", "data.json", "\"state\": \"unsigned\""));
    assert_int_equal(shell("ls %s/case/images/1.2.3.2/*.dcm | wc -l | grep -qx 3", folder), 0);
    /* Nothing of what is held: whose it is has not been decided. */
    assert_int_equal(ask("SELECT count(*) FROM image_instance WHERE held"), 1);
    assert_int_equal(shell("find %s/case | grep -qF " PLANTED_HELD_UID, folder), 1);
    assert_int_equal(
        shell("grep -rqaF -e " PLANTED_HELD_UID " -e " PLANTED_BROTHER " %s/case", folder), 1);
    assert_int_equal(shell("head -c 132 %s/case/images/1.2.3.2/1.2.3.4.1.dcm | tail -c 4 | "
                           "grep -qx DICM",
                           folder),
                     0);
    /* Two files of one name, unpacked where they may be and readable as what they are. */
    assert_int_equal(shell("cd %s/case/files && ls | LC_ALL=C sort | tr '\\n' ' ' | "
                           "grep -qx '0001-" PLANTED_NAME "_gnp.exe 0002-" PLANTED_NAME
                           "_gnp.exe '",
                           folder),
                     0);
    assert_int_equal(shell("grep -qx '" PLANTED_NOTE "' %s/case/files/0001-*", folder), 0);
    assert_int_equal(shell("grep -qx '" PLANTED_NOTE ", again' %s/case/files/0002-*", folder), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(says("case", texts[i], "files/0002-" PLANTED_NAME "_gnp.exe"));
        assert_true(says("case", texts[i], "letters/" PLANTED_NAME));
    }
    assert_true(says("case", "data.html", "Nobody opened them here"));
    assert_int_equal(shell("python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "
                           "%s/case/data.json",
                           folder),
                     0);
    assert_false(says("case", "data.html", "<script"));
    assert_int_equal(copies_written_down(0), 1);
}

static void the_patient_gets_the_same(void **state) {
    (void)state;
    assert_true(staff_prove_account(&staff, PATIENT));
    assert_int_equal(fetch_case(PATIENT, "patient"), 200);
    assert_true(says("patient", "data.html", "Operate on " PLANTED_NAME));
    /* Who took a copy stands in the next one, by name. */
    assert_true(says("patient", "data.json", "a copy of everything"));
    assert_true(says("patient", "data.html", "a copy of everything"));
    assert_int_equal(copies_written_down(0), 2);
}

static void who_takes_part_without_keeping_the_case_finds_nothing(void **state) {
    (void)state;
    assert_true(staff_prove_account(&staff, MEMBER));
    assert_true(staff_prove_account(&staff, STRANGER));
    assert_int_equal(fetch_case(MEMBER, "member"), 404);
    assert_int_equal(fetch_case(STRANGER, "stranger"), 404);
    struct patience patience = patience_of(PLANTED_MS);
    while (copies_written_down(1) != 2 && patience_lasts(&patience)) {
    }
    assert_int_equal(copies_written_down(1), 2);
}

static void a_copy_of_ones_own_data_holds_it_and_no_secret(void **state) {
    (void)state;
    assert_int_equal(fetch(COORDINATOR, "/api/people/me/export?language=de", "own"), 200);
    assert_true(says("own", "data.json", NOTE));
    assert_true(says("own", "data.html", NOTE));
    assert_true(says("own", "data.html", "Kopie Ihrer Daten"));
    assert_true(says("own", "data.json", "signed in"));
    assert_false(says("own", "data.json", "argon2"));
    assert_false(says("own", "data.json", staff.people[COORDINATOR].token));
    assert_int_equal(fetch(STRANGER, "/api/people/me/export", "strange"), 200);
    assert_false(says("strange", "data.json", NOTE));
    assert_false(says("strange", "data.json", PLANTED_NAME));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reads_other_files_is_written_down),
        cmocka_unit_test(nobody_gets_a_copy_who_has_not_just_proved_who_they_are),
        cmocka_unit_test(a_copy_of_a_case_holds_all_of_it_and_nothing_of_another),
        cmocka_unit_test(the_patient_gets_the_same),
        cmocka_unit_test(who_takes_part_without_keeping_the_case_finds_nothing),
        cmocka_unit_test(a_copy_of_ones_own_data_holds_it_and_no_secret),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
