/* links: evidence_format m; timeout: 120 */
/* What others' programs say of the documents this server writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/evidence/key_object.h"
#include "server/evidence/presentation_state.h"
#include "tests/support/dciodvfy.h"
#include "tests/support/dicom_writer.h"
#include "tests/support/evidence_scene.h"

#include <math.h>

#include <unistd.h>

#define LONG_LABEL                                                                                 \
    "Gr\xc3\xb6\xc3\x9f"                                                                           \
    "enzunahme der L\xc3\xa4sion im rechten Unterlappen seit der Voraufnahme, "                    \
    "am ehesten Metastase eines Adenokarzinoms; Verlaufskontrolle in acht Wochen empfohlen, "      \
    "sonst Biopsie \xe2\x80\x93 bitte im Board besprechen"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/consilium-evidence-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return getenv("KEEP") ? 0 : system(command);
}

static void keep(const char *name, const uint8_t *bytes, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* What the command prints, errors included; a program that is not there or that fails, fails. */
static char *printed(const char *format, const char *name) {
    static char text[65536];
    char command[256];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(command, sizeof command, format, path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    int status = pclose(pipe);
    if (status != 0) {
        fail_msg("%s ended with %d:\n%s", command, status, text);
    }
    return text;
}

static void is_valid(const char *name, const char *kind) {
    dciodvfy_judge(printed("dciodvfy -new %s 2>&1", name), name, kind);
}

static void what_is_told_of_dciodvfy_is_still_said(void **state) {
    (void)state;
    dciodvfy_has_said_all();
}

static void is_checked(void) {
    char *said = printed("dcmpschk %s 2>&1", "state.dcm");
    if (strstr(said, "Test passed.") == NULL || strstr(said, "E: ") != NULL ||
        strstr(said, "Error") != NULL) {
        fail_msg("%s", said);
    }
}

/* One of each of the other tools, on the slice. */
static void every_tool_is_valid_in_a_report_and_in_a_state(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    struct point mm[] = {{-10, -3, 100}, {8, 2, 100}, {1, -9, 100}, {3, 8, 100}};
    struct annotation all[4];
    static const char *const units[] = {"deg", "mm", "mm2", "HU"};
    static const uint8_t counts[] = {3, 4, 4, 1};
    struct measured_drawing drawings[4];
    const struct annotation *drawn[4];
    for (unsigned i = 0; i < 4; i++) {
        all[i] = scene_length(&scene->ct, mm, 20 + i, "Befund");
        all[i].tool = (enum annotation_tool)(ANNOTATION_TOOL_ANGLE + i);
        all[i].unit = scene_text(units[i]);
        all[i].points.count = counts[i];
        all[i].second = i == 1 ? 11.5 : 0;
        drawings[i] = (struct measured_drawing){&all[i], &scene->ct, scene_text("Weber^A"), 1};
        drawn[i] = &all[i];
    }
    all[2].has_statistics = true;
    all[2].statistics = (struct statistics){.count = 90,
                                            .mean = 41.25,
                                            .deviation = 8,
                                            .minimum = -3,
                                            .maximum = 77,
                                            .unit = scene_text("HU")};
    struct measurement_report report = {
        .header = {.source = &scene->ct, .series_description = "M", .version = 3, .at = 1},
        .drawings = drawings,
        .count = 4};
    evidence_uid("tools", NULL, 0, report.header.sop_instance_uid);
    evidence_uid("tools series", NULL, 0, report.header.series_uid);
    uint8_t *bytes;
    size_t size;
    assert_true(measurement_report_write(&report, &bytes, &size));
    keep("tools.dcm", bytes, size);
    free(bytes);
    is_valid("tools.dcm", "Comprehensive3DSR");
    char *read = printed("dsrdump +Pl +Pu +U8 %s 2>&1", "tools.dcm");
    assert_non_null(strstr(read, "\"Short Axis\")=\"11.5\" (mm,UCUM"));
    assert_non_null(strstr(read, "\"Mean\")=\"41.25\" ([hnsf'U]"));
    /* The longer axis of the ellipse is its first one: of the pairs given it is the first. */
    assert_non_null(
        strstr(read, "(ELLIPSE,\"" SCENE_SPACE "\",-10/-3/100,8/2/100,1/-9/100,3/8/100)"));
    struct viewport viewport = {.has_image = true, .image = {.frame = 1}, .aspect = 1};
    struct presentation_state given = {.header = report.header,
                                       .image = &scene->ct,
                                       .viewport = &viewport,
                                       .label = "VIEW",
                                       .title = scene_text("Alle"),
                                       .author = scene_text("Weber^A"),
                                       .drawings = drawn,
                                       .drawing_count = 4};
    assert_true(presentation_state_write(&given, &bytes, &size));
    keep("state.dcm", bytes, size);
    free(bytes);
    free(scene);
    is_valid("state.dcm", "GrayscaleSoftcopyPresentationState");
    is_checked();
}

static void a_report_of_measurements_is_valid(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    struct point mm[] = {{-10.5, -3.25, 100}, {9.5, 11.75, 100}};
    struct point px[] = {{3, 4, 0}, {30, 40, 0}};
    struct annotation length = scene_length(&scene->ct, mm, 25, LONG_LABEL);
    struct annotation arrow = scene_length(&scene->ct, mm, 0, "hier");
    arrow.tool = ANNOTATION_TOOL_ARROW;
    struct annotation film = scene_length(&scene->film, px, 45, "");
    film.image.frame = 7;
    struct measured_drawing drawings[] = {
        {&length, &scene->ct, scene_text("Dr. A. Weber"), 1767355200123456},
        {&arrow, &scene->ct, scene_text("Dr. A. Weber"), 1767355200123456},
        {&film, &scene->film, scene_text("Prof. B"), 1767355300123456}};
    struct measurement_report report = {.header = {.source = &scene->ct,
                                                   .series_description = "Measurements",
                                                   .series_number = 9001,
                                                   .version = 42,
                                                   .at = 1767355300123456},
                                        .drawings = drawings,
                                        .count = 3,
                                        .predecessor_uid = "2.25.77"};
    evidence_uid("report", NULL, 0, report.header.sop_instance_uid);
    evidence_uid("series", NULL, 0, report.header.series_uid);
    uint8_t *bytes;
    size_t size;
    assert_true(measurement_report_write(&report, &bytes, &size));
    keep("sr.dcm", bytes, size);
    free(bytes);
    free(scene);
    is_valid("sr.dcm", "Comprehensive3DSR");
    char *read = printed("dsrdump +Pl +U8 %s 2>&1", "sr.dcm");
    assert_non_null(strstr(read, "Comprehensive 3D SR"));
    assert_non_null(strstr(read, LONG_LABEL));
}

/* Presentation states: rendered by DCMTK, and by hand. */

enum { COLUMNS = 64, ROWS = 48 };

static uint16_t stored_at(unsigned column, unsigned row) {
    return (uint16_t)(700 + column * 11 + row * 3);
}

static void write_element(FILE *file, uint32_t tag, const char *vr, const char *text) {
    static struct dicom_writer writer;
    writer.size = 0;
    dicom_writer_text(&writer, tag, vr, text);
    fwrite(writer.bytes, 1, writer.size, file);
}

/* The slice of the scene as a file, its values a ramp of both coordinates. */
static void keep_slice(const struct instance *image) {
    static struct dicom_writer writer;
    char path[128];
    snprintf(path, sizeof path, "%s/image.dcm", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    dicom_writer_begin(&writer);
    fwrite(writer.bytes, 1, writer.size, file);
    write_element(file, 0x00080016, "UI", image->sop_class_uid);
    write_element(file, 0x00080018, "UI", image->sop_instance_uid);
    write_element(file, 0x00080060, "CS", image->modality);
    write_element(file, 0x0020000D, "UI", image->study_uid);
    write_element(file, 0x0020000E, "UI", image->series_uid);
    writer.size = 0;
    dicom_writer_u16(&writer, 0x00280002, 1);
    dicom_writer_text(&writer, 0x00280004, "CS", image->photometric);
    dicom_writer_u16(&writer, 0x00280010, ROWS);
    dicom_writer_u16(&writer, 0x00280011, COLUMNS);
    dicom_writer_u16(&writer, 0x00280100, 16);
    dicom_writer_u16(&writer, 0x00280101, 16);
    dicom_writer_u16(&writer, 0x00280102, 15);
    dicom_writer_u16(&writer, 0x00280103, 0);
    dicom_writer_text(&writer, 0x00281052, "DS", "-1024");
    dicom_writer_text(&writer, 0x00281053, "DS", "1");
    uint8_t pixels[ROWS * COLUMNS * 2];
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned column = 0; column < COLUMNS; column++) {
            uint16_t value = stored_at(column, row);
            pixels[2 * (row * COLUMNS + column)] = (uint8_t)value;
            pixels[2 * (row * COLUMNS + column) + 1] = (uint8_t)(value >> 8);
        }
    }
    dicom_writer_element(&writer, 0x7FE00010, "OW", pixels, sizeof pixels);
    fwrite(writer.bytes, 1, writer.size, file);
    fclose(file);
}

