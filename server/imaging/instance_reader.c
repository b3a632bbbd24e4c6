#include "server/imaging/instance_reader.h"

#include "server/imaging/element_value.h"
#include "server/imaging/functional_groups.h"
#include "server/imaging/metadata_json.h"
#include "server/imaging/part10.h"
#include "server/imaging/ultrasound_regions.h"

#include <stdlib.h>
#include <string.h>

#define TAG_EXTENDED_OFFSET_TABLE DICOM_TAG(0x7FE0, 0x0001)
#define TAG_FLOAT_PIXELS DICOM_TAG(0x7FE0, 0x0008)
#define TAG_DOUBLE_PIXELS DICOM_TAG(0x7FE0, 0x0009)
#define TAG_PIXELS DICOM_TAG(0x7FE0, 0x0010)
#define TAG_DOCUMENT DICOM_TAG(0x0042, 0x0011)
#define TAG_CONTAINER_IDENTIFIER DICOM_TAG(0x0040, 0x0512)

enum field_kind { FIELD_CODE, FIELD_TEXT, FIELD_NAME, FIELD_U32, FIELD_I32, FIELD_U64, FIELD_F64 };

struct read_field {
    uint32_t tag;
    uint8_t number;
    uint8_t kind;
    uint16_t space;
    uint16_t offset; // in struct instance
};

