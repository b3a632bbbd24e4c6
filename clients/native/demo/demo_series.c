#include "clients/native/demo/demo_series.h"

#include "clients/native/demo/dicom_tags.h"
#include "clients/native/demo/radiograph.h"

#include <assert.h>
#include <stdlib.h>

static void put_pixels(struct dicom_dataset *dataset, const uint8_t *bytes, size_t length) {
    struct dicom_element pixels = {
        .tag = TAG_PIXEL_DATA, .vr = "OW", .value = bytes, .length = length};
    dicom_put_element(dataset, &pixels);
}

// Image Pixel module (PS3.3 section C.7.6.3): twelve bits of sixteen, unsigned.
static void put_twelve_bit_pixels(struct dicom_dataset *dataset, size_t columns, size_t rows,
                                  const uint8_t *bytes) {
    dicom_put_number(dataset, TAG_SAMPLES_PER_PIXEL, 1);
    dicom_put_text(dataset, TAG_PHOTOMETRIC, "CS", "MONOCHROME2");
    dicom_put_number(dataset, TAG_ROWS, (uint16_t)rows);
    dicom_put_number(dataset, TAG_COLUMNS, (uint16_t)columns);
    dicom_put_number(dataset, TAG_BITS_ALLOCATED, 16);
    dicom_put_number(dataset, TAG_BITS_STORED, 12);
    dicom_put_number(dataset, TAG_HIGH_BIT, 11);
    dicom_put_number(dataset, TAG_PIXEL_REPRESENTATION, 0);
    dicom_put_text(dataset, TAG_LOSSY_COMPRESSION, "CS", "00");
    put_pixels(dataset, bytes, 2 * rows * columns);
}

static void put_window(struct dicom_dataset *dataset, double center, double width) {
    dicom_put_decimals(dataset, TAG_WINDOW_CENTER, &center, 1);
    dicom_put_decimals(dataset, TAG_WINDOW_WIDTH, &width, 1);
}

// Image Plane and CT Image modules (PS3.3 sections C.7.6.2 and C.8.2.1).
static void put_ct_slice(struct dicom_dataset *dataset, const struct volume *volume, size_t slice) {
    double z_mm = volume->origin_mm[2] + (double)slice * volume->slice_mm;
    const double position_mm[3] = {volume->origin_mm[0], volume->origin_mm[1], z_mm};
    const double orientation[6] = {1, 0, 0, 0, 1, 0};
    const double spacing_mm[2] = {volume->row_mm, volume->column_mm}; // between rows, then columns
    const double intercept = HOUNSFIELD_AIR, slope = 1;
    dicom_put_text(dataset, TAG_IMAGE_TYPE, "CS", "DERIVED\\SECONDARY\\AXIAL");
    dicom_put_text(dataset, TAG_PATIENT_POSITION, "CS", "HFS");
    dicom_put_text(dataset, TAG_KVP, "DS", "");
    dicom_put_text(dataset, TAG_ACQUISITION_NUMBER, "IS", "1");
    dicom_put_decimals(dataset, TAG_IMAGE_POSITION_PATIENT, position_mm, 3);
    dicom_put_decimals(dataset, TAG_IMAGE_ORIENTATION_PATIENT, orientation, 6);
    dicom_put_decimals(dataset, TAG_PIXEL_SPACING, spacing_mm, 2);
    dicom_put_decimals(dataset, TAG_SLICE_THICKNESS, &volume->slice_mm, 1);
    dicom_put_decimals(dataset, TAG_SPACING_BETWEEN_SLICES, &volume->slice_mm, 1);
    dicom_put_decimals(dataset, TAG_SLICE_LOCATION, &z_mm, 1);
    dicom_put_decimals(dataset, TAG_RESCALE_INTERCEPT, &intercept, 1);
    dicom_put_decimals(dataset, TAG_RESCALE_SLOPE, &slope, 1);
    dicom_put_text(dataset, TAG_RESCALE_TYPE, "LO", "HU");
    put_window(dataset, 40, 400);
}

bool demo_ct_series(const struct volume *volume, const struct demo_series *series,
                    const struct demo_sink *sink) {
    size_t count = volume->rows * volume->columns;
    uint8_t *bytes = malloc(2 * count);
    struct dicom_dataset *dataset = malloc(sizeof(*dataset));
    bool going = bytes != NULL && dataset != NULL;
    for (size_t slice = 0; going && slice < volume->slices; slice++) {
        const int16_t *hounsfield = volume_row(volume, slice, 0);
        for (size_t i = 0; i < count; i++) {
            int stored = hounsfield[i] - HOUNSFIELD_AIR;
            stored = stored < 0 ? 0 : stored > 4095 ? 4095 : stored;
            bytes[2 * i] = (uint8_t)stored;
            bytes[2 * i + 1] = (uint8_t)(stored >> 8);
        }
        dicom_init(dataset);
        put_ct_slice(dataset, volume, slice);
        put_twelve_bit_pixels(dataset, volume->columns, volume->rows, bytes);
        demo_identify(dataset, series, (unsigned)slice + 1);
        going = sink->take(sink->context, dataset, series, (unsigned)slice + 1);
    }
    free(dataset);
    free(bytes);
    return going;
}

bool demo_radiograph(const struct volume *volume, const struct demo_series *series,
                     const struct demo_sink *sink) {
    struct radiograph radiograph = radiograph_of(volume);
    size_t count = radiograph.rows * radiograph.columns;
    uint8_t *bytes = malloc(2 * count);
    struct dicom_dataset *dataset = malloc(sizeof(*dataset));
    bool made = radiograph.values != NULL && bytes != NULL && dataset != NULL;
    if (made) {
        for (size_t i = 0; i < count; i++) {
            bytes[2 * i] = (uint8_t)radiograph.values[i];
            bytes[2 * i + 1] = (uint8_t)(radiograph.values[i] >> 8);
        }
        const double spacing_mm[2] = {radiograph.pixel_mm, radiograph.pixel_mm};
        dicom_init(dataset);
        dicom_put_text(dataset, TAG_IMAGE_TYPE, "CS", "DERIVED\\SECONDARY");
        dicom_put_text(dataset, TAG_DERIVATION_DESCRIPTION, "ST",
                       "Attenuation summed along parallel rays through the CT of this patient");
        dicom_put_text(dataset, TAG_PATIENT_ORIENTATION, "CS", "P\\F");
        dicom_put_text(dataset, TAG_VIEW_POSITION, "CS", "LL");
        dicom_put_text(dataset, TAG_KVP, "DS", "");
        dicom_put_decimals(dataset, TAG_IMAGER_PIXEL_SPACING, spacing_mm, 2);
        put_window(dataset, 0.5 * RADIOGRAPH_VALUE_MAX, RADIOGRAPH_VALUE_MAX);
        put_twelve_bit_pixels(dataset, radiograph.columns, radiograph.rows, bytes);
        demo_identify(dataset, series, 1);
        made = sink->take(sink->context, dataset, series, 1);
    }
    free(dataset);
    free(bytes);
    radiograph_finish(&radiograph);
    return made;
}
