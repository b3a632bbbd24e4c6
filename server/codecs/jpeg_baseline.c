#include "server/codecs/jpeg_baseline.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

/* libjpeg ends the program on an error unless it is led away. */
struct leaving {
    struct jpeg_error_mgr base; // first, so that it is found from the library's
    jmp_buf leave;
};

static void on_error(j_common_ptr library) {
    longjmp(((struct leaving *)library->err)->leave, 1);
}

/* Says nothing, and counts what is below zero: warnings. */
static void on_message(j_common_ptr library, int level) {
    library->err->num_warnings += level < 0;
}

static void be_led_away(struct leaving *leaving) {
    jpeg_std_error(&leaving->base);
    leaving->base.error_exit = on_error;
    leaving->base.emit_message = on_message;
}

static bool agrees(const struct jpeg_decompress_struct *library, const struct pixel_form *form) {
    return library->image_width == form->columns && library->image_height == form->rows &&
           (uint32_t)library->num_components == form->samples && library->data_precision == 8 &&
           form->bits_allocated == 8 && !library->progressive_mode;
}

/* Which colours the codestream holds is what the data set says, not what the library guesses. */
static void choose_colour(struct jpeg_decompress_struct *library, const struct pixel_form *form) {
    if (form->samples == 1) {
        library->jpeg_color_space = library->out_color_space = JCS_GRAYSCALE;
        return;
    }
    bool says_rgb = form->colour == COLOUR_RGB && !library->saw_JFIF_marker &&
                    !(library->saw_Adobe_marker && library->Adobe_transform == 1);
    library->jpeg_color_space = says_rgb ? JCS_RGB : JCS_YCbCr;
    library->out_color_space = JCS_RGB;
}

static bool read_lines(struct jpeg_decompress_struct *library, struct pixels *pixels) {
    size_t stride = (size_t)pixels->form.columns * pixels->form.samples;
    while (library->output_scanline < library->output_height) {
        JSAMPROW row = pixels->bytes + library->output_scanline * stride;
        if (jpeg_read_scanlines(library, &row, 1) != 1) {
            return false;
        }
    }
    return true;
}

enum codec_result jpeg_baseline_decode(const uint8_t *bytes, size_t size, struct pixels *pixels) {
    struct jpeg_decompress_struct library;
    struct leaving leaving;
    memset(&library, 0, sizeof library);
    be_led_away(&leaving);
    library.err = &leaving.base;
    if (setjmp(leaving.leave)) {
        jpeg_destroy_decompress(&library);
        return CODEC_DAMAGED;
    }
    jpeg_create_decompress(&library);
    jpeg_mem_src(&library, bytes, (unsigned long)size);
    bool good =
        jpeg_read_header(&library, TRUE) == JPEG_HEADER_OK && agrees(&library, &pixels->form);
    if (good) {
        choose_colour(&library, &pixels->form);
        good = jpeg_start_decompress(&library) &&
               (uint32_t)library.output_components == pixels->form.samples &&
               read_lines(&library, pixels) && jpeg_finish_decompress(&library);
        // A warning is a codestream that ended early or went astray: what follows is made up.
        good = good && library.err->num_warnings == 0;
    }
    jpeg_destroy_decompress(&library);
    if (good && pixels->form.samples == 3) {
        pixels->form.colour = COLOUR_RGB;
    }
    return good ? CODEC_OK : CODEC_DAMAGED;
}

/* A destination that ends where the space does. */
struct bounded_destination {
    struct jpeg_destination_mgr base; // first, so that it is found from the library's
    uint8_t *space;
    size_t size;
};

static void begin_writing(j_compress_ptr library) {
    struct bounded_destination *destination = (struct bounded_destination *)library->dest;
    destination->base.next_output_byte = destination->space;
    destination->base.free_in_buffer = destination->size;
}

static boolean on_full(j_compress_ptr library) {
    on_error((j_common_ptr)library);
    return FALSE;
}

static void end_writing(j_compress_ptr library) {
    (void)library;
}

static void write_lines(struct jpeg_compress_struct *library, const struct pixels *picture,
                        unsigned quality) {
    library->image_width = picture->form.columns;
    library->image_height = picture->form.rows;
    library->input_components = (int)picture->form.samples;
    library->in_color_space = picture->form.samples == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(library);
    jpeg_set_quality(library, (int)quality, TRUE);
    jpeg_start_compress(library, TRUE);
    size_t stride = (size_t)picture->form.columns * picture->form.samples;
    while (library->next_scanline < library->image_height) {
        JSAMPROW row = picture->bytes + library->next_scanline * stride;
        jpeg_write_scanlines(library, &row, 1);
    }
    jpeg_finish_compress(library);
}

enum codec_result jpeg_baseline_encode(const struct pixels *picture, unsigned quality,
                                       uint8_t *space, size_t space_size, size_t *ret_size) {
    struct jpeg_compress_struct library;
    struct leaving leaving;
    struct bounded_destination destination = {.space = space, .size = space_size};
    memset(&library, 0, sizeof library);
    be_led_away(&leaving);
    library.err = &leaving.base;
    if (setjmp(leaving.leave)) {
        jpeg_destroy_compress(&library);
        return CODEC_OVER_LIMIT;
    }
    jpeg_create_compress(&library);
    destination.base.init_destination = begin_writing;
    destination.base.empty_output_buffer = on_full;
    destination.base.term_destination = end_writing;
    library.dest = &destination.base;
    write_lines(&library, picture, quality);
    *ret_size = space_size - destination.base.free_in_buffer;
    jpeg_destroy_compress(&library);
    return CODEC_OK;
}
