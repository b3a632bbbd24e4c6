/* links: server_process consilium libpq; timeout: 200 */
/*
 * Documents of evidence of every kind of image and case: frames that differ, colours, a selection
 * that becomes empty, a case whose use is restricted.
 */
#define _GNU_SOURCE /* memmem */
#include "protocol/generated/patient_case.h"
#include "tests/support/evidence_site.h"

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

static void save(struct viewport *viewport, const char *title) {
    struct arena arena;
    struct save_view save = {.command_id = fresh_id(),
                             .view = fresh_id(),
                             .title = {(uint32_t)strlen(title), title},
                             .layout = {.rows = 1, .columns = 1, .viewports = {1, viewport}}};
    arena_init(&arena, 1 << 16);
    say(save_view_encode(&arena, &save));
    arena_finish(&arena);
}

static void a_view_of_a_later_frame_speaks_of_that_frame(void **state) {
    (void)state;
    send_enhanced();
    struct viewport viewport = viewport_on("1.2.7.4.1", "1.2.7.3");
    viewport.image.frame = 2;
    viewport.has_window = viewport.flip_h = false;
    viewport.rotation = 0;
    viewport.shown = 4; /* mm: 2 pixels across, 8 down */
    viewport.center = (struct point){8 + 4 * 2, 24 + 5 * 0.5, 9};
    save(&viewport, "Zweites Bild");
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

static void a_view_of_a_colour_image_is_a_colour_state(void **state) {
    (void)state;
    static struct dicom_writer writer;
    static const uint8_t pixels[3 * 16 * 16];
    dicom_writer_begin(&writer);
    dicom_writer_text(&writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.77.1.4");
    dicom_writer_text(&writer, 0x00080018, "UI", "1.2.8.4.1");
    dicom_writer_text(&writer, 0x00080060, "CS", "XC");
    dicom_writer_text(&writer, 0x0020000D, "UI", "1.2.8.1");
    dicom_writer_text(&writer, 0x0020000E, "UI", "1.2.8.2");
    dicom_writer_u16(&writer, 0x00280002, 3);
    dicom_writer_text(&writer, 0x00280004, "CS", "RGB");
    dicom_writer_u16(&writer, 0x00280006, 0);
    dicom_writer_u16(&writer, 0x00280010, 16);
    dicom_writer_u16(&writer, 0x00280011, 16);
    dicom_writer_u16(&writer, 0x00280100, 8);
    dicom_writer_u16(&writer, 0x00280101, 8);
    dicom_writer_u16(&writer, 0x00280102, 7);
    dicom_writer_u16(&writer, 0x00280103, 0);
    dicom_writer_element(&writer, 0x7FE00010, "OB", pixels, sizeof pixels);
    assert_int_equal(planted_ask(&staff, 0, "POST", "uploads", writer.bytes, writer.size), 201);
    struct viewport viewport = viewport_on("1.2.8.4.1", "1.2.3.3");
    viewport.has_window = false;
    save(&viewport, "Haut");
    wait_for_documents("1.2.8.1", 1);
    const char *view = document_of(0, "1.2.8.1", "PR");
    assert_non_null(strstr(view, "\"1.2.840.10008.5.1.4.1.1.11.2\""));
    assert_non_null(strstr(view, "\"00282000\""));
    assert_non_null(
        strstr(view, "\"00700102\":{\"vr\":\"IS\",\"Value\":[1,1]}")); // no size is known
}

/* Only who keeps it reads it, nothing is written about it, and both go on when that ends. */
static void a_restricted_case_gives_out_no_document_and_gets_none(void **state) {
    (void)state;
    struct arena arena;
    char path[200];
    struct http_client http;
    struct http_response response;
    struct viewport viewport = viewport_on("1.2.3.4.1", "1.2.3.3");
    struct restrict_use restrict_use = {.command_id = fresh_id(), .reason = TEXT("contested")};
    struct lift_restriction lift = {.command_id = fresh_id(), .reason = TEXT("settled")};
    long before = ask("SELECT count(*) " DOCUMENTS " AND study_uid = '1.2.3.1'");
    save(&viewport, "Vorher");
    wait_for_documents("1.2.3.1", before + 1);
    planted_path("dicom-web/studies/1.2.3.1/metadata", path, sizeof path);
    assert_int_equal(get(1, path, &http, &response), 200);
    http_client_finish(&http);
    save(&viewport, "Kurz davor");
    arena_init(&arena, 1 << 16);
    say(restrict_use_encode(&arena, &restrict_use));
    assert_int_equal(get(1, path, &http, &response), 404);
    http_client_finish(&http);
    wait_until_noted();
    assert_int_equal(ask("SELECT count(*) " DOCUMENTS " AND study_uid = '1.2.3.1'"), before + 1);
    say(lift_restriction_encode(&arena, &lift));
    arena_finish(&arena);
    wait_for_documents("1.2.3.1", before + 2);
    assert_int_equal(get(1, path, &http, &response), 200);
    http_client_finish(&http);
}

static unsigned selections(void) {
    char path[200];
    struct http_client http;
    struct http_response response;
    planted_path("dicom-web/studies/1.2.3.1/series?Modality=KO", path, sizeof path);
    unsigned status = get(0, path, &http, &response);
    assert_true(status == 200 || status == 204);
    unsigned count = status == 200 ? count_of((const char *)response.body, "\"0020000E\"") : 0;
    http_client_finish(&http);
    return count;
}

static void wait_for_selections(unsigned count) {
    struct patience patience = patience_of(WRITTEN_MS);
    while (selections() != count && patience_lasts(&patience)) {
    }
    assert_int_equal(selections(), count);
}

static void when_the_last_key_image_is_taken_away_no_selection_is_offered(void **state) {
    (void)state;
    struct arena arena;
    struct uuid key = mark("1.2.3.4.2", "Befund");
    wait_for_selections(1);
    long documents = ask("SELECT count(*) " DOCUMENTS);
    struct unmark_key_image unmark = {.command_id = fresh_id(), .key = key};
    arena_init(&arena, 1 << 16);
    say(unmark_key_image_encode(&arena, &unmark));
    arena_finish(&arena);
    wait_for_selections(0);
    assert_int_equal(ask("SELECT count(*) " DOCUMENTS), documents); /* the record keeps it */
    mark("1.2.3.4.3", "Doch");
    wait_for_selections(1);
}

static int open_scene(void **state) {
    (void)state;
    return evidence_open() && upload("1.2.3.", "Example^Eva", "Example^Eva") ? 0 : -1;
}

static int close_scene(void **state) {
    (void)state;
    evidence_close();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_of_a_later_frame_speaks_of_that_frame),
        cmocka_unit_test(a_picture_of_a_later_frame_has_that_frames_window),
        cmocka_unit_test(a_view_of_a_colour_image_is_a_colour_state),
        cmocka_unit_test(when_the_last_key_image_is_taken_away_no_selection_is_offered),
        cmocka_unit_test(a_restricted_case_gives_out_no_document_and_gets_none),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
