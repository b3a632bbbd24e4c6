/* links: imaging_format; timeout: 120 */
/* The test files of Debian's python3-pydicom, read by us and by DCMTK's dcmdump. */
#define _GNU_SOURCE
#include "server/imaging/data_dictionary.h"
#include "server/imaging/element_walker.h"
#include "server/imaging/instance_reader.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDER "/usr/lib/python3/dist-packages/pydicom/data/"
#define FILE_SIZE_MAX ((size_t)16 << 20)

static struct character_sets *sets;

static int make_sets(void **state) {
    (void)state;
    sets = character_sets_create();
    return sets ? 0 : -1;
}

static int drop_sets(void **state) {
    (void)state;
    character_sets_destroy(sets);
    return 0;
}

static void need_corpus(void) {
    if (access(FOLDER, R_OK) != 0) {
        fprintf(stderr, "\n*** SKIPPED: Debian's python3-pydicom is not installed ***\n\n");
        skip();
    }
}

static uint8_t *read_file(const char *path, size_t *ret_size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = malloc(FILE_SIZE_MAX);
    *ret_size = fread(bytes, 1, FILE_SIZE_MAX, file);
    fclose(file);
    uint8_t *exact = malloc(*ret_size ? *ret_size : 1);
    memcpy(exact, bytes, *ret_size);
    free(bytes);
    return exact;
}

static enum file_refusal_kind read_path(const char *path, struct instance_reading *reading,
                                        struct file_refusal *refusal) {
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    enum file_refusal_kind kind = instance_read(bytes, size, sets, reading, refusal);
    free(bytes);
    return kind;
}

/* What is wrong with each file that is not taken. Everything else must be. */
static const struct {
    const char *name;
    enum file_refusal_kind kind;
} refused[] = {
    {"MR_truncated.dcm", FILE_REFUSAL_TRUNCATED},
    {"SC_rgb_jpeg.dcm", FILE_REFUSAL_MALFORMED}, // encapsulated, and yet Implicit VR
    {"UN_sequence.dcm", FILE_REFUSAL_NO_IDENTITY},
    {"empty_charset_LEI.dcm", FILE_REFUSAL_NO_IDENTITY},
    {"meta_missing_tsyntax.dcm", FILE_REFUSAL_MALFORMED},
    {"nested_priv_SQ.dcm", FILE_REFUSAL_NO_IDENTITY},
    {"no_meta.dcm", FILE_REFUSAL_NOT_DICOM},
    {"no_meta_group_length.dcm", FILE_REFUSAL_NO_IDENTITY},
    {"priv_SQ.dcm", FILE_REFUSAL_NO_IDENTITY},
    {"rtplan_truncated.dcm", FILE_REFUSAL_TRUNCATED},
};

static enum file_refusal_kind expected_of(const char *path) {
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i].name, name) == 0) {
            return refused[i].kind;
        }
    }
    return FILE_REFUSAL_NONE;
}

static void every_file_is_taken_or_refused_for_what_is_wrong_with_it(void **state) {
    (void)state;
    need_corpus();
    glob_t paths;
    assert_int_equal(glob(FOLDER "test_files/*.dcm", 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct instance_reading reading;
        struct file_refusal refusal = {0};
        enum file_refusal_kind kind = read_path(paths.gl_pathv[i], &reading, &refusal);
        if (kind != expected_of(paths.gl_pathv[i])) {
            fail_msg("%s: %s", paths.gl_pathv[i], refusal.reason);
        }
        if (kind == FILE_REFUSAL_NONE) {
            instance_reading_finish(&reading);
        }
    }
    assert_true(paths.gl_pathc > 50);
    globfree(&paths);
}

/* The first value dcmdump prints of an attribute in the data set itself: "512" of
 * `(0028,0010) US 512  # ...`, a UID out of its brackets. */
static bool dumped(const char *path, const char *tag, char *value, size_t space) {
    char command[512];
    snprintf(command, sizeof command, "dcmdump -q -Un +P %s '%s' 2>/dev/null", tag, path);
    FILE *answer = popen(command, "r");
    char line[512] = "";
    bool got = answer && fgets(line, sizeof line, answer) && strstr(line, "(no value") == NULL;
    pclose(answer);
    const char *at = strchr(line, ' ');
    at = at ? strchr(at + 1, ' ') : NULL;
    if (!got || !at) {
        return false;
    }
    at += 1 + (at[1] == '[');
    snprintf(value, space, "%.*s", (int)strcspn(at, "] #"), at);
    return true;
}

static void expect_number(const char *path, const char *tag, const struct instance *instance,
                          enum instance_field field, uint32_t ours) {
    char value[128];
    if (dumped(path, tag, value, sizeof value)) {
        assert_true(instance_has(instance, field));
        assert_int_equal(ours, strtoul(value, NULL, 10));
    }
}

static void dcmtk_reads_the_same(void **state) {
    (void)state;
    need_corpus();
    if (system("command -v dcmdump >/dev/null") != 0) {
        fprintf(stderr, "\n*** SKIPPED: DCMTK's dcmdump is not installed ***\n\n");
        skip();
    }
    glob_t paths;
    unsigned compared = 0;
    assert_int_equal(glob(FOLDER "test_files/[MCSJR]*.dcm", 0, NULL, &paths), 0);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        const char *path = paths.gl_pathv[i];
        struct instance_reading reading;
        struct file_refusal refusal;
        char value[128];
        if (read_path(path, &reading, &refusal) != FILE_REFUSAL_NONE) {
            continue;
        }
        const struct instance *instance = &reading.instance;
        assert_true(dumped(path, "0008,0018", value, sizeof value));
        assert_string_equal(instance->sop_instance_uid, value);
        expect_number(path, "0028,0010", instance, INSTANCE_ROWS, instance->rows);
        expect_number(path, "0028,0011", instance, INSTANCE_COLUMNS, instance->columns);
        expect_number(path, "0028,0100", instance, INSTANCE_BITS_ALLOCATED,
                      instance->bits_allocated);
        expect_number(path, "0028,0008", instance, INSTANCE_NUMBER_OF_FRAMES,
                      instance->number_of_frames);
        compared++;
        instance_reading_finish(&reading);
    }
    assert_true(compared > 30);
    globfree(&paths);
}

