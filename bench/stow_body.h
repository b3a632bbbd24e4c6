/*
 * Bodies of STOW-RS (PS3.18 10.5) in memory, and small images to put into them; what such a body is
 * stored with.
 */
#ifndef CONSILIUM_BENCH_STOW_BODY_H
#define CONSILIUM_BENCH_STOW_BODY_H

#include "clients/native/http.h"
#include "tests/support/dicom_writer.h"

struct stow_body { /* zeroed it is empty */
    uint8_t *bytes;
    size_t length, capacity, files_length;
    unsigned count;
};

void stow_body_add(struct stow_body *body, const void *file, size_t length);
/* After the last one. */
void stow_body_end(struct stow_body *body);
void stow_body_finish(struct stow_body *body);

/* A study of one image of 16 x 16 pixels. */
void small_study_write(struct dicom_writer *writer, unsigned case_number, unsigned number);

/* Seconds that it takes; 0 = it was not taken, and standard error says so. `bearer` NULL = none. */
double stow_body_store(const struct server_address *address, const char *bearer, const char *path,
                       const struct stow_body *body);

#endif