/* PS3.3 C.11.2.1.2.1, to 8 bits. */
static double windowed(double value, const struct window *window, bool invert) {
    double center = window->center - 0.5;
    double width = window->width - 1;
    double grey = value <= center - width / 2  ? 0
                  : value > center + width / 2 ? 1
                                               : (value - center) / width + 0.5;
    return (invert ? 1 - grey : grey) * 255;
}

/* The stored pixel that is seen at a place of the picture, turned clockwise and then mirrored as
 * the shared viewport says. */
static void seen_at(const struct viewport *viewport, int x, int y, int width, int height,
                    unsigned *ret_column, unsigned *ret_row) {
    x = viewport->flip_h ? width - 1 - x : x;
    y = viewport->flip_v ? height - 1 - y : y;
    int quarters = (int)(viewport->rotation / 90);
    *ret_column = (unsigned)(quarters == 0   ? x
                             : quarters == 1 ? y
                             : quarters == 2 ? width - 1 - x
                                             : height - 1 - y);
    *ret_row = (unsigned)(quarters == 0   ? y
                          : quarters == 1 ? width - 1 - x
                          : quarters == 2 ? height - 1 - y
                                          : x);
}

static struct presentation_state state_of(const struct evidence_scene *scene,
                                          const struct viewport *viewport) {
    struct presentation_state state = {.header = {.source = &scene->ct,
                                                  .series_description = "Views",
                                                  .series_number = 9002,
                                                  .version = 7,
                                                  .at = 1767355300123456},
                                       .image = &scene->ct,
                                       .viewport = viewport,
                                       .label = "VIEW",
                                       .title = scene_text("L\xc3\xa4sion, weites Fenster"),
                                       .author = scene_text("Weber^A")};
    evidence_uid("state", NULL, 0, state.header.sop_instance_uid);
    evidence_uid("states", NULL, 0, state.header.series_uid);
    return state;
}

