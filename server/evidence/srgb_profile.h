/*
 * The colour space sRGB as an ICC profile: an input device of three components with a matrix and
 * curves (ICC.1:2001-04 6.3.2, IEC 61966-2-1), as PS3.3 C.11.15 wants it.
 */
#ifndef CONSILIUM_EVIDENCE_SRGB_PROFILE_H
#define CONSILIUM_EVIDENCE_SRGB_PROFILE_H

#include <stdint.h>

#define SRGB_CURVE_POINTS 256
#define SRGB_PROFILE_SIZE (128 + 4 + 9 * 12 + 96 + 16 + 4 * 20 + 12 + 2 * SRGB_CURVE_POINTS)

void srgb_profile_make(uint8_t ret_profile[SRGB_PROFILE_SIZE]);

#endif
