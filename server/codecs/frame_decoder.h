/*
 * One frame, as it lies in a file, to pixels: chooses the decoder by the transfer syntax.
 *
 * Memory is bounded by the form, which is the index row's: no header of a codestream is believed
 * before it agrees with it. Decoders hold nothing between frames. They may be slow or crash on
 * hostile bytes all the same, so they run in consilium-ingest alone, one frame after the other.
 */
#ifndef CONSILIUM_CODECS_FRAME_DECODER_H
#define CONSILIUM_CODECS_FRAME_DECODER_H

#include "server/codecs/pixel_header.h"
#include "server/codecs/pixels.h"

/* Beyond so many bytes of pixels a frame may have swollen so many times at most, as a deflated data
 * set (imaging/part10.h): JPEG 2000 makes pixels of bytes that are not there, and says nothing. */
#define FRAME_SWELL_FREE ((size_t)8 << 20)
#define FRAME_SWELL_MAX 250u

struct frame_coding {
    const char *transfer_syntax;       // UID
    struct pixel_form form;            //
    const struct pixel_header *header; // borrowed
};

/* Gives pixels to free. `ret_pixels->form` is the one asked for, except for its colour: lossy
 * colour images come back as RGB. */
enum codec_result frame_decode(const struct frame_coding *coding, const uint8_t *bytes, size_t size,
                               struct pixels *ret_pixels);

/* The colour that (0028,0004) names, as decoded from this transfer syntax. False when it is one
 * that is not decoded here. */
bool frame_colour(const char *photometric, const char *transfer_syntax, uint32_t samples,
                  enum pixel_colour *ret_colour);

#endif
