#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_CRANIUM_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_CRANIUM_H

#include "clients/native/demo/volume.h"

/*
 * The CT of a head with a frontal bone defect that InVesalius ships as an example project
 * (Debian package invesalius-examples): a gzipped tar of a property list and the voxels as int16.
 *
 * Its rows are stored from the back of the head to the nose. They are reversed here, one by one:
 * a mirrored row order is undone by a mirror, and turning the picture by 180 degrees instead would
 * exchange the patient's left and right.
 */

// Gives a volume in patient orientation with the stated spacing, centred on the origin in x and y.
// NULL when the file is absent, is no such project, or is larger than VOLUME_EDGE_MAX.
struct volume *cranium_read(const char *path);

#endif
