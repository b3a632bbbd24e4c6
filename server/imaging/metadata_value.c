#include "server/imaging/metadata_value.h"

#include "server/imaging/element_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool metadata_value_is_binary(uint16_t vr) {
    switch (vr) {
    case DICOM_VR('O', 'B'):
    case DICOM_VR('O', 'W'):
    case DICOM_VR('O', 'D'):
    case DICOM_VR('O', 'F'):
    case DICOM_VR('O', 'L'):
    case DICOM_VR('O', 'V'):
    case DICOM_VR('U', 'N'):
        return true;
    default:
        return false;
    }
}

void json_write_string(struct bounded_output *output, const char *text, size_t size) {
    bounded_output_byte(output, '"');
    size_t plain = 0; // start of what was not yet written
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        bounded_output_write(output, text + plain, i - plain);
        plain = i + 1;
        if (byte == '"' || byte == '\\') {
            bounded_output_byte(output, '\\');
            bounded_output_byte(output, byte);
        } else {
            bounded_output_format(output, "\\u%04x", byte);
        }
    }
    bounded_output_write(output, text + plain, size - plain);
    bounded_output_byte(output, '"');
}

static void write_base64(struct bounded_output *output, const uint8_t *bytes, size_t size) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        char quad[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63],
                        left > 1 ? alphabet[group >> 6 & 63] : '=',
                        left > 2 ? alphabet[group & 63] : '='};
        bounded_output_write(output, quad, sizeof quad);
    }
}

/* The number grammar of RFC 8259 section 6. */
static bool is_json_number(const char *text, size_t size) {
    size_t at = 0;
    at += at < size && text[at] == '-';
    size_t digits = at;
    while (at < size && text[at] >= '0' && text[at] <= '9') {
        at++;
    }
    if (at == digits || (text[digits] == '0' && at - digits > 1)) {
        return false;
    }
    if (at < size && text[at] == '.') {
        size_t fraction = ++at;
        while (at < size && text[at] >= '0' && text[at] <= '9') {
            at++;
        }
        if (at == fraction) {
            return false;
        }
    }
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < size && (text[at] == '+' || text[at] == '-');
        size_t exponent = at;
        while (at < size && text[at] >= '0' && text[at] <= '9') {
            at++;
        }
        return at == size && at > exponent && at - exponent < 4;
    }
    return at == size;
}

static void write_double(struct bounded_output *output, double number, int digits) {
    if (isfinite(number)) {
        bounded_output_format(output, "%.*g", digits, number);
    } else {
        bounded_output_text(output, isnan(number) ? "\"NaN\""
                                    : number > 0  ? "\"inf\""
                                                  : "\"-inf\"");
    }
}

/* IS and DS: copied when JSON reads them as they stand, else written anew, else kept as text. */
static void write_decimal(struct bounded_output *output, const char *text, size_t size) {
    double number;
    if (is_json_number(text, size)) {
        bounded_output_write(output, text, size);
    } else if (element_parse_decimal(text, size, &number)) {
        write_double(output, number, 17);
    } else {
        json_write_string(output, text, size);
    }
}

/* False for a component group of carets alone, which names nobody. */
static bool has_letters(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '^' && text[i] != ' ') {
            return true;
        }
    }
    return false;
}

/* The component groups of a person name (PS3.5 section 6.2.1). */
static void write_person_name(struct bounded_output *output, const char *text, size_t size) {
    static const char *const groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    bounded_output_byte(output, '{');
    bool any = false;
    for (int i = 0; i < 3; i++) {
        const char *end = memchr(text, '=', size);
        size_t length = end ? (size_t)(end - text) : size;
        if (has_letters(text, length)) {
            bounded_output_format(output, "%s\"%s\":", any ? "," : "", groups[i]);
            json_write_string(output, text, length);
            any = true;
        }
        if (!end) {
            break;
        }
        text = end + 1;
        size -= length + 1;
    }
    bounded_output_byte(output, '}');
}

static bool is_one_value(uint16_t vr) {
    return vr == DICOM_VR('L', 'T') || vr == DICOM_VR('S', 'T') || vr == DICOM_VR('U', 'T') ||
           vr == DICOM_VR('U', 'R');
}

