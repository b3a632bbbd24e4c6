/*
 * Bytes of a stored file, opened and verified, on a thread: ranges of it, its frames, and what lies
 * before its pixels. The data set of a deflated file is inflated whole, once.
 */
#ifndef CONSILIUM_IMAGING_STORED_H
#define CONSILIUM_IMAGING_STORED_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_locator.h"

/* A file that is away or changed is damage; what the system refuses just now is none. */
enum imaging_read_result stored_result(enum blob_result result);

struct stored_file {
    /* Given, borrowed until it is closed. */
    const struct blob_files *files;
    const struct case_keys *keys;
    const struct imaging_locator *locator;
    /* Owned. */
    struct bounded_output inflated; // empty unless the file is deflated
};

/* `raw` = as it was stored, deflated or not. Close is safe after a failure. */
enum imaging_read_result stored_file_open(struct stored_file *stored,
                                          const struct imaging_service *service,
                                          const struct case_keys *keys,
                                          const struct imaging_locator *locator, bool raw);
void stored_file_close(struct stored_file *stored);

enum imaging_read_result stored_file_read(const struct stored_file *stored, uint64_t offset,
                                          size_t length, uint8_t *ret_bytes);

/* `length` bytes of what the pieces hold together, from `skip` on. */
enum imaging_read_result stored_file_read_pieces(const struct stored_file *stored,
                                                 const struct frame_piece *pieces, uint32_t count,
                                                 uint64_t skip, size_t length, uint8_t *ret_bytes);

/* The frame's bytes do not depend on how the data set around them was deflated. */
const char *stored_frame_syntax(const struct imaging_locator *locator);

#endif
