/*
 * Bytes that grow as they are written and never pass a limit named by the caller.
 *
 * The output owns its bytes until bounded_output_finish, or until bounded_output_take gives them
 * away. After the first write that does not fit (or finds no memory) `failed` stays set and later
 * writes do nothing, so a long series of writes is checked once, at its end.
 */
#ifndef CONSILIUM_IMAGING_BOUNDED_OUTPUT_H
#define CONSILIUM_IMAGING_BOUNDED_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bounded_output {
    /* Given. */
    size_t limit; // bytes, never passed
    /* Owned. */
    uint8_t *bytes;
    /* Derived. */
    size_t size;
    size_t capacity;
    bool failed;
};

void bounded_output_init(struct bounded_output *output, size_t limit);
void bounded_output_finish(struct bounded_output *output);

/* Gives the bytes to the caller, who frees them; the output is empty afterwards. */
uint8_t *bounded_output_take(struct bounded_output *output, size_t *ret_size);

/* Gives space for `size` more bytes and counts them as written; NULL when the output failed. */
uint8_t *bounded_output_extend(struct bounded_output *output, size_t size);

void bounded_output_write(struct bounded_output *output, const void *bytes, size_t size);
void bounded_output_byte(struct bounded_output *output, uint8_t byte);
void bounded_output_text(struct bounded_output *output, const char *text);
void bounded_output_format(struct bounded_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
