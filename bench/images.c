#include "bench/images.h"

#include "tests/support/dicom_writer.h"

#include <stdio.h>
#include <stdlib.h>

/* Some 12-bit pattern that is another one in each slice of each case. */
static uint16_t pixel(unsigned case_number, unsigned slice, size_t place) {
    return (uint16_t)((place * 31 + slice * 7 + case_number * 3) & 0x0fff);
}

void image_uid(char uid[65], unsigned case_number, unsigned slice) {
    snprintf(uid, 65, "2.25.77.%u.%u", case_number + 1, slice);
}

void image_case_path(char path[IMAGE_PATH_MAX], unsigned case_number, const char *rest) {
    struct uuid id = staff_case_id(case_number);
    char digits[33];
    for (size_t i = 0; i < sizeof id.bytes; i++)
        snprintf(digits + 2 * i, 3, "%02x", id.bytes[i]);
    snprintf(path, IMAGE_PATH_MAX, "/api/cases/%.8s-%.4s-%.4s-%.4s-%.12s/%s", digits, digits + 8,
             digits + 12, digits + 16, digits + 20, rest);
}

void image_path(char path[IMAGE_PATH_MAX], unsigned case_number, unsigned slice) {
    char uid[65], rest[96];
    image_uid(uid, case_number, slice);
    snprintf(rest, sizeof rest, "instances/%s/frames/1", uid);
    image_case_path(path, case_number, rest);
}

/* PS3.3 A.3: what a CT image needs to be placed in space. */
static void write_header(struct dicom_writer *writer, unsigned case_number, unsigned slice) {
    char text[65];
    dicom_writer_begin(writer);
    dicom_writer_text(writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    image_uid(text, case_number, slice);
    dicom_writer_text(writer, 0x00080018, "UI", text);
    dicom_writer_text(writer, 0x00080020, "DA", "20260102");
    dicom_writer_text(writer, 0x00080060, "CS", "CT");
    dicom_writer_text(writer, 0x00100010, "PN", "Example^Eva");
    dicom_writer_text(writer, 0x00100020, "LO", "0");
    snprintf(text, sizeof text, "2.25.78.%u", case_number + 1);
    dicom_writer_text(writer, 0x0020000D, "UI", text);
    snprintf(text, sizeof text, "2.25.79.%u", case_number + 1);
    dicom_writer_text(writer, 0x0020000E, "UI", text);
    snprintf(text, sizeof text, "%u", slice);
    dicom_writer_text(writer, 0x00200013, "IS", text);
    snprintf(text, sizeof text, "-128\\-128\\%u", 2 * slice);
    dicom_writer_text(writer, 0x00200032, "DS", text);
    dicom_writer_text(writer, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    snprintf(text, sizeof text, "2.25.80.%u", case_number + 1);
    dicom_writer_text(writer, 0x00200052, "UI", text);
    dicom_writer_u16(writer, 0x00280002, 1);
    dicom_writer_text(writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(writer, 0x00280010, IMAGE_SIDE);
    dicom_writer_u16(writer, 0x00280011, IMAGE_SIDE);
    dicom_writer_text(writer, 0x00280030, "DS", "0.5\\0.5");
    dicom_writer_u16(writer, 0x00280100, 16);
    dicom_writer_u16(writer, 0x00280101, 12);
    dicom_writer_u16(writer, 0x00280102, 11);
    dicom_writer_u16(writer, 0x00280103, 0);
}

size_t image_write(uint8_t *file, unsigned case_number, unsigned slice) {
    static struct dicom_writer writer;
    uint8_t head[12] = {0xe0, 0x7f, 0x10, 0, 'O', 'W'};
    write_header(&writer, case_number, slice);
    memcpy(file, writer.bytes, writer.size);
    for (unsigned i = 0; i < 4; i++)
        head[8 + i] = (uint8_t)((unsigned)IMAGE_BYTES >> (8 * i));
    memcpy(file + writer.size, head, sizeof head);
    uint8_t *at = file + writer.size + sizeof head;
    for (size_t i = 0; i < IMAGE_BYTES / 2; i++) {
        uint16_t value = pixel(case_number, slice, i);
        *at++ = (uint8_t)value;
        *at++ = (uint8_t)(value >> 8);
    }
    return (size_t)(at - file);
}

bool images_upload(const struct staff *staff, unsigned case_number, unsigned count) {
    struct http_client http;
    struct http_response response = {0};
    char path[IMAGE_PATH_MAX];
    bool taken = true;
    uint8_t *file = malloc(IMAGE_FILE_MAX);
    assert(file != NULL);
    image_case_path(path, case_number, "uploads");
    http_client_init(&http, &staff->address);
    http.bearer = staff->people[0].token;
    for (unsigned slice = 1; taken && slice <= count; slice++) {
        size_t length = image_write(file, case_number, slice);
        bool asked =
            http_client_request(&http, "POST", path, "application/dicom", file, length, &response);
        taken = asked && (response.status == 200 || response.status == 201);
        if (!taken)
            fprintf(stderr, "An image was not taken: %u %.*s\n", asked ? response.status : 0,
                    asked ? (int)response.body_length : 0,
                    asked ? (const char *)response.body : "");
    }
    http_client_finish(&http);
    free(file);
    return taken;
}

bool image_is(const uint8_t *bytes, size_t length, unsigned case_number, unsigned slice) {
    if (length != IMAGE_BYTES)
        return false;
    for (size_t i = 0; i < IMAGE_BYTES / 2; i++) {
        if ((bytes[2 * i] | bytes[2 * i + 1] << 8) != pixel(case_number, slice, i))
            return false;
    }
    return true;
}

bool image_fetch(struct http_client *http, unsigned case_number, unsigned slice) {
    struct http_response response;
    char path[IMAGE_PATH_MAX];
    image_path(path, case_number, slice);
    return http_client_request(http, "GET", path, NULL, NULL, 0, &response) &&
           response.status == 200 &&
           image_is(response.body, response.body_length, case_number, slice);
}
