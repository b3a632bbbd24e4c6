#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_MANIFEST_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The manifest of a folder that demo_images_write made, read back. Its texts borrow from the one
 * buffer that the manifest owns.
 */

enum { DEMO_CASES_MAX = 16, DEMO_FILES_MAX = 1024, DEMO_MANIFEST_BYTES_MAX = 1 << 20 };

struct demo_file {
    const char *path; // within the folder
    bool document;    // a PDF rather than DICOM
};

struct demo_case {
    const char *name; // identifiers derive from it
    const char *patient_id, *patient_name, *birth_date, *sex;
    const char *title;
    size_t first_file, file_count; // of the manifest's files
};

struct demo_manifest {
    char *text; // owned
    struct demo_case cases[DEMO_CASES_MAX];
    size_t case_count;
    struct demo_file files[DEMO_FILES_MAX];
    size_t file_count;
};

// False when the folder is incomplete or the manifest is not one.
bool demo_manifest_read(struct demo_manifest *manifest, const char *folder);
void demo_manifest_finish(struct demo_manifest *manifest);

#endif
