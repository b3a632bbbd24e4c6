/* links: server_process consilium; timeout: 180 */
/* DICOMweb (server/dicomweb) as programs of others speak it: each story is one of
 * peers/dicomweb_peer.py, told to a real server by a keeper of the case, a reader, an observer who
 * is not told who the patient is, and a stranger. */
#include "protocol/generated/board.h"
#include "protocol/generated/patient_case.h"
#include "tests/support/patience.h"
#include "tests/support/staff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Not whichever Python comes first: Debian's, which has its packages. */
#define PYTHON "/usr/bin/python3"
#define PINNED_NODE CONSILIUM_SOURCE_DIR "/.toolchain/node_modules/.bin/node"
#define CLIENT CONSILIUM_SOURCE_DIR "/tests/integration/peers/dicomweb_client_peer.mjs"
#define PEER CONSILIUM_SOURCE_DIR "/tests/integration/peers/dicomweb_peer.py"

enum {
    KEEPER,
    READER,
    OBSERVER,
    STRANGER,
    PEOPLE,
    CASE = 11,
    BOARD = 12,
    ARENA = 256 * 1024,
    SAY_MS = 20000
};

static struct scene {
    struct server_process *server;
    struct staff staff;
    char case_id[37];
} scene;

static bool say(struct conversation *conversation, uint16_t channel, struct encoded command) {
    enum refusal refusal;
    struct patience patience = patience_of(SAY_MS);
    while ((refusal = conversation_say(conversation, channel, command, NULL)) != REFUSAL_NONE &&
           patience_lasts(&patience)) {
    }
    if (refusal != REFUSAL_NONE)
        fprintf(stderr, "command %u was refused: %d\n", command.tag, (int)refusal);
    return refusal == REFUSAL_NONE;
}

static struct template_field fields[] = {
    {.key = {14, "recommendation"}, .label = {4, "Text"}, .kind = FIELD_KIND_TEXT}};

/* The case of keeper and reader, and the meeting in which somebody listens. */
static bool make_case(void) {
    const struct staff_person *people = scene.staff.people;
    struct conversation root, keeper;
    struct arena arena;
    struct case_member members[] = {
        {.user = people[KEEPER].id, .role = ROLE_COORDINATOR, .name = TEXT("Keeper")},
        {.user = people[READER].id, .role = ROLE_MEMBER, .name = TEXT("Reader")},
        {.role = ROLE_MEMBER, .name = TEXT("Root")}};
    struct member roster[] = {
        {.user = people[KEEPER].id, .role = ROLE_CHAIR, .name = TEXT("Keeper")},
        {.user = people[OBSERVER].id, .role = ROLE_OBSERVER, .name = TEXT("Observer")}};
    struct create_case make = {.command_id = fresh_id(),
                               .subject = {.name = TEXT("^")}, /* of several people */
                               .title = TEXT("A question"),
                               .members = {3, members}};
    struct create_board board = {
        .command_id = fresh_id(),
        .title = TEXT("A meeting"),
        .starts_at = 1000000,
        .members = {2, roster},
        .has_template = true,
        .template = {.version = 1, .fields = {1, fields}, .mask_observers = true}};
    struct add_item add = {.command_id = fresh_id(), .patient_case = staff_case_id(CASE)};
    struct open_item open = {.command_id = fresh_id(), .next = 1};
    arena_init(&arena, ARENA);
    if (!conversation_begin(&root, &scene.staff.address, scene.staff.administrator, "test"))
        return false;
    members[2].user = root.user;
    bool made = conversation_open(&root, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(CASE)) &&
                say(&root, 1, create_case_encode(&arena, &make)) &&
                conversation_open(&root, 2, CHANNEL_KIND_BOARD, staff_board_id(BOARD)) &&
                say(&root, 2, create_board_encode(&arena, &board));
    conversation_end(&root);
    made = made &&
           conversation_begin(&keeper, &scene.staff.address, people[KEEPER].token, "test") &&
           conversation_open(&keeper, 1, CHANNEL_KIND_BOARD, staff_board_id(BOARD)) &&
           say(&keeper, 1, add_item_encode(&arena, &add)) &&
           say(&keeper, 1, open_item_encode(&arena, &open));
    conversation_end(&keeper);
    arena_finish(&arena);
    return made;
}

static int set_up(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    staff_case_text(CASE, scene.case_id);
    scene.server = server_process_start(&options);
    return scene.server != NULL && staff_hire(&scene.staff, scene.server, PEOPLE) && make_case()
               ? 0
               : -1;
}

static int tear_down(void **state) {
    (void)state;
    staff_finish(&scene.staff);
    server_process_end(scene.server);
    return 0;
}

/* Does not return. */
static void become(const char *story) {
    const struct staff_person *people = scene.staff.people;
    execl(PYTHON, PYTHON, PEER, server_process_url(scene.server), "", scene.case_id, story,
          people[KEEPER].token, people[READER].token, people[OBSERVER].token,
          people[STRANGER].token, (char *)NULL);
    _exit(127);
}

