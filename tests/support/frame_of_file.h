/*
 * A frame of a file on disk as the codec worker is given it. Header only, for tests of codecs.
 */
#ifndef CONSILIUM_TESTS_FRAME_OF_FILE_H
#define CONSILIUM_TESTS_FRAME_OF_FILE_H

#include "server/codecs/frame_decoder.h"
#include "server/imaging/instance_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct file {
    uint8_t *bytes;
    size_t size;
};

static inline struct file read_file(const char *path) {
    FILE *stream = fopen(path, "rb");
    if (!stream) {
        fail_msg("%s", path);
    }
    fseek(stream, 0, SEEK_END);
    struct file file = {NULL, (size_t)ftell(stream)};
    rewind(stream);
    file.bytes = malloc(file.size + 1);
    assert_int_equal(fread(file.bytes, 1, file.size, stream), file.size);
    fclose(stream);
    return file;
}

/* A frame of a file as the decoder is given it. */
struct frame {
    struct frame_coding coding;
    struct pixel_header header;
    char transfer_syntax[65];
    enum dicom_encoding encoding;
    struct file head; // the data set up to its pixels
    uint8_t *bytes;
    size_t size;
};

/* Counted from 0; drop it. */
static inline void read_frame(const char *path, uint32_t number, struct character_sets *sets,
                              struct frame *frame) {
    struct file file = read_file(path);
    struct instance_reading reading;
    struct file_refusal refusal;
    assert_int_equal(instance_read(file.bytes, file.size, sets, &reading, &refusal),
                     FILE_REFUSAL_NONE);
    const struct instance *instance = &reading.instance;
    if (reading.frames.piece_count == 0) {
        reading.frames.native_offset = instance->pixel_offset;
        reading.frames.native_size = instance->frame_size;
        reading.frames.frame_count = instance->frame_count;
    }
    memcpy(frame->transfer_syntax, instance->transfer_syntax_uid, sizeof frame->transfer_syntax);
    const struct transfer_syntax *syntax = transfer_syntax_find(frame->transfer_syntax);
    frame->coding =
        (struct frame_coding){.transfer_syntax = frame->transfer_syntax,
                              .form = {.rows = instance->rows,
                                       .columns = instance->columns,
                                       .samples = instance->samples_per_pixel,
                                       .bits_allocated = instance->bits_allocated,
                                       .bits_stored = instance->bits_stored,
                                       .is_signed = instance->pixel_representation == 1},
                              .header = &frame->header};
    assert_true(frame_colour(instance->photometric, frame->transfer_syntax,
                             instance->samples_per_pixel, &frame->coding.form.colour));
    struct frame_piece single;
    uint32_t count;
    const struct frame_piece *pieces = frame_table_pieces(&reading.frames, number, &single, &count);
    size_t start = (size_t)instance->dataset_offset;
    size_t end = (size_t)(reading.frames.native_size ? reading.frames.native_offset
                                                     : reading.frames.pieces[0].offset);
    frame->head = (struct file){malloc(end - start), end - start};
    memcpy(frame->head.bytes, file.bytes + start, end - start);
    frame->encoding = syntax->encoding;
    pixel_header_read(file.bytes + start, end - start, syntax->encoding, &frame->header);
    frame->bytes = malloc(file.size);
    frame->size = 0;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(frame->bytes + frame->size, file.bytes + pieces[i].offset, pieces[i].length);
        frame->size += pieces[i].length;
    }
    instance_reading_finish(&reading);
    free(file.bytes);
}

static inline void drop_frame(struct frame *frame) {
    free(frame->bytes);
    free(frame->head.bytes);
}

#endif
