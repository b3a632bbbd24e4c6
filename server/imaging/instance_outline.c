#include "server/imaging/instance_outline.h"

#include <string.h>

/* Fields that are named here stay; a new field is left out until somebody has thought about it. */
static const enum instance_field outline_fields[] = {
    INSTANCE_TRANSFER_SYNTAX_UID,
    INSTANCE_DATASET_OFFSET,
    INSTANCE_FILE_SIZE,
    INSTANCE_PIXEL_OFFSET,
    INSTANCE_FRAME_SIZE,
    INSTANCE_FRAME_COUNT,
    INSTANCE_DOCUMENT_OFFSET,
    INSTANCE_DOCUMENT_SIZE,
    INSTANCE_FRAMES_VOLUME,
    INSTANCE_FRAMES_SPACING,
    INSTANCE_IMAGE_TYPE,
    INSTANCE_SOP_CLASS_UID,
    INSTANCE_SOP_INSTANCE_UID,
    INSTANCE_MODALITY,
    INSTANCE_SLICE_THICKNESS,
    INSTANCE_ECHO_NUMBER,
    INSTANCE_SPACING_BETWEEN_SLICES,
    INSTANCE_IMAGER_PIXEL_SPACING,
    INSTANCE_DIFFUSION_B_VALUE,
    INSTANCE_STUDY_UID,
    INSTANCE_SERIES_UID,
    INSTANCE_SERIES_NUMBER,
    INSTANCE_ACQUISITION_NUMBER,
    INSTANCE_INSTANCE_NUMBER,
    INSTANCE_PATIENT_ORIENTATION,
    INSTANCE_POSITION,
    INSTANCE_ORIENTATION,
    INSTANCE_FRAME_OF_REFERENCE_UID,
    INSTANCE_TEMPORAL_POSITION,
    INSTANCE_SAMPLES_PER_PIXEL,
    INSTANCE_PHOTOMETRIC,
    INSTANCE_NUMBER_OF_FRAMES,
    INSTANCE_ROWS,
    INSTANCE_COLUMNS,
    INSTANCE_PIXEL_SPACING,
    INSTANCE_BITS_ALLOCATED,
    INSTANCE_BITS_STORED,
    INSTANCE_PIXEL_REPRESENTATION,
    INSTANCE_BURNED_IN_ANNOTATION,
    INSTANCE_WINDOW_CENTER,
    INSTANCE_WINDOW_WIDTH,
    INSTANCE_RESCALE_INTERCEPT,
    INSTANCE_RESCALE_SLOPE,
    INSTANCE_DOCUMENT_TYPE,
};

static bool is_kept(unsigned number) {
    for (size_t i = 0; i < sizeof outline_fields / sizeof outline_fields[0]; i++) {
        if ((unsigned)outline_fields[i] == number) {
            return true;
        }
    }
    return false;
}

void instance_outline(const struct instance *instance, struct instance *ret_outline) {
    *ret_outline = *instance;
    ret_outline->region_count = 0;
    memset(ret_outline->regions, 0, sizeof ret_outline->regions);
#define XX(number, name, member, tag, kind, space)                                                 \
    if (!is_kept(number)) {                                                                        \
        memset((char *)ret_outline + offsetof(struct instance, member), 0,                         \
               sizeof ret_outline->member);                                                        \
        ret_outline->present &= ~(UINT64_C(1) << number);                                          \
    }
    INSTANCE_FIELD_MAP(XX)
#undef XX
}
