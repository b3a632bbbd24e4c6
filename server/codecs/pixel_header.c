#include "server/codecs/pixel_header.h"

#include "server/codecs/shown_values.h"
#include "server/imaging/element_value.h"

#include <string.h>

#define PIXELS_GROUP 0x7FE0u
#define NATIVE_HEADER_SIZE 12 // tag, VR, two reserved bytes, length of an explicit OW or OB

enum {
    TAG_PLANAR_CONFIGURATION = 0x00280006,
    TAG_PIXEL_REPRESENTATION = 0x00280103,
    TAG_RED_DESCRIPTOR = 0x00281101,
    TAG_GREEN_DESCRIPTOR = 0x00281102,
    TAG_BLUE_DESCRIPTOR = 0x00281103,
    TAG_RED_TABLE = 0x00281201,
    TAG_GREEN_TABLE = 0x00281202,
    TAG_BLUE_TABLE = 0x00281203,
};

struct table_place {
    struct dicom_element descriptor, table;
};

/* A palette of one colour (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), as eight bits. */
static bool read_table(const struct table_place *place, bool is_signed, uint32_t *ret_count,
                       int32_t *ret_first, uint8_t *ret_values) {
    uint32_t count;
    unsigned bits;
    is_signed = is_signed || place->descriptor.vr == DICOM_VR('S', 'S');
    if (!table_descriptor_read(&place->descriptor, is_signed, &count, ret_first, &bits) ||
        place->table.length < count || (bits != 8 && bits != 16)) {
        return false;
    }
    bool words = place->table.length / 2 >= count;
    for (uint32_t i = 0; i < count; i++) {
        if (words) {
            uint16_t value = dicom_u16(place->table.value + 2 * i, place->table.big_endian);
            ret_values[i] = (uint8_t)(bits == 16 ? value >> 8 : value);
        } else {
            ret_values[i] = place->table.value[i];
        }
    }
    *ret_count = count;
    return true;
}

static void read_palette(const struct table_place places[3], bool is_signed,
                         struct palette *palette) {
    uint32_t counts[3];
    int32_t firsts[3];
    if (read_table(&places[0], is_signed, &counts[0], &firsts[0], palette->red) &&
        read_table(&places[1], is_signed, &counts[1], &firsts[1], palette->green) &&
        read_table(&places[2], is_signed, &counts[2], &firsts[2], palette->blue) &&
        counts[0] == counts[1] && counts[0] == counts[2]) {
        palette->count = counts[0];
        palette->first = firsts[0];
    }
}

static void take(const struct dicom_element *element, struct pixel_header *header,
                 struct table_place places[3]) {
    switch (element->tag) {
    case TAG_PLANAR_CONFIGURATION:
        header->planar =
            element->length >= 2 && dicom_u16(element->value, element->big_endian) == 1;
        break;
    case TAG_RED_DESCRIPTOR:
    case TAG_GREEN_DESCRIPTOR:
    case TAG_BLUE_DESCRIPTOR:
        places[element->tag - TAG_RED_DESCRIPTOR].descriptor = *element;
        break;
    case TAG_RED_TABLE:
    case TAG_GREEN_TABLE:
    case TAG_BLUE_TABLE:
        places[element->tag - TAG_RED_TABLE].table = *element;
        break;
    default:
        break;
    }
}

void pixel_header_read(const uint8_t *bytes, size_t size, enum dicom_encoding encoding,
                       struct pixel_header *ret_header) {
    struct table_place places[3];
    bool is_signed = false; // pixels, and so the values of a table
    int64_t one;
    struct element_walker walker;
    struct dicom_element element;
    memset(ret_header, 0, sizeof *ret_header);
    memset(places, 0, sizeof places);
    element_walker_init(&walker, bytes, size, 0, encoding);
    for (;;) {
        enum walk_event event = element_walker_next(&walker, &element);
        // It ends in the middle of the pixels' element, which the walker takes for truncated.
        if (event == WALK_END || event == WALK_FAILED ||
            (element.depth == 0 && element.tag >> 16 >= PIXELS_GROUP)) {
            break;
        }
        if (event == WALK_ELEMENT && element.depth == 0) {
            take(&element, ret_header, places);
            is_signed = element.tag == TAG_PIXEL_REPRESENTATION
                            ? element_integer(&element, 1, 1, &one)
                            : is_signed;
        }
    }
    // Where the file says how the descriptor is written, that counts.
    read_palette(places, is_signed && encoding == DICOM_IMPLICIT_LE, &ret_header->palette);
    ret_header->words_swapped = encoding == DICOM_EXPLICIT_BE && size >= NATIVE_HEADER_SIZE &&
                                memcmp(bytes + size - 8, "OW", 2) == 0;
}
