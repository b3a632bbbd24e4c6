/*
 * Calibration regions of ultrasound images (PS3.3 C.8.5.5), gathered while the data set is walked.
 */
#ifndef CONSILIUM_IMAGING_ULTRASOUND_REGIONS_H
#define CONSILIUM_IMAGING_ULTRASOUND_REGIONS_H

#include "server/imaging/element_walker.h"
#include "server/imaging/instance.h"

struct ultrasound_regions {
    uint32_t count; // items met, also those over INSTANCE_REGIONS_MAX
    struct ultrasound_region regions[INSTANCE_REGIONS_MAX];
};

void ultrasound_regions_event(struct ultrasound_regions *regions,
                              const struct element_walker *walker, enum walk_event event,
                              const struct dicom_element *element);

void ultrasound_regions_apply(const struct ultrasound_regions *regions, struct instance *instance);

#endif
