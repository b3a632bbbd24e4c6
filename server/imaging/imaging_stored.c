#include "server/imaging/imaging_stored.h"

#include "server/imaging/instance_reader.h"
#include "server/imaging/part10.h"

#include <stdlib.h>
#include <string.h>

enum imaging_read_result stored_result(enum blob_result result) {
    switch (result) {
    case BLOB_OK:
        return IMAGING_READ_OK;
    case BLOB_ABSENT:
    case BLOB_DAMAGED:
        return IMAGING_READ_DAMAGED;
    case BLOB_NO_SPACE:
    case BLOB_IO_FAILED:
        break;
    }
    return IMAGING_READ_UNAVAILABLE;
}

/* A deflated file has no ranges: it is inflated whole for each read. */
static enum imaging_read_result inflate(struct stored_file *stored) {
    const struct imaging_locator *locator = stored->locator;
    uint8_t name[BLOB_NAME_SIZE];
    record_blob_name(stored->keys, locator->patient_case, locator->sop_instance_uid,
                     locator->digest, name);
    size_t size = (size_t)locator->file_size;
    uint8_t *bytes = malloc(size);
    struct file_refusal refusal;
    struct part10 part10 = {transfer_syntax_find(TRANSFER_SYNTAX_DEFLATED_LE),
                            (size_t)locator->dataset_offset};
    enum imaging_read_result result =
        bytes ? stored_result(
                    blob_read(stored->files, stored->keys->blob, name, size, 0, size, bytes))
              : IMAGING_READ_UNAVAILABLE;
    if (result == IMAGING_READ_OK &&
        part10_inflate(bytes, size, &part10, 0, &stored->inflated, &refusal) != FILE_REFUSAL_NONE) {
        result = IMAGING_READ_DAMAGED;
    }
    free(bytes);
    return result;
}

enum imaging_read_result stored_file_open(struct stored_file *stored,
                                          const struct imaging_service *service,
                                          const struct case_keys *keys,
                                          const struct imaging_locator *locator, bool raw) {
    *stored = (struct stored_file){&service->files, keys, locator, {0}};
    bounded_output_init(&stored->inflated, INFLATED_SIZE_MAX);
    bool deflated = strcmp(locator->transfer_syntax_uid, TRANSFER_SYNTAX_DEFLATED_LE) == 0;
    return deflated && !raw ? inflate(stored) : IMAGING_READ_OK;
}

void stored_file_close(struct stored_file *stored) {
    bounded_output_finish(&stored->inflated);
}

enum imaging_read_result stored_file_read(const struct stored_file *stored, uint64_t offset,
                                          size_t length, uint8_t *ret_bytes) {
    const struct imaging_locator *locator = stored->locator;
    if (stored->inflated.size > 0) {
        if (offset > stored->inflated.size || length > stored->inflated.size - offset) {
            return IMAGING_READ_DAMAGED;
        }
        memcpy(ret_bytes, stored->inflated.bytes + offset, length);
        return IMAGING_READ_OK;
    }
    if (offset > locator->file_size || length > locator->file_size - offset) {
        return IMAGING_READ_DAMAGED;
    }
    uint8_t name[BLOB_NAME_SIZE];
    record_blob_name(stored->keys, locator->patient_case, locator->sop_instance_uid,
                     locator->digest, name);
    enum blob_result result = blob_read(stored->files, stored->keys->blob, name, locator->file_size,
                                        offset, length, ret_bytes);
    return stored_result(result);
}

enum imaging_read_result stored_file_read_pieces(const struct stored_file *stored,
                                                 const struct frame_piece *pieces, uint32_t count,
                                                 uint64_t skip, size_t length, uint8_t *ret_bytes) {
    enum imaging_read_result result = IMAGING_READ_OK;
    size_t done = 0;
    for (uint32_t i = 0; i < count && done < length && result == IMAGING_READ_OK; i++) {
        if (skip >= pieces[i].length) {
            skip -= pieces[i].length;
            continue;
        }
        uint64_t here = pieces[i].length - skip;
        size_t step = here < length - done ? (size_t)here : length - done;
        result = stored_file_read(stored, pieces[i].offset + skip, step, ret_bytes + done);
        done += step;
        skip = 0;
    }
    return result;
}

const char *stored_frame_syntax(const struct imaging_locator *locator) {
    bool deflated = strcmp(locator->transfer_syntax_uid, TRANSFER_SYNTAX_DEFLATED_LE) == 0;
    return deflated ? TRANSFER_SYNTAX_EXPLICIT_LE : locator->transfer_syntax_uid;
}
