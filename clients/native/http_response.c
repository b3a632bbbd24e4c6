#include "clients/native/http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Length of the head with its empty line, or 0 when that has not come.
static size_t head_length_of(const uint8_t *bytes, size_t length) {
    for (size_t i = 3; i < length; i++) {
        if (memcmp(bytes + i - 3, "\r\n\r\n", 4) == 0)
            return i + 1;
    }
    return 0;
}

bool http_response_header(const struct http_response *response, const char *name, char *ret_value,
                          size_t size) {
    const char *end = response->head + response->head_length;
    const char *line = memchr(response->head, '\n', response->head_length);
    size_t name_length = strlen(name);
    for (int headers = 0; line != NULL && headers <= HTTP_HEADERS_MAX; headers++) {
        line++;
        const char *line_end = memchr(line, '\r', (size_t)(end - line));
        if (line_end == NULL || line_end == line)
            return false;
        if ((size_t)(line_end - line) > name_length && line[name_length] == ':' &&
            strncasecmp(line, name, name_length) == 0) {
            const char *value = line + name_length + 1;
            while (value < line_end && (*value == ' ' || *value == '\t'))
                value++;
            while (line_end > value && (line_end[-1] == ' ' || line_end[-1] == '\t'))
                line_end--;
            if ((size_t)(line_end - value) >= size)
                return false;
            memcpy(ret_value, value, (size_t)(line_end - value));
            ret_value[line_end - value] = '\0';
            return true;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return false;
}

// Joins the chunks (RFC 9112 section 7.1) in place, behind the head.
static enum http_reading read_chunks(uint8_t *bytes, size_t length,
                                     struct http_response *response) {
    // Two passes: chunks may only be moved when all of them are there.
    for (int pass = 0; pass < 2; pass++) {
        size_t at = response->head_length, joined = 0;
        for (;;) {
            const uint8_t *line_end = memchr(bytes + at, '\n', length - at);
            if (line_end == NULL)
                return length - at > 64 ? HTTP_MALFORMED : HTTP_INCOMPLETE;
            size_t digits = 0, chunk = 0;
            for (; isxdigit(bytes[at + digits]) && digits < 8; digits++) {
                char digit[2] = {(char)bytes[at + digits], '\0'};
                chunk = chunk * 16 + (size_t)strtoul(digit, NULL, 16);
            }
            if (digits == 0 || chunk > HTTP_BODY_MAX || joined + chunk > HTTP_BODY_MAX)
                return HTTP_MALFORMED;
            at = (size_t)(line_end - bytes) + 1;
            if (length - at < chunk + 2)
                return HTTP_INCOMPLETE;
            if (memcmp(bytes + at + chunk, "\r\n", 2) != 0)
                return HTTP_MALFORMED; // also trailers, which our server never sends
            if (pass == 1)
                memmove(bytes + response->head_length + joined, bytes + at, chunk);
            at += chunk + 2;
            joined += chunk;
            if (chunk == 0)
                break;
        }
        response->body_length = joined;
        response->consumed = at;
    }
    return HTTP_COMPLETE;
}

static enum http_reading read_body(uint8_t *bytes, size_t length, bool ended,
                                   struct http_response *response) {
    char value[32];
    response->body = bytes + response->head_length;
    if (response->status < 200 || response->status == 204 || response->status == 304) {
        response->consumed = response->head_length;
        return HTTP_COMPLETE;
    }
    if (http_response_header(response, "Transfer-Encoding", value, sizeof(value)))
        return strcasecmp(value, "chunked") == 0 ? read_chunks(bytes, length, response)
                                                 : HTTP_MALFORMED;
    size_t available = length - response->head_length;
    if (!http_response_header(response, "Content-Length", value, sizeof(value))) {
        response->closes = true;
        response->body_length = available;
        response->consumed = length;
        return available > HTTP_BODY_MAX ? HTTP_MALFORMED : ended ? HTTP_COMPLETE : HTTP_INCOMPLETE;
    }
    char *end;
    unsigned long long stated = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || stated > HTTP_BODY_MAX)
        return HTTP_MALFORMED;
    response->body_length = (size_t)stated;
    response->consumed = response->head_length + (size_t)stated;
    return available >= stated ? HTTP_COMPLETE : HTTP_INCOMPLETE;
}

enum http_reading http_response_read(uint8_t *bytes, size_t length, bool ended,
                                     struct http_response *ret_response) {
    size_t bounded = length < HTTP_HEAD_MAX ? length : HTTP_HEAD_MAX;
    struct http_response response = {.head = (const char *)bytes,
                                     .head_length = head_length_of(bytes, bounded)};
    if (response.head_length == 0)
        return length >= HTTP_HEAD_MAX || ended ? HTTP_MALFORMED : HTTP_INCOMPLETE;
    unsigned minor;
    char line[16] = {0};
    memcpy(line, bytes, response.head_length < 15 ? response.head_length : 15);
    if (sscanf(line, "HTTP/1.%1u %3u", &minor, &response.status) != 2 || response.status < 100)
        return HTTP_MALFORMED;
    char value[32];
    response.closes = http_response_header(&response, "Connection", value, sizeof(value)) &&
                      strcasecmp(value, "close") == 0;
    enum http_reading reading = read_body(bytes, length, ended, &response);
    if (reading == HTTP_INCOMPLETE && ended)
        return HTTP_MALFORMED;
    if (reading == HTTP_COMPLETE)
        *ret_response = response;
    return reading;
}
