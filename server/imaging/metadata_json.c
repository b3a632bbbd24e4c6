#include "server/imaging/metadata_json.h"

#include "server/imaging/data_dictionary.h"
#include "server/imaging/metadata_part.h"
#include "server/imaging/metadata_value.h"

#include <stdio.h>
#include <string.h>

#define TAG_CHARACTER_SET DICOM_TAG(0x0008, 0x0005)
#define TAG_AVAILABLE_TRANSFER_SYNTAX DICOM_TAG(0x0008, 0x3002)
#define TAG_PIXEL_REPRESENTATION DICOM_TAG(0x0028, 0x0103)
#define TAG_FLOAT_PIXELS DICOM_TAG(0x7FE0, 0x0008)
#define TAG_DOUBLE_PIXELS DICOM_TAG(0x7FE0, 0x0009)
#define TAG_PIXELS DICOM_TAG(0x7FE0, 0x0010)
#define GROUP_PIXELS 0x7FE0

#define TEXT_VALUE_MAX ((size_t)1 << 20) // bytes of one decoded text value

void metadata_json_begin(struct metadata_json *json, struct bounded_output *output,
                         struct character_sets *sets, const char *transfer_syntax_uid) {
    memset(json, 0, sizeof *json);
    json->output = output;
    json->sets = sets;
    json->transfer_syntax_uid = transfer_syntax_uid;
    bounded_output_init(&json->text, TEXT_VALUE_MAX);
    bounded_output_byte(output, '{');
}

struct character_set metadata_json_charset(const struct metadata_json *json, unsigned depth) {
    return json->charsets[depth];
}

static void hex(uint8_t *out, uint32_t number, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (uint8_t) "0123456789ABCDEF"[number & 15];
        number >>= 4;
    }
}

/* "ggggeeee":{"vr":"XX" */
static void write_member(struct metadata_json *json, uint32_t tag, uint16_t vr, unsigned depth) {
    if (json->has_member[depth]) {
        bounded_output_byte(json->output, ',');
    }
    json->has_member[depth] = true;
    uint8_t text[] = "\"00000000\":{\"vr\":\"XX\"";
    hex(text + 1, tag, 8);
    text[18] = (uint8_t)(vr >> 8);
    text[19] = (uint8_t)vr;
    bounded_output_write(json->output, text, sizeof text - 1);
}

static void write_transfer_syntax(struct metadata_json *json) {
    json->wrote_transfer_syntax = true;
    write_member(json, TAG_AVAILABLE_TRANSFER_SYNTAX, DICOM_VR('U', 'I'), 0);
    bounded_output_format(json->output, ",\"Value\":[\"%s\"]}", json->transfer_syntax_uid);
}

static void write_utf8_charset(struct metadata_json *json, unsigned depth) {
    write_member(json, TAG_CHARACTER_SET, DICOM_VR('C', 'S'), depth);
    bounded_output_text(json->output, ",\"Value\":[\"ISO_IR 192\"]}");
}

/* Left out: group lengths, what is written in another place, and tables of offsets. */
static bool is_left_out(const struct dicom_element *element) {
    bool pixels = element->tag == TAG_PIXELS || element->tag == TAG_FLOAT_PIXELS ||
                  element->tag == TAG_DOUBLE_PIXELS;
    return (element->tag & 0xFFFF) == 0 || (element->tag >> 16 == GROUP_PIXELS && !pixels) ||
           (element->depth == 0 && element->tag == TAG_AVAILABLE_TRANSFER_SYNTAX);
}

static bool is_bulk(const struct dicom_element *element) {
    return element->tag >> 16 == GROUP_PIXELS ||
           (metadata_value_is_binary(element->vr) && element->length > METADATA_BINARY_MAX);
}

/* Where it lies, for who reads it later. */
static void write_bulk(struct metadata_json *json, const struct dicom_element *element) {
    bounded_output_format(json->output, "," METADATA_BULK_MEMBER "%08X.%zu.%u\"}",
                          (unsigned)element->tag, element->value_offset, (unsigned)element->length);
}

static void write_element(struct metadata_json *json, const struct dicom_element *element) {
    struct dicom_element leaf = *element;
    if (leaf.tag == TAG_PIXEL_REPRESENTATION && leaf.length >= 2) {
        json->signed_pixels = dicom_u16(leaf.value, leaf.big_endian) == 1;
    }
    if (json->signed_pixels && leaf.vr == DICOM_VR('U', 'S') &&
        data_dictionary_follows_pixel_sign(leaf.tag)) {
        leaf.vr = DICOM_VR('S', 'S');
    }
    if (leaf.tag == TAG_CHARACTER_SET) {
        json->charsets[leaf.depth] = character_set_select((const char *)leaf.value, leaf.length);
        write_utf8_charset(json, leaf.depth);
        return;
    }
    if (is_left_out(&leaf)) {
        return;
    }
    write_member(json, leaf.tag, leaf.vr, leaf.depth);
    if (is_bulk(&leaf)) {
        write_bulk(json, &leaf);
        return;
    }
    metadata_value_write(json->output, &json->text, json->sets, json->charsets[leaf.depth], &leaf);
    bounded_output_byte(json->output, '}');
}

static void begin_item(struct metadata_json *json, unsigned depth) {
    // The item is at `depth` and its sequence one above; it inherits the character set.
    if (json->has_item[depth]) {
        bounded_output_byte(json->output, ',');
    }
    json->has_item[depth] = true;
    json->has_member[depth + 1] = false;
    json->charsets[depth + 1] = json->charsets[depth];
    bounded_output_byte(json->output, '{');
}

void metadata_json_event(struct metadata_json *json, enum walk_event event,
                         const struct dicom_element *element) {
    if (!json->wrote_transfer_syntax && event <= WALK_ITEM_END && element->depth == 0 &&
        element->tag > TAG_AVAILABLE_TRANSFER_SYNTAX && event != WALK_SEQUENCE_END &&
        event != WALK_ITEM_BEGIN && event != WALK_ITEM_END) {
        write_transfer_syntax(json);
    }
    switch (event) {
    case WALK_ELEMENT:
        write_element(json, element);
        break;
    case WALK_SEQUENCE_BEGIN:
        write_member(json, element->tag, element->vr, element->depth);
        bounded_output_text(json->output, ",\"Value\":[");
        json->has_item[element->depth] = false;
        break;
    case WALK_SEQUENCE_END:
        bounded_output_text(json->output, "]}");
        break;
    case WALK_ITEM_BEGIN:
        begin_item(json, element->depth);
        break;
    case WALK_ITEM_END:
        bounded_output_byte(json->output, '}');
        break;
    case WALK_FRAGMENTS_BEGIN:
        if (element->depth == 0 && element->tag == TAG_PIXELS) {
            write_member(json, element->tag, element->vr, 0);
            bounded_output_format(json->output, "," METADATA_BULK_MEMBER "%08X\"}",
                                  (unsigned)element->tag);
        }
        break;
    default:
        break;
    }
}

void metadata_json_end(struct metadata_json *json) {
    if (!json->wrote_transfer_syntax) {
        write_transfer_syntax(json);
    }
    bounded_output_byte(json->output, '}');
    bounded_output_finish(&json->text);
}
