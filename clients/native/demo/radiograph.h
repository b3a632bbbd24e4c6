#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_RADIOGRAPH_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_RADIOGRAPH_H

#include "clients/native/demo/volume.h"

/*
 * A lateral radiograph of the skull computed from the CT: parallel rays from right to left, the
 * attenuation summed along each. Columns run to the back (P), rows to the feet (F). It stands for
 * images that have a detector and a patient orientation but no frame of reference.
 */

enum { RADIOGRAPH_VALUE_MAX = 4095 };

struct radiograph {
    size_t columns, rows;
    double pixel_mm;  // square, at the detector
    uint16_t *values; // owned; more attenuation is a larger value (MONOCHROME2: bone is white)
};

// Gives a radiograph; its values are NULL when there is no memory.
struct radiograph radiograph_of(const struct volume *volume);
void radiograph_finish(struct radiograph *radiograph);

#endif
