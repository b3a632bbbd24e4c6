#include "server/evidence/drawing_kinds.h"

#include <string.h>

#define TRACKING(name) "Cornerstone3DTools@^0.1.0:" name

static const struct drawing_kind kinds[] = {
    [ANNOTATION_TOOL_LENGTH] =
        {.tracking = TRACKING("Length"),
         .points_min = 2,
         .number_count = 1,
         .numbers = {{{"410668003", "SCT", "Length"}, "POLYLINE", {0, 1}, 2, false}}},
    [ANNOTATION_TOOL_ARROW] = {.tracking = TRACKING("ArrowAnnotate"),
                               .points_min = 2,
                               .region = "POLYLINE"},
    /* As of two lines that need not meet: the vertex ends one and begins the other. */
    [ANNOTATION_TOOL_ANGLE] =
        {.tracking = TRACKING("Angle"),
         .points_min = 3,
         .number_count = 1,
         .numbers = {{{"1483009", "SCT", "Angle"}, "POLYLINE", {0, 1, 1, 2}, 4, false}}},
    [ANNOTATION_TOOL_BIDIRECTIONAL] =
        {.tracking = TRACKING("Bidirectional"),
         .points_min = 4,
         .number_count = 2,
         .numbers = {{{"103339001", "SCT", "Long Axis"}, "POLYLINE", {0, 1}, 2, false},
                     {{"103340004", "SCT", "Short Axis"}, "POLYLINE", {2, 3}, 2, true}}},
    [ANNOTATION_TOOL_ELLIPSE] =
        {.tracking = TRACKING("EllipticalROI"),
         .points_min = 4,
         .number_count = 1,
         .numbers = {{{"42798000", "SCT", "Area"}, "ELLIPSE", {0, 1, 2, 3}, 4, false}}},
    /* Center, as Cornerstone's adapters call the number of a probe. */
    [ANNOTATION_TOOL_PROBE] = {.tracking = TRACKING("Probe"),
                               .points_min = 1,
                               .number_count = 1,
                               .numbers = {{{"111010", "DCM", "Center"}, "POINT", {0}, 1, false}}},
};

const struct drawing_kind *drawing_kind(enum annotation_tool tool) {
    size_t count = sizeof kinds / sizeof kinds[0];
    return (size_t)tool < count && kinds[tool].tracking != NULL ? &kinds[tool] : NULL;
}

static double squared(const struct point *a, const struct point *b) {
    return (a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y) +
           (a->z - b->z) * (a->z - b->z);
}

void drawing_points(const struct annotation *annotation, const struct drawing_number *number,
                    struct point ret_points[4]) {
    for (uint8_t i = 0; i < number->count; i++) {
        ret_points[i] = annotation->points.items[number->points[i]];
    }
    if (number->count == 4 && strcmp(number->graphic, "ELLIPSE") == 0 &&
        squared(&ret_points[2], &ret_points[3]) > squared(&ret_points[0], &ret_points[1])) {
        struct point longer[2] = {ret_points[2], ret_points[3]};
        ret_points[2] = ret_points[0];
        ret_points[3] = ret_points[1];
        ret_points[0] = longer[0];
        ret_points[1] = longer[1];
    }
}
