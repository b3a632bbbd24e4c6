#define _GNU_SOURCE // memfd_create and file seals
#include "server/imaging/imaging_frame_input.h"

#include "server/imaging/imaging_stored.h"
#include "server/imaging/transfer_syntax.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES_SIZE_MAX ((uint64_t)512 << 20) // bytes of one job

/* Neither side can take memory away from under the other. */
static int memory_file(uint64_t size, int seals) {
    int file = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file >= 0 && (ftruncate(file, (off_t)size) != 0 ||
                      fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | seals) != 0)) {
        close(file);
        file = -1;
    }
    return file;
}

/* The data set before its first frame; empty when it is longer. */
static struct frame_piece header_of(const struct imaging_locator *locator, uint64_t header_max) {
    const struct frame_table *frames = &locator->frames;
    bool deflated = stored_frame_syntax(locator) != locator->transfer_syntax_uid;
    uint64_t start = deflated ? 0 : locator->dataset_offset;
    uint64_t end = frames->native_size ? frames->native_offset : frames->pieces[0].offset;
    bool small = end > start && end - start <= header_max;
    return (struct frame_piece){start, small ? end - start : 0};
}

static uint64_t frame_length(const struct imaging_locator *locator, uint32_t frame) {
    struct frame_piece single;
    uint32_t count;
    const struct frame_piece *pieces = frame_table_pieces(&locator->frames, frame, &single, &count);
    uint64_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        length += pieces[i].length;
    }
    return length;
}

uint64_t frame_input_size(const struct imaging_locator *locator, uint32_t frame,
                          uint64_t header_max) {
    return header_of(locator, header_max).length + frame_length(locator, frame);
}

static enum imaging_read_result read_frames(const struct frame_input *input,
                                            const struct stored_file *stored, uint32_t first,
                                            uint8_t *into) {
    const struct imaging_locator *locator = stored->locator;
    enum imaging_read_result result = IMAGING_READ_OK;
    struct frame_piece header = header_of(locator, input->header_length);
    if (header.length > 0) {
        result = stored_file_read(stored, header.offset, (size_t)header.length, into);
    }
    into += header.length;
    for (uint32_t i = 0; i < input->count && result == IMAGING_READ_OK; i++) {
        struct frame_piece single;
        uint32_t count;
        const struct frame_piece *pieces =
            frame_table_pieces(&locator->frames, first + i, &single, &count);
        result = stored_file_read_pieces(stored, pieces, count, 0, (size_t)input->lengths[i], into);
        into += input->lengths[i];
    }
    return result;
}

static enum imaging_read_result fill(const struct frame_input *input,
                                     const struct imaging_service *service,
                                     const struct case_keys *keys,
                                     const struct imaging_locator *locator, uint32_t first,
                                     uint64_t size) {
    void *into = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, input->from, 0);
    if (into == MAP_FAILED) {
        return IMAGING_READ_UNAVAILABLE;
    }
    struct stored_file stored;
    enum imaging_read_result result = stored_file_open(&stored, service, keys, locator, false);
    if (result == IMAGING_READ_OK) {
        result = read_frames(input, &stored, first, into);
    }
    stored_file_close(&stored);
    munmap(into, size);
    return result;
}

enum imaging_read_result frame_input_make(struct frame_input *input,
                                          const struct imaging_service *service,
                                          const struct case_keys *keys,
                                          const struct imaging_locator *locator, uint32_t first,
                                          uint32_t count, uint64_t header_max, uint64_t space) {
    memset(input, 0, sizeof *input);
    input->from = input->into = -1;
    input->header_length = header_of(locator, header_max).length;
    input->space = space;
    input->count = count;
    uint64_t size = input->header_length;
    for (uint32_t i = 0; i < count; i++) {
        input->lengths[i] = frame_length(locator, first + i);
        size += input->lengths[i];
    }
    if (size == 0 || size > FRAMES_SIZE_MAX || space == 0) {
        return IMAGING_READ_DAMAGED;
    }
    input->from = memory_file(size, 0);
    input->into = memory_file(space, 0);
    if (input->from < 0 || input->into < 0) {
        return IMAGING_READ_UNAVAILABLE;
    }
    enum imaging_read_result result = fill(input, service, keys, locator, first, size);
    // From here nobody can change it, the worker included.
    bool sealed = fcntl(input->from, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0;
    return result == IMAGING_READ_OK && !sealed ? IMAGING_READ_UNAVAILABLE : result;
}

void frame_input_finish(struct frame_input *input) {
    if (input->from >= 0) {
        close(input->from);
    }
    if (input->into >= 0) {
        close(input->into);
    }
    input->from = input->into = -1;
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

struct pixel_shape frame_input_shape(const struct imaging_locator *locator) {
    const struct pixel_outline *pixels = &locator->pixels;
    return (struct pixel_shape){.transfer_syntax = text_of(stored_frame_syntax(locator)),
                                .photometric = text_of(pixels->photometric),
                                .rows = pixels->rows,
                                .columns = pixels->columns,
                                .samples = pixels->samples,
                                .bits_allocated = pixels->bits_allocated,
                                .bits_stored = pixels->bits_stored,
                                .is_signed = pixels->is_signed};
}

uint64_t frame_decoded_size(const struct imaging_locator *locator) {
    struct pixel_shape shape = frame_input_shape(locator);
    const struct transfer_syntax *syntax = transfer_syntax_find(locator->transfer_syntax_uid);
    bool decoded = syntax && syntax->packing != PIXELS_VIDEO && locator->frames.frame_count > 0 &&
                   (shape.samples == 1 || shape.samples == 3) &&
                   (shape.bits_allocated == 8 || shape.bits_allocated == 16);
    return decoded ? codec_frame_size(&shape) : 0;
}

struct codec_input frame_input_of(const struct frame_input *input,
                                  const struct imaging_locator *locator) {
    return (struct codec_input){.from = input->from,
                                .into = input->into,
                                .header_length = input->header_length,
                                .space = input->space,
                                .shape = frame_input_shape(locator)};
}
