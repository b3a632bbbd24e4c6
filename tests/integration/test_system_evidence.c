/* links: server_process consilium libpq; timeout: 200 */
/*
 * What is drawn in a case is there as DICOM after a while, once and as it was drawn, whatever
 * happens to the server in between.
 */
#define _GNU_SOURCE /* memmem */
#include "protocol/generated/patient_case.h"
#include "tests/support/evidence_site.h"

/* Nearly the 200 bytes that there may be, one character in five not ASCII. */
#define TWENTY                                                                                     \
    "\xc3\x84rzte sehen \xc3\x9c"                                                                  \
    "bel \xe2\x82\xac\xc3\x9f"
#define LONG_LABEL TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY

static const char *report_of(unsigned person, const char *study) {
    return document_of(person, study, "SR");
}

static int open_scene(void **state) {
    (void)state;
    return evidence_open() && upload("1.2.3.", "Example^Eva", "Example^Eva") &&
                   upload("1.2.9.", "EXAMPLE^EVA", "Example^Eva")
               ? 0
               : -1;
}

static int close_scene(void **state) {
    (void)state;
    evidence_close();
    return 0;
}

static struct uuid draw(const char *image, const char *space, const char *label) {
    struct arena arena;
    struct point points[] = {{-3.5, 1.25, 4}, {2.5, 4.75, 4}};
    struct add_annotation add = {
        .command_id = fresh_id(),
        .annotation = {.annotation = fresh_id(),
                       .tool = ANNOTATION_TOOL_LENGTH,
                       .display_set = display_set_of(space),
                       .image = {.sop_instance_uid = {(uint32_t)strlen(image), image}, .frame = 1},
                       .frame_of_reference_uid = {(uint32_t)strlen(space), space},
                       .points = {2, points},
                       .value = 6.946,
                       .unit = TEXT("mm"),
                       .label = {(uint32_t)strlen(label), label}}};
    arena_init(&arena, 1 << 16);
    /* The case is told of its images a moment after they came. */
    bool said = planted_say(&coordinator, CASE_CHANNEL, add_annotation_encode(&arena, &add));
    arena_finish(&arena);
    assert_true(said);
    return add.annotation.annotation;
}

static void rub_out(struct uuid annotation) {
    struct arena arena;
    struct remove_annotation rub = {
        .command_id = fresh_id(), .annotation = annotation, .reason = TEXT("undo")};
    arena_init(&arena, 1 << 16);
    assert_int_equal(
        conversation_say(&coordinator, CASE_CHANNEL, remove_annotation_encode(&arena, &rub), NULL),
        REFUSAL_NONE);
    arena_finish(&arena);
}

static void a_measurement_is_a_report_with_its_points_and_words(void **state) {
    (void)state;
    draw("1.2.3.4.2", "1.2.3.3", LONG_LABEL);
    wait_for_documents("1.2.3.1", 1);
    const char *report = report_of(1, "1.2.3.1");
    assert_non_null(strstr(report, "\"1.2.840.10008.5.1.4.1.1.88.34\""));
    assert_non_null(strstr(report, "[-3.5,1.25,4,2.5,4.75,4]"));
    assert_non_null(strstr(report, "\"1.2.3.4.2\""));
    assert_non_null(strstr(report, "6.946"));
    assert_non_null(strstr(report, "\"" LONG_LABEL "\""));
    assert_non_null(strstr(report, "Example^Eva"));
    assert_null(strstr(report, "0040A360"));
}

static void a_drawing_that_is_rubbed_out_is_not_in_the_next_report(void **state) {
    (void)state;
    struct uuid one = draw("1.2.3.4.1", "1.2.3.3", "Rubbed out");
    wait_for_documents("1.2.3.1", 2);
    rub_out(one);
    wait_for_documents("1.2.3.1", 3);
    const char *report = report_of(0, "1.2.3.1");
    assert_int_equal(count_of(report, LONG_LABEL), 3);
    assert_int_equal(count_of(report, "\"Rubbed out\""), 1);
    assert_int_equal(count_of(report, "0040A360"), 2); /* each but the first has one before it */
}

static void new_words_of_a_drawing_are_a_new_report(void **state) {
    (void)state;
    struct arena arena;
    struct uuid one = draw("1.2.9.4.2", "1.2.9.3", "Old words");
    wait_for_documents("1.2.9.1", 3);
    struct label_annotation label = {
        .command_id = fresh_id(), .annotation = one, .label = TEXT("New words")};
    arena_init(&arena, 1 << 16);
    assert_true(planted_say(&coordinator, CASE_CHANNEL, label_annotation_encode(&arena, &label)));
    arena_finish(&arena);
    wait_for_documents("1.2.9.1", 4);
    const char *report = report_of(0, "1.2.9.1");
    assert_int_equal(count_of(report, "\"Old words\""), 1);
    assert_int_equal(count_of(report, "\"New words\""), 1);
}