static void keep_state(const struct presentation_state *state) {
    uint8_t *bytes;
    size_t size;
    assert_true(presentation_state_write(state, &bytes, &size));
    keep("state.dcm", bytes, size);
    free(bytes);
}

static void assert_rendered(const struct viewport *viewport) {
    char command[400];
    snprintf(command, sizeof command,
             "dcmp2pgm -q -p %s/state.dcm %s/image.dcm %s/out.pgm >&2 && cat %s/out.pgm", folder,
             folder, folder, folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    int width = 0, height = 0, most = 0;
    char magic[3] = "";
    char comment[128];
    assert_int_equal(fscanf(pipe, "%2s ", magic), 1);
    assert_string_equal(magic, "P5");
    while (fscanf(pipe, "#%127[^\n]\n", comment) == 1) {
    }
    assert_int_equal(fscanf(pipe, "%d %d %d", &width, &height, &most), 3);
    fgetc(pipe);
    bool sideways = (int)viewport->rotation % 180 != 0;
    assert_int_equal(width, sideways ? ROWS : COLUMNS);
    assert_int_equal(height, sideways ? COLUMNS : ROWS);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            unsigned column, row;
            seen_at(viewport, x, y, width, height, &column, &row);
            double expected =
                windowed(stored_at(column, row) - 1024.0, &viewport->window, viewport->invert);
            int grey = fgetc(pipe);
            if (fabs(grey - expected) > 1.01) {
                fail_msg("at %d, %d: %d, not %f", x, y, grey, expected);
            }
        }
    }
    pclose(pipe);
}

