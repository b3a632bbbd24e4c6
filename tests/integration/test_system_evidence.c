/* links: server_process consilium libpq; timeout: 200 */
/*
 * What is drawn in a case is there as DICOM after a while, once and as it was drawn, whatever
 * happens to the server in between.
 */
#define _GNU_SOURCE /* memmem */
#include "protocol/generated/patient_case.h"
#include "tests/support/patience.h"
#include "tests/support/planted_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 3, MASKED = 2, SLICES = 3, WRITTEN_MS = 30000, READY_MS = 30000, CASE_CHANNEL = 1 };

/* Nearly the 200 bytes that there may be, one character in five not ASCII. */
#define TWENTY                                                                                     \
    "\xc3\x84rzte sehen \xc3\x9c"                                                                  \
    "bel \xe2\x82\xac\xc3\x9f"
#define LONG_LABEL TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY

static struct server_process *server;
static struct staff staff;
static struct conversation coordinator;

static long ask(const char *sql) {
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    long number = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1
                      ? strtol(PQgetvalue(result, 0, 0), NULL, 10)
                      : -1;
    PQclear(result);
    PQfinish(connection);
    return number;
}

/* Documents of evidence: what nobody uploaded. */
#define DOCUMENTS "FROM image_instance WHERE stored_by = '00000000-0000-0000-0000-000000000000'"

static void wait_for_documents(const char *study, long count) {
    char sql[256];
    struct patience patience = patience_of(WRITTEN_MS);
    snprintf(sql, sizeof sql, "SELECT count(*) " DOCUMENTS " AND study_uid = '%s'", study);
    while (ask(sql) != count && patience_lasts(&patience)) {
    }
    assert_int_equal(ask(sql), count);
}

/* Everything that was committed was looked at. */
static void wait_until_noted(void) {
    struct patience patience = patience_of(WRITTEN_MS);
    while (
        ask("SELECT count(*) FROM evidence_mark m WHERE version = (SELECT max(version) FROM"
            " event e WHERE e.stream_id = m.case_id AND type IN (74, 75, 76, 77, 86, 87, 89))") !=
            1 &&
        patience_lasts(&patience)) {
    }
}

static unsigned get(unsigned person, const char *path, struct http_client *http,
                    struct http_response *response) {
    http_client_init(http, &staff.address);
    http->bearer = staff.people[person].token;
    return http_client_request(http, "GET", path, NULL, NULL, 0, response) ? response->status : 0;
}

/* The metadata of a study's series of evidence of this modality as this person reads it; static. */
static const char *document_of(unsigned person, const char *study, const char *modality) {
    static char text[1 << 18];
    char sql[256], mark[64], what[128], path[256];
    snprintf(mark, sizeof mark, "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"%s\"]}", modality);
    snprintf(sql, sizeof sql, "SELECT DISTINCT series_uid " DOCUMENTS " AND study_uid = '%s'",
             study);
    PGconn *connection = PQconnectdb(server_process_database(server));
    PGresult *result = PQexec(connection, sql);
    bool found = false;
    for (int row = 0; row < PQntuples(result) && !found; row++) {
        struct http_client http;
        struct http_response response;
        snprintf(what, sizeof what, "series/%s/metadata", PQgetvalue(result, row, 0));
        planted_path(what, path, sizeof path);
        assert_int_equal(get(person, path, &http, &response), 200);
        snprintf(text, sizeof text, "%.*s", (int)response.body_length, (const char *)response.body);
        http_client_finish(&http);
        found = strstr(text, mark) != NULL;
    }
    PQclear(result);
    PQfinish(connection);
    assert_true(found);
    return text;
}

static const char *report_of(unsigned person, const char *study) {
    return document_of(person, study, "SR");
}

static bool upload(const char *uid_root, const char *name, const char *own_name) {
    for (unsigned number = 1; number <= SLICES; number++) {
        static struct dicom_writer writer;
        dicom_writer_begin(&writer);
        dicom_writer_slice(&writer, number);
        uint8_t *at = writer.bytes;
        uint8_t *end = writer.bytes + writer.size;
        while ((at = memmem(at, (size_t)(end - at), "1.2.3.", 6)) != NULL) {
            memcpy(at, uid_root, 6);
            at += 6;
        }
        at = memmem(writer.bytes, writer.size, own_name, strlen(own_name));
        memcpy(at, name, strlen(own_name));
        if (planted_ask(&staff, 0, "POST", "uploads", writer.bytes, writer.size) != 201) {
            return false;
        }
    }
    return true;
}

