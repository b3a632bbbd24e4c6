/*
 * Frames of a stored file laid out for the codec worker: a memory file with what lies before the
 * pixels and then the frames, and an empty one to be written into. Made on a thread.
 */
#ifndef CONSILIUM_IMAGING_FRAME_INPUT_H
#define CONSILIUM_IMAGING_FRAME_INPUT_H

#include "server/codecs/codec_link.h"
#include "server/imaging/imaging_locator.h"

struct frame_input {
    /* Owned. */
    int from, into; // descriptors, -1 when there is none
    /* Derived. */
    uint64_t header_length; // bytes
    uint64_t space;         // bytes of `into`
    uint64_t lengths[CODEC_FRAMES_MAX];
    uint32_t count;
};

/* `keys` and `locator` are borrowed for the call; `count` frames from `first` on, counted from 0;
 * of what lies before them nothing when it is longer than `header_max` bytes. Finish is safe after
 * a failure. */
enum imaging_read_result frame_input_make(struct frame_input *input,
                                          const struct imaging_service *service,
                                          const struct case_keys *keys,
                                          const struct imaging_locator *locator, uint32_t first,
                                          uint32_t count, uint64_t header_max, uint64_t space);
/* Bytes of `from` that one frame takes. */
uint64_t frame_input_size(const struct imaging_locator *locator, uint32_t frame,
                          uint64_t header_max);
void frame_input_finish(struct frame_input *input);

/* What the worker is told; its texts are the locator's. */
struct codec_input frame_input_of(const struct frame_input *input,
                                  const struct imaging_locator *locator);
struct pixel_shape frame_input_shape(const struct imaging_locator *locator);

/* Bytes of a frame of it as samples; 0 when the outline says that it is none that we decode. */
uint64_t frame_decoded_size(const struct imaging_locator *locator);

#endif
