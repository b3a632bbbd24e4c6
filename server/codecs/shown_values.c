#include "server/codecs/shown_values.h"

#include "server/imaging/element_value.h"

#include <string.h>

#define PIXELS_GROUP 0x7FE0u
#define LEVELS_OF_A_TABLE 2 // sequence, item
#define LEVELS_OF_A_MACRO 4 // groups sequence, its item, macro sequence, its item

enum {
    TAG_HIGH_BIT = 0x00280102,
    TAG_PIXEL_REPRESENTATION = 0x00280103,
    TAG_WINDOW_CENTER = 0x00281050,
    TAG_WINDOW_WIDTH = 0x00281051,
    TAG_INTERCEPT = 0x00281052,
    TAG_SLOPE = 0x00281053,
    TAG_FUNCTION = 0x00281056,
    TAG_MODALITY_TABLES = 0x00283000,
    TAG_TABLE_DESCRIPTOR = 0x00283002,
    TAG_TABLE_DATA = 0x00283006,
    TAG_VOI_TABLES = 0x00283010,
    TAG_FRAME_VOI = 0x00289132,
    TAG_VALUE_TRANSFORMATION = 0x00289145,
    TAG_SHARED_GROUPS = 0x52009229,
    TAG_FRAME_GROUPS = 0x52009230,
};

/* Numbers of one place; what counts more is laid over what counts less. */
struct said {
    bool has_center, has_width, has_slope, has_intercept;
    double center, width, slope, intercept;
    enum window_function function;
};

struct reading {
    uint32_t frame;
    struct shown_values *values;
    /* Derived. */
    uint32_t item; // of the sequence at level 0, from 1
    bool pixels_signed;
    struct said of_all, of_shared, of_frame;
    struct dicom_element modality[2], voi[2]; // descriptor, data
};

static enum window_function function_of(const struct dicom_element *element) {
    size_t size;
    const char *text = element_trimmed(element, &size);
    bool exact = size == 12 && memcmp(text, "LINEAR_EXACT", 12) == 0;
    bool sigmoid = size == 7 && memcmp(text, "SIGMOID", 7) == 0;
    return exact     ? WINDOW_FUNCTION_LINEAR_EXACT
           : sigmoid ? WINDOW_FUNCTION_SIGMOID
                     : WINDOW_FUNCTION_LINEAR;
}

static void take_number(const struct dicom_element *element, bool *has, double *number) {
    double value;
    if (!*has && element_numbers(element, &value, 1) == 1) {
        *has = true;
        *number = value;
    }
}

static void take_said(struct said *said, const struct dicom_element *element) {
    switch (element->tag) {
    case TAG_WINDOW_CENTER:
        take_number(element, &said->has_center, &said->center);
        break;
    case TAG_WINDOW_WIDTH:
        take_number(element, &said->has_width, &said->width);
        break;
    case TAG_SLOPE:
        take_number(element, &said->has_slope, &said->slope);
        break;
    case TAG_INTERCEPT:
        take_number(element, &said->has_intercept, &said->intercept);
        break;
    case TAG_FUNCTION:
        said->function = function_of(element);
        break;
    default:
        break;
    }
}

/* Windows and rescaling are said whole in one place or not there. */
static void lay_over(const struct said *said, struct shown_values *values) {
    if (said->has_center && said->has_width && said->width > 0) {
        values->window = (struct value_window){said->center, said->width, said->function};
    }
    if (said->has_slope && said->has_intercept && said->slope != 0) {
        values->slope = said->slope;
        values->intercept = said->intercept;
    }
}

bool table_descriptor_read(const struct dicom_element *descriptor, bool is_signed,
                           uint32_t *ret_count, int32_t *ret_first, unsigned *ret_bits) {
    if (descriptor->length < 6) {
        return false;
    }
    bool big = descriptor->big_endian;
    uint32_t count = dicom_u16(descriptor->value, big);
    uint16_t first = dicom_u16(descriptor->value + 2, big);
    unsigned bits = dicom_u16(descriptor->value + 4, big);
    *ret_count = count ? count : VALUE_TABLE_MAX;
    *ret_first = is_signed ? (int16_t)first : first;
    *ret_bits = bits;
    return bits >= 8 && bits <= 16;
}