static void write_one_text(struct bounded_output *output, uint16_t vr, const char *text,
                           size_t size) {
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == 0)) {
        size--;
    }
    while (!is_one_value(vr) && size > 0 && *text == ' ') {
        text++;
        size--;
    }
    if (size == 0) {
        bounded_output_text(output, "null");
    } else if (vr == DICOM_VR('I', 'S') || vr == DICOM_VR('D', 'S')) {
        write_decimal(output, text, size);
    } else if (vr == DICOM_VR('P', 'N')) {
        write_person_name(output, text, size);
    } else {
        json_write_string(output, text, size);
    }
}

static void write_text(struct bounded_output *output, uint16_t vr, const char *text, size_t size) {
    bounded_output_text(output, ",\"Value\":[");
    while (true) {
        const char *end = is_one_value(vr) ? NULL : memchr(text, '\\', size);
        size_t length = end ? (size_t)(end - text) : size;
        write_one_text(output, vr, text, length);
        if (!end) {
            break;
        }
        bounded_output_byte(output, ',');
        text = end + 1;
        size -= length + 1;
    }
    bounded_output_byte(output, ']');
}

static void write_number(struct bounded_output *output, const struct dicom_element *element,
                         const uint8_t *value) {
    double number = element_binary_number(element->vr, value, element->big_endian);
    switch (element->vr) {
    case DICOM_VR('A', 'T'):
        bounded_output_format(output, "\"%04X%04X\"", dicom_u16(value, element->big_endian),
                              dicom_u16(value + 2, element->big_endian));
        break;
    case DICOM_VR('F', 'L'):
        write_double(output, number, 9);
        break;
    case DICOM_VR('F', 'D'):
        write_double(output, number, 17);
        break;
    case DICOM_VR('S', 'V'):
        bounded_output_format(output, "%lld", (long long)dicom_u64(value, element->big_endian));
        break;
    case DICOM_VR('U', 'V'):
        bounded_output_format(output, "%llu",
                              (unsigned long long)dicom_u64(value, element->big_endian));
        break;
    default:
        bounded_output_format(output, "%.0f", number);
        break;
    }
}

static void write_numbers(struct bounded_output *output, const struct dicom_element *element) {
    size_t size = dicom_vr_value_size(element->vr);
    if (element->length < size) {
        return;
    }
    bounded_output_text(output, ",\"Value\":[");
    for (size_t at = 0; element->length - at >= size; at += size) {
        if (at > 0) {
            bounded_output_byte(output, ',');
        }
        write_number(output, element, element->value + at);
        if (output->failed) {
            return;
        }
    }
    bounded_output_byte(output, ']');
}

/* The VRs whose characters follow Specific Character Set (PS3.5 section 6.1.2.2). */
static bool follows_charset(uint16_t vr) {
    return vr == DICOM_VR('L', 'O') || vr == DICOM_VR('L', 'T') || vr == DICOM_VR('P', 'N') ||
           vr == DICOM_VR('S', 'H') || vr == DICOM_VR('S', 'T') || vr == DICOM_VR('U', 'C') ||
           vr == DICOM_VR('U', 'T');
}

void metadata_value_write(struct bounded_output *output, struct bounded_output *scratch,
                          struct character_sets *sets, struct character_set charset,
                          const struct dicom_element *element) {
    if (element->length == 0) {
        return;
    }
    if (metadata_value_is_binary(element->vr)) {
        bounded_output_text(output, ",\"InlineBinary\":\"");
        write_base64(output, element->value, element->length);
        bounded_output_byte(output, '"');
        return;
    }
    if (dicom_vr_value_size(element->vr)) {
        write_numbers(output, element);
        return;
    }
    size_t size = element->length;
    while (size > 0 && (element->value[size - 1] == ' ' || element->value[size - 1] == 0)) {
        size--;
    }
    if (size == 0) {
        return;
    }
    // Bytes that follow no character set are decoded as the default repertoire, so that what they
    // become is UTF-8 whatever was in them.
    struct character_set used = follows_charset(element->vr) ? charset : (struct character_set){0};
    character_set_decode(sets, used, element->value, size, element->vr == DICOM_VR('P', 'N'),
                         scratch);
    if (scratch->failed) {
        output->failed = true;
        return;
    }
    write_text(output, element->vr, (const char *)scratch->bytes, scratch->size);
    scratch->size = 0;
}
