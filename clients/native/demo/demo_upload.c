#define _GNU_SOURCE // memmem

#include "clients/native/demo/demo_upload.h"

#include "clients/native/demo/demo_files.h"
#include "clients/native/demo/demo_identifiers.h"
#include "clients/native/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY = 10, UPLOAD_BYTES_MAX = 64 * 1024 * 1024, PATH_MAX_HERE = 256 };

static void case_path(char path[PATH_MAX_HERE], const char *case_name, const char *rest) {
    char id[UUID_TEXT_LENGTH + 1];
    demo_uuid_text(id, demo_id("case", case_name));
    snprintf(path, PATH_MAX_HERE, "/api/cases/%s/%s", id, rest);
}

static bool ask_display_sets(struct http_client *http, const char *case_name,
                             struct http_response *ret_response) {
    char path[PATH_MAX_HERE];
    case_path(path, case_name, "display-sets");
    return http_client_request(http, "GET", path, NULL, NULL, 0, ret_response) &&
           ret_response->status == 200;
}

// How many instances the server lists.
static size_t count_instances(const struct http_response *response) {
    static const char name[] = "\"sopInstanceUid\"";
    const uint8_t *at = response->body, *end = at + response->body_length;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), name, sizeof(name) - 1)) != NULL) {
        count++;
        at += sizeof(name) - 1;
    }
    return count;
}

static uint8_t *read_whole(const char *folder, const char *name, size_t *ret_length) {
    char path[DEMO_PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    uint8_t *bytes = NULL;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (length > 0 && length <= UPLOAD_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)length);
    if (bytes != NULL && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    *ret_length = (size_t)length;
    return bytes;
}

static bool upload(struct http_client *http, const char *folder, const char *path,
                   const struct demo_file *file, const char **ret_reason) {
    struct http_response response;
    size_t length;
    uint8_t *bytes = read_whole(folder, file->path, &length);
    if (bytes == NULL) {
        *ret_reason = "a file of the demonstration cannot be read";
        return false;
    }
    const char *media_type = file->document ? "application/pdf" : "application/dicom";
    bool asked = http_client_request(http, "POST", path, media_type, bytes, length, &response);
    free(bytes);
    if (!asked) {
        *ret_reason = "the server did not answer an upload";
        return false;
    }
    if (response.status == 200 || response.status == 201)
        return true;
    *ret_reason = response.status == 202 ? "the server holds an image back: same UID, other content"
                                         : "the server refused an upload";
    return false;
}

bool demo_upload_case(struct http_client *http, const char *folder,
                      const struct demo_manifest *manifest, const struct demo_case *patient_case,
                      const char **ret_reason) {
    char path[PATH_MAX_HERE];
    struct http_response response;
    if (!ask_display_sets(http, patient_case->name, &response)) {
        *ret_reason = "the server does not show the case to its coordinator";
        return false;
    }
    if (count_instances(&response) >= patient_case->file_count)
        return true;
    case_path(path, patient_case->name, "uploads");
    for (size_t i = 0; i < patient_case->file_count; i++) {
        const struct demo_file *file = &manifest->files[patient_case->first_file + i];
        if (!upload(http, folder, path, file, ret_reason))
            return false;
        if ((i + 1) % PROGRESS_EVERY == 0 || i + 1 == patient_case->file_count)
            fprintf(stderr, "demonstration: %s, file %zu of %zu\n", patient_case->name, i + 1,
                    patient_case->file_count);
    }
    return true;
}

// The value of "displaySet" of the object that `inside` is part of: the last one before it, as the
// server writes the id before everything else of a display set.
static bool id_before(const struct http_response *response, const uint8_t *inside,
                      char ret_id[DISPLAY_SET_ID_MAX + 1]) {
    static const char name[] = "\"displaySet\"";
    const uint8_t *at = response->body, *last = NULL;
    while ((at = memmem(at, (size_t)(inside - at), name, sizeof(name) - 1)) != NULL) {
        last = at;
        at += sizeof(name) - 1;
    }
    return last != NULL && json_find_text(last, (size_t)(inside - last), "displaySet", ret_id,
                                          DISPLAY_SET_ID_MAX + 1);
}

bool demo_find_display_set(struct http_client *http, const char *case_name, const char *series_uid,
                           char ret_id[DISPLAY_SET_ID_MAX + 1]) {
    char value[UID_TEXT_MAX + 3];
    struct http_response response;
    if (!ask_display_sets(http, case_name, &response))
        return false;
    snprintf(value, sizeof(value), "\"%s\"", series_uid != NULL ? series_uid : "document");
    const uint8_t *found = memmem(response.body, response.body_length, value, strlen(value));
    return found != NULL && id_before(&response, found, ret_id);
}
