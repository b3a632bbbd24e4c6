#include "server/evidence/drawing_kinds.h"

#define TRACKING(name) "Cornerstone3DTools@^0.1.0:" name

static const struct drawing_kind kinds[] = {
    [ANNOTATION_TOOL_LENGTH] =
        {.tracking = TRACKING("Length"),
         .points_min = 2,
         .number_count = 1,
         .numbers = {{{"410668003", "SCT", "Length"}, "POLYLINE", {0, 1}, 2}}},
    [ANNOTATION_TOOL_ARROW] = {.tracking = TRACKING("ArrowAnnotate"),
                               .points_min = 2,
                               .region = "POLYLINE"},
};

const struct drawing_kind *drawing_kind(enum annotation_tool tool) {
    size_t count = sizeof kinds / sizeof kinds[0];
    return (size_t)tool < count && kinds[tool].tracking != NULL ? &kinds[tool] : NULL;
}
