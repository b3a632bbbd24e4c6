#include "server/imaging/part10.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#define PREAMBLE_SIZE 128 // PS3.10 section 7.1
#define PREFIX "DICM"
#define PREFIX_SIZE 4
#define UID_SIZE_MAX 64
#define INFLATE_STEP ((size_t)256 << 10)

#define TAG_TRANSFER_SYNTAX DICOM_TAG(0x0002, 0x0010)
#define TAG_MEDIA_STORAGE_CLASS DICOM_TAG(0x0002, 0x0002)
#define MEDIA_STORAGE_DIRECTORY "1.2.840.10008.1.3.10" // a DICOMDIR, PS3.10 section 8

struct signature {
    const char *bytes;
    size_t size;
    const char *what;
};

static const struct signature known_strangers[] = {
    {"%PDF-", 5, "a PDF document"},
    {"PK\003\004", 4, "a ZIP archive"},
    {"\377\330\377", 3, "a JPEG picture"},
    {"\211PNG", 4, "a PNG picture"},
    {"\037\213", 2, "a gzip archive"},
    {"GIF8", 4, "a GIF picture"},
    {"<?xml", 5, "an XML document"},
    {"<!DOCTYPE", 9, "an HTML page"},
    {"\334\004", 2, "a Windows thumbnail"},
    {"\177ELF", 4, "a program"},
    {"MZ", 2, "a program"},
};

static enum file_refusal_kind refuse_stranger(const uint8_t *bytes, size_t size,
                                              struct file_refusal *refusal) {
    for (size_t i = 0; i < sizeof known_strangers / sizeof known_strangers[0]; i++) {
        const struct signature *known = &known_strangers[i];
        if (size >= known->size && memcmp(bytes, known->bytes, known->size) == 0) {
            return file_refuse(refusal, FILE_REFUSAL_NOT_DICOM, 0, "this is %s, not a DICOM file",
                               known->what);
        }
    }
    return file_refuse(refusal, FILE_REFUSAL_NOT_DICOM, 0,
                       "no DICM after 128 bytes, and the first bytes are no data element");
}

enum file_refusal_kind refuse_walk(struct file_refusal *refusal,
                                   const struct walk_failure *failure) {
    enum file_refusal_kind kind = FILE_REFUSAL_MALFORMED;
    switch (failure->error) {
    case WALK_TRUNCATED_HEADER:
    case WALK_TRUNCATED_VALUE:
    case WALK_UNCLOSED:
        kind = FILE_REFUSAL_TRUNCATED;
        break;
    case WALK_TOO_DEEP:
    case WALK_TOO_MANY_ELEMENTS:
        kind = FILE_REFUSAL_OVER_LIMIT;
        break;
    default:
        break;
    }
    if (failure->tag == 0) {
        return file_refuse(refusal, kind, failure->offset, "byte %zu: %s", failure->offset,
                           walk_error_text(failure->error));
    }
    return file_refuse(refusal, kind, failure->offset, "byte %zu, element (%04X,%04X): %s",
                       failure->offset, (unsigned)(failure->tag >> 16),
                       (unsigned)(failure->tag & 0xFFFF), walk_error_text(failure->error));
}

/* A UID without its padding; false when it is longer than PS3.5 section 9.1 allows. */
static bool copy_uid(const struct dicom_element *element, char *uid) {
    size_t length = element->length;
    while (length > 0 && (element->value[length - 1] == 0 || element->value[length - 1] == ' ')) {
        length--;
    }
    if (length > UID_SIZE_MAX || memchr(element->value, 0, length)) {
        return false;
    }
    memcpy(uid, element->value, length);
    uid[length] = 0;
    return true;
}

/* Walks group 0002, which is Explicit VR Little Endian whatever follows (PS3.10 section 7.1). Its
 * group length is not believed: the group ends where another begins. */
static enum file_refusal_kind read_meta(const uint8_t *bytes, size_t size, size_t start,
                                        char *syntax, size_t *ret_end,
                                        struct file_refusal *refusal) {
    struct element_walker walker;
    element_walker_init(&walker, bytes, size, start, DICOM_EXPLICIT_LE);
    struct dicom_element element;
    while (size - walker.position >= 8 && dicom_u16(bytes + walker.position, false) == 0x0002) {
        if (element_walker_next(&walker, &element) != WALK_ELEMENT) {
            if (walker.failure.error == WALK_NO_ERROR) {
                return file_refuse(refusal, FILE_REFUSAL_MALFORMED, walker.position,
                                   "a sequence in the file meta information");
            }
            return refuse_walk(refusal, &walker.failure);
        }
        char uid[UID_SIZE_MAX + 1];
        bool wanted = element.tag == TAG_TRANSFER_SYNTAX || element.tag == TAG_MEDIA_STORAGE_CLASS;
        if (!wanted) {
            continue;
        }
        if (!copy_uid(&element, uid)) {
            return file_refuse(refusal, FILE_REFUSAL_MALFORMED, element.value_offset,
                               "a UID of the file meta information is not a UID");
        }
        if (element.tag == TAG_TRANSFER_SYNTAX) {
            memcpy(syntax, uid, sizeof uid);
        } else if (strcmp(uid, MEDIA_STORAGE_DIRECTORY) == 0) {
            return file_refuse(refusal, FILE_REFUSAL_NO_IDENTITY, 0,
                               "this is a DICOMDIR, the table of contents of a disc, not an image");
        }
    }
    *ret_end = walker.position;
    return FILE_REFUSAL_NONE;
}

