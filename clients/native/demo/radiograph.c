#include "clients/native/demo/radiograph.h"

#include <math.h>
#include <stdlib.h>

// Water at about 70 keV; bone rises from it in proportion to its Hounsfield value.
static const double WATER_PER_MM = 0.0193;
// The line integral that is drawn white: the petrous bones on both sides.
static const double WHITE_INTEGRAL = 5.0;

// Sums attenuation along x for every row and slice of the volume: a small picture [slice][row].
static double *project(const struct volume *volume) {
    double *integrals = calloc(volume->slices * volume->rows, sizeof(*integrals));
    if (integrals == NULL)
        return NULL;
    for (size_t slice = 0; slice < volume->slices; slice++) {
        for (size_t row = 0; row < volume->rows; row++) {
            const int16_t *values = volume_row(volume, slice, row);
            double sum = 0;
            for (size_t column = 0; column < volume->columns; column++) {
                double relative_to_water = (values[column] + 1000) / 1000.0;
                sum += relative_to_water > 0 ? relative_to_water : 0;
            }
            integrals[slice * volume->rows + row] = sum * WATER_PER_MM * volume->column_mm;
        }
    }
    return integrals;
}

// Linear between the four nearest; (slice, row) may be fractional and lie inside the picture.
static double between(const struct volume *volume, const double *integrals, double slice,
                      double row) {
    size_t slice0 = (size_t)slice, row0 = (size_t)row;
    size_t slice1 = slice0 + 1 < volume->slices ? slice0 + 1 : slice0;
    size_t row1 = row0 + 1 < volume->rows ? row0 + 1 : row0;
    double slice_share = slice - (double)slice0, row_share = row - (double)row0;
    double lower = (1 - row_share) * integrals[slice0 * volume->rows + row0] +
                   row_share * integrals[slice0 * volume->rows + row1];
    double upper = (1 - row_share) * integrals[slice1 * volume->rows + row0] +
                   row_share * integrals[slice1 * volume->rows + row1];
    return (1 - slice_share) * lower + slice_share * upper;
}

struct radiograph radiograph_of(const struct volume *volume) {
    struct radiograph radiograph = {.pixel_mm = volume->row_mm / 2};
    double height_mm = (double)(volume->slices - 1) * volume->slice_mm;
    radiograph.columns = 2 * volume->rows - 1;
    radiograph.rows = (size_t)(height_mm / radiograph.pixel_mm) + 1;
    double *integrals = project(volume);
    if (integrals == NULL)
        return radiograph;
    radiograph.values = malloc(radiograph.columns * radiograph.rows * sizeof(uint16_t));
    for (size_t row = 0; radiograph.values != NULL && row < radiograph.rows; row++) {
        double z_mm = height_mm - (double)row * radiograph.pixel_mm; // the first row is the head
        for (size_t column = 0; column < radiograph.columns; column++) {
            double integral =
                between(volume, integrals, z_mm / volume->slice_mm, (double)column / 2);
            double share = integral / WHITE_INTEGRAL;
            share = share > 1 ? 1 : share;
            radiograph.values[row * radiograph.columns + column] =
                (uint16_t)lround(RADIOGRAPH_VALUE_MAX * share);
        }
    }
    free(integrals);
    return radiograph;
}

void radiograph_finish(struct radiograph *radiograph) {
    free(radiograph->values);
    radiograph->values = NULL;
}
