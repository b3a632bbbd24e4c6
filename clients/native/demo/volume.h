#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_VOLUME_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_VOLUME_H

#include <stddef.h>
#include <stdint.h>

/*
 * An axial CT volume in patient orientation: columns run to the patient's left (+x), rows to the
 * back (+y), slices to the head (+z), as in PS3.3 section C.7.6.2.1.1. Voxel (0, 0, 0) has its
 * centre at `origin_mm`. `volume_create` gives it to the caller, who calls `volume_destroy`.
 */

enum {
    VOLUME_EDGE_MAX = 1024, // voxels along any axis
    HOUNSFIELD_AIR = -1024, // what surrounds the volume
};

struct volume {
    size_t columns, rows, slices;
    double column_mm, row_mm, slice_mm; // spacing from one to the next
    double origin_mm[3];
    int16_t *hounsfield; // owned; [slice][row][column]
};

// Filled with air. NULL when there is no memory.
struct volume *volume_create(size_t columns, size_t rows, size_t slices);
void volume_destroy(struct volume *volume);

int16_t *volume_row(const struct volume *volume, size_t slice, size_t row);

// Trilinear value at a point in patient mm; air outside the volume.
double volume_sample(const struct volume *volume, const double point_mm[3]);

#endif
