/* links: server_process server_core consilium libpq; timeout: 400 */
/*
 * A case is erased on a running server: a hold wins, then everybody loses it, its files, rows and
 * keys go, here and in the backup's keys, and the chains still verify. A process that is killed in
 * between goes on, and neither the newest nor an older copy brings the case back.
 */
#include "clients/native/json_text.h"
#include "protocol/generated/user.h"
#include "tests/support/opened_record.h"
#include "tests/support/patience.h"
#include "tests/support/planted_case.h"
#include "tests/support/server_guardian.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_BYTES = 512, PEOPLE = 2, GONE_MS = 30000, LIFE_MS = 200, READY_MS = 60000 };

static struct server_process *server;
static struct staff staff;
static char folder[] = "/tmp/consilium-erasure-XXXXXX";
static char moment[64]; /* before the erasure */

static const char *data(void) {
    return server_process_data(server);
}

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

/* Of the planted case. */
static long rows_of(const char *table, const char *column) {
    char sql[256], id[40];
    struct uuid uuid = staff_case_id(PLANTED_CASE);
    for (int i = 0; i < 16; i++)
        snprintf(id + 2 * i, 3, "%02x", uuid.bytes[i]);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s = '%s'", table, column, id);
    return ask(sql);
}

static bool list_says(const char *word) {
    return shell("grep -qs '^%s ' %s/erasures", word, data()) == 0;
}

static bool is_gone_within(int64_t ms) {
    struct patience patience = patience_of(ms);
    bool gone;
    while (!(gone = list_says("gone")) && patience_lasts(&patience)) {
    }
    return gone;
}

/* Of frames: this is the only case that was looked at. */
static bool memory_is_empty_within(int64_t ms) {
    struct patience patience = patience_of(ms);
    bool empty;
    while (!(empty = server_process_metric(server, "consilium_frame_cache_bytes") == 0) &&
           patience_lasts(&patience)) {
    }
    return empty;
}

/* Who erases proves who they are; their token is another one then. */
static void prove(void) {
    static struct plain_answer answer;
    char body[256];
    snprintf(body, sizeof body, "{\"password\":\"%s\",\"sign\":true}",
             server_process_password(server));
    struct plain_request request = {.port = server_process_port(server),
                                    .method = "POST",
                                    .path = "/api/step_up",
                                    .bearer = staff.administrator,
                                    .body = body};
    plain_ask(&request, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(json_find_text((const uint8_t *)answer.body, strlen(answer.body), "token",
                               staff.administrator, sizeof staff.administrator));
}

static enum refusal order(struct encoded (*encode)(struct arena *arena)) {
    struct conversation root;
    struct arena arena;
    arena_init(&arena, 4096);
    assert_true(conversation_begin(&root, &staff.address, staff.administrator, "erasing"));
    assert_true(
        conversation_open(&root, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)));
    enum refusal refusal = conversation_say(&root, 1, encode(&arena), NULL);
    conversation_end(&root);
    arena_finish(&arena);
    return refusal;
}

static struct encoded a_hold(struct arena *arena) {
    struct place_hold command = {.command_id = fresh_id(), .reason = TEXT("a lawsuit")};
    return place_hold_encode(arena, &command);
}

static struct encoded its_end(struct arena *arena) {
    struct lift_hold command = {.command_id = fresh_id(), .reason = TEXT("settled")};
    return lift_hold_encode(arena, &command);
}

static struct encoded an_erasure(struct arena *arena) {
    struct order_erasure command = {.command_id = fresh_id(), .reason = TEXT("as asked")};
    return order_erasure_encode(arena, &command);
}

/* Private, and about the case: for nobody else, and gone with it. */
static void write_a_note(void) {
    struct conversation two;
    struct arena arena;
    struct set_note note = {.command_id = fresh_id(),
                            .patient_case = staff_case_id(PLANTED_CASE),
                            .text = TEXT("Ask the sister of " PLANTED_NAME)};
    arena_init(&arena, 4096);
    assert_true(conversation_begin(&two, &staff.address, staff.people[1].token, "noting"));
    assert_true(conversation_open(&two, 1, CHANNEL_KIND_USER, two.user));
    assert_int_equal(conversation_say(&two, 1, set_note_encode(&arena, &note), NULL), REFUSAL_NONE);
    conversation_end(&two);
    arena_finish(&arena);
}

