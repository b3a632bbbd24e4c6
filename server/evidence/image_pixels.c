#include "server/evidence/image_pixels.h"

struct pixel image_pixel_spacing(const struct instance *image) {
    bool known = instance_has(image, INSTANCE_PIXEL_SPACING) && image->pixel_spacing[0] > 0 &&
                 image->pixel_spacing[1] > 0;
    return known ? (struct pixel){image->pixel_spacing[1], image->pixel_spacing[0]}
                 : (struct pixel){1, 1};
}

bool image_has_space(const struct instance *image) {
    double normal[3];
    return instance_has(image, INSTANCE_POSITION) && instance_has(image, INSTANCE_ORIENTATION) &&
           instance_has(image, INSTANCE_PIXEL_SPACING) &&
           image->frame_of_reference_uid[0] != '\0' &&
           volume_normal(image->orientation_lps, normal);
}

/* PS3.3 C.7.6.2.1.1: the first three cosines run along a row, the others along a column. */
struct pixel image_pixel_of(const struct instance *image, const struct point *mm) {
    const double *origin = image->position_lps;
    const double *row = image->orientation_lps;
    const double *column = image->orientation_lps + 3;
    double x = mm->x - origin[0];
    double y = mm->y - origin[1];
    double z = mm->z - origin[2];
    struct pixel spacing = image_pixel_spacing(image);
    return (struct pixel){(x * row[0] + y * row[1] + z * row[2]) / spacing.column,
                          (x * column[0] + y * column[1] + z * column[2]) / spacing.row};
}

struct pixel image_pixel_at(const struct instance *image, const struct point *point) {
    return image_has_space(image) ? image_pixel_of(image, point)
                                  : (struct pixel){point->x, point->y};
}
