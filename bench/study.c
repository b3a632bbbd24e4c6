#define _GNU_SOURCE /* memmem */
#include "bench/study.h"

#include "clients/native/demo/demo_files.h"
#include "clients/native/demo/demo_images.h"
#include "clients/native/demo/demo_manifest.h"
#include "clients/native/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUDY_CASE "cranium"

enum { FILE_BYTES_MAX = 16 * 1024 * 1024, UID_SPACE = 65 };

bool study_make_files(char folder[64]) {
    const struct demo_sources sources = {CRANIUM_DEFAULT_FILE, PYDICOM_DEFAULT_FOLDER, NULL};
    const char *reason = "no folder";
    size_t count;
    snprintf(folder, 64, "/tmp/consilium-study-XXXXXX");
    if (mkdtemp(folder) != NULL && demo_images_write(folder, &sources, &count, &reason))
        return true;
    fprintf(stderr, "The study cannot be written: %s\n", reason);
    return false;
}

void study_remove_files(const char *folder) {
    demo_files_remove(folder);
}

static bool send_file(struct http_client *http, const char *path, const char *folder,
                      const char *name) {
    char place[DEMO_PATH_MAX];
    struct http_response response;
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    snprintf(place, sizeof place, "%s/%s", folder, name);
    FILE *file = fopen(place, "rb");
    size_t length = file != NULL && bytes != NULL ? fread(bytes, 1, FILE_BYTES_MAX, file) : 0;
    bool sent = length > 0 && http_client_request(http, "POST", path, "application/dicom", bytes,
                                                  length, &response);
    if (file != NULL)
        fclose(file);
    free(bytes);
    if (sent && (response.status == 200 || response.status == 201))
        return true;
    fprintf(stderr, "An image was not taken: %u\n", sent ? response.status : 0);
    return false;
}

static bool send_all(struct http_client *http, unsigned case_number, const char *folder) {
    char path[IMAGE_PATH_MAX];
    struct demo_manifest manifest;
    bool sent = demo_manifest_read(&manifest, folder);
    image_case_path(path, case_number, "uploads");
    for (size_t i = 0; sent && i < manifest.case_count; i++) {
        const struct demo_case *one = &manifest.cases[i];
        bool wanted = strcmp(one->name, STUDY_CASE) == 0;
        for (size_t f = 0; sent && wanted && f < one->file_count; f++) {
            const struct demo_file *file = &manifest.files[one->first_file + f];
            sent = file->document || send_file(http, path, folder, file->path);
        }
    }
    demo_manifest_finish(&manifest);
    return sent;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

/* The first frame of every instance that the server lists. */
static bool list_frames(struct http_client *http, unsigned case_number, struct study *study) {
    static const char member[] = "{\"sopInstanceUid\"";
    char path[IMAGE_PATH_MAX], rest[IMAGE_PATH_MAX], uid[UID_SPACE];
    struct http_response response;
    image_case_path(path, case_number, "display-sets");
    if (!http_client_request(http, "GET", path, NULL, NULL, 0, &response) || response.status != 200)
        return false;
    const uint8_t *at = response.body, *end = at + response.body_length;
    study->count = 0;
    while ((at = memmem(at, (size_t)(end - at), member, sizeof member - 1)) != NULL &&
           study->count < STUDY_FRAMES_MAX) {
        if (!json_find_text(at, (size_t)(end - at), "sopInstanceUid", uid, sizeof uid))
            return false;
        snprintf(rest, sizeof rest, "instances/%s/frames/1", uid);
        image_case_path(study->paths[study->count++], case_number, rest);
        at += sizeof member - 1;
    }
    qsort(study->paths, study->count, sizeof study->paths[0], by_text);
    return study->count > 0;
}

bool study_upload(const struct staff *staff, unsigned case_number, const char *folder,
                  struct study *ret) {
    struct http_client http;
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[0].token;
    bool there = send_all(&http, case_number, folder) && list_frames(&http, case_number, ret);
    http_client_finish(&http);
    return there;
}
