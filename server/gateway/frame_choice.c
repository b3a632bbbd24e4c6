#include "server/gateway/frame_choice.h"

#include "server/imaging/imaging_service.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_part_of_uid(char character) {
    return character == '.' || (character >= '0' && character <= '9');
}

bool frame_copy_is_named(struct text accept) {
    static const char name[] = "transfer-syntax=";
    const size_t name_length = sizeof name - 1, uid_length = sizeof COPY_TRANSFER_SYNTAX - 1;
    for (size_t at = 0; at + name_length + uid_length <= accept.length; at++) {
        if (strncasecmp(accept.bytes + at, name, name_length) != 0) {
            continue;
        }
        size_t from = at + name_length;
        from += accept.bytes[from] == '"';
        size_t end = from + uid_length;
        if (end <= accept.length &&
            memcmp(accept.bytes + from, COPY_TRANSFER_SYNTAX, uid_length) == 0 &&
            (end == accept.length || !is_part_of_uid(accept.bytes[end]))) {
            return true;
        }
    }
    return false;
}

bool frame_copy_is_accepted(const struct http_exchange *exchange) {
    return frame_copy_is_named(http_header(exchange, "accept"));
}

void frame_prefixes_write(const uint32_t prefixes[5], char ret_text[FRAME_PREFIXES_MAX]) {
    snprintf(ret_text, FRAME_PREFIXES_MAX, "%u,%u,%u,%u,%u", (unsigned)prefixes[4],
             (unsigned)prefixes[3], (unsigned)prefixes[2], (unsigned)prefixes[1],
             (unsigned)prefixes[0]);
}

bool frame_number_read(struct text text, uint32_t *ret_frame) {
    uint32_t frame = 0;
    if (text.length == 0 || text.length > 7) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        frame = frame * 10 + (uint32_t)(text.bytes[i] - '0');
    }
    *ret_frame = frame;
    return frame > 0;
}