/* Rows that whoever has the database and all keys could read the patient's name in. */
static long rows_that_name_the_patient(void) {
    long opened = 0, found = opened_record_count(server_process_database(server), data(),
                                                 PLANTED_NAME, &opened);
    assert_true(opened > 0);
    return found;
}

static int begin(void **state) {
    (void)state;
    server = server_process_start(&(struct server_options){.program = CONSILIUM_PATH});
    return server != NULL && mkdtemp(folder) != NULL && staff_hire(&staff, server, PEOPLE) &&
                   staff_make_cases(&staff, 1, 1) && plant(&staff)
               ? 0
               : -1;
}

static int end(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    return shell("rm -rf %s", folder);
}

static void a_hold_keeps_a_case_from_being_erased(void **state) {
    (void)state;
    assert_int_equal(order(a_hold), REFUSAL_NONE);
    assert_int_equal(order(an_erasure), REFUSAL_ON_HOLD);
    assert_int_equal(planted_ask(&staff, 0, "GET", "display-sets", NULL, 0), 200);
    assert_int_equal(order(its_end), REFUSAL_NONE);
}

static void take_backup(void) {
    FILE *pipe;
    assert_int_equal(shell("%s backup --data %s --to %s/backup --keys-to %s/keys >/dev/null",
                           CONSILIUM_PATH, data(), folder, folder),
                     0);
    pipe = popen("date -u +%Y-%m-%dT%H:%M:%SZ -d '+1 second'", "r");
    assert_non_null(pipe);
    assert_non_null(fgets(moment, sizeof moment, pipe));
    moment[strcspn(moment, "\n")] = 0;
    pclose(pipe);
    sleep(2); /* what is done from now on is after the moment */
    assert_int_equal(shell("test -f %s/keys/generation-1", folder), 0);
}

static void an_erased_case_is_gone_for_everybody_and_from_the_disk(void **state) {
    (void)state;
    char place[PATH_BYTES];
    write_a_note();
    take_backup();
    assert_true(rows_that_name_the_patient() >= 8); /* the case's own, worklists and the note */
    assert_true(rows_of("stream_key", "about") >= PEOPLE);
    ask("INSERT INTO archive_fetch SELECT gen_random_uuid(), tenant_id, stream_id, stream_id, 'a',"
        " '1.2.3', 0 FROM stream_key WHERE about IS NULL");
    assert_int_equal(rows_of("archive_fetch", "case_id"), 1);
    long events = rows_of("event", "stream_id");
    for (unsigned person = 0; person < PEOPLE; person++)
        assert_int_equal(
            planted_ask(&staff, person, "GET", "instances/1.2.3.4.1/frames/1", NULL, 0), 200);
    assert_true(server_process_metric(server, "consilium_frame_cache_hits_total") > 0);
    assert_true(server_process_metric(server, "consilium_frame_cache_bytes") > 0);
    assert_true(shell("test $(find %s/blobs -type f | wc -l) -ge 5", data()) == 0);
    assert_int_equal(rows_of("other_file", "case_id"), 2);
    assert_int_equal(order(an_erasure), REFUSAL_UNPROVED);
    prove();
    assert_int_equal(order(an_erasure), REFUSAL_NONE);
    /* At once, and as if it had never been. */
    assert_int_equal(planted_ask(&staff, 0, "GET", "display-sets", NULL, 0), 404);
    assert_int_equal(planted_ask(&staff, 1, "GET", "instances/1.2.3.4.1/frames/1", NULL, 0), 404);
    assert_true(is_gone_within(GONE_MS));
    assert_true(memory_is_empty_within(GONE_MS));
    assert_int_equal(planted_ask(&staff, 1, "GET", "instances/1.2.3.4.1/frames/1", NULL, 0), 404);
    assert_int_equal(rows_of("stream_key", "stream_id"), 0);
    assert_int_equal(rows_of("stream_key", "about"), 0);
    assert_int_equal(rows_of("image_instance", "case_id"), 0);
    assert_int_equal(rows_of("other_file", "case_id"), 0);
    assert_int_equal(planted_ask(&staff, 0, "GET", "files", NULL, 0), 404);
    assert_int_equal(rows_of("archive_fetch", "case_id"), 0);
    assert_int_equal(rows_of("list_row", "owner_stream"), 0);
    assert_int_equal(rows_of("snapshot", "stream_id"), 0);
    assert_int_equal(rows_of("pending", "source_stream"), 0);
    assert_int_equal(rows_of("erasure", "stream_id"), 1);
    assert_int_equal(rows_of("event", "stream_id"), events + 1); /* with the order */
    assert_int_equal(shell("test $(find %s/blobs -type f | wc -l) -eq 0", data()), 0);
    assert_int_equal(ask("SELECT min(generation) FROM stream_key"), 2);
    assert_int_equal(shell("test ! -e %s/keys/generation-1", data()), 0);
    snprintf(place, sizeof place, "%s/dump", folder);
    assert_true(planted_dump(server, place));
    assert_int_equal(planted_count(place, PLANTED_NAME), 0);
    assert_int_equal(planted_count(data(), PLANTED_NAME), 0);
}