static int open_scene(void **state) {
    (void)state;
    struct server_options options = {.program = CONSILIUM_PATH};
    server = server_process_start(&options);
    return server != NULL && staff_hire(&staff, server, PEOPLE) &&
                   staff_make_cases(&staff, PLANTED_CASE, 1) &&
                   upload("1.2.3.", "Example^Eva", "Example^Eva") &&
                   upload("1.2.9.", "Beispiel^Bo", "Example^Eva") &&
                   conversation_begin(&coordinator, &staff.address, staff.people[0].token,
                                      "evidence") &&
                   conversation_open(&coordinator, CASE_CHANNEL, CHANNEL_KIND_PATIENT_CASE,
                                     staff_case_id(PLANTED_CASE))
               ? 0
               : -1;
}

static int close_scene(void **state) {
    (void)state;
    conversation_end(&coordinator);
    staff_finish(&staff);
    server_process_end(server);
    return 0;
}

/* The display sets of the case as the coordinator reads them; static. */
static const char *display_sets(void) {
    static char text[1 << 16];
    char path[160];
    struct http_client http;
    struct http_response response;
    planted_path("display-sets", path, sizeof path);
    assert_int_equal(get(0, path, &http, &response), 200);
    snprintf(text, sizeof text, "%.*s", (int)response.body_length, (const char *)response.body);
    http_client_finish(&http);
    return text;
}

/* That of the series of the space, which has one. */
static struct text display_set_of(const char *space) {
    static const char name[] = "{\"displaySet\":\"";
    const char *sets = display_sets();
    const char *at = strstr(sets, space);
    const char *begin = NULL;
    assert_non_null(at);
    for (const char *next = sets; (next = strstr(next, name)) != NULL && next < at;) {
        begin = next += sizeof name - 1;
    }
    assert_non_null(begin);
    return (struct text){(uint32_t)strcspn(begin, "\""), begin};
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

static unsigned count_of(const char *text, const char *piece) {
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, piece)) != NULL; at += strlen(piece)) {
        count++;
    }
    return count;
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
    assert_non_null(strstr(report, "Beispiel^Bo"));
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

static struct viewport viewport_on(const char *image, const char *space) {
    return (struct viewport){
        .display_set = display_set_of(space),
        .has_image = true,
        .image = {.sop_instance_uid = {(uint32_t)strlen(image), image}, .frame = 1},
        .rotation = 90,
        .flip_h = true,
        .has_window = true,
        .window = {.center = 300, .width = 700, .unit = WINDOW_UNIT_STORED},
        .overlays = true,
        .aspect = 1};
}

static void say(struct encoded encoded) {
    assert_true(planted_say(&coordinator, CASE_CHANNEL, encoded));
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
    assert_non_null(strstr(view, "Beispiel^Bo"));
    assert_null(strstr(view, "1.2.3."));
}

/* Two frames that differ in all that groups say: size of pixels, plane, values, window. */
static void send_enhanced(void) {
    static const char *const groups[2][6] = {{"-8\\-8\\0", "1\\1", "0", "1", "40", "400"},
                                             {"8\\24\\9", "0.5\\2", "-7", "3", "900", "90"}};
    static struct dicom_writer writer;
    static const uint8_t pixels[2 * 16 * 16 * 2];
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.1");
    dicom_writer_text(&writer, 0x00080018, "UI", "1.2.7.4.1");
    dicom_writer_text(&writer, 0x00080060, "CS", "CT");
    dicom_writer_text(&writer, 0x00100010, "PN", "Example^Eva");
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.7.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.7.2");
    dicom_writer_text(&writer, 0x00200052, "UI", "1.2.7.3");
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_text(&writer, 0x00280008, "IS", "2");
    dicom_writer_u16(&writer, 0x00280010, 16);
    dicom_writer_u16(&writer, 0x00280011, 16);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 12);
    dicom_writer_u16(&writer, 0x00280103, 0);
    dicom_writer_sequence_begin(&writer, 0x52009230);
    for (int i = 0; i < 2; i++) {
        dicom_writer_item_begin(&writer);
        dicom_writer_macro(&writer, 0x00209113, 0x00200032, groups[i][0]);
        dicom_writer_macro(&writer, 0x00209116, 0x00200037, "1\\0\\0\\0\\1\\0");
        dicom_writer_macro(&writer, 0x00289110, 0x00280030, groups[i][1]);
        dicom_writer_macro_of_two(&writer, 0x00289132, 0x00281050, groups[i][4], 0x00281051,
                                  groups[i][5]);
        dicom_writer_macro_of_two(&writer, 0x00289145, 0x00281052, groups[i][2], 0x00281053,
                                  groups[i][3]);
        dicom_writer_item_end(&writer);
    }
    dicom_writer_sequence_end(&writer);
    dicom_writer_element(&writer, 0x7FE00010, "OW", pixels, sizeof pixels);
    assert_int_equal(planted_ask(&staff, 0, "POST", "uploads", writer.bytes, writer.size), 201);
}

