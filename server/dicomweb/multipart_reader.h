/*
 * Reads multipart/related (RFC 2046 5.1, RFC 2387) as it comes, in pieces of any size. No input, no
 * output and no memory of its own: what it gives out borrows from the piece at hand or from the
 * reader. Bounded: a boundary has 70 characters, the headers of a part 4 KiB.
 */
#ifndef CONSILIUM_DICOMWEB_MULTIPART_READER_H
#define CONSILIUM_DICOMWEB_MULTIPART_READER_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum { MULTIPART_BOUNDARY_MAX = 70, MULTIPART_HEADERS_MAX = 4096 };

enum multipart_event {
    MULTIPART_MORE,       /* the piece is used up: bring the next */
    MULTIPART_PART_BEGIN, /* `headers` of the reader are those of a part that begins */
    MULTIPART_PART_BYTES, /* a slice of its body; any number of them */
    MULTIPART_PART_END,
    MULTIPART_END,       /* the last delimiter; what follows is not looked at */
    MULTIPART_MALFORMED, /* for ever */
};

struct multipart_reader {
    char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CR LF - - boundary */
    uint32_t delimiter_length;
    enum {
        MULTIPART_PREAMBLE, /* before the first delimiter */
        MULTIPART_AFTER,    /* a delimiter was read: is it the last? */
        MULTIPART_HEADERS,
        MULTIPART_BODY,
        MULTIPART_EPILOGUE,
        MULTIPART_BROKEN,
    } state;
    uint32_t matched; /* of the delimiter, at the end of what was read */
    bool in_part;
    uint32_t header_length;
    char headers[MULTIPART_HEADERS_MAX];
};

/* From the Content-Type of the request: false when it is not multipart/related with a boundary.
 * `ret_type` is its type parameter, borrowed, empty when there is none. */
bool multipart_reader_init(struct multipart_reader *reader, struct text content_type,
                           struct text *ret_type);

/* Takes the next step in `rest`, which moves on; `ret_slice` for MULTIPART_PART_BYTES. */
enum multipart_event multipart_reader_next(struct multipart_reader *reader, struct bytes *rest,
                                           struct bytes *ret_slice);

/* The value of a header of the part that began, without parameters; empty when there is none. */
struct text multipart_reader_header(const struct multipart_reader *reader, const char *name);

#endif
