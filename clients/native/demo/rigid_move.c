#include "clients/native/demo/rigid_move.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

struct rigid_move rigid_move_of_prior(const struct volume *volume) {
    const double spacing_mm[3] = {volume->column_mm, volume->row_mm, volume->slice_mm};
    const size_t counts[3] = {volume->columns, volume->rows, volume->slices};
    struct rigid_move move = {
        .rotation_degrees = {5.0, -3.0, 7.0},
        .translation_mm = {4.0, -6.0, 3.0},
    };
    for (int axis = 0; axis < 3; axis++) {
        double extent_mm = (double)(counts[axis] - 1) * spacing_mm[axis];
        move.centre_mm[axis] = volume->origin_mm[axis] + 0.5 * extent_mm;
    }
    return move;
}

// Turns the vector in the plane of axes `from` and `to` by `degrees`.
static void turn(double vector[3], int from, int to, double degrees) {
    double angle = degrees * PI / 180;
    double a = vector[from], b = vector[to];
    vector[from] = cos(angle) * a - sin(angle) * b;
    vector[to] = sin(angle) * a + cos(angle) * b;
}

void rigid_move_apply(const struct rigid_move *move, const double prior_mm[3],
                      double ret_current_mm[3]) {
    double vector[3];
    for (int axis = 0; axis < 3; axis++)
        vector[axis] = prior_mm[axis] - move->centre_mm[axis];
    turn(vector, 1, 2, move->rotation_degrees[0]);
    turn(vector, 2, 0, move->rotation_degrees[1]);
    turn(vector, 0, 1, move->rotation_degrees[2]);
    for (int axis = 0; axis < 3; axis++)
        ret_current_mm[axis] = vector[axis] + move->centre_mm[axis] + move->translation_mm[axis];
}

struct volume *rigid_move_resample(const struct rigid_move *move, const struct volume *current) {
    struct volume *prior = volume_create(current->columns, current->rows, current->slices);
    if (prior == NULL)
        return NULL;
    prior->column_mm = current->column_mm;
    prior->row_mm = current->row_mm;
    prior->slice_mm = current->slice_mm;
    for (int axis = 0; axis < 3; axis++)
        prior->origin_mm[axis] = current->origin_mm[axis];

    // The move is affine, so along a row the sampled point advances by a constant step.
    const double zero[3] = {0, 0, 0}, one_column[3] = {current->column_mm, 0, 0};
    double at_zero[3], at_column[3];
    rigid_move_apply(move, zero, at_zero);
    rigid_move_apply(move, one_column, at_column);
    for (size_t slice = 0; slice < prior->slices; slice++) {
        for (size_t row = 0; row < prior->rows; row++) {
            double start[3] = {prior->origin_mm[0],
                               prior->origin_mm[1] + (double)row * prior->row_mm,
                               prior->origin_mm[2] + (double)slice * prior->slice_mm};
            double point[3];
            rigid_move_apply(move, start, point);
            int16_t *values = volume_row(prior, slice, row);
            for (size_t column = 0; column < prior->columns; column++) {
                values[column] = (int16_t)lround(volume_sample(current, point));
                for (int axis = 0; axis < 3; axis++)
                    point[axis] += at_column[axis] - at_zero[axis];
            }
        }
    }
    return prior;
}
