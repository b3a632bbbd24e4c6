#include "server/imaging/metadata_mask.h"

#include <string.h>

/* An item takes three levels (sequence's object, its values, the item), and items are nested 64
 * deep at most. */
#define MASK_DEPTH_MAX 256

enum { TAG_DIGITS = 8 };

/* In ascending order. */
static const uint32_t kept_tags[] = {
    0x00080005, // Specific Character Set
    0x00080008, // Image Type
    0x00080016, // SOP Class UID
    0x00080018, // SOP Instance UID
    0x00080020, // Study Date
    0x00080060, // Modality
    0x00080100, // Code Value, and what it is from: of illuminations and units alone
    0x00080102, // Coding Scheme Designator
    0x00082144, // Recommended Display Frame Rate
    0x00083002, // Available Transfer Syntax UID
    0x00100040, // Patient's Sex
    0x00101010, // Patient's Age
    0x00180040, // Cine Rate
    0x00180050, // Slice Thickness
    0x00180088, // Spacing Between Slices
    0x00181063, // Frame Time
    0x00181164, // Imager Pixel Spacing
    0x00186011, // Sequence of Ultrasound Regions, and in it:
    0x00186012, // Region Spatial Format
    0x00186014, // Region Data Type
    0x00186016, // Region Flags
    0x00186018, // Region Location Min X0
    0x0018601A, // Region Location Min Y0
    0x0018601C, // Region Location Max X1
    0x0018601E, // Region Location Max Y1
    0x00186020, // Reference Pixel X0
    0x00186022, // Reference Pixel Y0
    0x00186024, // Physical Units X Direction
    0x00186026, // Physical Units Y Direction
    0x0018602C, // Physical Delta X
    0x0018602E, // Physical Delta Y
    0x0020000D, // Study Instance UID
    0x0020000E, // Series Instance UID
    0x00200011, // Series Number
    0x00200012, // Acquisition Number
    0x00200013, // Instance Number
    0x00200020, // Patient Orientation
    0x00200032, // Image Position (Patient)
    0x00200037, // Image Orientation (Patient)
    0x00200052, // Frame of Reference UID
    0x00200060, // Laterality
    0x00200062, // Image Laterality
    0x00200100, // Temporal Position Identifier
    0x00209071, // Frame Anatomy Sequence, and in it:
    0x00209072, // Frame Laterality
    0x00209113, // Plane Position Sequence
    0x00209116, // Plane Orientation Sequence
    0x00209311, // Dimension Organization Type
    0x00220016, // Illumination Type Code Sequence
    0x00280002, // Samples per Pixel
    0x00280004, // Photometric Interpretation
    0x00280006, // Planar Configuration
    0x00280008, // Number of Frames
    0x00280010, // Rows
    0x00280011, // Columns
    0x00280030, // Pixel Spacing
    0x00280034, // Pixel Aspect Ratio
    0x00280100, // Bits Allocated
    0x00280101, // Bits Stored
    0x00280102, // High Bit
    0x00280103, // Pixel Representation
    0x00281050, // Window Center
    0x00281051, // Window Width
    0x00281052, // Rescale Intercept
    0x00281053, // Rescale Slope
    0x00281054, // Rescale Type
    0x00281056, // VOI LUT Function
    0x00281101, // Red Palette Color Lookup Table Descriptor
    0x00281102, // Green Palette Color Lookup Table Descriptor
    0x00281103, // Blue Palette Color Lookup Table Descriptor
    0x00281201, // Red Palette Color Lookup Table Data
    0x00281202, // Green Palette Color Lookup Table Data
    0x00281203, // Blue Palette Color Lookup Table Data
    0x00281221, // Segmented Red Palette Color Lookup Table Data
    0x00281222, // Segmented Green Palette Color Lookup Table Data
    0x00281223, // Segmented Blue Palette Color Lookup Table Data
    0x00282000, // ICC Profile
    0x00282110, // Lossy Image Compression
    0x00283000, // Modality LUT Sequence, of which the items stay empty: that there is one
    0x00283010, // VOI LUT Sequence, likewise
    0x00289110, // Pixel Measures Sequence
    0x00289132, // Frame VOI LUT Sequence
    0x00289145, // Pixel Value Transformation Sequence
    0x00480001, // Imaged Volume Width
    0x00480002, // Imaged Volume Height
    0x00480006, // Total Pixel Matrix Columns
    0x00480007, // Total Pixel Matrix Rows
    0x00480102, // Image Orientation (Slide)
    0x00480105, // Optical Path Sequence, and in it:
    0x00480106, // Optical Path Identifier
    0x00480207, // Optical Path Identification Sequence
    0x0048021A, // Plane Position (Slide) Sequence
    0x0048021E, // Column Position in Total Image Pixel Matrix
    0x0048021F, // Row Position in Total Image Pixel Matrix
    0x00480302, // Number of Optical Paths
    0x00480303, // Total Pixel Matrix Focal Planes
    0x3004000C, // Grid Frame Offset Vector
    0x52009229, // Shared Functional Groups Sequence
    0x52009230, // Per-frame Functional Groups Sequence
};