static void a_report_names_the_patient_of_its_own_study_and_no_other(void **state) {
    (void)state;
    draw("1.2.9.4.3", "1.2.9.3", "In the other study");
    wait_for_documents("1.2.9.1", 1);
    wait_for_documents("1.2.3.1", 3);
    const char *report = report_of(0, "1.2.9.1");
    assert_non_null(strstr(report, "EXAMPLE^EVA"));
    assert_null(strstr(report, "Example"));
    assert_null(strstr(report, "1.2.3."));
    assert_null(strstr(report, LONG_LABEL));
    assert_null(strstr(report_of(0, "1.2.3.1"), "1.2.9."));
}

static void a_server_that_dies_before_it_has_written_writes_once(void **state) {
    (void)state;
    draw("1.2.3.4.3", "1.2.3.3", "Before the end");
    server_process_kill(server);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    wait_for_documents("1.2.3.1", 4);
    wait_until_noted();
    server_process_kill(server);
    assert_true(server_process_launch(server));
    assert_true(server_process_wait_ready(server, READY_MS));
    wait_until_noted();
    wait_for_documents("1.2.3.1", 4);
    assert_int_equal(count_of(report_of(0, "1.2.3.1"), "\"Before the end\""), 1);
}

static void a_view_that_is_saved_is_a_presentation_state_of_each_of_its_images(void **state) {
    (void)state;
    struct arena arena;
    struct viewport viewports[2] = {viewport_on("1.2.3.4.3", "1.2.3.3"),
                                    viewport_on("1.2.9.4.1", "1.2.9.3")};
    struct save_view save = {.command_id = fresh_id(),
                             .view = fresh_id(),
                             .title = TEXT("Vorher und nachher"),
                             .layout = {.rows = 1, .columns = 2, .viewports = {2, viewports}}};
    arena_init(&arena, 1 << 16);
    say(save_view_encode(&arena, &save));
    arena_finish(&arena);
    wait_for_documents("1.2.3.1", 5);
    wait_for_documents("1.2.9.1", 2);
    const char *view = document_of(0, "1.2.3.1", "PR");
    assert_non_null(strstr(view, "\"1.2.840.10008.5.1.4.1.1.11.1\""));
    assert_non_null(strstr(view, "Vorher und nachher"));
    assert_non_null(strstr(view, "Example^Eva"));
    assert_non_null(strstr(view, "\"00700041\":{\"vr\":\"CS\",\"Value\":[\"Y\"]}"));
    assert_non_null(strstr(view, "\"00700042\":{\"vr\":\"US\",\"Value\":[90]}"));
    assert_non_null(strstr(view, "Before the end")); /* drawn on it, as words of a text object */
    view = document_of(0, "1.2.9.1", "PR");
    assert_non_null(strstr(view, "EXAMPLE^EVA"));
    assert_null(strstr(view, "1.2.3."));
}

static void key_images_are_a_selection_and_a_new_one_when_one_is_unmarked(void **state) {
    (void)state;
    struct arena arena;
    struct uuid first = mark("1.2.3.4.1", "Ausgangsbefund");
    wait_for_documents("1.2.3.1", 7); /* a state and a selection */
    mark("1.2.3.4.2", "Befund heute");
    wait_for_documents("1.2.3.1", 9);
    const char *keys = document_of(0, "1.2.3.1", "KO");
    assert_non_null(strstr(keys, "\"Ausgangsbefund"));
    assert_non_null(strstr(keys, "Befund heute\""));
    assert_non_null(strstr(keys, "\"1.2.3.4.1\""));
    struct unmark_key_image unmark = {.command_id = fresh_id(), .key = first};
    arena_init(&arena, 1 << 16);
    say(unmark_key_image_encode(&arena, &unmark));
    arena_finish(&arena);
    wait_for_documents("1.2.3.1", 10);
    keys = document_of(0, "1.2.3.1", "KO");
    assert_int_equal(count_of(keys, "Befund heute"),
                     1); /* what was selected before is not offered */
    assert_int_equal(count_of(keys, "Ausgangsbefund"), 0);
}

