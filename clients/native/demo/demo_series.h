#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_SERIES_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_SERIES_H

#include "clients/native/demo/demo_identity.h"
#include "clients/native/demo/volume.h"

/*
 * The series of the demonstration, each instance handed to a sink as a data set that is valid only
 * during the call. A sink returns false to stop (a full disk); the function then does too.
 */

struct demo_sink {
    bool (*take)(void *context, struct dicom_dataset *dataset, const struct demo_series *series,
                 unsigned instance_number);
    void *context; // borrowed
};

// An axial CT series of the whole volume, instance 1 at the feet. CT Image Storage; stored values
// are Hounsfield units + 1024 in 12 bits, rescaled back by the intercept.
bool demo_ct_series(const struct volume *volume, const struct demo_series *series,
                    const struct demo_sink *sink);

// The lateral radiograph of the volume as one CR image without frame of reference.
bool demo_radiograph(const struct volume *volume, const struct demo_series *series,
                     const struct demo_sink *sink);

// One instance made of a real file: geometry, acquisition and pixels as they are, identity replaced
// by the demonstration's. Attributes that are not known to be free of identity are left behind.
bool demo_real_instance(const char *path, const struct demo_series *series,
                        unsigned instance_number, const struct demo_sink *sink);

#endif
