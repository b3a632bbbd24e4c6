/*
 * Walks the data elements of a DICOM data set that lies whole in memory (PS3.5 section 7).
 *
 * The walker owns nothing and allocates nothing: every value it hands out is a slice of the buffer,
 * and a declared length is compared with the bytes that are really there before it is believed.
 * Nesting is kept on a stack of fixed depth, never on the C stack. Call element_walker_init once,
 * then element_walker_next until it says WALK_END or WALK_FAILED; a failed walker stays failed and
 * `failure` says what was wrong, at which byte and in which element.
 */
#ifndef CONSILIUM_IMAGING_ELEMENT_WALKER_H
#define CONSILIUM_IMAGING_ELEMENT_WALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_DEPTH_MAX 64          // sequences and items open at once
#define WALK_ELEMENTS_MAX 4000000u // elements, items and fragments of one data set

#define DICOM_LENGTH_UNDEFINED UINT32_MAX
#define DICOM_VR(first, second) ((uint16_t)((unsigned)(first) << 8 | (unsigned)(second)))
#define DICOM_TAG(group, element) ((uint32_t)(group) << 16 | (uint32_t)(element))

enum dicom_encoding {
    DICOM_IMPLICIT_LE, // PS3.5 A.1
    DICOM_EXPLICIT_LE, // PS3.5 A.2
    DICOM_EXPLICIT_BE, // PS3.5 A.3, retired and still met
};

enum walk_event {
    WALK_ELEMENT,         // a leaf: `value` holds `length` bytes
    WALK_SEQUENCE_BEGIN,  // ended by WALK_SEQUENCE_END
    WALK_SEQUENCE_END,    //
    WALK_ITEM_BEGIN,      // ended by WALK_ITEM_END
    WALK_ITEM_END,        //
    WALK_FRAGMENTS_BEGIN, // encapsulated pixel data (PS3.5 A.4), ended by WALK_FRAGMENTS_END
    WALK_FRAGMENT,        // the first one is the basic offset table, possibly empty
    WALK_FRAGMENTS_END,   //
    WALK_END,             // the whole buffer was walked
    WALK_FAILED,          // see `failure`
};

#define WALK_ERROR_MAP(XX)                                                                         \
    XX(TRUNCATED_HEADER, "the file ends inside an element header")                                 \
    XX(TRUNCATED_VALUE, "an element says it is longer than what holds it")                         \
    XX(UNCLOSED, "a sequence, item or pixel data of undefined length is never closed")             \
    XX(NO_ITEM, "something other than an item lies in a sequence")                                 \
    XX(STRAY_DELIMITER, "a delimiter without anything to close")                                   \
    XX(UNKNOWN_VR, "an unknown value representation")                                              \
    XX(UNDEFINED_LENGTH, "an undefined length where none is allowed")                              \
    XX(TOO_DEEP, "sequences are nested too deeply")                                                \
    XX(TOO_MANY_ELEMENTS, "too many elements")

enum walk_error {
    WALK_NO_ERROR,
#define XX(name, text) WALK_##name,
    WALK_ERROR_MAP(XX)
#undef XX
};

struct walk_failure {
    enum walk_error error;
    uint32_t tag;  // of the element at fault, 0 when its header could not be read
    size_t offset; // of its header, from the start of the buffer
};

struct dicom_element {
    uint32_t tag;
    uint16_t vr;          // DICOM_VR('P', 'N'); of the dictionary when the file does not say
    uint32_t length;      // bytes of `value`; DICOM_LENGTH_UNDEFINED only on BEGIN events
    const uint8_t *value; // borrowed from the buffer
    size_t value_offset;  // from the start of the buffer
    unsigned depth;       // items around it: 0 in the data set itself
    bool big_endian;
};

struct walk_level {
    enum { WALK_LEVEL_SEQUENCE, WALK_LEVEL_ITEM, WALK_LEVEL_FRAGMENTS } kind;
    bool undefined; // closed by a delimiter rather than by reaching `limit`
    enum dicom_encoding encoding;
    uint32_t tag; // of the sequence or pixel data
    size_t limit; // nothing inside may pass this byte
};

struct element_walker {
    /* Given. */
    const uint8_t *bytes; // borrowed for the walker's life
    size_t size;
    enum dicom_encoding encoding;
    /* Derived. */
    size_t position;
    unsigned level_count;
    unsigned item_depth;
    uint32_t element_count;
    struct walk_level levels[WALK_DEPTH_MAX];
    struct walk_failure failure;
};

/* Walks bytes[start, size); offsets in elements and failures count from bytes[0]. */
void element_walker_init(struct element_walker *walker, const uint8_t *bytes, size_t size,
                         size_t start, enum dicom_encoding encoding);

enum walk_event element_walker_next(struct element_walker *walker, struct dicom_element *element);

/* The tag of the innermost open sequence, 0 in the data set itself. */
uint32_t element_walker_sequence(const struct element_walker *walker);

const char *walk_error_text(enum walk_error error);

/* True for the two letters of a value representation of PS3.5 section 6.2. */
bool dicom_vr_is_known(uint16_t vr);

/* True when the explicit header of this VR has a 32-bit length (PS3.5 section 7.1.2). */
bool dicom_vr_has_long_length(uint16_t vr);

static inline uint16_t dicom_u16(const uint8_t *bytes, bool big_endian) {
    return (uint16_t)(big_endian ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
}

static inline uint32_t dicom_u32(const uint8_t *bytes, bool big_endian) {
    uint32_t first = dicom_u16(bytes, big_endian);
    uint32_t second = dicom_u16(bytes + 2, big_endian);
    return big_endian ? first << 16 | second : second << 16 | first;
}

static inline uint64_t dicom_u64(const uint8_t *bytes, bool big_endian) {
    uint64_t first = dicom_u32(bytes, big_endian);
    uint64_t second = dicom_u32(bytes + 4, big_endian);
    return big_endian ? first << 32 | second : second << 32 | first;
}

#endif
