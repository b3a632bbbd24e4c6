#include "server/dicomweb/wado_part.h"

#include "server/dicomweb/file_meta.h"

#include <openssl/rand.h>
#include <stdio.h>

bool wado_boundary_make(char boundary[WADO_BOUNDARY_SIZE]) {
    uint8_t random[16];
    if (RAND_bytes(random, sizeof random) != 1) {
        return false;
    }
    size_t length = (size_t)snprintf(boundary, WADO_BOUNDARY_SIZE, "part-");
    for (size_t i = 0; i < sizeof random; i++) {
        length +=
            (size_t)snprintf(boundary + length, WADO_BOUNDARY_SIZE - length, "%02x", random[i]);
    }
    return true;
}

void wado_type_write(const struct wado_part *part, const char *boundary,
                     char type[WADO_TYPE_SIZE]) {
    if (boundary[0]) {
        snprintf(type, WADO_TYPE_SIZE, "multipart/related; type=\"%s\"; boundary=\"%s\"",
                 part->media_type, boundary);
    } else {
        snprintf(type, WADO_TYPE_SIZE, "%s%s%s", part->media_type,
                 part->transfer_syntax[0] ? "; transfer-syntax=" : "", part->transfer_syntax);
    }
}

static size_t write_lead(const struct wado_part *part, uint8_t bytes[FILE_META_MAX]) {
    switch ((enum wado_lead)part->lead) {
    case LEAD_PREAMBLE:
        return file_preamble_write(bytes);
    case LEAD_META:
        return file_meta_write(bytes, part->sop_class_uid, part->sop_instance_uid,
                               part->transfer_syntax);
    case LEAD_NONE:
        break;
    }
    return 0;
}

size_t wado_head_write(const struct wado_part *part, const char *boundary, bool first,
                       const char *location, uint8_t text[WADO_TEXT_MAX]) {
    int length = 0;
    if (boundary[0]) {
        length = snprintf(
            (char *)text, WADO_TEXT_MAX - FILE_META_MAX,
            "%s--%s\r\nContent-Type: %s%s%s%s%.1024s\r\n\r\n", first ? "" : "\r\n", boundary,
            part->media_type, part->transfer_syntax[0] ? "; transfer-syntax=" : "",
            part->transfer_syntax, location[0] ? "\r\nContent-Location: " : "", location);
    }
    return (size_t)length + write_lead(part, text + length);
}

size_t wado_tail_write(const char *boundary, uint8_t text[WADO_TEXT_MAX]) {
    return boundary[0] ? (size_t)snprintf((char *)text, WADO_TEXT_MAX, "\r\n--%s--\r\n", boundary)
                       : 0;
}
