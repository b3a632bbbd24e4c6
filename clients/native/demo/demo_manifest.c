#include "clients/native/demo/demo_manifest.h"

#include "clients/native/demo/demo_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 7 };

static char *read_text(const char *folder) {
    char path[DEMO_PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/manifest", folder) >= (int)sizeof(path))
        return NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = malloc(DEMO_MANIFEST_BYTES_MAX);
    size_t length = text != NULL ? fread(text, 1, DEMO_MANIFEST_BYTES_MAX, file) : 0;
    bool whole = text != NULL && ferror(file) == 0 && length < DEMO_MANIFEST_BYTES_MAX;
    fclose(file);
    if (!whole) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

// Cuts a line at its tabs, in place.
static size_t split(char *line, char *words[WORDS_MAX]) {
    size_t count = 0;
    for (char *word = line; word != NULL && count < WORDS_MAX;) {
        words[count++] = word;
        word = strchr(word, '\t');
        if (word != NULL)
            *word++ = '\0';
    }
    return count;
}

static bool add_case(struct demo_manifest *manifest, char *const *words) {
    if (manifest->case_count == DEMO_CASES_MAX)
        return false;
    manifest->cases[manifest->case_count++] = (struct demo_case){
        .name = words[1],
        .patient_id = words[2],
        .patient_name = words[3],
        .birth_date = words[4],
        .sex = words[5],
        .title = words[6],
        .first_file = manifest->file_count,
    };
    return true;
}

static bool add_file(struct demo_manifest *manifest, char *const *words) {
    if (manifest->file_count == DEMO_FILES_MAX || manifest->case_count == 0)
        return false;
    struct demo_case *owner = &manifest->cases[manifest->case_count - 1];
    if (strcmp(owner->name, words[1]) != 0)
        return false;
    owner->file_count++;
    manifest->files[manifest->file_count++] =
        (struct demo_file){.path = words[2], .document = strcmp(words[0], "pdf") == 0};
    return true;
}

static bool add_line(struct demo_manifest *manifest, char *line) {
    char *words[WORDS_MAX];
    size_t count = split(line, words);
    if (strcmp(words[0], "case") == 0)
        return count == 7 && add_case(manifest, words);
    if (strcmp(words[0], "dicom") == 0 || strcmp(words[0], "pdf") == 0)
        return count >= 3 && add_file(manifest, words);
    return strcmp(words[0], "study") == 0; // for people who read the manifest
}

bool demo_manifest_read(struct demo_manifest *manifest, const char *folder) {
    *manifest = (struct demo_manifest){.text = read_text(folder)};
    bool good = manifest->text != NULL;
    for (char *line = manifest->text; good && *line != '\0';) {
        char *end = strchr(line, '\n');
        good = end != NULL;
        if (good) {
            *end = '\0';
            good = add_line(manifest, line);
            line = end + 1;
        }
    }
    if (!good)
        demo_manifest_finish(manifest);
    return good;
}

void demo_manifest_finish(struct demo_manifest *manifest) {
    free(manifest->text);
    manifest->text = NULL;
    manifest->case_count = manifest->file_count = 0;
}
