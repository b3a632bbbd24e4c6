/*
 * A CT series made up of numbers, put into a case of a running server, so that benchmarks can fetch
 * its frames and know every byte they must be.
 */
#ifndef CONSILIUM_BENCH_IMAGES_H
#define CONSILIUM_BENCH_IMAGES_H

#include "tests/support/staff.h"

enum {
    IMAGE_SIDE = 512,
    IMAGE_BYTES = IMAGE_SIDE * IMAGE_SIDE * 2,
    IMAGE_FILE_MAX = IMAGE_BYTES + 32768,
    IMAGE_PATH_MAX = 160
};

/* Slices 1 to `count` into the case, as person 0 of the staff. False, with the reason on standard
 * error, when the server does not take them. */
bool images_upload(const struct staff *staff, unsigned case_number, unsigned count);

/* The slice as a DICOM file into space for IMAGE_FILE_MAX bytes; how many it has. */
size_t image_write(uint8_t *file, unsigned case_number, unsigned slice);

/* Of what the case has under that name: "uploads" for one. */
void image_case_path(char path[IMAGE_PATH_MAX], unsigned case_number, const char *rest);
void image_uid(char uid[65], unsigned case_number, unsigned slice);
/* Of the slice's one frame. */
void image_path(char path[IMAGE_PATH_MAX], unsigned case_number, unsigned slice);
/* Whether these are the frame's bytes. */
bool image_is(const uint8_t *bytes, size_t length, unsigned case_number, unsigned slice);
/* Fetches the frame and looks at every byte. */
bool image_fetch(struct http_client *http, unsigned case_number, unsigned slice);

#endif
