/* links: evidence_format; timeout: 120 */
/* What others' programs say of the documents this server writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/evidence_scene.h"

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

/* What the command prints, errors included. */
static char *printed(const char *format, const char *name) {
    static char text[65536];
    char command[256];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(command, sizeof command, format, path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    pclose(pipe);
    return text;
}

static void no_errors(const char *name) {
    char *said = printed("dciodvfy -new %s 2>&1", name);
    if (strstr(said, "Error") != NULL) {
        fail_msg("%s", said);
    }
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
    no_errors("sr.dcm");
    char *read = printed("dsrdump +Pl +U8 %s 2>&1", "sr.dcm");
    assert_non_null(strstr(read, "Comprehensive 3D SR"));
    assert_non_null(strstr(read, LONG_LABEL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_of_measurements_is_valid),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