/* The status of a file as this person asks for it over DICOMweb. */
static unsigned file_of(unsigned person, const char *study, const char *series, const char *uid) {
    char what[320], path[400];
    struct http_client http;
    struct http_response response;
    snprintf(what, sizeof what, "dicom-web/studies/%s/series/%s/instances/%s", study, series, uid);
    planted_path(what, path, sizeof path);
    unsigned status = get(person, path, &http, &response);
    http_client_finish(&http);
    return status;
}

static void who_is_not_told_who_the_patient_is_reads_nothing_of_it(void **state) {
    (void)state;
    struct arena arena;
    struct grant_access grant = {.command_id = fresh_id(),
                                 .member = {.user = staff.people[MASKED].id,
                                            .role = ROLE_OBSERVER,
                                            .name = TEXT("Masked"),
                                            .masked = true}};
    arena_init(&arena, 1 << 16);
    say(grant_access_encode(&arena, &grant));
    arena_finish(&arena);
    const char *report = report_of(MASKED, "1.2.3.1");
    assert_null(strstr(report, "Example"));
    assert_null(strstr(report, LONG_LABEL));
    assert_null(strstr(report, "0040A730"));
    assert_null(strstr(document_of(MASKED, "1.2.3.1", "PR"), "Vorher"));
    assert_null(strstr(document_of(MASKED, "1.2.3.1", "KO"), "Befund"));
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result =
        PQexec(connection,
               "SELECT study_uid, series_uid, sop_instance_uid " DOCUMENTS " AND NOT superseded");
    assert_true(PQntuples(result) > 8);
    for (int row = 0; row < PQntuples(result); row++) {
        const char *uids[] = {PQgetvalue(result, row, 0), PQgetvalue(result, row, 1),
                              PQgetvalue(result, row, 2)};
        assert_int_equal(file_of(0, uids[0], uids[1], uids[2]), 200);
        assert_int_not_equal(file_of(MASKED, uids[0], uids[1], uids[2]), 200);
    }
    PQclear(result);
    PQfinish(connection);
}

static void nobody_is_shown_a_display_set_of_it(void **state) {
    (void)state;
    assert_int_equal(count_of(display_sets(), "\"displaySet\""), 2);
}

/* Of another patient, perhaps: drawn on by who knows its UID, it is described to nobody. */
static void an_image_that_is_held_is_in_no_document(void **state) {
    (void)state;
    assert_true(upload_as("1.2.5.", "Another^Ada", "Example^Eva", 202));
    draw("1.2.5.4.1", "1.2.3.3", "On what is held");
    wait_until_noted();
    assert_int_equal(ask("SELECT count(*) " DOCUMENTS " AND study_uid = '1.2.5.1'"), 0);
    assert_null(strstr(report_of(0, "1.2.3.1"), "On what is held"));
}

static void a_document_that_is_held_has_no_successor(void **state) {
    (void)state;
    assert_true(upload("1.2.6.", "Example^Eva", "Example^Eva"));
    draw("1.2.6.4.1", "1.2.6.3", "Before it is held");
    wait_for_documents("1.2.6.1", 1);
    assert_int_equal(ask("WITH gone AS (UPDATE image_instance SET held = true, held_for = 2 WHERE"
                         " study_uid = '1.2.6.1' AND stored_by ="
                         " '00000000-0000-0000-0000-000000000000' RETURNING 1)"
                         " SELECT count(*) FROM gone"),
                     1);
    draw("1.2.6.4.2", "1.2.6.3", "After it was held");
    wait_for_documents("1.2.6.1", 2);
    const char *report = report_of(0, "1.2.6.1");
    assert_int_equal(count_of(report, "\"Before it is held\""), 1);
    assert_int_equal(count_of(report, "\"After it was held\""), 1);
    assert_null(strstr(report, "0040A360"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measurement_is_a_report_with_its_points_and_words),
        cmocka_unit_test(a_drawing_that_is_rubbed_out_is_not_in_the_next_report),
        cmocka_unit_test(a_report_names_the_patient_of_its_own_study_and_no_other),
        cmocka_unit_test(a_server_that_dies_before_it_has_written_writes_once),
        cmocka_unit_test(a_view_that_is_saved_is_a_presentation_state_of_each_of_its_images),
        cmocka_unit_test(key_images_are_a_selection_and_a_new_one_when_one_is_unmarked),
        cmocka_unit_test(new_words_of_a_drawing_are_a_new_report),
        cmocka_unit_test(who_is_not_told_who_the_patient_is_reads_nothing_of_it),
        cmocka_unit_test(nobody_is_shown_a_display_set_of_it),
        cmocka_unit_test(an_image_that_is_held_is_in_no_document),
        cmocka_unit_test(a_document_that_is_held_has_no_successor),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
