#include "server/imaging/volume_geometry.h"

#include <math.h>

#define COSINE_TOLERANCE 0.01         // of a unit vector's length and of a right angle
#define SAME_ORIENTATION 0.9999       // cosine between directions: 0.8 degrees
#define SAME_POSITION_MM 0.001        // closer slices lie at the same place
#define SPACING_TOLERANCE_SHARE 0.01  // of the mean spacing
#define SPACING_TOLERANCE_MM 0.02     // rounding of positions written with two decimals
#define SHEAR_TOLERANCE_MM_SLICE 0.02 // sideways shift from one slice to the next
#define SLICES_MIN 3

const char *volume_reason_word(enum volume_reason reason) {
    switch (reason) {
#define XX(number, name, word, text)                                                               \
    case VOLUME_##name:                                                                            \
        return word;
        VOLUME_REASON_MAP(XX)
#undef XX
    }
    return "unknown";
}

const char *volume_reason_text(enum volume_reason reason) {
    switch (reason) {
#define XX(number, name, word, text)                                                               \
    case VOLUME_##name:                                                                            \
        return text;
        VOLUME_REASON_MAP(XX)
#undef XX
    }
    return "";
}

static double dot(const double *left, const double *right) {
    return left[0] * right[0] + left[1] * right[1] + left[2] * right[2];
}

bool volume_normal(const double orientation_lps[6], double ret_normal[3]) {
    const double *row = orientation_lps;
    const double *column = orientation_lps + 3;
    // Written so that a NaN is refused too.
    bool orthonormal = fabs(dot(row, row) - 1) < COSINE_TOLERANCE &&
                       fabs(dot(column, column) - 1) < COSINE_TOLERANCE &&
                       fabs(dot(row, column)) < COSINE_TOLERANCE;
    if (!orthonormal) {
        return false;
    }
    double normal[3] = {row[1] * column[2] - row[2] * column[1],
                        row[2] * column[0] - row[0] * column[2],
                        row[0] * column[1] - row[1] * column[0]};
    double length = sqrt(dot(normal, normal));
    for (int i = 0; i < 3; i++) {
        ret_normal[i] = normal[i] / length;
    }
    return true;
}

bool volume_same_orientation(const double first_lps[6], const double second_lps[6]) {
    return dot(first_lps, second_lps) > SAME_ORIENTATION &&
           dot(first_lps + 3, second_lps + 3) > SAME_ORIENTATION;
}

double volume_distance_along(const double position_lps[3], const double normal[3]) {
    return dot(position_lps, normal);
}

/* How far the slice lies from the line through the first along the normal. */
static double sideways(const double *first, const double *position, const double *normal) {
    double offset[3];
    for (int i = 0; i < 3; i++) {
        offset[i] = position[i] - first[i];
    }
    double along = dot(offset, normal);
    double square = dot(offset, offset) - along * along;
    return square > 0 ? sqrt(square) : 0;
}

enum volume_reason volume_judge(const double *positions_lps, size_t count, const double normal[3],
                                double *ret_spacing_mm) {
    if (count < SLICES_MIN) {
        return VOLUME_TOO_FEW_SLICES;
    }
    double first = dot(positions_lps, normal);
    double last = dot(positions_lps + 3 * (count - 1), normal);
    double spacing = (last - first) / (double)(count - 1);
    double tolerance = fmax(spacing * SPACING_TOLERANCE_SHARE, SPACING_TOLERANCE_MM);
    enum volume_reason reason = VOLUME_IS_VOLUME;
    for (size_t i = 1; i < count; i++) {
        const double *here = positions_lps + 3 * i;
        double step = dot(here, normal) - dot(here - 3, normal);
        if (!(step > SAME_POSITION_MM)) {
            return VOLUME_REPEATED_POSITION;
        }
        if (fabs(step - spacing) > tolerance) {
            reason = VOLUME_UNEVEN_SPACING;
        }
        bool shifted = sideways(positions_lps, here, normal) > SHEAR_TOLERANCE_MM_SLICE * (double)i;
        if (shifted && reason == VOLUME_IS_VOLUME) {
            reason = VOLUME_SHEARED;
        }
    }
    if (reason == VOLUME_IS_VOLUME) {
        *ret_spacing_mm = spacing;
    }
    return reason;
}