bool metadata_mask_keeps(uint32_t tag) {
    size_t low = 0;
    size_t high = sizeof kept_tags / sizeof kept_tags[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (kept_tags[middle] == tag) {
            return true;
        }
        if (kept_tags[middle] < tag) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* A walk through the text. Commas are set anew, as what stood between them may be gone. */
struct mask {
    const uint8_t *at, *end;
    struct bounded_output *output;
    unsigned depth;
    bool has_one[MASK_DEPTH_MAX]; // something was written at this depth
    bool after_name;              // the next value is a member's
};

/* The string that begins here, with its quotes; empty when it does not end. */
static size_t string_length(const uint8_t *at, const uint8_t *end) {
    for (const uint8_t *next = at + 1; next < end; next++) {
        if (*next == '"') {
            return (size_t)(next - at) + 1;
        }
        next += *next == '\\';
    }
    return 0;
}

static size_t literal_length(const uint8_t *at, const uint8_t *end) {
    const uint8_t *next = at;
    while (next < end && memchr("{}[],:\"", *next, 7) == NULL) {
        next++;
    }
    return (size_t)(next - at);
}

static void begin_value(struct mask *mask) {
    if (!mask->after_name && mask->has_one[mask->depth]) {
        bounded_output_byte(mask->output, ',');
    }
    mask->has_one[mask->depth] = true;
    mask->after_name = false;
}

static bool step_over_value(struct mask *mask) {
    unsigned depth = 0;
    do {
        if (mask->at == mask->end) {
            return false;
        }
        size_t length = 1;
        switch (*mask->at) {
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return false;
            }
            depth--;
            break;
        case '"':
            length = string_length(mask->at, mask->end);
            break;
        case ',':
        case ':':
            break;
        default:
            length = literal_length(mask->at, mask->end);
            break;
        }
        if (length == 0) {
            return false;
        }
        mask->at += length;
    } while (depth > 0);
    return true;
}

/* The tag that a name of a member says; other names are those of the JSON model (vr, Value). */
static bool is_tag(const uint8_t *string, size_t length, uint32_t *ret_tag) {
    uint32_t tag = 0;
    if (length != TAG_DIGITS + 2) {
        return false;
    }
    for (size_t i = 1; i <= TAG_DIGITS; i++) {
        static const char digits[] = "0123456789ABCDEF";
        const char *digit = memchr(digits, string[i], sizeof digits - 1);
        if (digit == NULL) {
            return false;
        }
        tag = tag << 4 | (uint32_t)(digit - digits);
    }
    *ret_tag = tag;
    return true;
}

static bool take_string(struct mask *mask) {
    const uint8_t *string = mask->at;
    size_t length = string_length(string, mask->end);
    if (length == 0) {
        return false;
    }
    mask->at += length;
    bool is_name = mask->at < mask->end && *mask->at == ':' && !mask->after_name;
    uint32_t tag;
    if (is_name && is_tag(string, length, &tag) && !metadata_mask_keeps(tag)) {
        mask->at++;
        return step_over_value(mask);
    }
    begin_value(mask);
    bounded_output_write(mask->output, string, length);
    if (is_name) {
        mask->at++;
        bounded_output_byte(mask->output, ':');
        mask->after_name = true;
    }
    return true;
}

static bool take_one(struct mask *mask) {
    switch (*mask->at) {
    case '{':
    case '[':
        begin_value(mask);
        if (++mask->depth == MASK_DEPTH_MAX) {
            return false;
        }
        mask->has_one[mask->depth] = false;
        break;
    case '}':
    case ']':
        if (mask->depth-- == 0 || mask->after_name) {
            return false;
        }
        break;
    case '"':
        return take_string(mask);
    case ',':
        mask->at++;
        return mask->depth > 0;
    case ':':
        return false;
    default:
        begin_value(mask);
        size_t length = literal_length(mask->at, mask->end);
        bounded_output_write(mask->output, mask->at, length);
        mask->at += length;
        return true;
    }
    bounded_output_byte(mask->output, *mask->at++);
    return true;
}

bool metadata_mask(const uint8_t *json, size_t size, struct bounded_output *output) {
    struct mask mask = {.at = json, .end = json + size, .output = output};
    while (mask.at < mask.end) {
        if (!take_one(&mask)) {
            return false;
        }
    }
    return mask.depth == 0 && !mask.after_name && !output->failed;
}
