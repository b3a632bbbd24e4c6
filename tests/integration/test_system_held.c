/* links: server_process consilium libpq; timeout: 120 */
/*
 * Images that say another patient than the case are held, by whichever door they come; who keeps
 * the case decides, and what was decided is carried out whatever happens to the server.
 */
#include "protocol/generated/patient_case.h"
#include "tests/support/patience.h"
#include "tests/support/planted_case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PINNED_NODE CONSILIUM_SOURCE_DIR "/.toolchain/node_modules/.bin/node"
#define PEER CONSILIUM_SOURCE_DIR "/tests/integration/peers/identity_peer.mjs"

enum {
    KEEPER,
    MEMBER,
    OBSERVER,
    PEOPLE,
    HELD_MAX = 8,
    READY_MS = 20000,
    DONE_MS = 10000,
    FRAME_BYTES = 2048 * 2048 * 2
};

struct held {
    char held_for[16], study[65], patient[65];
    unsigned images;
    long long seen;
};

static struct server_process *server;
static struct staff staff;
static struct conversation keeper;
static char case_text[37], display_set[40]; /* looked at in a story */
static struct held held[HELD_MAX];
static unsigned held_count;

static bool make_case(void) {
    struct conversation root;
    struct arena arena;
    struct case_member members[] = {
        {.user = staff.people[KEEPER].id, .role = ROLE_COORDINATOR, .name = TEXT("Keeper")},
        {.user = staff.people[MEMBER].id, .role = ROLE_MEMBER, .name = TEXT("Member")},
        {.user = staff.people[OBSERVER].id,
         .role = ROLE_OBSERVER,
         .masked = true,
         .name = TEXT("Observer")},
        {.role = ROLE_MEMBER, .name = TEXT("Root")}};
    struct create_case make = {.command_id = fresh_id(),
                               .subject = {.name = TEXT("Muster^Eva"),
                                           .birth_date = TEXT("1960-01-02"),
                                           .sex = TEXT("F"),
                                           .patient_id = TEXT("M-1")},
                               .title = TEXT("A question"),
                               .members = {4, members}};
    arena_init(&arena, PLANTED_ARENA);
    if (!conversation_begin(&root, &staff.address, staff.administrator, "test"))
        return false;
    members[3].user = root.user;
    bool made =
        conversation_open(&root, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)) &&
        planted_say(&root, 1, create_case_encode(&arena, &make));
    conversation_end(&root);
    arena_finish(&arena);
    return made;
}

static int open_scene(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    staff_case_text(PLANTED_CASE, case_text);
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, PEOPLE) && make_case() &&
                   conversation_begin(&keeper, &staff.address, staff.people[KEEPER].token,
                                      "keeping") &&
                   conversation_open(&keeper, 1, CHANNEL_KIND_PATIENT_CASE,
                                     staff_case_id(PLANTED_CASE))
               ? 0
               : -1;
}