static void no_key_that_is_left_opens_what_others_said_of_it(void **state) {
    (void)state;
    assert_int_equal(rows_that_name_the_patient(), 0);
}

/* Nobody's worklist or notes are read with the case's name, nor is it needed to read them. */
static void whoever_had_it_on_their_worklist_signs_in_and_has_the_rest(void **state) {
    (void)state;
    struct conversation two;
    server_process_kill(server);
    assert_true(server_process_launch(server) && server_process_wait_ready(server, READY_MS));
    assert_true(conversation_begin(&two, &staff.address, staff.people[1].token, "looking"));
    assert_true(conversation_open(&two, 1, CHANNEL_KIND_USER, two.user));
    conversation_end(&two);
    write_a_note(); /* on its way while the case was erased */
    assert_true(rows_of("stream_key", "about") <= 1);
    struct patience patience = patience_of(GONE_MS);
    while (rows_of("stream_key", "about") > 0 && patience_lasts(&patience)) {
    }
    assert_int_equal(rows_that_name_the_patient(), 0);
}

static void start_again(void) {
    server_process_kill(server);
    assert_true(server_process_launch(server) && server_process_wait_ready(server, READY_MS));
}

static enum refusal prefer(struct conversation *page, const char *value) {
    struct arena arena;
    struct set_preference wish = {
        .command_id = fresh_id(), .name = TEXT("a"), .value = {(uint32_t)strlen(value), value}};
    arena_init(&arena, 4096);
    enum refusal refusal = conversation_say(page, 1, set_preference_encode(&arena, &wish), NULL);
    arena_finish(&arena);
    return refusal;
}

/* What was said of the case in another window meanwhile is gone when it comes back. */
static void a_page_that_slept_while_it_was_erased_goes_on(void **state) {
    (void)state;
    struct conversation page;
    assert_true(conversation_begin(&page, &staff.address, staff.people[1].token, "sleeping"));
    assert_true(conversation_open(&page, 1, CHANNEL_KIND_USER, page.user));
    assert_int_equal(prefer(&page, "before"), REFUSAL_NONE);
    for (int i = 0; i < 3; i++)
        client_loop_turn(page.loop, 100);
    start_again();
    write_a_note();
    start_again();
    struct patience patience = patience_of(GONE_MS);
    while (rows_of("stream_key", "about") > 0 && patience_lasts(&patience)) {
    }
    assert_int_equal(rows_of("stream_key", "about"), 0);
    assert_int_equal(prefer(&page, "after"), REFUSAL_NONE);
    assert_int_equal(prefer(&page, "and on"), REFUSAL_NONE);
    conversation_end(&page);
    assert_true(server_process_runs(server));
}

