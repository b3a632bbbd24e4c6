/*
 * The parts of a multipart/related body into a case: each goes, as it comes, the way of any upload.
 * Some are under way at a time; whoever brings the bytes waits while there are too many. Used for
 * what is sent to us (STOW-RS) and for what we fetch elsewhere (WADO-RS, ../archives/).
 *
 * A part is numbered from 0 in the order it comes. Exactly one of `stored` and `failed` is called
 * for each that `begun` agreed to, `stored` also from within part_intake_take and later.
 */
#ifndef CONSILIUM_DICOMWEB_PART_INTAKE_H
#define CONSILIUM_DICOMWEB_PART_INTAKE_H

#include "server/dicomweb/multipart_reader.h"
#include "server/imaging/imaging_service.h"

enum { PARTS_UNDER_WAY_MAX = 32, PART_PREAMBLE_MAX = 64 * 1024 };

enum part_failure {
    PART_NOT_DICOM, /* by its Content-Type, or it is empty, or its end never came */
    PART_TOO_LARGE,
    PART_NO_SPACE, /* there is none for it just now */
};

struct part_intake;

struct part_intake_config {
    struct imaging_service *service; /* borrowed */
    struct uuid patient_case, by;
    struct text study_uid; /* borrowed for ever: parts of another study are refused; may be empty */
    const struct sending *sending; /* borrowed; what is said to who waits. NULL = nothing */
    uint64_t part_max;             /* bytes of one part; 0 = as many as an upload may have */
    uint64_t under_way_max; /* bytes of parts that came and are not answered; 0 = not counted */
    bool waits;             /* when no upload can be begun: it is full, rather than failed */
    /* False = no more parts are wanted: the body counts as malformed. */
    bool (*begun)(void *data, uint32_t number);
    void (*stored)(void *data, uint32_t number, const struct upload_answer *answer);
    void (*failed)(void *data, uint32_t number, enum part_failure why);
    /* It was full and something was answered: call part_intake_go_on, then bring more. With `waits`
     * it may be full with nothing under way: then nobody calls, so look again after a while. */
    void (*space)(void *data);
    /* A part was answered outside of part_intake_take, and there was space before. */
    void (*settled)(void *data);
    void *data;
};

/* NULL without memory. `ret_supported` false = it is not multipart/related of application/dicom, or
 * of no said type, with a boundary, and NULL is returned. */
struct part_intake *part_intake_create(const struct part_intake_config *config,
                                       struct text content_type, bool *ret_supported);
/* Of an upload that is under way nobody hears any more. NULL is fine. */
void part_intake_free(struct part_intake *intake);

enum part_intake_state {
    PART_INTAKE_OPEN,
    PART_INTAKE_FULL,      /* what was given is kept; no more until `space` */
    PART_INTAKE_FINISHED,  /* the last delimiter was read; more is not looked at */
    PART_INTAKE_MALFORMED, /* for ever */
};
/* Takes all of `bytes`, and not when it is full. */
enum part_intake_state part_intake_take(struct part_intake *intake, struct bytes bytes);
/* When it was full: reads what it kept. Without effect otherwise. */
enum part_intake_state part_intake_go_on(struct part_intake *intake);
/* No more bytes come; a part without its end failed. */
void part_intake_end(struct part_intake *intake);

/* A header of the part that `begun` is called for, only within that call; borrowed. */
struct text part_intake_header(const struct part_intake *intake, const char *name);

/* Parts whose answer is still to come. */
uint32_t part_intake_under_way(const struct part_intake *intake);
enum part_intake_state part_intake_state(const struct part_intake *intake);

#endif
