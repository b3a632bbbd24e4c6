/*
 * What each tool's drawing is called in a report: one line a tool.
 *
 * The tracking identifiers are those of Cornerstone3D's adapters, by which OHIF makes a drawing of
 * its own out of what it reads.
 */
#ifndef CONSILIUM_EVIDENCE_DRAWING_KINDS_H
#define CONSILIUM_EVIDENCE_DRAWING_KINDS_H

#include "protocol/generated/stage.h"
#include "server/evidence/sr_content.h"

#define DRAWING_NUMBERS_MAX 2  // numbers of one drawing
#define DRAWING_POINTS_MAX 16u // as the schema has them

/* One number of a drawing, and the part of its points that it was inferred from. */
struct drawing_number {
    struct sr_code concept;
    const char *graphic; // type; of an ellipse the longer axis comes first
    uint8_t points[4];   // index into the drawing's points, and how many of them
    uint8_t count;
    bool second; // it is the annotation's second value
};

struct drawing_kind {
    const char *tracking;
    const char *region; // graphic type of the whole where it has no number of its own; or NULL
    uint8_t points_min; // fewer: not a drawing
    uint8_t number_count;
    struct drawing_number numbers[DRAWING_NUMBERS_MAX];
};

/* NULL = a tool that is not reported. */
const struct drawing_kind *drawing_kind(enum annotation_tool tool);

/* The points of a part of a drawing that has as many as its kind wants. */
void drawing_points(const struct annotation *annotation, const struct drawing_number *number,
                    struct point ret_points[4]);

#endif
