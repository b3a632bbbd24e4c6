/*
 * Whether a pile of slices is a volume: one orientation, one frame of reference, equal spacing
 * along the normal, no shear. Where it is not, the reason is kept and shown in words, because a
 * reader who is not offered MPR wants to know why.
 */
#ifndef CONSILIUM_IMAGING_VOLUME_GEOMETRY_H
#define CONSILIUM_IMAGING_VOLUME_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>

/* Numbers are stored; append only. */
#define VOLUME_REASON_MAP(XX)                                                                      \
    XX(0, IS_VOLUME, "is_volume", "These slices make a volume.")                                   \
    XX(1, NO_FRAME_OF_REFERENCE, "no_frame_of_reference",                                          \
       "The images name no frame of reference.")                                                   \
    XX(2, NO_POSITION, "no_position", "The images do not say where in the patient they lie.")      \
    XX(3, NO_PIXEL_SPACING, "no_pixel_spacing", "The images do not say how large a pixel is.")     \
    XX(4, TOO_FEW_SLICES, "too_few_slices", "Fewer than three slices.")                            \
    XX(5, REPEATED_POSITION, "repeated_position", "Several images lie at the same place.")         \
    XX(6, UNEVEN_SPACING, "uneven_spacing", "The distance between slices is not the same.")        \
    XX(7, SHEARED, "sheared", "The slices are shifted sideways, as with a tilted gantry.")         \
    XX(8, MIXED_ORIENTATION, "mixed_orientation", "The slices point in different directions.")     \
    XX(9, MIXED_PIXELS, "mixed_pixels", "The slices differ in pixel spacing or pixel format.")     \
    XX(10, NOT_IMAGES, "not_images", "There are no images in it.")

enum volume_reason {
#define XX(number, name, word, text) VOLUME_##name = number,
    VOLUME_REASON_MAP(XX)
#undef XX
};

const char *volume_reason_word(enum volume_reason reason);
const char *volume_reason_text(enum volume_reason reason);

/* Unit normal of a plane: row direction x column direction (PS3.3 C.7.6.2.1.1). False when the six
 * cosines are no orthonormal pair within 0.01. */
bool volume_normal(const double orientation_lps[6], double ret_normal[3]);

bool volume_same_orientation(const double first_lps[6], const double second_lps[6]);

double volume_distance_along(const double position_lps[3], const double normal[3]); // mm

/* `positions_lps` holds three numbers a slice, sorted along the normal. Sets `ret_spacing_mm` when
 * the answer is VOLUME_IS_VOLUME. */
enum volume_reason volume_judge(const double *positions_lps, size_t count, const double normal[3],
                                double *ret_spacing_mm);

#endif
