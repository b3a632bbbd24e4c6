/*
 * The index row of one DICOM instance: who and what it is, its pixels, where it lies in the
 * patient.
 *
 * A plain value without pointers. Text is UTF-8 and terminated; what is longer than the attribute
 * may be is cut between characters (the metadata JSON keeps it whole). A field that the file did
 * not have, or had empty or unreadable, is zero and `present` says so.
 */
#ifndef CONSILIUM_IMAGING_INSTANCE_H
#define CONSILIUM_IMAGING_INSTANCE_H

#include "server/imaging/instance_fields.h"
#include "server/imaging/volume_geometry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANCE_REGIONS_MAX 16     // ultrasound regions kept of one image
#define INSTANCE_ENCODED_MAX 65536u // bytes of instance_encode's output

enum instance_field {
#define XX(number, name, member, tag, kind, space) INSTANCE_##name = number,
    INSTANCE_FIELD_MAP(XX)
#undef XX
};

/* Calibration of a part of an ultrasound image (PS3.3 C.8.5.5). */
struct ultrasound_region {
    uint32_t spatial_format; // C.8.5.5.1.1: 1 is 2D tissue
    uint32_t data_type;      // C.8.5.5.1.2
    uint32_t flags;          // C.8.5.5.1.3
    uint32_t min_x_px, min_y_px, max_x_px, max_y_px;
    uint32_t unit_x, unit_y; // C.8.5.5.1.15: 3 is cm
    double delta_x, delta_y; // units per pixel
};

#define INSTANCE_MEMBER_CODE(member, space) char member[(space) + 1];
#define INSTANCE_MEMBER_TEXT(member, space) char member[(space) + 1];
#define INSTANCE_MEMBER_NAME(member, space) char member[(space) + 1];
#define INSTANCE_MEMBER_U32(member, space) uint32_t member;
#define INSTANCE_MEMBER_I32(member, space) int32_t member;
#define INSTANCE_MEMBER_U64(member, space) uint64_t member;
#define INSTANCE_MEMBER_F64(member, space) double member[space];

struct instance {
    uint64_t present; // bit n for field n
#define XX(number, name, member, tag, kind, space) INSTANCE_MEMBER_##kind(member, space)
    INSTANCE_FIELD_MAP(XX)
#undef XX
    uint32_t region_count;
    struct ultrasound_region regions[INSTANCE_REGIONS_MAX];
    /* Of a slide: which glass of its series it is, from Container Identifier (PS3.3 C.7.6.22); 0
     * when that is not said. A digest, because the identifier is one of the patient's and this is
     * listed. */
    uint64_t container;
};

static inline bool instance_has(const struct instance *instance, enum instance_field field) {
    return instance->present >> field & 1;
}

/* Third value of Image Type ("AXIAL", "LOCALIZER"), NULL without one; `ret_size` in bytes. */
const char *instance_image_flavor(const struct instance *instance, size_t *ret_size);

/* An image of a slide under the microscope (PS3.4 B.5: VL Whole Slide Microscopy Image Storage). */
bool instance_is_slide(const struct instance *instance);

/* The label of a slide, or the overview of the whole glass with the label on it (PS3.3
 * C.8.12.4.1.1): names and numbers are written there by hand and by printers. */
bool instance_flavor_is_label(const char *flavor, size_t size);
bool instance_shows_label(const struct instance *instance);

/* Sets `container` of a slide whose series is known; of other images it stays 0. */
void instance_set_container(struct instance *instance, const char *identifier, size_t size);

/* Writes the row as numbered fields, so that older and newer builds read each other's rows; returns
 * the size. `bytes` has space for INSTANCE_ENCODED_MAX. */
size_t instance_encode(const struct instance *instance, uint8_t *bytes);

/* False when the bytes are no encoded row. Fields of unknown number are skipped. */
bool instance_decode(struct instance *ret_instance, const uint8_t *bytes, size_t size);

#endif
