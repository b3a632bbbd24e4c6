#include "server/imaging/element_walker.h"

#include "server/imaging/data_dictionary.h"

#include <assert.h>
#include <string.h>

#define TAG_ITEM DICOM_TAG(0xFFFE, 0xE000)
#define TAG_ITEM_DELIMITER DICOM_TAG(0xFFFE, 0xE00D)
#define TAG_SEQUENCE_DELIMITER DICOM_TAG(0xFFFE, 0xE0DD)

#define VR_SQ DICOM_VR('S', 'Q')
#define VR_UN DICOM_VR('U', 'N')
#define VR_OB DICOM_VR('O', 'B')
#define VR_OW DICOM_VR('O', 'W')

const char *walk_error_text(enum walk_error error) {
    switch (error) {
#define XX(name, text)                                                                             \
    case WALK_##name:                                                                              \
        return text;
        WALK_ERROR_MAP(XX)
#undef XX
    case WALK_NO_ERROR:
        break;
    }
    return "nothing";
}

bool dicom_vr_has_long_length(uint16_t vr) {
    switch (vr) {
    case VR_OB:
    case VR_OW:
    case VR_SQ:
    case VR_UN:
    case DICOM_VR('O', 'D'):
    case DICOM_VR('O', 'F'):
    case DICOM_VR('O', 'L'):
    case DICOM_VR('O', 'V'):
    case DICOM_VR('S', 'V'):
    case DICOM_VR('U', 'C'):
    case DICOM_VR('U', 'R'):
    case DICOM_VR('U', 'T'):
    case DICOM_VR('U', 'V'):
        return true;
    default:
        return false;
    }
}

bool dicom_vr_is_known(uint16_t vr) {
    switch (vr) {
    case DICOM_VR('A', 'E'):
    case DICOM_VR('A', 'S'):
    case DICOM_VR('A', 'T'):
    case DICOM_VR('C', 'S'):
    case DICOM_VR('D', 'A'):
    case DICOM_VR('D', 'S'):
    case DICOM_VR('D', 'T'):
    case DICOM_VR('F', 'D'):
    case DICOM_VR('F', 'L'):
    case DICOM_VR('I', 'S'):
    case DICOM_VR('L', 'O'):
    case DICOM_VR('L', 'T'):
    case DICOM_VR('P', 'N'):
    case DICOM_VR('S', 'H'):
    case DICOM_VR('S', 'L'):
    case DICOM_VR('S', 'S'):
    case DICOM_VR('S', 'T'):
    case DICOM_VR('T', 'M'):
    case DICOM_VR('U', 'I'):
    case DICOM_VR('U', 'L'):
    case DICOM_VR('U', 'S'):
        return true;
    default:
        return dicom_vr_has_long_length(vr);
    }
}

void element_walker_init(struct element_walker *walker, const uint8_t *bytes, size_t size,
                         size_t start, enum dicom_encoding encoding) {
    assert(start <= size);
    // The levels are written before they are read: clearing 2 KiB would cost more than the walk of
    // a small header.
    walker->bytes = bytes;
    walker->size = size;
    walker->encoding = encoding;
    walker->position = start;
    walker->level_count = 0;
    walker->item_depth = 0;
    walker->element_count = 0;
    walker->failure = (struct walk_failure){WALK_NO_ERROR, 0, 0};
}

static const struct walk_level *top_level(const struct element_walker *walker) {
    return walker->level_count ? &walker->levels[walker->level_count - 1] : NULL;
}

uint32_t element_walker_sequence(const struct element_walker *walker) {
    const struct walk_level *top = top_level(walker);
    return top ? top->tag : 0;
}

static enum walk_event fail(struct element_walker *walker, enum walk_error error, uint32_t tag) {
    walker->failure = (struct walk_failure){error, tag, walker->position};
    return WALK_FAILED;
}

