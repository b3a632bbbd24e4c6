#include "clients/native/demo/demo_series.h"
#include "clients/native/demo/dicom_tags.h"

#include <stdlib.h>
#include <string.h>

enum { REAL_FILE_BYTES_MAX = 64 * 1024 * 1024 };

// What may be carried over from a real file: how it was acquired, where it lies, its pixels.
static const uint32_t carried[] = {
    TAG_IMAGE_TYPE,
    0x00180020, // Scanning Sequence
    0x00180021, // Sequence Variant
    0x00180022, // Scan Options
    0x00180023, // MR Acquisition Type
    0x00180024, // Sequence Name
    TAG_SLICE_THICKNESS,
    TAG_KVP,
    0x00180080, // Repetition Time
    0x00180081, // Echo Time
    0x00180083, // Number of Averages
    0x00180084, // Imaging Frequency
    0x00180087, // Magnetic Field Strength
    0x00180091, // Echo Train Length
    TAG_FRAME_TIME,
    0x00181155, // Radiation Setting
    0x00181314, // Flip Angle
    0x00181500, // Positioner Motion
    0x00181510, // Positioner Primary Angle
    0x00181511, // Positioner Secondary Angle
    TAG_PATIENT_POSITION,
    TAG_ACQUISITION_NUMBER,
    TAG_IMAGE_POSITION_PATIENT,
    TAG_IMAGE_ORIENTATION_PATIENT,
    TAG_SLICE_LOCATION,
    TAG_SAMPLES_PER_PIXEL,
    TAG_PHOTOMETRIC,
    TAG_NUMBER_OF_FRAMES,
    TAG_FRAME_INCREMENT_POINTER,
    TAG_ROWS,
    TAG_COLUMNS,
    TAG_PIXEL_SPACING,
    TAG_BITS_ALLOCATED,
    TAG_BITS_STORED,
    TAG_HIGH_BIT,
    TAG_PIXEL_REPRESENTATION,
    0x00281040, // Pixel Intensity Relationship
    TAG_PIXEL_DATA,
};

static uint8_t *read_file(const char *path, size_t *ret_length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    uint8_t *bytes = NULL;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (length > 0 && length <= REAL_FILE_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)length);
        if (bytes != NULL && fread(bytes, 1, (size_t)length, file) != (size_t)length) {
            free(bytes);
            bytes = NULL;
        }
        *ret_length = (size_t)length;
    }
    fclose(file);
    return bytes;
}

// A single-frame file of our sources carries the pixels of its whole series behind its own; what
// lies beyond the image that the header describes is not part of it.
static void trim_pixels(struct dicom_dataset *dataset) {
    const struct dicom_element *pixels = dicom_find(dataset, TAG_PIXEL_DATA);
    double rows, columns, samples, bits, frames = 1;
    if (pixels == NULL || pixels->encapsulated || !dicom_number(dataset, TAG_ROWS, 0, &rows) ||
        !dicom_number(dataset, TAG_COLUMNS, 0, &columns) ||
        !dicom_number(dataset, TAG_SAMPLES_PER_PIXEL, 0, &samples) ||
        !dicom_number(dataset, TAG_BITS_ALLOCATED, 0, &bits))
        return;
    dicom_number(dataset, TAG_NUMBER_OF_FRAMES, 0, &frames);
    double length = rows * columns * samples * frames * bits / 8;
    struct dicom_element trimmed = *pixels;
    if (length >= 1 && length < (double)pixels->length) {
        trimmed.length = ((size_t)length + 1) & ~(size_t)1;
        dicom_put_element(dataset, &trimmed);
    }
}

// Attributes that the real files leave out or get wrong, though their image type requires them.
static void complete(struct dicom_dataset *dataset, const struct dicom_dataset *source) {
    double center, width;
    if (dicom_number(source, TAG_WINDOW_CENTER, 0, &center) &&
        dicom_number(source, TAG_WINDOW_WIDTH, 0, &width) && width >= 1) {
        dicom_put_decimals(dataset, TAG_WINDOW_CENTER, &center, 1);
        dicom_put_decimals(dataset, TAG_WINDOW_WIDTH, &width, 1);
    }
    char modality[17];
    if (!dicom_text(source, TAG_MODALITY, modality, sizeof(modality)))
        return;
    double intercept, slope;
    if (strcmp(modality, "CT") == 0 && dicom_number(source, TAG_RESCALE_INTERCEPT, 0, &intercept) &&
        dicom_number(source, TAG_RESCALE_SLOPE, 0, &slope)) {
        dicom_put_decimals(dataset, TAG_RESCALE_INTERCEPT, &intercept, 1);
        dicom_put_decimals(dataset, TAG_RESCALE_SLOPE, &slope, 1);
        dicom_put_text(dataset, TAG_RESCALE_TYPE, "LO", "HU");
    }
    if (strcmp(modality, "XA") == 0) {
        dicom_put_text(dataset, TAG_EXPOSURE_TIME, "IS", "");
        dicom_put_text(dataset, TAG_X_RAY_TUBE_CURRENT, "IS", "");
        dicom_put_text(dataset, TAG_PATIENT_ORIENTATION, "CS", "");
    }
    if (strcmp(dataset->transfer_syntax, DICOM_JPEG_BASELINE) == 0) {
        dicom_put_text(dataset, TAG_LOSSY_COMPRESSION, "CS", "01");
        dicom_put_text(dataset, TAG_LOSSY_METHOD, "CS", "ISO_10918_1");
    }
}

bool demo_real_instance(const char *path, const struct demo_series *series,
                        unsigned instance_number, const struct demo_sink *sink) {
    size_t length = 0;
    uint8_t *bytes = read_file(path, &length);
    struct dicom_dataset *source = malloc(sizeof(*source)), *dataset = malloc(sizeof(*dataset));
    bool read = bytes != NULL && source != NULL && dataset != NULL &&
                dicom_read(source, bytes, length) && dicom_find(source, TAG_PIXEL_DATA) != NULL;
    if (read) {
        dicom_init(dataset);
        memcpy(dataset->transfer_syntax, source->transfer_syntax, sizeof(dataset->transfer_syntax));
        for (size_t i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
            const struct dicom_element *element = dicom_find(source, carried[i]);
            if (element != NULL)
                dicom_put_element(dataset, element);
        }
        trim_pixels(dataset);
        complete(dataset, source);
        demo_identify(dataset, series, instance_number);
        read = sink->take(sink->context, dataset, series, instance_number);
    }
    free(dataset);
    free(source);
    free(bytes);
    return read;
}