/* Tells the encoding of a data set by its first element, which lies in group 0008 (PS3.3 C.12.1);
 * NULL when these bytes start no data set. */
static const struct transfer_syntax *guess_syntax(const uint8_t *bytes, size_t size, size_t start) {
    if (size - start < 8) {
        return NULL;
    }
    const uint8_t *header = bytes + start;
    bool explicit_vr = dicom_vr_is_known(DICOM_VR(header[4], header[5]));
    bool little = dicom_u16(header, false) == 0x0008;
    bool big = dicom_u16(header, true) == 0x0008;
    if (little && explicit_vr) {
        return transfer_syntax_find(TRANSFER_SYNTAX_EXPLICIT_LE);
    }
    if (big && explicit_vr) {
        return transfer_syntax_find(TRANSFER_SYNTAX_EXPLICIT_BE);
    }
    if (little && dicom_u32(header + 4, false) <= size - start - 8) {
        return transfer_syntax_find(TRANSFER_SYNTAX_IMPLICIT_LE);
    }
    return NULL;
}

/* PS3.10 promises that the data set matches the meta information; some writers say Explicit and
 * write Implicit or the reverse. The bytes decide between these two. */
static const struct transfer_syntax *believe_bytes(const uint8_t *bytes, size_t size, size_t start,
                                                   const struct transfer_syntax *declared) {
    if (declared->deflated || declared->packing != PIXELS_NATIVE) {
        return declared;
    }
    const struct transfer_syntax *guessed = guess_syntax(bytes, size, start);
    return guessed ? guessed : declared;
}

enum file_refusal_kind part10_open(const uint8_t *bytes, size_t size, struct part10 *ret_part10,
                                   struct file_refusal *refusal) {
    if (size == 0) {
        return file_refuse(refusal, FILE_REFUSAL_NOT_DICOM, 0, "the file is empty");
    }
    size_t start = 0;
    bool prefixed = size >= PREAMBLE_SIZE + PREFIX_SIZE &&
                    memcmp(bytes + PREAMBLE_SIZE, PREFIX, PREFIX_SIZE) == 0;
    if (prefixed) {
        start = PREAMBLE_SIZE + PREFIX_SIZE;
    }
    char uid[UID_SIZE_MAX + 1] = "";
    size_t dataset = start;
    bool has_meta = size - start >= 8 && dicom_u16(bytes + start, false) == 0x0002 &&
                    dicom_vr_is_known(DICOM_VR(bytes[start + 4], bytes[start + 5]));
    if (has_meta) {
        enum file_refusal_kind kind = read_meta(bytes, size, start, uid, &dataset, refusal);
        if (kind != FILE_REFUSAL_NONE) {
            return kind;
        }
    }
    const struct transfer_syntax *guessed = guess_syntax(bytes, size, dataset);
    if (uid[0] == 0) {
        if (!guessed) {
            return prefixed || has_meta
                       ? file_refuse(refusal, FILE_REFUSAL_MALFORMED, dataset,
                                     "no transfer syntax is named and the data set does not tell")
                       : refuse_stranger(bytes, size, refusal);
        }
        *ret_part10 = (struct part10){guessed, dataset};
        return FILE_REFUSAL_NONE;
    }
    const struct transfer_syntax *declared = transfer_syntax_find(uid);
    if (!declared) {
        return file_refuse(refusal, FILE_REFUSAL_UNSUPPORTED, 0,
                           "its transfer syntax is none of those we can show");
    }
    *ret_part10 = (struct part10){believe_bytes(bytes, size, dataset, declared), dataset};
    return FILE_REFUSAL_NONE;
}

enum file_refusal_kind part10_inflate(const uint8_t *bytes, size_t size,
                                      const struct part10 *part10, size_t ratio_max,
                                      struct bounded_output *output, struct file_refusal *refusal) {
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return file_refuse(refusal, FILE_REFUSAL_OVER_LIMIT, 0,
                           "no memory to inflate the data set");
    }
    // zlib counts in 32 bits; a deflated file larger than that is over every cap of ours.
    size_t left = size - part10->dataset_offset;
    stream.next_in = (Bytef *)(uintptr_t)(bytes + part10->dataset_offset);
    stream.avail_in = left > UINT32_MAX ? UINT32_MAX : (uInt)left;
    int status = Z_OK;
    bool swollen = false;
    while (status == Z_OK && !swollen) {
        uint8_t *space = bounded_output_extend(output, INFLATE_STEP);
        if (!space) {
            break;
        }
        stream.next_out = space;
        stream.avail_out = INFLATE_STEP;
        status = inflate(&stream, Z_NO_FLUSH);
        output->size -= stream.avail_out;
        swollen = ratio_max > 0 && output->size > PART10_INFLATE_FREE &&
                  output->size / ratio_max > stream.total_in;
    }
    size_t stopped_at = part10->dataset_offset + (size_t)stream.total_in;
    inflateEnd(&stream);
    if (status == Z_STREAM_END && !swollen) {
        return FILE_REFUSAL_NONE;
    }
    if (swollen) {
        return file_refuse(refusal, FILE_REFUSAL_OVER_LIMIT, stopped_at,
                           "the data set swells more than %zu times", ratio_max);
    }
    if (output->failed) {
        return file_refuse(refusal, FILE_REFUSAL_OVER_LIMIT, stopped_at,
                           "the data set inflates to more than %zu bytes", output->limit);
    }
    return file_refuse(refusal,
                       status == Z_BUF_ERROR ? FILE_REFUSAL_TRUNCATED : FILE_REFUSAL_MALFORMED,
                       stopped_at, "the deflated data set breaks off or is damaged");
}