/* Opens a level whose content starts at element->value_offset. */
static enum walk_event push(struct element_walker *walker, const struct dicom_element *element,
                            struct walk_level level, enum walk_event event) {
    if (walker->level_count == WALK_DEPTH_MAX) {
        return fail(walker, WALK_TOO_DEEP, element->tag);
    }
    const struct walk_level *parent = top_level(walker);
    size_t limit = parent ? parent->limit : walker->size;
    level.undefined = element->length == DICOM_LENGTH_UNDEFINED;
    level.limit = level.undefined ? limit : element->value_offset + element->length;
    walker->levels[walker->level_count++] = level;
    walker->item_depth += level.kind == WALK_LEVEL_ITEM;
    walker->position = element->value_offset;
    return event;
}

static enum walk_event pop(struct element_walker *walker, struct dicom_element *element) {
    assert(walker->level_count > 0);
    struct walk_level level = walker->levels[--walker->level_count];
    walker->item_depth -= level.kind == WALK_LEVEL_ITEM;
    *element = (struct dicom_element){.tag = level.tag,
                                      .vr = VR_SQ,
                                      .value = walker->bytes + walker->position,
                                      .value_offset = walker->position,
                                      .depth = walker->item_depth};
    switch (level.kind) {
    case WALK_LEVEL_ITEM:
        return WALK_ITEM_END;
    case WALK_LEVEL_FRAGMENTS:
        return WALK_FRAGMENTS_END;
    case WALK_LEVEL_SEQUENCE:
        break;
    }
    return WALK_SEQUENCE_END;
}

/* Reads tag, VR and length; false when the bytes end first. Lengths are checked by the caller. */
static bool read_header(struct element_walker *walker, enum dicom_encoding encoding, size_t limit,
                        struct dicom_element *element) {
    if (limit - walker->position < 8) {
        return false;
    }
    const uint8_t *header = walker->bytes + walker->position;
    bool big = encoding == DICOM_EXPLICIT_BE;
    element->tag = DICOM_TAG(dicom_u16(header, big), dicom_u16(header + 2, big));
    element->big_endian = big;
    size_t header_size = 8;
    // Items and delimiters never carry a VR (PS3.5 section 7.5).
    if (encoding == DICOM_IMPLICIT_LE || element->tag >> 16 == 0xFFFE) {
        element->vr = 0;
        element->length = dicom_u32(header + 4, big);
    } else {
        element->vr = DICOM_VR(header[4], header[5]);
        if (!dicom_vr_has_long_length(element->vr)) {
            element->length = dicom_u16(header + 6, big);
        } else if (limit - walker->position < 12) {
            return false;
        } else {
            element->length = dicom_u32(header + 8, big);
            header_size = 12;
        }
    }
    element->value_offset = walker->position + header_size;
    element->value = walker->bytes + element->value_offset;
    element->depth = walker->item_depth;
    return true;
}

static bool fits(const struct dicom_element *element, size_t limit) {
    return element->length == DICOM_LENGTH_UNDEFINED ||
           element->length <= limit - element->value_offset;
}

/* Inside a sequence or encapsulated pixel data: an item, or the delimiter that ends it. */
static enum walk_event next_item(struct element_walker *walker, struct dicom_element *element) {
    const struct walk_level *top = top_level(walker);
    if (!read_header(walker, top->encoding, top->limit, element)) {
        return fail(walker, WALK_TRUNCATED_HEADER, 0);
    }
    if (element->tag == TAG_SEQUENCE_DELIMITER) {
        if (!top->undefined) {
            return fail(walker, WALK_STRAY_DELIMITER, element->tag);
        }
        walker->position = element->value_offset;
        return pop(walker, element);
    }
    if (element->tag != TAG_ITEM) {
        return fail(walker, WALK_NO_ITEM, element->tag);
    }
    if (!fits(element, top->limit)) {
        return fail(walker, WALK_TRUNCATED_VALUE, element->tag);
    }
    if (top->kind == WALK_LEVEL_SEQUENCE) {
        struct walk_level item = {WALK_LEVEL_ITEM, false, top->encoding, top->tag, 0};
        return push(walker, element, item, WALK_ITEM_BEGIN);
    }
    // A fragment has its length (PS3.5 A.4).
    if (element->length == DICOM_LENGTH_UNDEFINED) {
        return fail(walker, WALK_UNDEFINED_LENGTH, element->tag);
    }
    element->vr = VR_OB;
    walker->position = element->value_offset + element->length;
    return WALK_FRAGMENT;
}

