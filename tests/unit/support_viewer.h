/*
 * A client's picture of a stage, built from a snapshot and whatever ephemeral frames reach it.
 * Compared with the stage itself, it proves that the final state arrives however many frames were
 * never delivered.
 */
#ifndef CONSILIUM_SUPPORT_VIEWER_H
#define CONSILIUM_SUPPORT_VIEWER_H

#include "actors/stage.h"

enum { VIEWER_NUMBERS = 65536 };

struct viewer {
    struct arena arena;
    uint32_t tick;
    uint32_t version;
    struct layout layout;
    struct viewport viewports[STAGE_VIEWPORTS_MAX];
    struct participant *participants; /* by number */
    struct pointer *pointers;
    struct draft *drafts;
    struct pointer_target *bindings; /* by handle */
};

void viewer_start(struct viewer *viewer, const struct stage *stage);
void viewer_stop(struct viewer *viewer);
/* Everything newer than what this viewer has; as one frame on the wire. */
void viewer_receive(struct viewer *viewer, const struct stage *stage);
/* NULL = it shows what the stage is; otherwise what differs, in words. */
const char *viewer_differs(const struct viewer *viewer, const struct stage *stage);

#endif
