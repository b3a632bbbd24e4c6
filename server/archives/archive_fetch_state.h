/*
 * What the files of one fetch share; included by archive_fetch*.c only.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_FETCH_STATE_H
#define CONSILIUM_ARCHIVES_ARCHIVE_FETCH_STATE_H

#include "server/archives/archive_fetch.h"
#include "server/dicomweb/part_intake.h"

enum fetch_step {
    FETCH_LISTING,   /* ends with a page without anything new */
    FETCH_COMPARING, /* ends with our database's answer */
    FETCH_ASKING,    /* ends when the answer has ended and every part of it was answered */
    FETCH_RESTING,   /* ends with the timer */
    FETCH_ENDED,
};

struct archive_fetch {
    /* Given. */
    struct archive_fetch_config config;
    void (*closed)(void *data); /* NULL until it is closed */
    void *closed_data;
    /* Owned. */
    uv_timer_t timer;                /* rests, or looks whether an upload can be begun now */
    struct archive_request *request; /* NULL = none is under way */
    struct part_intake *intake; /* of the answer at hand, until all of its parts are answered */
    struct bounded_output page;
    struct fetch_plan plan;
    struct sending sending; /* what who waits is told of it; its files are 0 until they are known */
    /* Derived. */
    enum fetch_step step;
    struct fetch_ask ask;
    uint32_t offset, settled;          /* in the list; how many were at the failure before */
    uint32_t extra[FETCH_REFUSED + 1]; /* of images that no list named */
    unsigned failures;                 /* in a row in which nothing came */
    enum archive_failure failure;      /* of the last request; why it rests */
    const char *why;                   /* it rests, or ended */
    uint64_t bytes, answer_bytes;      /* that came; of the answer at hand */
    bool listed, answered, querying;
    bool request_over;          /* but not yet all of its parts */
    bool unavailable, no_space; /* said by our own side of a part of this answer */
};

/* archive_fetch.c */
void fetch_take_step(struct archive_fetch *fetch);
void fetch_failed(struct archive_fetch *fetch, enum archive_failure failure);
void fetch_end(struct archive_fetch *fetch, const char *why);

/* archive_fetch_list.c: what there is, and what of it the case has */
void fetch_list(struct archive_fetch *fetch);
void fetch_compare(struct archive_fetch *fetch);

/* archive_fetch_parts.c: an answer with images, from its request to its last part */
void fetch_ask_next(struct archive_fetch *fetch);

#endif