/* Opens a sequence. One marked UN is encoded as Implicit VR Little Endian (PS3.5 section 6.2.2). */
static enum walk_event open_sequence(struct element_walker *walker, struct dicom_element *element,
                                     enum dicom_encoding encoding) {
    if (element->vr == VR_UN) {
        encoding = DICOM_IMPLICIT_LE;
    }
    element->vr = VR_SQ;
    struct walk_level sequence = {WALK_LEVEL_SEQUENCE, false, encoding, element->tag, 0};
    return push(walker, element, sequence, WALK_SEQUENCE_BEGIN);
}

/* An element whose length is written as undefined: only these three may be (PS3.5 section 7.1.1) */
static enum walk_event open_undefined(struct element_walker *walker, struct dicom_element *element,
                                      enum dicom_encoding encoding) {
    if (element->vr == VR_SQ || element->vr == VR_UN || encoding == DICOM_IMPLICIT_LE) {
        return open_sequence(walker, element, encoding);
    }
    if (element->vr == VR_OB || element->vr == VR_OW) {
        struct walk_level fragments = {WALK_LEVEL_FRAGMENTS, false, encoding, element->tag, 0};
        return push(walker, element, fragments, WALK_FRAGMENTS_BEGIN);
    }
    return fail(walker, WALK_UNDEFINED_LENGTH, element->tag);
}

static enum walk_event next_element(struct element_walker *walker, struct dicom_element *element,
                                    enum dicom_encoding encoding, size_t limit) {
    if (!read_header(walker, encoding, limit, element)) {
        return fail(walker, WALK_TRUNCATED_HEADER, 0);
    }
    if (element->tag >> 16 == 0xFFFE) {
        const struct walk_level *top = top_level(walker);
        if (element->tag != TAG_ITEM_DELIMITER || !top || !top->undefined) {
            return fail(walker, WALK_STRAY_DELIMITER, element->tag);
        }
        walker->position = element->value_offset;
        return pop(walker, element);
    }
    if (encoding != DICOM_IMPLICIT_LE && !dicom_vr_is_known(element->vr)) {
        return fail(walker, WALK_UNKNOWN_VR, element->tag);
    }
    if (!fits(element, limit)) {
        return fail(walker, WALK_TRUNCATED_VALUE, element->tag);
    }
    if (element->length == DICOM_LENGTH_UNDEFINED) {
        return open_undefined(walker, element, encoding);
    }
    if (element->vr == VR_SQ) {
        return open_sequence(walker, element, encoding);
    }
    if (element->vr == 0 || element->vr == VR_UN) {
        uint16_t known = data_dictionary_vr(element->tag);
        if (known == VR_SQ) {
            element->vr = element->vr == 0 ? VR_SQ : VR_UN;
            return open_sequence(walker, element, encoding);
        }
        // The value of a UN element is little endian whatever surrounds it.
        element->big_endian = element->big_endian && element->vr != VR_UN;
        element->vr = known;
    }
    walker->position = element->value_offset + element->length;
    return WALK_ELEMENT;
}

enum walk_event element_walker_next(struct element_walker *walker, struct dicom_element *element) {
    if (walker->failure.error != WALK_NO_ERROR) {
        return WALK_FAILED;
    }
    const struct walk_level *top = top_level(walker);
    size_t limit = top ? top->limit : walker->size;
    assert(walker->position <= limit);
    if (walker->position == limit) {
        if (!top) {
            return WALK_END;
        }
        return top->undefined ? fail(walker, WALK_UNCLOSED, top->tag) : pop(walker, element);
    }
    if (++walker->element_count > WALK_ELEMENTS_MAX) {
        return fail(walker, WALK_TOO_MANY_ELEMENTS, 0);
    }
    if (top && top->kind != WALK_LEVEL_ITEM) {
        return next_item(walker, element);
    }
    return next_element(walker, element, top ? top->encoding : walker->encoding, limit);
}
