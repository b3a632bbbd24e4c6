#include "server/imaging/ultrasound_regions.h"

#include "server/imaging/element_value.h"

#include <string.h>

#define TAG_REGIONS DICOM_TAG(0x0018, 0x6011)
#define LEVELS_OF_A_REGION 2 // the sequence and its item

struct region_number {
    uint32_t tag;
    size_t offset; // of a uint32_t in struct ultrasound_region
};

static const struct region_number region_numbers[] = {
    {0x00186012, offsetof(struct ultrasound_region, spatial_format)},
    {0x00186014, offsetof(struct ultrasound_region, data_type)},
    {0x00186016, offsetof(struct ultrasound_region, flags)},
    {0x00186018, offsetof(struct ultrasound_region, min_x_px)},
    {0x0018601A, offsetof(struct ultrasound_region, min_y_px)},
    {0x0018601C, offsetof(struct ultrasound_region, max_x_px)},
    {0x0018601E, offsetof(struct ultrasound_region, max_y_px)},
    {0x00186024, offsetof(struct ultrasound_region, unit_x)},
    {0x00186026, offsetof(struct ultrasound_region, unit_y)},
};

static void take(struct ultrasound_region *region, const struct dicom_element *element) {
    double delta;
    if (element->tag == DICOM_TAG(0x0018, 0x602C) && element_numbers(element, &delta, 1) == 1) {
        region->delta_x = delta;
    } else if (element->tag == DICOM_TAG(0x0018, 0x602E) &&
               element_numbers(element, &delta, 1) == 1) {
        region->delta_y = delta;
    }
    int64_t value;
    for (size_t i = 0; i < sizeof region_numbers / sizeof region_numbers[0]; i++) {
        if (region_numbers[i].tag == element->tag &&
            element_integer(element, 0, UINT32_MAX, &value)) {
            memcpy((char *)region + region_numbers[i].offset, &(uint32_t){(uint32_t)value},
                   sizeof(uint32_t));
        }
    }
}

void ultrasound_regions_event(struct ultrasound_regions *regions,
                              const struct element_walker *walker, enum walk_event event,
                              const struct dicom_element *element) {
    if (walker->level_count != LEVELS_OF_A_REGION || walker->levels[0].tag != TAG_REGIONS) {
        return;
    }
    if (event == WALK_ITEM_BEGIN) {
        regions->count++;
    } else if (event == WALK_ELEMENT && regions->count <= INSTANCE_REGIONS_MAX) {
        take(&regions->regions[regions->count - 1], element);
    }
}

void ultrasound_regions_apply(const struct ultrasound_regions *regions, struct instance *instance) {
    instance->region_count =
        regions->count < INSTANCE_REGIONS_MAX ? regions->count : INSTANCE_REGIONS_MAX;
    memcpy(instance->regions, regions->regions,
           instance->region_count * sizeof regions->regions[0]);
}