static int verify(void) {
    return shell("%s audit verify --data %s >%s/verified 2>&1", CONSILIUM_PATH, data(), folder);
}

static void the_key_of_what_is_said_of_a_living_case_is_missed_by_the_verifier(void **state) {
    (void)state;
    assert_int_equal(verify(), 0);
    ask("CREATE TABLE key_aside AS SELECT * FROM stream_key WHERE about IS NOT NULL");
    assert_true(ask("SELECT count(*) FROM key_aside") > 0);
    ask("DELETE FROM stream_key WHERE about IS NOT NULL");
    assert_int_equal(verify(), 1);
    assert_int_equal(shell("grep -q 'lacks a key of what it says' %s/verified", folder), 0);
    ask("INSERT INTO stream_key SELECT * FROM key_aside");
    ask("DROP TABLE key_aside");
    assert_int_equal(verify(), 0);
}

static void the_keys_of_the_backup_are_destroyed_too(void **state) {
    (void)state;
    struct patience patience = patience_of(GONE_MS);
    bool all;
    do {
        all = shell("test ! -e %s/keys/generation-1 -a -e %s/keys/generation-2 -a -e "
                    "%s/keys/wrapped -a -e %s/backup/erasures",
                    folder, folder, folder, folder) == 0;
    } while (!all && patience_lasts(&patience));
    assert_true(all);
}

static void the_record_with_an_erased_stream_still_verifies(void **state) {
    (void)state;
    assert_int_equal(
        shell("%s audit verify --data %s >%s/verified 2>&1 || { cat %s/verified; false; }",
              CONSILIUM_PATH, data(), folder, folder),
        0);
}

/* What else there was is read, and the board whose item it was goes on. */
static void assert_the_rest_is_there(void) {
    struct conversation one;
    struct arena arena;
    struct post_message chat = {.command_id = fresh_id(), .text = TEXT("We go on.")};
    struct open_item nothing = {.command_id = fresh_id(), .item = 0, .next = 1};
    arena_init(&arena, 4096);
    assert_int_equal(planted_ask(&staff, 0, "GET", "display-sets", NULL, 0), 404);
    assert_true(conversation_begin(&one, &staff.address, staff.people[0].token, "going on"));
    assert_true(conversation_open(&one, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(1)));
    assert_int_equal(conversation_say(&one, 1, post_message_encode(&arena, &chat), NULL),
                     REFUSAL_NONE);
    assert_true(conversation_open(&one, 2, CHANNEL_KIND_BOARD, staff_board_id(PLANTED_BOARD)));
    assert_int_equal(conversation_say(&one, 2, open_item_encode(&arena, &nothing), NULL),
                     REFUSAL_ERASED);
    assert_false(
        conversation_open(&one, 3, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)));
    conversation_end(&one);
    arena_finish(&arena);
}

static void it_is_gone_after_a_start_and_the_rest_goes_on(void **state) {
    (void)state;
    assert_the_rest_is_there();
    server_process_kill(server);
    assert_true(server_process_launch(server) && server_process_wait_ready(server, READY_MS));
    assert_the_rest_is_there();
}

static void lose_everything(void) {
    pid_t postmaster = server_process_postmaster(server);
    server_process_kill(server);
    if (postmaster != 0)
        kill(postmaster, SIGKILL);
    while (postmaster_of(data()) != 0) { /* until the system has collected it */
    }
    do {
        assert_int_equal(shell("rm -rf %s", data()), 0);
    } while (access(data(), F_OK) == 0);
}