static const struct read_field read_fields[] = {
#define XX(number, name, member, tag, kind, space)                                                 \
    {tag, number, FIELD_##kind, space, offsetof(struct instance, member)},
    INSTANCE_FIELD_MAP(XX)
#undef XX
};

#define READ_FIELD_COUNT (sizeof read_fields / sizeof read_fields[0])

/* Everything one pass carries along. */
struct pass {
    /* Given. */
    const uint8_t *bytes; // what the offsets count in: the file, or its inflated data set
    const struct transfer_syntax *syntax;
    struct character_sets *sets;
    struct instance_reading *reading;
    struct file_refusal *refusal;
    /* Owned. */
    struct metadata_json json;
    struct functional_groups groups;
    struct ultrasound_regions regions;
    struct bounded_output text;
    /* Derived. */
    struct frame_offsets offsets;
    size_t next_field; // of read_fields: data sets come in ascending order of tags
    size_t pixels_size;
    uint32_t fragment_count;
};

static void set_present(struct instance *instance, unsigned number) {
    instance->present |= UINT64_C(1) << number;
}

/* Cuts after at most `space` bytes, never inside a character. */
static size_t cut_utf8(const char *text, size_t size, size_t space) {
    if (size <= space) {
        return size;
    }
    while (space > 0 && ((unsigned char)text[space] & 0xC0) == 0x80) {
        space--;
    }
    return space;
}

static bool take_text(struct pass *pass, const struct read_field *field,
                      const struct dicom_element *element, char *member) {
    size_t size;
    const char *value = element_trimmed(element, &size);
    struct character_set charset = {0};
    if (field->kind != FIELD_CODE) {
        charset = metadata_json_charset(&pass->json, element->depth);
    }
    pass->text.size = 0;
    character_set_decode(pass->sets, charset, (const uint8_t *)value, size,
                         field->kind == FIELD_NAME, &pass->text);
    if (pass->text.failed || pass->text.size == 0 || memchr(pass->text.bytes, 0, pass->text.size)) {
        pass->text.failed = false;
        return false;
    }
    size = cut_utf8((const char *)pass->text.bytes, pass->text.size, field->space);
    memcpy(member, pass->text.bytes, size);
    member[size] = 0;
    return true;
}

static bool take_field(struct pass *pass, const struct read_field *field,
                       const struct dicom_element *element) {
    char *member = (char *)&pass->reading->instance + field->offset;
    int64_t integer;
    double numbers[6];
    switch ((enum field_kind)field->kind) {
    case FIELD_CODE:
    case FIELD_TEXT:
    case FIELD_NAME:
        return take_text(pass, field, element, member);
    case FIELD_U32:
        if (!element_integer(element, 0, UINT32_MAX, &integer)) {
            return false;
        }
        memcpy(member, &(uint32_t){(uint32_t)integer}, sizeof(uint32_t));
        return true;
    case FIELD_I32:
        if (!element_integer(element, INT32_MIN, INT32_MAX, &integer)) {
            return false;
        }
        memcpy(member, &(int32_t){(int32_t)integer}, sizeof(int32_t));
        return true;
    case FIELD_F64:
        if (element_numbers(element, numbers, field->space) != field->space) {
            return false;
        }
        memcpy(member, numbers, field->space * sizeof(double));
        return true;
    case FIELD_U64: // only derived fields
        break;
    }
    return false;
}

/* An attribute occurs once in a data set (PS3.5 section 7.1). Of two patient names neither may be
 * chosen silently, so a second one of ours refuses the file. */
static bool read_top_element(struct pass *pass, const struct dicom_element *element) {
    size_t i = pass->next_field;
    if (i > 0 && read_fields[i - 1].tag >= element->tag) {
        i = 0;
    }
    while (i < READ_FIELD_COUNT && read_fields[i].tag < element->tag) {
        i++;
    }
    pass->next_field = i;
    if (i == READ_FIELD_COUNT || read_fields[i].tag != element->tag) {
        return true;
    }
    struct instance *instance = &pass->reading->instance;
    if (instance->present >> read_fields[i].number & 1) {
        file_refuse(pass->refusal, FILE_REFUSAL_MALFORMED, element->value_offset,
                    "byte %zu: element (%04X,%04X) is there twice", element->value_offset,
                    (unsigned)(element->tag >> 16), (unsigned)(element->tag & 0xFFFF));
        return false;
    }
    if (take_field(pass, &read_fields[i], element)) {
        set_present(instance, read_fields[i].number);
    }
    pass->next_field = i + 1;
    return true;
}

/* What is no plain field of the row. */
static void read_other(struct pass *pass, const struct dicom_element *element) {
    struct instance *instance = &pass->reading->instance;
    switch (element->tag) {
    case TAG_EXTENDED_OFFSET_TABLE:
        pass->offsets.extended = element->value;
        pass->offsets.extended_size = element->length;
        pass->offsets.extended_big_endian = element->big_endian;
        break;
    case TAG_FLOAT_PIXELS:
    case TAG_DOUBLE_PIXELS:
    case TAG_PIXELS:
        pass->pixels_size = element->length;
        instance->pixel_offset = element->value_offset;
        set_present(instance, INSTANCE_PIXEL_OFFSET);
        break;
    case TAG_DOCUMENT:
        instance->document_offset = element->value_offset;
        instance->document_size = element->length;
        set_present(instance, INSTANCE_DOCUMENT_OFFSET);
        set_present(instance, INSTANCE_DOCUMENT_SIZE);
        break;
    case TAG_CONTAINER_IDENTIFIER: {
        size_t size;
        const char *identifier = element_trimmed(element, &size);
        instance_set_container(instance, identifier, size);
        break;
    }
    default:
        break;
    }
}

static bool read_fragment(struct pass *pass, const struct dicom_element *element) {
    if (pass->fragment_count++ == 0) {
        pass->offsets.basic = element->length ? element->value : NULL;
        pass->offsets.basic_size = element->length;
        return true;
    }
    if (frame_table_add_fragment(&pass->reading->frames, element->value_offset, element->length)) {
        return true;
    }
    file_refuse(pass->refusal, FILE_REFUSAL_OVER_LIMIT, element->value_offset,
                "byte %zu: more than %u fragments of pixel data", element->value_offset,
                FRAME_PIECES_MAX);
    return false;
}

static bool take_event(struct pass *pass, const struct element_walker *walker,
                       enum walk_event event, const struct dicom_element *element) {
    metadata_json_event(&pass->json, event, element);
    if (walker->level_count == 0) {
        if (event != WALK_ELEMENT) {
            return true;
        }
        read_other(pass, element);
        return read_top_element(pass, element);
    }
    if (event == WALK_FRAGMENT && walker->level_count == 1 && walker->levels[0].tag == TAG_PIXELS) {
        return read_fragment(pass, element);
    }
    functional_groups_event(&pass->groups, walker, event, element);
    ultrasound_regions_event(&pass->regions, walker, event, element);
    return true;
}

static enum file_refusal_kind walk(struct pass *pass, struct element_walker *walker) {
    struct dicom_element element;
    while (true) {
        enum walk_event event = element_walker_next(walker, &element);
        if (event == WALK_END) {
            return FILE_REFUSAL_NONE;
        }
        if (event == WALK_FAILED) {
            return refuse_walk(pass->refusal, &walker->failure);
        }
        if (!take_event(pass, walker, event, &element)) {
            return pass->refusal->kind;
        }
    }
}

static bool is_uid(const char *uid) {
    return element_is_uid((struct text){(uint32_t)strlen(uid), uid});
}

/* Bytes of one native frame, 0 when frames do not begin on whole bytes or nothing is known. */
static uint64_t native_frame_size(const struct instance *instance, uint32_t frames) {
    uint64_t samples = instance->samples_per_pixel ? instance->samples_per_pixel : 1;
    if (strcmp(instance->photometric, "YBR_FULL_422") == 0 && samples == 3) {
        samples = 2; // two pixels share their colour (PS3.3 C.7.6.3.1.2)
    }
    // 16-bit rows and columns, at most 64 bits and 4 samples: no overflow.
    bool sane = instance->rows <= UINT16_MAX && instance->columns <= UINT16_MAX && samples <= 4 &&
                instance->bits_allocated <= 64;
    if (!sane) {
        return 0;
    }
    uint64_t bits =
        (uint64_t)instance->rows * instance->columns * samples * instance->bits_allocated;
    if (bits % 8 != 0 && frames > 1) {
        return 0;
    }
    return (bits + 7) / 8;
}

static enum file_refusal_kind finish_native(struct pass *pass, uint32_t frames) {
    struct instance *instance = &pass->reading->instance;
    uint64_t frame_size = native_frame_size(instance, frames);
    if (frame_size == 0) {
        return FILE_REFUSAL_NONE; // kept, listed, not drawn
    }
    if (frame_size > pass->pixels_size / frames) {
        return file_refuse(pass->refusal, FILE_REFUSAL_TRUNCATED, (size_t)instance->pixel_offset,
                           "%u frames of %llu bytes are declared, the pixel data has %zu bytes",
                           (unsigned)frames, (unsigned long long)frame_size, pass->pixels_size);
    }
    pass->reading->frames.frame_count = frames;
    pass->reading->frames.native_offset = instance->pixel_offset;
    pass->reading->frames.native_size = frame_size;
    instance->frame_size = frame_size;
    set_present(instance, INSTANCE_FRAME_SIZE);
    return FILE_REFUSAL_NONE;
}

static enum file_refusal_kind finish_frames(struct pass *pass) {
    struct instance *instance = &pass->reading->instance;
    uint32_t frames = instance->number_of_frames ? instance->number_of_frames : 1;
    enum file_refusal_kind kind = FILE_REFUSAL_NONE;
    if (pass->fragment_count > 0) {
        kind = frame_table_finish(&pass->reading->frames, pass->bytes, &pass->offsets,
                                  pass->syntax->packing, frames, pass->refusal);
    } else if (instance_has(instance, INSTANCE_PIXEL_OFFSET)) {
        kind = finish_native(pass, frames);
    } else if (instance->rows > 0 && instance->columns > 0) {
        // Cut between two elements, a file still reads well; but an image has pixels.
        kind = file_refuse(pass->refusal, FILE_REFUSAL_TRUNCATED, 0,
                           "it has rows and columns and no pixel data");
    }
    instance->frame_count = pass->reading->frames.frame_count;
    set_present(instance, INSTANCE_FRAME_COUNT);
    return kind;
}

static enum file_refusal_kind finish_pass(struct pass *pass) {
    struct instance *instance = &pass->reading->instance;
    if (pass->reading->metadata.failed) {
        return file_refuse(pass->refusal, FILE_REFUSAL_OVER_LIMIT, 0,
                           "its metadata takes more than %zu bytes", METADATA_SIZE_MAX);
    }
    if (!is_uid(instance->sop_instance_uid) || !is_uid(instance->series_uid) ||
        !is_uid(instance->study_uid)) {
        return file_refuse(pass->refusal, FILE_REFUSAL_NO_IDENTITY, 0,
                           "its SOP Instance, Series or Study UID is missing or no UID");
    }
    if (instance->document_length > 0 && instance->document_length < instance->document_size) {
        instance->document_size = instance->document_length; // without the padding byte
    }
    functional_groups_apply(&pass->groups, instance);
    ultrasound_regions_apply(&pass->regions, instance);
    return finish_frames(pass);
}

static enum file_refusal_kind read_dataset(struct pass *pass, size_t size, size_t start) {
    struct element_walker walker;
    element_walker_init(&walker, pass->bytes, size, start, pass->syntax->encoding);
    bounded_output_init(&pass->text, METADATA_SIZE_MAX);
    functional_groups_init(&pass->groups);
    metadata_json_begin(&pass->json, &pass->reading->metadata, pass->sets, pass->syntax->uid);
    enum file_refusal_kind kind = walk(pass, &walker);
    metadata_json_end(&pass->json);
    if (kind == FILE_REFUSAL_NONE) {
        kind = finish_pass(pass);
    }
    functional_groups_finish(&pass->groups);
    bounded_output_finish(&pass->text);
    return kind;
}

enum file_refusal_kind instance_read(const uint8_t *bytes, size_t size, struct character_sets *sets,
                                     struct instance_reading *ret_reading,
                                     struct file_refusal *refusal) {
    struct part10 part10;
    enum file_refusal_kind kind = part10_open(bytes, size, &part10, refusal);
    if (kind != FILE_REFUSAL_NONE) {
        return kind;
    }
    struct instance_reading reading;
    memset(&reading, 0, sizeof reading);
    bounded_output_init(&reading.metadata, METADATA_SIZE_MAX);
    struct instance *instance = &reading.instance;
    memcpy(instance->transfer_syntax_uid, part10.syntax->uid, strlen(part10.syntax->uid));
    instance->dataset_offset = part10.dataset_offset;
    instance->file_size = size;
    set_present(instance, INSTANCE_TRANSFER_SYNTAX_UID);
    set_present(instance, INSTANCE_DATASET_OFFSET);
    set_present(instance, INSTANCE_FILE_SIZE);
    struct pass pass = {.bytes = bytes,
                        .syntax = part10.syntax,
                        .sets = sets,
                        .reading = &reading,
                        .refusal = refusal};
    struct bounded_output inflated;
    bounded_output_init(&inflated, INFLATED_SIZE_MAX);
    if (part10.syntax->deflated) {
        kind = part10_inflate(bytes, size, &part10, INFLATED_RATIO_MAX, &inflated, refusal);
        pass.bytes = inflated.bytes;
    }
    if (kind == FILE_REFUSAL_NONE) {
        kind = read_dataset(&pass, part10.syntax->deflated ? inflated.size : size,
                            part10.syntax->deflated ? 0 : part10.dataset_offset);
    }
    bounded_output_finish(&inflated);
    if (kind != FILE_REFUSAL_NONE) {
        instance_reading_finish(&reading);
        return kind;
    }
    *ret_reading = reading;
    return FILE_REFUSAL_NONE;
}

void instance_reading_finish(struct instance_reading *reading) {
    frame_table_finish_memory(&reading->frames);
    bounded_output_finish(&reading->metadata);
}