static int tell(const char *story) {
    int status = -1;
    pid_t peer = fork();
    if (peer == 0)
        become(story);
    return waitpid(peer, &status, 0) == peer && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_client_that_viewers_are_built_upon_is_understood(void **state) {
    (void)state;
    const char *node = access(PINNED_NODE, X_OK) == 0 ? PINNED_NODE : "node";
    int status = -1;
    pid_t peer = fork();
    if (peer == 0) {
        execlp(node, node, CLIENT, server_process_url(scene.server), scene.case_id,
               scene.staff.people[KEEPER].token, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(peer, &status, 0), peer);
    assert_int_equal(status, 0);
}

/* The name of a story is what it shows. */
#define STORIES(XX)                                                                                \
    XX(searches_find_studies)                                                                      \
    XX(searches_find_names_by_the_beginnings_of_their_words)                                       \
    XX(searches_find_series_and_instances)                                                         \
    XX(searches_are_paged_and_say_what_they_left_out)                                              \
    XX(a_search_may_be_sent_as_a_form)                                                             \
    XX(hostile_queries_are_refused_or_ignored)                                                     \
    XX(metadata_is_given_at_each_level_with_addresses_of_bulk)                                     \
    XX(frames_come_alone_or_in_parts)                                                              \
    XX(encapsulated_frames_keep_their_own_type)                                                    \
    XX(files_come_back_as_they_were_sent)                                                          \
    XX(files_without_meta_information_come_back_whole)                                             \
    XX(bulk_values_are_where_metadata_says)                                                        \
    XX(who_is_not_told_who_the_patient_is_sees_no_name_and_searches_by_none)                       \
    XX(a_stranger_finds_nothing)                                                                   \
    XX(what_is_stored_is_found_at_once_and_bad_parts_are_named)                                    \
    XX(a_study_takes_its_own_instances_alone)                                                      \
    XX(many_parts_are_stored_whatever_their_sizes)                                                 \
    XX(hostile_bodies_are_refused)                                                                 \
    XX(pictures_are_rendered_to_fit)                                                               \
    XX(all_pictures_of_a_series_or_a_study_come_in_parts)                                          \
    XX(a_document_is_rendered_as_itself)                                                           \
    XX(every_transfer_syntax_is_kept_served_and_shown)                                             \
    XX(frames_are_decoded_as_others_decode_them)                                                   \
    XX(damaged_frames_are_refused_or_cut)                                                          \
    XX(frames_of_the_lossless_copy_are_given_to_who_asks_for_them)                                 \
    XX(frames_are_found_by_every_kind_of_offset_table)                                             \
    XX(what_is_no_picture_is_kept_and_listed)                                                      \
    XX(a_presentation_state_of_others_is_kept_and_found)                                           \
    XX(names_in_every_repertoire_become_utf8)                                                      \
    XX(bad_files_are_refused_with_why_and_the_next_goes_on)                                        \
    XX(frames_that_break_a_codec_are_kept_and_have_no_picture)

#define STORY(name)                                                                                \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        assert_int_equal(tell(#name), 0);                                                          \
    }
STORIES(STORY)

static bool revoke_reader(void) {
    struct conversation keeper;
    struct arena arena;
    struct revoke_access revoke = {.command_id = fresh_id(), .user = scene.staff.people[READER].id};
    arena_init(&arena, ARENA);
    bool said = conversation_begin(&keeper, &scene.staff.address, scene.staff.people[KEEPER].token,
                                   "test") &&
                conversation_open(&keeper, 1, CHANNEL_KIND_PATIENT_CASE, staff_case_id(CASE)) &&
                say(&keeper, 1, revoke_access_encode(&arena, &revoke));
    conversation_end(&keeper);
    arena_finish(&arena);
    return said;
}

/* A line may come in parts: a print writes its text and its end one after the other. */
static bool hears(int from, const char *line) {
    char heard[16] = "";
    size_t length = 0, whole = strlen(line);
    while (length < whole) {
        ssize_t taken = read(from, heard + length, whole - length);
        if (taken <= 0) {
            return false;
        }
        length += (size_t)taken;
    }
    return memcmp(heard, line, whole) == 0;
}

/* The last of all: from now on the reader reads nothing. */
static void a_reader_whose_right_ends_is_cut_in_the_middle(void **state) {
    (void)state;
    int to[2], from[2], status = -1;
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t peer = fork();
    if (peer == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[1]);
        close(from[0]);
        become("a_reader_whose_right_ends_is_cut_in_the_middle");
    }
    close(to[0]);
    close(from[1]);
    assert_true(hears(from[0], "reading\n"));
    assert_true(revoke_reader());
    assert_int_equal(write(to[1], "revoked\n", 8), 8);
    assert_int_equal(waitpid(peer, &status, 0), peer);
    assert_int_equal(status, 0);
    close(to[1]);
    close(from[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define XX(name) cmocka_unit_test(name),
        STORIES(XX)
#undef XX
            cmocka_unit_test(the_client_that_viewers_are_built_upon_is_understood),
        cmocka_unit_test(a_reader_whose_right_ends_is_cut_in_the_middle),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
