/*
 * Frames to the codec worker and what it made of them back, on the libuv loop. There are two: one
 * that works in the background and gives way to everything else, one for who waits for a picture.
 * Neither is the child that reads uploads (imaging/ingest_child says how each is watched).
 */
#ifndef CONSILIUM_CODECS_CODEC_LINK_H
#define CONSILIUM_CODECS_CODEC_LINK_H

#include "protocol/generated/ingest.h"

#include <uv.h>

#define CODEC_FRAMES_MAX 256u              // of one job
#define CODEC_JOB_SIZE ((uint64_t)8 << 20) // decoded bytes of one job, unless one frame is larger
#define CODEC_PICTURE_MS 2000u             // of a job that somebody waits for
#define CODEC_BACKGROUND_MS 30000u         // of one that gives way to everybody
#define CODEC_MIB_MS 250u                  // more for each MiB of pixels

struct codec_link;

/* What is given to the worker. Borrowed until the answer: the descriptors. */
struct codec_input {
    int from;               // a memory file: the header, then the frames
    int into;               // a memory file of `space` bytes, sealed against shrinking
    uint64_t header_length; // bytes
    uint64_t space;         // bytes
    struct pixel_shape shape;
};

/* Borrowed for the call; refusal says whether the rest means anything. NULL: the worker died of it
 * or was too slow. A worker that is not to be had is CODEC_REFUSAL_NO_MEMORY: again later. */
typedef void (*codec_copied)(void *data, const struct frames_copied *copied);
typedef void (*codec_rendered)(void *data, const struct frame_rendered *rendered);

/* NULL without memory. */
struct codec_link *codec_link_create(uv_loop_t *loop, const char *program, bool background);
void codec_link_close(struct codec_link *link, void (*closed)(void *data), void *data);

/* False when too much waits already; otherwise `done` on a later turn of the loop. */
bool codec_link_copy(struct codec_link *link, const struct codec_input *input,
                     const struct u64_list *lengths, codec_copied done, void *data);

/* `wanted` says everything but job, shape, header_length and space. */
bool codec_link_render(struct codec_link *link, const struct codec_input *input,
                       const struct render_frame *wanted, codec_rendered done, void *data);

/* Bytes of one decoded frame, 0 when it says nonsense. */
uint64_t codec_frame_size(const struct pixel_shape *shape);

uint64_t codec_link_restarts(const struct codec_link *link);
int codec_link_child(const struct codec_link *link); // its process, 0 while there is none

#endif