static void read_table(const struct dicom_element places[2], bool implicit_signed,
                       struct value_table *table) {
    const struct dicom_element *descriptor = &places[0], *data = &places[1];
    bool is_signed = descriptor->vr == DICOM_VR('S', 'S') || implicit_signed;
    uint32_t count;
    int32_t first;
    unsigned bits;
    table->count = 0;
    if (!table_descriptor_read(descriptor, is_signed, &count, &first, &bits) ||
        data->length < count) {
        return;
    }
    bool words = data->length / 2 >= count;
    for (uint32_t i = 0; i < count; i++) {
        table->values[i] =
            words ? dicom_u16(data->value + 2 * (size_t)i, data->big_endian) : data->value[i];
    }
    table->count = count;
    table->first = first;
    table->bits = bits;
}

static void take_top(struct reading *reading, const struct dicom_element *element) {
    int64_t integer;
    take_said(&reading->of_all, element);
    if (element->tag == TAG_HIGH_BIT && element_integer(element, 0, 15, &integer)) {
        reading->values->high_bit = (uint32_t)integer;
    } else if (element->tag == TAG_PIXEL_REPRESENTATION) {
        reading->pixels_signed = element_integer(element, 1, 1, &integer);
    }
}

/* Of the first item of such a sequence. */
static void take_of_table(struct reading *reading, uint32_t sequence,
                          const struct dicom_element *element) {
    bool modality = sequence == TAG_MODALITY_TABLES;
    if (reading->item != 1 || (!modality && sequence != TAG_VOI_TABLES)) {
        return;
    }
    struct dicom_element *places = modality ? reading->modality : reading->voi;
    if (element->tag == TAG_TABLE_DESCRIPTOR) {
        places[0] = *element;
    } else if (element->tag == TAG_TABLE_DATA) {
        places[1] = *element;
    }
}

static void take_of_macro(struct reading *reading, const struct element_walker *walker,
                          const struct dicom_element *element) {
    uint32_t kind = walker->levels[0].tag;
    uint32_t macro = walker->levels[2].tag;
    if (macro != TAG_FRAME_VOI && macro != TAG_VALUE_TRANSFORMATION) {
        return;
    }
    if (kind == TAG_SHARED_GROUPS) {
        take_said(&reading->of_shared, element);
    } else if (kind == TAG_FRAME_GROUPS && reading->item == reading->frame) {
        take_said(&reading->of_frame, element);
    }
}

static void take_event(struct reading *reading, const struct element_walker *walker,
                       enum walk_event event, const struct dicom_element *element) {
    unsigned levels = walker->level_count;
    if (event == WALK_SEQUENCE_BEGIN && element->depth == 0) {
        reading->item = 0;
    } else if (event == WALK_ITEM_BEGIN && levels == LEVELS_OF_A_TABLE) {
        reading->item++;
    } else if (event == WALK_ELEMENT && levels == 0) {
        take_top(reading, element);
    } else if (event == WALK_ELEMENT && levels == LEVELS_OF_A_TABLE) {
        take_of_table(reading, walker->levels[0].tag, element);
    } else if (event == WALK_ELEMENT && levels == LEVELS_OF_A_MACRO) {
        take_of_macro(reading, walker, element);
    }
}

void shown_values_read(const uint8_t *bytes, size_t size, enum dicom_encoding encoding,
                       uint32_t frame, struct shown_values *ret_values) {
    struct element_walker walker;
    struct dicom_element element;
    struct reading reading = {.frame = frame, .values = ret_values};
    ret_values->slope = 1;
    ret_values->intercept = 0;
    ret_values->window = (struct value_window){0};
    ret_values->high_bit = 0;
    element_walker_init(&walker, bytes, size, 0, encoding);
    for (;;) {
        enum walk_event event = element_walker_next(&walker, &element);
        // It ends in the middle of the pixels' element, which the walker takes for truncated.
        if (event == WALK_END || event == WALK_FAILED ||
            (walker.level_count == 0 && element.tag >> 16 >= PIXELS_GROUP)) {
            break;
        }
        take_event(&reading, &walker, event, &element);
    }
    lay_over(&reading.of_all, ret_values);
    lay_over(&reading.of_shared, ret_values);
    lay_over(&reading.of_frame, ret_values);
    bool guessed = encoding == DICOM_IMPLICIT_LE;
    read_table(reading.modality, guessed && reading.pixels_signed, &ret_values->modality);
    read_table(reading.voi, guessed && (reading.pixels_signed || ret_values->intercept < 0),
               &ret_values->voi);
}