static void a_view_of_a_later_frame_speaks_of_that_frame(void **state) {
    (void)state;
    struct arena arena;
    send_enhanced();
    struct viewport viewport = viewport_on("1.2.7.4.1", "1.2.7.3");
    viewport.image.frame = 2;
    viewport.has_window = viewport.flip_h = false;
    viewport.rotation = 0;
    viewport.shown = 4; /* mm: 2 pixels across, 8 down */
    viewport.center = (struct point){8 + 4 * 2, 24 + 5 * 0.5, 9};
    struct save_view save = {.command_id = fresh_id(),
                             .view = fresh_id(),
                             .title = TEXT("Zweites Bild"),
                             .layout = {.rows = 1, .columns = 1, .viewports = {1, &viewport}}};
    arena_init(&arena, 1 << 16);
    say(save_view_encode(&arena, &save));
    arena_finish(&arena);
    wait_for_documents("1.2.7.1", 1);
    const char *view = document_of(0, "1.2.7.1", "PR");
    assert_non_null(strstr(view, "\"00081160\":{\"vr\":\"IS\",\"Value\":[2]}"));
    assert_non_null(strstr(view, "\"00281050\":{\"vr\":\"DS\",\"Value\":[900]}"));
    assert_non_null(strstr(view, "\"00281051\":{\"vr\":\"DS\",\"Value\":[90]}"));
    assert_non_null(strstr(view, "\"00281052\":{\"vr\":\"DS\",\"Value\":[-7]}"));
    assert_non_null(strstr(view, "\"00281053\":{\"vr\":\"DS\",\"Value\":[3]}"));
    assert_non_null(strstr(view, "\"00700101\":{\"vr\":\"DS\",\"Value\":[0.5,2]}"));
    /* Pixel 4, 5 in the middle; from the corner of the first 4.5 -+ 1 and 5.5 -+ 4. */
    assert_non_null(strstr(view, "\"00700052\":{\"vr\":\"SL\",\"Value\":[5,3]}"));
    assert_non_null(strstr(view, "\"00700053\":{\"vr\":\"SL\",\"Value\":[6,10]}"));
}

/* All its values are 0: of the first frame's window a third, far below that of the second. */
static void a_picture_of_a_later_frame_has_that_frames_window(void **state) {
    (void)state;
    struct http_client http[2];
    struct http_response pictures[2];
    char path[200], what[64];
    for (int i = 0; i < 2; i++) {
        snprintf(what, sizeof what, "instances/1.2.7.4.1/rendered/%d", i + 1);
        planted_path(what, path, sizeof path);
        assert_int_equal(get(0, path, &http[i], &pictures[i]), 200);
    }
    assert_true(pictures[0].body_length != pictures[1].body_length ||
                memcmp(pictures[0].body, pictures[1].body, pictures[0].body_length) != 0);
    http_client_finish(&http[0]);
    http_client_finish(&http[1]);
}

static struct uuid mark(const char *image, const char *title) {
    struct arena arena;
    struct viewport viewport = viewport_on(image, "1.2.3.3");
    struct mark_key_image marking = {
        .command_id = fresh_id(),
        .key = fresh_id(),
        .title = {(uint32_t)strlen(title), title},
        .layout = {.rows = 1, .columns = 1, .viewports = {1, &viewport}}};
    arena_init(&arena, 1 << 16);
    say(mark_key_image_encode(&arena, &marking));
    arena_finish(&arena);
    return marking.key;
}

static void key_images_are_a_selection_and_a_new_one_when_one_is_unmarked(void **state) {
    (void)state;
    struct arena arena;
    struct uuid first = mark("1.2.3.4.1", "Ausgangsbefund");
    mark("1.2.3.4.2", "Befund heute");
    wait_for_documents("1.2.3.1", 8); /* two states, one selection */
    const char *keys = document_of(0, "1.2.3.1", "KO");
    assert_non_null(strstr(keys, "\"Ausgangsbefund"));
    assert_non_null(strstr(keys, "Befund heute\""));
    assert_non_null(strstr(keys, "\"1.2.3.4.1\""));
    struct unmark_key_image unmark = {.command_id = fresh_id(), .key = first};
    arena_init(&arena, 1 << 16);
    say(unmark_key_image_encode(&arena, &unmark));
    arena_finish(&arena);
    wait_for_documents("1.2.3.1", 9);
    keys = document_of(0, "1.2.3.1", "KO");
    assert_int_equal(count_of(keys, "Befund heute"), 2);
    assert_int_equal(count_of(keys, "Ausgangsbefund"), 1);
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
        PQexec(connection, "SELECT study_uid, series_uid, sop_instance_uid " DOCUMENTS);
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
    assert_int_equal(count_of(display_sets(), "\"displaySet\""), 3);
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
        cmocka_unit_test(a_view_of_a_later_frame_speaks_of_that_frame),
        cmocka_unit_test(a_picture_of_a_later_frame_has_that_frames_window),
        cmocka_unit_test(nobody_is_shown_a_display_set_of_it),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