static int close_scene(void **state) {
    (void)state;
    conversation_end(&keeper);
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

/* And reads what is held then. */
static void tell(const char *story) {
    const char *node = access(PINNED_NODE, X_OK) == 0 ? PINNED_NODE : "node";
    int pipes[2], status = -1;
    char line[256];
    assert_int_equal(pipe(pipes), 0);
    pid_t peer = fork();
    if (peer == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        execlp(node, node, PEER, server_process_url(server), case_text, story,
               staff.people[KEEPER].token, staff.people[MEMBER].token, staff.people[OBSERVER].token,
               display_set, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    FILE *said = fdopen(pipes[0], "r");
    held_count = 0;
    while (said != NULL && fgets(line, sizeof line, said) != NULL) {
        struct held *one = &held[held_count];
        if (sscanf(line, "held %15s %64s %64s %u %lld", one->held_for, one->study, one->patient,
                   &one->images, &one->seen) == 5)
            held_count++;
        sscanf(line, "set %39s", display_set);
        assert_in_range(held_count, 0, HELD_MAX - 1);
    }
    fclose(said);
    assert_int_equal(waitpid(peer, &status, 0), peer);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct held *held_of(const char *study, const char *held_for) {
    for (unsigned i = 0; i < held_count; i++)
        if (strcmp(held[i].study, study) == 0 && strcmp(held[i].held_for, held_for) == 0)
            return &held[i];
    fail_msg("nothing of %s is held for its %s", study, held_for);
    return NULL;
}

static struct bytes patient_of(const struct held *one) {
    static uint8_t hash[32];
    for (unsigned i = 0; one->patient[0] != '-' && i < 32; i++)
        sscanf(one->patient + 2 * i, "%2hhx", &hash[i]);
    return (struct bytes){one->patient[0] == '-' ? 0 : 32, hash};
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static enum refusal join(struct conversation *who, const struct held *one) {
    struct join_held command = {.command_id = fresh_id(),
                                .study_uid = text_of(one->study),
                                .patient = patient_of(one),
                                .images = one->images};
    struct arena arena;
    arena_init(&arena, PLANTED_ARENA);
    enum refusal refusal = conversation_say(who, 1, join_held_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

static enum refusal remove_it(const struct held *one, const char *reason) {
    struct remove_held command = {.command_id = fresh_id(),
                                  .study_uid = text_of(one->study),
                                  .patient = patient_of(one),
                                  .images = one->images,
                                  .seen = one->seen,
                                  .reason = text_of(reason)};
    struct arena arena;
    arena_init(&arena, PLANTED_ARENA);
    enum refusal refusal = conversation_say(&keeper, 1, remove_held_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

static enum refusal hold_again(const struct held *one) {
    struct hold_again command = {.command_id = fresh_id(),
                                 .study_uid = text_of(one->study),
                                 .patient = patient_of(one),
                                 .reason = TEXT("It is his brother")};
    struct arena arena;
    arena_init(&arena, PLANTED_ARENA);
    enum refusal refusal = conversation_say(&keeper, 1, hold_again_encode(&arena, &command), NULL);
    arena_finish(&arena);
    return refusal;
}

static long ask(const char *sql) {
    return planted_number(server, sql);
}

static void wait_until(const char *sql, long expected) {
    struct patience patience = patience_of(DONE_MS);
    while (ask(sql) != expected && patience_lasts(&patience)) {
    }
    assert_int_equal(ask(sql), expected);
}

/* What a page reads to know that somebody has to decide. */
#define TOLD "SELECT coalesce(sum(studies), -1) FROM held_mark"

#define READ_AS(result)                                                                            \
    "SELECT count(DISTINCT user_id) FROM access_log WHERE action = 4 AND object = 'held'"          \
    " AND result = " result

static void images_of_another_patient_are_held_by_whichever_door_they_come(void **state) {
    (void)state;
    tell("arriving");
    assert_int_equal(held_count, 1);
    wait_until(TOLD, 1);
    /* The number of images alone is told now and then: a disc may have thousands. */
    assert_int_equal(ask("SELECT count(*) FROM event WHERE type = 100"), 1);
    /* Who read what they say of their patient, and whoever tried. */
    assert_int_equal(ask(READ_AS("0")), 1);
    wait_until(READ_AS("1"), 2);
}

static void only_who_keeps_the_case_decides(void **state) {
    (void)state;
    for (unsigned person = MEMBER; person <= OBSERVER; person++) {
        struct conversation other;
        assert_true(
            conversation_begin(&other, &staff.address, staff.people[person].token, "other"));
        assert_true(
            conversation_open(&other, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(PLANTED_CASE)));
        assert_int_equal(join(&other, held_of("2.25.4.2", "patient")), REFUSAL_NOT_PERMITTED);
        conversation_end(&other);
    }
    assert_int_equal(ask("SELECT count(*) FROM image_instance WHERE held"), 3);
}

/* The decision is in the record and nothing was done about it when the server dies. */
static void what_was_decided_is_done_after_a_crash(void **state) {
    (void)state;
    PGconn *connection = PQconnectdb(server_process_database(server));
    PQclear(PQexec(connection, "BEGIN"));
    PGresult *locked = PQexec(connection, "LOCK TABLE held_decision IN SHARE MODE");
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    assert_int_equal(join(&keeper, held_of("2.25.4.2", "patient")), REFUSAL_NONE);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE type = 101"), 1);
    assert_int_equal(ask("SELECT count(*) FROM image_instance WHERE held"), 3);
    server_process_kill(server);
    PQfinish(connection);
    assert_int_equal(ask("SELECT count(*) FROM held_decision"), 0);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    wait_until("SELECT count(*) FROM image_instance WHERE held OR NOT announced", 0);
    wait_until(TOLD, 0);
    tell("joined");
    assert_int_equal(held_count, 2);
    wait_until(TOLD, 2);
}

/* All blobs of the case. */
static long files(void) {
    char command[1200];
    long count = -1;
    snprintf(command, sizeof command, "find %s/blobs -type f | wc -l", server_process_data(server));
    FILE *answer = popen(command, "r");
    assert_int_equal(fscanf(answer, "%ld", &count), 1);
    pclose(answer);
    return count;
}

static void change(const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PQclear(PQexec(connection, sql));
    PQfinish(connection);
}

#define OF_STUDY_3 "SELECT count(*) FROM image_instance WHERE study_uid = '2.25.4.3'"
#define CARRIED_OUT                                                                                \
    "SELECT count(*) FROM event JOIN held_mark ON case_id = stream_id WHERE type = 102"            \
    " AND event.version <= held_mark.version"

static void only_what_was_seen_goes_with_its_files_and_the_decision_stays(void **state) {
    (void)state;
    struct held seen = *held_of("2.25.4.3", "patient");
    wait_until("SELECT count(*) FROM image_instance WHERE copy_wanted AND NOT held", 0);
    tell("more");
    assert_int_equal(ask(OF_STUDY_3), 2);
    long before = files();
    assert_int_equal(remove_it(&seen, ""), REFUSAL_MALFORMED);
    assert_int_equal(remove_it(&seen, "sent by mistake"), REFUSAL_NONE);
    wait_until(OF_STUDY_3, 1);
    assert_int_equal(files(), before - 1);
    assert_int_equal(ask("SELECT count(*) FROM event WHERE type = 102"), 1);
    change("UPDATE image_instance SET identity = 'x' WHERE study_uid = '2.25.4.3'");
    tell("damaged");
    seen = *held_of("2.25.4.3", "patient");
    assert_int_equal(remove_it(&seen, "sent by mistake"), REFUSAL_NONE);
    wait_until(OF_STUDY_3, 0);
    assert_int_equal(files(), before - 2);
    tell("removed");
}

static void nothing_goes_when_there_is_more_than_was_seen(void **state) {
    (void)state;
    tell("more");
    tell("list");
    struct held seen = *held_of("2.25.4.3", "patient");
    assert_int_equal(seen.images, 2);
    seen.images = 1;
    assert_int_equal(remove_it(&seen, "one of them"), REFUSAL_NONE);
    wait_until(CARRIED_OUT, 3);
    assert_int_equal(ask(OF_STUDY_3), 2);
    // Its case has heard that none went: the only telling that names a decision is longer.
    wait_until("SELECT count(*) FROM event WHERE type = 100 AND octet_length(payload) >"
               " 1 + (SELECT min(octet_length(payload)) FROM event WHERE type = 100)",
               1);
    wait_until("SELECT count(*) FROM held_decision WHERE version ="
               " (SELECT max(version) FROM event WHERE type = 102)",
               1);
}

/* A frame that does not fit into what the line keeps, begun and not read on. */
static int begin_to_read(void) {
    char request[512], begun[64] = "";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server_process_port(server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = DONE_MS / 1000};
    int space = 4096, line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(line, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
    setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(line, (struct sockaddr *)&address, sizeof address), 0);
    int length = snprintf(request, sizeof request,
                          "GET /api/cases/%s/instances/2.25.4.2.1.4/frames/1 HTTP/1.1\r\n"
                          "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
                          case_text, staff.people[MEMBER].token);
    assert_int_equal(write(line, request, (size_t)length), length);
    assert_true(read(line, begun, sizeof begun - 1) > 15);
    assert_non_null(strstr(begun, " 200 "));
    return line;
}

/* All that still comes; the line ends here. */
static size_t read_on(int line) {
    static char piece[65536];
    size_t size = 0;
    ssize_t got;
    while ((got = read(line, piece, sizeof piece)) > 0 && size < FRAME_BYTES) {
        size += (size_t)got;
    }
    assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
    close(line);
    return size;
}

static void a_join_is_taken_back_and_nobody_sees_the_images_any_more(void **state) {
    (void)state;
    tell("lookedAt");
    int line = begin_to_read();
    struct held joined = *held_of("2.25.4.2", "patient");
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, "SELECT DISTINCT encode(patient, 'hex') FROM"
                                          " image_instance WHERE held_for = 0 AND patient <> ''");
    assert_int_equal(PQntuples(result), 1);
    snprintf(joined.patient, sizeof joined.patient, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    assert_int_equal(remove_it(&joined, "a falsehood"), REFUSAL_BAD_STATE);
    assert_int_equal(hold_again(&joined), REFUSAL_NONE);
    wait_until("SELECT count(*) FROM image_instance WHERE held_for <> 1 AND patient <> ''", 0);
    tell("again");
    /* The case was told that its series is gone. */
    wait_until("SELECT count(*) FROM image_instance WHERE held AND announced", 0);
    assert_true(read_on(line) < FRAME_BYTES);
    assert_int_equal(hold_again(&joined), REFUSAL_BAD_STATE);
    assert_int_equal(join(&keeper, &joined), REFUSAL_NONE);
    wait_until("SELECT count(*) FROM image_instance WHERE held_for <> 1 AND patient <> ''", 5);
    wait_until("SELECT count(*) FROM image_instance WHERE NOT held AND NOT announced", 0);
    tell("joinedAgain");
}

static void another_content_of_an_image_is_listed_beside_the_one_that_is_shown(void **state) {
    (void)state;
    tell("contents");
    const struct held *one = held_of("2.25.4.1", "content");
    assert_int_equal(join(&keeper, one), REFUSAL_MALFORMED);
    assert_int_equal(remove_it(one, "sent twice, once damaged"), REFUSAL_NONE);
    wait_until("SELECT count(*) FROM image_instance WHERE held_for = 2", 0);
    tell("discarded");
    /* Joined images do not take the place of one that is shown. */
    assert_int_equal(join(&keeper, held_of("2.25.4.1", "patient")), REFUSAL_NONE);
    wait_until("SELECT count(*) FROM image_instance WHERE held_for = 2", 1);
}

static void what_was_shown_once_is_removed_with_its_copies(void **state) {
    (void)state;
    tell("list");
    struct held joined = *held_of("2.25.4.3", "patient");
    assert_int_equal(join(&keeper, &joined), REFUSAL_NONE);
    wait_until(OF_STUDY_3 " AND NOT held AND NOT copy_wanted AND announced", joined.images);
    assert_int_equal(hold_again(&joined), REFUSAL_NONE);
    wait_until(OF_STUDY_3 " AND held AND NOT announced", joined.images);
    long before = files();
    assert_int_equal(remove_it(&joined, "it is his brother"), REFUSAL_NONE);
    wait_until(OF_STUDY_3, 0);
    assert_int_equal(files(), before - 2 * (long)joined.images);
}

/* The removal is on its way, and has not come to the files yet. */
static void a_join_that_follows_a_removal_wins_while_nothing_is_deleted(void **state) {
    (void)state;
    tell("more");
    tell("list");
    struct held seen = *held_of("2.25.4.3", "patient");
    PGconn *connection = PQconnectdb(server_process_database(server));
    PQclear(PQexec(connection, "BEGIN"));
    PQclear(PQexec(connection, "LOCK TABLE held_decision IN ACCESS EXCLUSIVE MODE"));
    assert_int_equal(remove_it(&seen, "by mistake"), REFUSAL_NONE);
    wait_until("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation ="
               " 'held_decision'::regclass",
               1);
    assert_int_equal(join(&keeper, &seen), REFUSAL_NONE);
    PQclear(PQexec(connection, "COMMIT"));
    PQfinish(connection);
    wait_until(OF_STUDY_3 " AND NOT held", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_of_another_patient_are_held_by_whichever_door_they_come),
        cmocka_unit_test(only_who_keeps_the_case_decides),
        cmocka_unit_test(what_was_decided_is_done_after_a_crash),
        cmocka_unit_test(only_what_was_seen_goes_with_its_files_and_the_decision_stays),
        cmocka_unit_test(nothing_goes_when_there_is_more_than_was_seen),
        cmocka_unit_test(a_join_is_taken_back_and_nobody_sees_the_images_any_more),
        cmocka_unit_test(another_content_of_an_image_is_listed_beside_the_one_that_is_shown),
        cmocka_unit_test(what_was_shown_once_is_removed_with_its_copies),
        cmocka_unit_test(a_join_that_follows_a_removal_wins_while_nothing_is_deleted),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
