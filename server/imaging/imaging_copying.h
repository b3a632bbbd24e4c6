/*
 * One instance on its way to a lossless copy: its frames are read, made by the codec worker and
 * sealed, some at a time; then the row is written. Until then nothing is there, and what ends
 * before leaves nothing.
 */
#ifndef CONSILIUM_IMAGING_COPYING_H
#define CONSILIUM_IMAGING_COPYING_H

#include "server/codecs/codec_link.h"
#include "server/imaging/imaging_state.h"

enum copying_end {
    COPYING_MADE,    // file and row are there
    COPYING_REFUSED, // none can be made, and the row says so
    COPYING_DROPPED, // doomed, or the image is gone
    COPYING_LATER,   // the database is away, or the disk is full
};

struct copying;

struct copying_start {
    struct imaging_service *service; // all borrowed
    struct codec_link *codec;
    struct work_queue *queue;
    struct uuid patient_case;
    char sop_instance_uid[65];
    void (*over)(void *data, struct copying *copying, enum copying_end end); // then it is freed
    void *data;
};

struct copying *copying_create(const struct copying_start *start); // NULL without memory
void copying_begin(struct copying *copying);                       // may be over at once

/* Nobody wants it any more: it ends as soon as what is under way comes back. */
void copying_doom(struct copying *copying);

struct uuid copying_case(const struct copying *copying);

#endif
