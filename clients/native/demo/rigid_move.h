#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_RIGID_MOVE_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_RIGID_MOVE_H

#include "clients/native/demo/volume.h"

/*
 * The move that makes the prior of the cranium: the same head, lying otherwise in another scanner.
 * It is stated here, so that a registration of the two studies can be judged against the truth.
 *
 * A point p of the prior, in the prior's patient mm, is the same anatomy as the point
 *     rotation * (p - centre) + centre + translation
 * of the current study, where rotation = Rz * Ry * Rx (right-handed, about the patient axes) and
 * `centre` is the middle of the volume.
 */

struct rigid_move {
    double rotation_degrees[3]; // about x, y, z
    double translation_mm[3];
    double centre_mm[3];
};

// The demonstration's move about the middle of `volume`.
struct rigid_move rigid_move_of_prior(const struct volume *volume);

void rigid_move_apply(const struct rigid_move *move, const double prior_mm[3],
                      double ret_current_mm[3]);

// The volume as the prior's scanner saw it: same grid, trilinear, air from outside. Gives a volume
// whose own patient coordinates are the prior's; NULL when there is no memory.
struct volume *rigid_move_resample(const struct rigid_move *move, const struct volume *current);

#endif
