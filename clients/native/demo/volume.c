#include "clients/native/demo/volume.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

struct volume *volume_create(size_t columns, size_t rows, size_t slices) {
    assert(columns > 0 && columns <= VOLUME_EDGE_MAX);
    assert(rows > 0 && rows <= VOLUME_EDGE_MAX);
    assert(slices > 0 && slices <= VOLUME_EDGE_MAX);
    struct volume *volume = calloc(1, sizeof(*volume));
    if (volume == NULL)
        return NULL;
    *volume = (struct volume){.columns = columns,
                              .rows = rows,
                              .slices = slices,
                              .column_mm = 1,
                              .row_mm = 1,
                              .slice_mm = 1};
    size_t count = columns * rows * slices;
    volume->hounsfield = malloc(count * sizeof(*volume->hounsfield));
    if (volume->hounsfield == NULL) {
        free(volume);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        volume->hounsfield[i] = HOUNSFIELD_AIR;
    return volume;
}

void volume_destroy(struct volume *volume) {
    if (volume == NULL)
        return;
    free(volume->hounsfield);
    free(volume);
}

int16_t *volume_row(const struct volume *volume, size_t slice, size_t row) {
    assert(slice < volume->slices && row < volume->rows);
    return volume->hounsfield + (slice * volume->rows + row) * volume->columns;
}

static double voxel(const struct volume *volume, const long index[3]) {
    if (index[0] < 0 || index[1] < 0 || index[2] < 0 || index[0] >= (long)volume->columns ||
        index[1] >= (long)volume->rows || index[2] >= (long)volume->slices)
        return HOUNSFIELD_AIR;
    return volume_row(volume, (size_t)index[2], (size_t)index[1])[index[0]];
}

double volume_sample(const struct volume *volume, const double point_mm[3]) {
    const double spacing_mm[3] = {volume->column_mm, volume->row_mm, volume->slice_mm};
    long corner[3];
    double weight[3]; // of the farther neighbour
    for (int axis = 0; axis < 3; axis++) {
        double position = (point_mm[axis] - volume->origin_mm[axis]) / spacing_mm[axis];
        if (position < -1 || position > VOLUME_EDGE_MAX)
            return HOUNSFIELD_AIR;
        corner[axis] = (long)floor(position);
        weight[axis] = position - (double)corner[axis];
    }
    double sum = 0;
    for (int neighbour = 0; neighbour < 8; neighbour++) {
        double share = 1;
        long index[3];
        for (int axis = 0; axis < 3; axis++) {
            int farther = neighbour >> axis & 1;
            index[axis] = corner[axis] + farther;
            share *= farther ? weight[axis] : 1 - weight[axis];
        }
        if (share > 0)
            sum += share * voxel(volume, index);
    }
    return sum;
}
