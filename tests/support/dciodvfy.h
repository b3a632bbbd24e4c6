/*
 * What dicom3tools' dciodvfy says of a file, and what of it is known. That stands in one place, for
 * people: a list in server/evidence/README.md. What is between the first two backticks of a line
 * there may stand in a warning. One that is not said any more fails, too.
 */
#ifndef CONSILIUM_TESTS_SUPPORT_DCIODVFY_H
#define CONSILIUM_TESTS_SUPPORT_DCIODVFY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DCIODVFY_REMARKS CONSILIUM_SOURCE_DIR "/server/evidence/README.md"
#define DCIODVFY_HEADING "## What dciodvfy still says\n"

enum { DCIODVFY_REMARKS_MAX = 8, DCIODVFY_TEXT_MAX = 128, DCIODVFY_LINE_MAX = 512 };

static struct {
    char text[DCIODVFY_REMARKS_MAX][DCIODVFY_TEXT_MAX];
    bool said[DCIODVFY_REMARKS_MAX];
    unsigned count;
} dciodvfy_known;

static inline void dciodvfy_read_known(void) {
    char line[DCIODVFY_LINE_MAX] = "";
    FILE *file = fopen(DCIODVFY_REMARKS, "r");
    assert_non_null(file);
    while (strcmp(line, DCIODVFY_HEADING) != 0) {
        assert_non_null(fgets(line, sizeof line, file));
    }
    while (fgets(line, sizeof line, file) != NULL && strncmp(line, "## ", 3) != 0) {
        if (line[0] == '-') {
            assert_true(dciodvfy_known.count < DCIODVFY_REMARKS_MAX);
            char *text = dciodvfy_known.text[dciodvfy_known.count++];
            assert_int_equal(sscanf(line, "- `%127[^`]`", text), 1);
        }
    }
    fclose(file);
    assert_true(dciodvfy_known.count > 0);
}

static inline bool dciodvfy_is_known(const char *line) {
    bool known = false;
    for (unsigned i = 0; i < dciodvfy_known.count; i++) {
        if (strncmp(line, "Warning - ", 10) == 0 && strstr(line, dciodvfy_known.text[i]) != NULL) {
            known = dciodvfy_known.said[i] = true;
        }
    }
    return known;
}

/* It must take the file for one of this kind, and say nothing that is not known. */
static inline void dciodvfy_judge(const char *said, const char *name, const char *kind) {
    bool named = false;
    if (dciodvfy_known.count == 0) {
        dciodvfy_read_known();
    }
    for (size_t length; *said != 0; said += length + (said[length] == '\n')) {
        char line[DCIODVFY_LINE_MAX];
        length = strcspn(said, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, said);
        bool is_kind = strcmp(line, kind) == 0;
        named = named || is_kind;
        if (!is_kind && !dciodvfy_is_known(line)) {
            fail_msg("%s: %s", name, line);
        }
    }
    if (!named) {
        fail_msg("%s: dciodvfy does not take it for %s", name, kind);
    }
}

/* After all files of a program. */
static inline void dciodvfy_has_said_all(void) {
    assert_true(dciodvfy_known.count > 0);
    for (unsigned i = 0; i < dciodvfy_known.count; i++) {
        if (!dciodvfy_known.said[i]) {
            fail_msg("\"%s\" is not said any more: %s", dciodvfy_known.text[i], DCIODVFY_REMARKS);
        }
    }
}

#endif