static void names_in_many_scripts_are_valid_utf8(void **state) {
    (void)state;
    need_corpus();
    glob_t paths;
    assert_int_equal(glob(FOLDER "charset_files/chr*.dcm", 0, NULL, &paths), 0);
    unsigned named = 0;
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct instance_reading reading;
        struct file_refusal refusal;
        if (read_path(paths.gl_pathv[i], &reading, &refusal) != FILE_REFUSAL_NONE) {
            continue;
        }
        // Every name of these files can be read: nothing needs the replacement character.
        assert_null(strstr(reading.instance.patient_name, "\xEF\xBF\xBD"));
        named += reading.instance.patient_name[0] != 0;
        instance_reading_finish(&reading);
    }
    assert_true(named > 10);
    globfree(&paths);
}

/* Whether DCMTK's word for a VR means ours: it has its own for the choices of PS3.6. */
static bool same_vr(const char *theirs, uint16_t ours) {
    static const struct {
        const char *theirs;
        uint16_t ours;
    } choices[] = {{"xs", DICOM_VR('U', 'S')},
                   {"lt", DICOM_VR('O', 'W')},
                   {"ox", DICOM_VR('O', 'W')},
                   {"px", DICOM_VR('O', 'W')},
                   {"up", DICOM_VR('U', 'L')}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (strcmp(choices[i].theirs, theirs) == 0) {
            return choices[i].ours == ours;
        }
    }
    return DICOM_VR(theirs[0], theirs[1]) == ours;
}

static void dcmtk_gives_every_attribute_of_our_dictionary_the_same_vr(void **state) {
    (void)state;
    glob_t paths;
    if (glob("/usr/share/libdcmtk*/dicom.dic", 0, NULL, &paths) != 0) {
        fprintf(stderr, "\n*** SKIPPED: DCMTK's dictionary is not installed ***\n\n");
        skip();
    }
    FILE *dictionary = fopen(paths.gl_pathv[0], "r");
    assert_non_null(dictionary);
    char line[512];
    size_t compared = 0;
    while (fgets(line, sizeof line, dictionary)) {
        unsigned group;
        unsigned element;
        char vr[8];
        if (sscanf(line, "(%4x,%4x)\t%7s", &group, &element, vr) != 3) {
            continue;
        }
        uint16_t ours = data_dictionary_vr(DICOM_TAG(group, element));
        if (ours == DICOM_VR('U', 'N') || group % 2 == 1) {
            continue;
        }
        if (!same_vr(vr, ours)) {
            fail_msg("(%04X,%04X) is %s", group, element, vr);
        }
        compared++;
    }
    fclose(dictionary);
    globfree(&paths);
    assert_true(compared >= data_dictionary_size());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dcmtk_gives_every_attribute_of_our_dictionary_the_same_vr),
        cmocka_unit_test(every_file_is_taken_or_refused_for_what_is_wrong_with_it),
        cmocka_unit_test(dcmtk_reads_the_same),
        cmocka_unit_test(names_in_many_scripts_are_valid_utf8),
    };
    return cmocka_run_group_tests(tests, make_sets, drop_sets);
}