static void a_view_is_rendered_by_others_as_it_was_seen(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    keep_slice(&scene->ct);
    for (int i = 0; i < 16; i++) {
        struct viewport viewport = {.has_image = true,
                                    .image = {.frame = 1},
                                    .rotation = (float)(i % 4 * 90),
                                    .flip_h = i / 4 % 2 != 0,
                                    .flip_v = i / 8 != 0,
                                    .has_window = true,
                                    .window = {.center = 40, .width = 400},
                                    .invert = i == 5,
                                    .aspect = 1};
        struct presentation_state given = state_of(scene, &viewport);
        keep_state(&given);
        assert_rendered(&viewport);
    }
    free(scene);
}

static void a_presentation_state_is_valid(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    struct point mm[] = {{-10.5, -3.25, 100}, {9.5, 11.75, 100}};
    struct annotation length =
        scene_length(&scene->ct, mm, 25, "Gr\xc3\xb6\xc3\x9fte L\xc3\xa4sion");
    struct annotation arrow = scene_length(&scene->ct, mm, 0, "");
    arrow.tool = ANNOTATION_TOOL_ARROW;
    const struct annotation *drawings[] = {&length, &arrow};
    struct viewport viewport = {
        .has_image = true,
        .image = {.frame = 1},
        .center = {2, -1, 100},
        .shown = 20,
        .aspect = 1.5f,
        .rotation = 90,
        .has_window = true,
        .window = {.center = -600, .width = 1500, .function = VOI_FUNCTION_SIGMOID}};
    struct presentation_state given = state_of(scene, &viewport);
    given.drawings = drawings;
    given.drawing_count = 2;
    keep_state(&given);
    free(scene);
    is_valid("state.dcm", "GrayscaleSoftcopyPresentationState");
    is_checked();
    char *dumped = printed("dcmdump +U8 %s 2>&1", "state.dcm");
    assert_non_null(strstr(dumped, "L\xc3\xa4sion, weites Fenster"));
    /* The first point: 5.5 mm right of the first pixel's centre and 15.95 mm below, and from its
     * corner half a pixel more. */
    assert_non_null(strstr(dumped, "11.5\\20.4375\\51.5\\39.1875"));
}

static void what_is_seen_is_said_in_pixels_of_the_image(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    struct viewport viewport = {.has_image = true, .aspect = 1};
    struct displayed_area area = displayed_area(&scene->ct, &viewport);
    assert_int_equal(area.top_left[0], 1);
    assert_int_equal(area.top_left[1], 1);
    assert_int_equal(area.bottom_right[0], COLUMNS);
    assert_int_equal(area.bottom_right[1], ROWS);
    /* 16 mm x 8 mm around the middle of pixel 32, 24: 32 columns and 10 rows. */
    viewport = (struct viewport){.has_image = true,
                                 .center = {-16 + 31.5 * 0.5, -19.2 + 23.5 * 0.8, 100},
                                 .shown = 8,
                                 .aspect = 2};
    area = displayed_area(&scene->ct, &viewport);
    assert_int_equal(area.top_left[0], 17);
    assert_int_equal(area.bottom_right[0], 48);
    assert_int_equal(area.top_left[1], 20);
    assert_int_equal(area.bottom_right[1], 29);
    viewport.flip_v = true; /* what is seen at the top is the bottom of the image */
    area = displayed_area(&scene->ct, &viewport);
    assert_int_equal(area.rotation, 180);
    assert_true(area.flip);
    assert_int_equal(area.top_left[0], 17);
    assert_int_equal(area.top_left[1], 29);
    free(scene);
}

