#include "server/imaging/element_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL_SIZE_MAX 32
#define UID_SIZE_MAX 64

size_t dicom_vr_value_size(uint16_t vr) {
    switch (vr) {
    case DICOM_VR('U', 'S'):
    case DICOM_VR('S', 'S'):
        return 2;
    case DICOM_VR('U', 'L'):
    case DICOM_VR('S', 'L'):
    case DICOM_VR('F', 'L'):
    case DICOM_VR('A', 'T'):
        return 4;
    case DICOM_VR('F', 'D'):
    case DICOM_VR('S', 'V'):
    case DICOM_VR('U', 'V'):
        return 8;
    default:
        return 0;
    }
}

double element_binary_number(uint16_t vr, const uint8_t *value, bool big_endian) {
    uint32_t word = 0;
    uint64_t long_word = 0;
    float single = 0;
    double real = 0;
    switch (vr) {
    case DICOM_VR('U', 'S'):
        return dicom_u16(value, big_endian);
    case DICOM_VR('S', 'S'):
        return (int16_t)dicom_u16(value, big_endian);
    case DICOM_VR('U', 'L'):
        return dicom_u32(value, big_endian);
    case DICOM_VR('S', 'L'):
        return (int32_t)dicom_u32(value, big_endian);
    case DICOM_VR('F', 'L'):
        word = dicom_u32(value, big_endian);
        memcpy(&single, &word, sizeof single);
        return (double)single;
    case DICOM_VR('F', 'D'):
        long_word = dicom_u64(value, big_endian);
        memcpy(&real, &long_word, sizeof real);
        return real;
    case DICOM_VR('S', 'V'):
        return (double)(int64_t)dicom_u64(value, big_endian);
    case DICOM_VR('U', 'V'):
        return (double)dicom_u64(value, big_endian);
    default:
        return NAN;
    }
}

bool element_parse_decimal(const char *text, size_t size, double *ret_value) {
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == 0)) {
        size--;
    }
    if (size == 0 || size > DECIMAL_SIZE_MAX) {
        return false;
    }
    char copy[DECIMAL_SIZE_MAX + 1];
    for (size_t i = 0; i < size; i++) {
        // strtod knows "inf", "nan" and hexadecimal; DICOM does not.
        if (!strchr("0123456789+-.eE", text[i]) || text[i] == 0) {
            return false;
        }
        copy[i] = text[i];
    }
    copy[size] = 0;
    char *end;
    double value = strtod(copy, &end);
    if (*end != 0 || !isfinite(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

static size_t text_numbers(const struct dicom_element *element, double *ret_numbers, size_t space) {
    const char *value = (const char *)element->value;
    size_t size = element->length;
    size_t count = 0;
    while (count < space && size > 0) {
        const char *end = memchr(value, '\\', size);
        size_t length = end ? (size_t)(end - value) : size;
        if (!element_parse_decimal(value, length, &ret_numbers[count])) {
            break;
        }
        count++;
        if (!end) {
            break;
        }
        value = end + 1;
        size -= length + 1;
    }
    return count;
}

size_t element_numbers(const struct dicom_element *element, double *ret_numbers, size_t space) {
    if (element->vr == DICOM_VR('I', 'S') || element->vr == DICOM_VR('D', 'S')) {
        return text_numbers(element, ret_numbers, space);
    }
    size_t value_size = dicom_vr_value_size(element->vr);
    if (value_size == 0) {
        return 0;
    }
    size_t count = 0;
    while (count < space && (count + 1) * value_size <= element->length) {
        double number = element_binary_number(element->vr, element->value + count * value_size,
                                              element->big_endian);
        if (!isfinite(number)) {
            break;
        }
        ret_numbers[count++] = number;
    }
    return count;
}

bool element_integer(const struct dicom_element *element, int64_t low, int64_t high,
                     int64_t *ret_value) {
    double number;
    if (element_numbers(element, &number, 1) != 1 || number != floor(number) ||
        number < (double)low || number > (double)high) {
        return false;
    }
    *ret_value = (int64_t)number;
    return true;
}

const char *element_trimmed(const struct dicom_element *element, size_t *ret_size) {
    const char *value = (const char *)element->value;
    size_t size = element->length;
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == 0)) {
        size--;
    }
    while (size > 0 && *value == ' ') {
        value++;
        size--;
    }
    *ret_size = size;
    return value;
}

bool element_is_uid(struct text value) {
    for (uint32_t i = 0; i < value.length; i++) {
        if ((value.bytes[i] < '0' || value.bytes[i] > '9') && value.bytes[i] != '.') {
            return false;
        }
    }
    return value.length > 0 && value.length <= UID_SIZE_MAX;
}
