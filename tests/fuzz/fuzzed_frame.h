/*
 * What the fuzzers of codecs share: the first bytes of an input are the index row's form, the rest
 * the frame. What is decoded is made a picture of, too.
 */
#ifndef CONSILIUM_TESTS_FUZZED_FRAME_H
#define CONSILIUM_TESTS_FUZZED_FRAME_H

#include "server/codecs/frame_decoder.h"
#include "server/codecs/picture.h"

#define FORM_SIZE 4 // rows, columns, bits stored, flags

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static inline int decode_fuzzed(const char *transfer_syntax, const uint8_t *bytes, size_t size) {
    static struct pixel_header header;
    static struct shown_values values = {.slope = 1};
    if (size < FORM_SIZE) {
        return 0;
    }
    struct frame_coding coding = {
        .transfer_syntax = transfer_syntax,
        .form = {.rows = bytes[0],
                 .columns = bytes[1],
                 .bits_stored = bytes[2],
                 .bits_allocated = bytes[3] & 1 ? 16 : 8,
                 .is_signed = (bytes[3] & 2) != 0,
                 .samples = bytes[3] & 4 ? 3 : 1,
                 .colour = bytes[3] & 4 ? COLOUR_RGB : COLOUR_MONOCHROME2},
        .header = &header};
    struct pixels pixels, picture;
    struct picture_wanted wanted = {.rows_max = 16, .columns_max = 16};
    if (frame_decode(&coding, bytes + FORM_SIZE, size - FORM_SIZE, &pixels) != CODEC_OK) {
        return 0;
    }
    if (picture_make(&pixels, &header.palette, &values, &wanted, &picture) == CODEC_OK) {
        pixels_free(&picture);
    }
    pixels_free(&pixels);
    return 0;
}

#endif
