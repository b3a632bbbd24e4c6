/*
 * Bulk values by their address (PS3.18 10.4.1.1.5). The address says where the value lies in the
 * file; it is believed when the instance's own metadata, as this asker may read it, has it.
 */
#define _GNU_SOURCE // memmem
#include "server/dicomweb/wado_stream.h"

#include "server/imaging/metadata_part.h"

#include <stdio.h>
#include <stdlib.h>

#define OCTETS "application/octet-stream"

enum { TAIL_MAX = 64 };

static void let_go_of_request(void *operation) {
    imaging_request_cancel(operation);
}

/* "GGGGEEEE.OFFSET.LENGTH" */
static bool read_place(struct text tail, uint64_t *ret_offset, uint64_t *ret_length) {
    uint64_t numbers[2] = {0, 0};
    unsigned count = 0;
    for (uint32_t i = 8; i < tail.length; i++) {
        char byte = tail.bytes[i];
        if (byte == '.' && count < 2) {
            count++;
        } else if (byte >= '0' && byte <= '9' && count > 0 &&
                   numbers[count - 1] < UINT64_MAX / 10 - 9) {
            numbers[count - 1] = numbers[count - 1] * 10 + (uint64_t)(byte - '0');
        } else {
            return false;
        }
    }
    *ret_offset = numbers[0];
    *ret_length = numbers[1];
    return count == 2 && numbers[1] > 0;
}

static bool choose(const struct accept *accept, bool *ret_alone) {
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        *ret_alone = !range->multipart && range->media_type.length > 0;
        if (accept_covers(range, OCTETS)) {
            return true;
        }
    }
    return false;
}

static void answer(struct dicomweb_ask *ask) {
    struct wado_part *part = calloc(1, sizeof *part);
    struct text uid = ask->resource.instance;
    bool alone;
    uint64_t offset, length;
    if (!part || !read_place(ask->resource.tail, &offset, &length)) {
        free(part);
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return;
    }
    if (!choose(&ask->accept, &alone)) {
        free(part);
        case_ask_error(&ask->about, 406, "not_acceptable", "Bulk values are given as " OCTETS ".");
        return;
    }
    memcpy(part->sop_instance_uid, uid.bytes, uid.length);
    part->frame = DOWNLOAD_BULK;
    part->offset = offset;
    part->length = length;
    part->media_type = OCTETS;
    part->transfer_syntax = "";
    wado_stream_begin(ask, part, 1, alone, NULL, NULL);
}

/* The metadata as the asker may read it has this very address. */
static bool is_told(struct bytes metadata, struct text tail) {
    char member[TAIL_MAX + sizeof METADATA_BULK_MEMBER + 2];
    int length = snprintf(member, sizeof member, METADATA_BULK_MEMBER "%.*s\"", (int)tail.length,
                          tail.bytes);
    return memmem(metadata.bytes, metadata.length, member, (size_t)length) != NULL;
}

static void on_metadata(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct dicomweb_ask *ask = data;
    ask->operation = NULL;
    if (result == IMAGING_READ_OK && !is_told(bytes, ask->resource.tail)) {
        result = IMAGING_READ_ABSENT;
    }
    if (result != IMAGING_READ_OK) {
        case_ask_unread(&ask->about, result);
    } else if (ask->resource.tail.length == 8) {
        ask_all_frames(ask); // encapsulated pixels
    } else {
        answer(ask);
    }
}

void ask_bulk(struct dicomweb_ask *ask) {
    struct text_wanted wanted = {.patient_case = ask->about.patient_case,
                                 .masked = ask->about.masked};
    struct metadata_scope scope = {.study_uid = ask->resource.study,
                                   .series_uid = ask->resource.series,
                                   .sop_instance_uid = ask->resource.instance};
    struct text tail = ask->resource.tail;
    bool plain = tail.length >= 8 && tail.length < TAIL_MAX;
    for (uint32_t i = 0; i < tail.length && plain; i++) {
        plain = tail.bytes[i] == '.' || (tail.bytes[i] >= '0' && tail.bytes[i] <= '9') ||
                (tail.bytes[i] >= 'A' && tail.bytes[i] <= 'F');
    }
    if (!plain) {
        case_ask_unread(&ask->about, IMAGING_READ_ABSENT);
        return;
    }
    ask->let_go = let_go_of_request;
    if (!imaging_metadata(ask->desk->service, &wanted, &scope, false, on_metadata, ask,
                          &ask->request)) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
    }
}