static void come_back(const char *at) {
    lose_everything();
    assert_int_equal(shell("%s restore --from %s/backup --keys-from %s/keys --data %s %s %s",
                           CONSILIUM_PATH, folder, folder, data(), at == NULL ? "" : "--at",
                           at == NULL ? "" : at),
                     0);
    assert_true(server_process_launch(server) && server_process_wait_ready(server, READY_MS));
    staff_finish(&staff);
    assert_true(staff_hire(&staff, server, PEOPLE));
    assert_int_equal(rows_of("stream_key", "stream_id"), 0);
    assert_int_equal(planted_ask(&staff, 0, "GET", "display-sets", NULL, 0), 404);
}

static void the_newest_copy_does_not_bring_it_back(void **state) {
    (void)state;
    come_back(NULL);
    assert_the_rest_is_there();
}

static void nor_does_a_copy_from_before(void **state) {
    struct conversation one;
    (void)state;
    come_back(moment);
    assert_int_equal(rows_of("erasure", "stream_id"), 1);
    assert_int_equal(rows_that_name_the_patient(), 0);
    assert_true(conversation_begin(&one, &staff.address, staff.people[0].token, "looking"));
    assert_true(conversation_open(&one, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(1)));
    assert_false(
        conversation_open(&one, 2, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)));
    conversation_end(&one);
    assert_int_equal(shell("%s audit verify --data %s >/dev/null", CONSILIUM_PATH, data()), 0);
}

static void a_server_that_is_killed_in_the_middle_goes_on(void **state) {
    (void)state;
    staff_finish(&staff);
    server_process_end(server);
    server = server_process_start(&(struct server_options){.program = CONSILIUM_PATH});
    assert_non_null(server);
    assert_true(staff_hire(&staff, server, PEOPLE) && plant(&staff));
    prove();
    assert_int_equal(order(an_erasure), REFUSAL_NONE);
    for (int life = 0; life < 4 && !is_gone_within(LIFE_MS * life); life++) {
        server_process_kill(server);
        assert_true(server_process_launch(server));
    }
    assert_true(server_process_wait_ready(server, READY_MS));
    assert_true(is_gone_within(GONE_MS));
    assert_int_equal(rows_of("stream_key", "stream_id"), 0);
    assert_int_equal(ask("SELECT count(*) FROM tenant_key"), 1);
    assert_int_equal(shell("test $(find %s/blobs -type f | wc -l) -eq 0", data()), 0);
    assert_int_equal(planted_ask(&staff, 0, "GET", "display-sets", NULL, 0), 404);
}

/* Those of the server that runs by now, which has nothing to do with the backup. */
static void keys_of_another_installation_open_no_backup(void **state) {
    (void)state;
    assert_int_equal(shell("test -e %s/keys/wrapped", data()), 0);
    assert_true(shell("%s restore --from %s/backup --keys-from %s/keys --data %s/foreign "
                      ">%s/refused 2>&1",
                      CONSILIUM_PATH, folder, data(), folder, folder) > 0);
    assert_int_equal(shell("grep -q keys %s/refused || { cat %s/refused; false; }", folder, folder),
                     0);
    assert_int_equal(shell("grep -q 'restored to' %s/refused", folder), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_keeps_a_case_from_being_erased),
        cmocka_unit_test(an_erased_case_is_gone_for_everybody_and_from_the_disk),
        cmocka_unit_test(no_key_that_is_left_opens_what_others_said_of_it),
        cmocka_unit_test(the_keys_of_the_backup_are_destroyed_too),
        cmocka_unit_test(the_record_with_an_erased_stream_still_verifies),
        cmocka_unit_test(it_is_gone_after_a_start_and_the_rest_goes_on),
        cmocka_unit_test(whoever_had_it_on_their_worklist_signs_in_and_has_the_rest),
        cmocka_unit_test(a_page_that_slept_while_it_was_erased_goes_on),
        cmocka_unit_test(the_key_of_what_is_said_of_a_living_case_is_missed_by_the_verifier),
        cmocka_unit_test(the_newest_copy_does_not_bring_it_back),
        cmocka_unit_test(nor_does_a_copy_from_before),
        cmocka_unit_test(a_server_that_is_killed_in_the_middle_goes_on),
        cmocka_unit_test(keys_of_another_installation_open_no_backup),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
