#include "bench/stow_body.h"

#include "bench/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char boundary[] = "consilium-bench";
static const char media_type[] =
    "multipart/related; type=\"application/dicom\"; boundary=consilium-bench";

static void add(struct stow_body *body, const void *bytes, size_t length) {
    if (body->length + length > body->capacity) {
        body->capacity = 2 * (body->length + length);
        body->bytes = realloc(body->bytes, body->capacity);
        assert(body->bytes != NULL);
    }
    memcpy(body->bytes + body->length, bytes, length);
    body->length += length;
}

void stow_body_add(struct stow_body *body, const void *file, size_t length) {
    char head[128];
    int size =
        snprintf(head, sizeof head, "--%s\r\nContent-Type: application/dicom\r\n\r\n", boundary);
    add(body, head, (size_t)size);
    add(body, file, length);
    add(body, "\r\n", 2);
    body->files_length += length;
    body->count++;
}

void stow_body_end(struct stow_body *body) {
    char tail[64];
    add(body, tail, (size_t)snprintf(tail, sizeof tail, "--%s--\r\n", boundary));
}

void stow_body_finish(struct stow_body *body) {
    free(body->bytes);
    *body = (struct stow_body){0};
}

void small_study_write(struct dicom_writer *writer, unsigned case_number, unsigned number) {
    char text[65];
    dicom_writer_begin(writer);
    dicom_writer_text(writer, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    snprintf(text, sizeof text, "2.25.71.%u.%u", case_number, number);
    dicom_writer_text(writer, 0x00080018, "UI", text);
    snprintf(text, sizeof text, "20%02u%02u%02u", number % 26, 1 + number % 12, 1 + number % 28);
    dicom_writer_text(writer, 0x00080020, "DA", text);
    snprintf(text, sizeof text, "A%u", number);
    dicom_writer_text(writer, 0x00080050, "SH", text);
    dicom_writer_text(writer, 0x00080060, "CS", number % 3 == 0 ? "MR" : "CT");
    dicom_writer_text(writer, 0x00081030, "LO", "Thorax and abdomen");
    snprintf(text, sizeof text, "Invented%u^Person", number);
    dicom_writer_text(writer, 0x00100010, "PN", text);
    dicom_writer_text(writer, 0x00100020, "LO", "0");
    snprintf(text, sizeof text, "2.25.72.%u.%u", case_number, number);
    dicom_writer_text(writer, 0x0020000D, "UI", text);
    snprintf(text, sizeof text, "2.25.73.%u.%u", case_number, number);
    dicom_writer_text(writer, 0x0020000E, "UI", text);
    dicom_writer_text(writer, 0x00200013, "IS", "1");
    dicom_writer_u16(writer, 0x00280002, 1);
    dicom_writer_text(writer, 0x00280004, "CS", "MONOCHROME2");
    dicom_writer_u16(writer, 0x00280010, 16);
    dicom_writer_u16(writer, 0x00280011, 16);
    dicom_writer_u16(writer, 0x00280100, 16);
    dicom_writer_u16(writer, 0x00280101, 12);
    dicom_writer_u16(writer, 0x00280102, 11);
    dicom_writer_u16(writer, 0x00280103, 0);
    uint8_t pixels[512] = {(uint8_t)number};
    dicom_writer_element(writer, 0x7FE00010, "OW", pixels, sizeof pixels);
}

double stow_body_store(const struct server_address *address, const char *bearer, const char *path,
                       const struct stow_body *body) {
    struct http_client http;
    struct http_response response;
    http_client_init(&http, address);
    http.bearer = bearer;
    int64_t begin = monotonic_us();
    bool taken = http_client_request(&http, "POST", path, media_type, body->bytes, body->length,
                                     &response) &&
                 response.status == 200;
    double seconds = (double)(monotonic_us() - begin) / 1e6;
    if (!taken)
        fprintf(stderr, "not stored at %s: %u %.*s\n", path, response.status,
                (int)(response.body_length < 400 ? response.body_length : 400),
                (const char *)response.body);
    http_client_finish(&http);
    return taken ? seconds : 0;
}
