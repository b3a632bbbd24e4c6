/*
 * From where a drawing or a view lies to pixels of its image.
 */
#ifndef CONSILIUM_EVIDENCE_IMAGE_PIXELS_H
#define CONSILIUM_EVIDENCE_IMAGE_PIXELS_H

#include "protocol/generated/stage.h"
#include "server/imaging/instance.h"

/* Column and row; 0, 0 is the centre of the first pixel. */
struct pixel {
    double column, row;
};

/* Size of a pixel along a row and along a column, mm; 1, 1 where nobody knows. */
struct pixel image_pixel_spacing(const struct instance *image);

/* False for an image that does not say where in the patient it lies. */
bool image_has_space(const struct instance *image);

/* Of a point of the patient: projected onto the plane of an image with a space. */
struct pixel image_pixel_of(const struct instance *image, const struct point *mm);

/* Of a drawing's or a view's point, whose space is the image's own: the patient, or pixels. */
struct pixel image_pixel_at(const struct instance *image, const struct point *point);

#endif
