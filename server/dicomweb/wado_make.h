/*
 * Parts that are made for an answer, one after the other: frames decoded, pictures. What lies in
 * memory for all answers together is bounded, and held from the beginning of each to its end.
 */
#ifndef CONSILIUM_DICOMWEB_WADO_MAKE_H
#define CONSILIUM_DICOMWEB_WADO_MAKE_H

#include "server/dicomweb/ask.h"
#include "server/dicomweb/wado_part.h"

#define WADO_DECODED_MAX ((uint64_t)64 << 20) /* bytes of a frame that is given decoded */
#define WADO_MADE_MAX ((uint64_t)512 << 20)   /* bytes of all that is made at once */
#define WADO_MADE_LEAST (WADO_MADE_MAX / IMAGING_ROWS_MAX) /* of them, for each answer */
#define WADO_PICTURE_RESERVE ((uint64_t)16 << 20)          /* of them, for an answer of pictures */

struct wado_made {     /* shared by all answers */
    uint64_t reserved; /* bytes */
};

typedef void (*wado_part_made)(void *data, enum imaging_read_result result, struct bytes bytes);

struct wado_make { /* zeroed is fine */
    /* Given. */
    wado_part_made done;
    void *data;
    /* Owned. */
    struct wado_making *making; /* outlives us while something is under way */
    uint8_t *bytes;
    size_t size;
};

/* Space for parts like this one; of what is not made none is needed. False = busy; then, too, it is
 * to be finished. */
bool wado_make_reserve(struct wado_make *make, struct wado_made *made,
                       const struct wado_part *part);
/* `done` may be called at once; its bytes are there until they are dropped. One at a time. False =
 * busy. */
bool wado_make_begin(struct wado_make *make, struct dicomweb_ask *ask, const struct wado_part *part,
                     wado_part_made done, void *data);
void wado_make_drop(struct wado_make *make);
/* Of what is under way nothing is told any more; its space is held until it is over. */
void wado_make_finish(struct wado_make *make);

#endif
