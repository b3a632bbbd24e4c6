#include "server/imaging/bounded_output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_FIRST_CAPACITY 4096
#define OUTPUT_FORMAT_MAX 512 // one formatted piece; longer pieces are written as text

void bounded_output_init(struct bounded_output *output, size_t limit) {
    memset(output, 0, sizeof *output);
    output->limit = limit;
}

void bounded_output_finish(struct bounded_output *output) {
    free(output->bytes);
    bounded_output_init(output, output->limit);
}

uint8_t *bounded_output_take(struct bounded_output *output, size_t *ret_size) {
    uint8_t *bytes = output->bytes;
    *ret_size = output->size;
    bounded_output_init(output, output->limit);
    return bytes;
}

static bool grow(struct bounded_output *output, size_t needed) {
    size_t capacity = output->capacity ? output->capacity : OUTPUT_FIRST_CAPACITY;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *bytes = realloc(output->bytes, capacity);
    if (!bytes) {
        return false;
    }
    output->bytes = bytes;
    output->capacity = capacity;
    return true;
}

uint8_t *bounded_output_extend(struct bounded_output *output, size_t size) {
    if (output->failed) {
        return NULL;
    }
    bool fits = size <= output->limit - output->size;
    if (!fits || (output->size + size > output->capacity && !grow(output, output->size + size))) {
        output->failed = true;
        return NULL;
    }
    uint8_t *space = output->bytes + output->size;
    output->size += size;
    return space;
}

void bounded_output_write(struct bounded_output *output, const void *bytes, size_t size) {
    if (size == 0) {
        return;
    }
    uint8_t *space = bounded_output_extend(output, size);
    if (space) {
        memcpy(space, bytes, size);
    }
}

void bounded_output_byte(struct bounded_output *output, uint8_t byte) {
    if (!output->failed && output->size < output->capacity && output->size < output->limit) {
        output->bytes[output->size++] = byte;
        return;
    }
    bounded_output_write(output, &byte, 1);
}

void bounded_output_text(struct bounded_output *output, const char *text) {
    bounded_output_write(output, text, strlen(text));
}

void bounded_output_format(struct bounded_output *output, const char *format, ...) {
    char piece[OUTPUT_FORMAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    assert(length >= 0 && (size_t)length < sizeof piece);
    bounded_output_write(output, piece, (size_t)length);
}
