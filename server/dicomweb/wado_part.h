/*
 * One part of what is retrieved, and what is said around it (RFC 2387, RFC 2046 5.1). Pure.
 */
#ifndef CONSILIUM_DICOMWEB_WADO_PART_H
#define CONSILIUM_DICOMWEB_WADO_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wado_lead {
    LEAD_NONE,
    LEAD_PREAMBLE, /* 128 bytes and DICM: the file has its meta information */
    LEAD_META,     /* that and a meta information of ours */
};

enum wado_origin {
    ORIGIN_STORED,  /* bytes of the file */
    ORIGIN_COPY,    /* a frame of its lossless copy */
    ORIGIN_SAMPLES, /* a frame decoded for this answer; `length` is what it will be */
    ORIGIN_PICTURE, /* made for this answer: nobody knows its length before it is there */
};

struct wado_part {
    char sop_instance_uid[65];
    char sop_class_uid[65]; /* for LEAD_META */
    uint32_t frame;         /* as of imaging_download_open; of a picture 0 = the middle one */
    uint8_t lead, origin;
    uint64_t offset, length;                  /* of what is read */
    const char *media_type, *transfer_syntax; /* static; the second "" = none is said */
};

enum { WADO_TEXT_MAX = 2048, WADO_BOUNDARY_SIZE = 48, WADO_TYPE_SIZE = 256 };

/* Nobody who writes a file can guess it. False without randomness. */
bool wado_boundary_make(char boundary[WADO_BOUNDARY_SIZE]);
/* The Content-Type of all of it; without a boundary that of the part alone. */
void wado_type_write(const struct wado_part *part, const char *boundary, char type[WADO_TYPE_SIZE]);
/* What stands before the bytes of a part, and after the last; both return the size. Without a
 * boundary the first is what leads a file alone. `location` "" = none is said; at most 1,024. */
size_t wado_head_write(const struct wado_part *part, const char *boundary, bool first,
                       const char *location, uint8_t text[WADO_TEXT_MAX]);
size_t wado_tail_write(const char *boundary, uint8_t text[WADO_TEXT_MAX]);

#endif