static void key_images_are_valid(void **state) {
    (void)state;
    struct evidence_scene *scene = scene_create();
    struct key_object_image images[] = {{&scene->ct, 1}, {&scene->film, 3}, {&scene->film, 9}};
    struct key_object object = {.header = {.source = &scene->ct,
                                           .series_description = "Key images",
                                           .series_number = 9003,
                                           .version = 9,
                                           .at = 1767355300123456},
                                .description = scene_text("Gr\xc3\xb6\xc3\x9fte L\xc3\xa4sion"),
                                .author = scene_text("Weber^A"),
                                .images = images,
                                .count = 3};
    evidence_uid("object", NULL, 0, object.header.sop_instance_uid);
    evidence_uid("objects", NULL, 0, object.header.series_uid);
    uint8_t *bytes;
    size_t size;
    assert_true(key_object_write(&object, &bytes, &size));
    keep("keys.dcm", bytes, size);
    free(bytes);
    free(scene);
    is_valid("keys.dcm", "KeyObjectSelectionDocument");
    char *read = printed("dsrdump +Pl +Pu +U8 %s 2>&1", "keys.dcm");
    assert_non_null(strstr(read, "Key Object Selection Document"));
    assert_non_null(strstr(read, "Gr\xc3\xb6\xc3\x9fte L\xc3\xa4sion"));
    assert_non_null(strstr(read, "\"Of Interest\""));
    assert_non_null(strstr(read, SCENE_STUDY ".4.1\",9)"));
    assert_null(strstr(read, "E: "));
}

static void a_view_of_colours_is_a_colour_state(void **state) {
    (void)state;
    static const char *const kinds[] = {"RGB", "YBR_FULL_422", "PALETTE COLOR"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct evidence_scene *scene = scene_create();
        struct point mm[] = {{-10.5, -3.25, 100}, {9.5, 11.75, 100}};
        struct annotation length = scene_length(&scene->ct, mm, 25, "rot");
        const struct annotation *drawings[] = {&length};
        struct viewport viewport = {.has_image = true,
                                    .image = {.frame = 1},
                                    .center = {2, -1, 100},
                                    .shown = 20,
                                    .aspect = 1.5f,
                                    .has_window = true,
                                    .window = {.center = -600, .width = 1500}};
        scene_copy(scene->ct.photometric, sizeof scene->ct.photometric, kinds[i]);
        if (i > 0) { // a photograph: nobody knows how large its pixels are
            scene->ct.present &= ~(1ull << INSTANCE_PIXEL_SPACING);
            viewport.center = (struct point){20, 20, 0};
        }
        struct presentation_state given = state_of(scene, &viewport);
        given.drawings = drawings;
        given.drawing_count = 1;
        assert_true(presentation_state_fits(&scene->ct, &viewport));
        struct viewport by_another = viewport;
        by_another.presentation_state = (struct text){6, "1.2.34"};
        assert_false(presentation_state_fits(&scene->ct, &by_another));
        keep_state(&given);
        free(scene);
        is_valid("state.dcm", "ColorSoftcopyPresentationState");
        char *dumped = printed("dcmdump +U8 %s 2>&1", "state.dcm");
        assert_non_null(strstr(dumped, "=ColorSoftcopyPresentationStateStorage"));
        assert_non_null(strstr(dumped, "(0028,2000) OB"));
        assert_null(strstr(dumped, "(0028,1050)")); // what is colour has no window
        assert_null(strstr(dumped, "(2050,0020)"));
        assert_non_null(strstr(dumped, "SCALE TO FIT"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_of_measurements_is_valid),
        cmocka_unit_test(every_tool_is_valid_in_a_report_and_in_a_state),
        cmocka_unit_test(what_is_seen_is_said_in_pixels_of_the_image),
        cmocka_unit_test(a_presentation_state_is_valid),
        cmocka_unit_test(a_view_is_rendered_by_others_as_it_was_seen),
        cmocka_unit_test(key_images_are_valid),
        cmocka_unit_test(a_view_of_colours_is_a_colour_state),
        cmocka_unit_test(what_is_told_of_dciodvfy_is_still_said), // after all that call it
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
