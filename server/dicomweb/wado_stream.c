#include "server/dicomweb/wado_stream.h"

#include "server/dicomweb/wado_location.h"
#include "server/dicomweb/wado_make.h"
#include "server/gateway/byte_range.h"
#include "server/gateway/http_conditions.h"

#include <stdio.h>
#include <stdlib.h>

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_TAIL, STAGE_END };

struct wado_stream {
    /* Given. */
    struct dicomweb_ask *ask;
    struct wado_part *parts; // owned
    uint32_t count;
    bool alone;
    char etag[80]; // empty = none, and no ranges
    /* Owned. */
    struct imaging_download *download; // of the part at hand, NULL = none is open
    uint8_t *staging;                  // HTTP_WRITE_MAX bytes
    struct wado_make make;             // of the part at hand, where it is made
    /* Derived. */
    char boundary[WADO_BOUNDARY_SIZE]; // empty = alone
    char type[WADO_TYPE_SIZE];
    char location[WADO_LOCATION_SIZE]; // of the part at hand
    uint32_t at;                       // part
    uint32_t given;                    // parts whose head is written
    enum stage stage;
    uint8_t text[WADO_TEXT_MAX]; // what stands before or after the body
    size_t text_size, text_at;
    uint64_t position, end; // of the body, from its first byte
    const uint8_t *block;   // the download's, or what was made
    size_t block_size, block_at;
    size_t staged;
    int status;
    char content_range[80];
    bool waiting; // a read or an opening comes back
    bool begun;
    bool busy; // one of our functions is on the stack and looks itself at what came
    enum imaging_read_result result;
    enum imaging_read_result left_out; // why the last picture that is not there is not
};

static bool is_made(const struct wado_part *part) {
    return part->origin == ORIGIN_SAMPLES || part->origin == ORIGIN_PICTURE;
}

/* Parts of one answer are all pictures or none. */
static bool gives_pictures(const struct wado_stream *stream) {
    return stream->parts[0].origin == ORIGIN_PICTURE;
}

static void free_stream(struct wado_stream *stream) {
    if (stream->download) {
        imaging_download_close(stream->download);
    }
    wado_make_finish(&stream->make);
    free(stream->staging);
    free(stream->parts);
    free(stream);
}

void wado_stream_let_go(void *operation) {
    free_stream(operation);
}

static void advance(struct wado_stream *stream);
static void on_writable(struct http_exchange *exchange, void *data);

static void fail(struct wado_stream *stream) {
    // Too late for a status: a cut answer is not taken for a whole one.
    if (stream->begun) {
        case_ask_abort(&stream->ask->about);
    } else if (stream->result == IMAGING_READ_ABSENT && stream->parts[0].origin == ORIGIN_SAMPLES) {
        case_ask_error(&stream->ask->about, 406, "not_acceptable",
                       "The frame cannot be decoded here. Ask for it as it is stored.");
    } else {
        case_ask_unread(&stream->ask->about, stream->result);
    }
}

static void end_part(struct wado_stream *stream);

/* Something came back. */
static void came_back(struct wado_stream *stream, enum imaging_read_result result) {
    stream->waiting = false;
    if (gives_pictures(stream) &&
        (result == IMAGING_READ_ABSENT || result == IMAGING_READ_MASKED)) {
        stream->left_out = result;
        end_part(stream);
        // Nothing of it all can be shown.
        result = stream->stage == STAGE_TAIL && !stream->begun ? result : IMAGING_READ_OK;
    }
    stream->result = result;
    if (!stream->busy) {
        advance(stream);
    }
}

static void write_head(struct wado_stream *stream) {
    if (!gives_pictures(stream)) {
        wado_locate_frame(stream->ask, &stream->parts[stream->at], stream->location);
    }
    stream->text_size = wado_head_write(&stream->parts[stream->at], stream->boundary,
                                        stream->given == 0, stream->location, stream->text);
    stream->text_at = 0;
    stream->given++;
}

static uint64_t whole_size(const struct wado_stream *stream) {
    uint8_t text[WADO_TEXT_MAX];
    char location[WADO_LOCATION_SIZE];
    uint64_t size = wado_tail_write(stream->boundary, text);
    for (uint32_t i = 0; i < stream->count; i++) {
        wado_locate_frame(stream->ask, &stream->parts[i], location);
        size += wado_head_write(&stream->parts[i], stream->boundary, i == 0, location, text) +
                stream->parts[i].length;
    }
    return size;
}

/* Reading. */

static void on_block(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct wado_stream *stream = data;
    stream->block = bytes.bytes;
    stream->block_size = bytes.length;
    stream->block_at = 0;
    came_back(stream, result);
}

static void read_block(struct wado_stream *stream) {
    const struct wado_part *part = &stream->parts[stream->at];
    stream->waiting = true;
    uint64_t from = part->frame == DOWNLOAD_BULK ? 0 : part->offset; // it begins at its own
    imaging_download_read(stream->download, from + stream->position, stream->end - stream->position,
                          on_block);
}

static void on_made(void *data, enum imaging_read_result result, struct bytes bytes) {
    struct wado_stream *stream = data;
    if (result == IMAGING_READ_OK && gives_pictures(stream)) {
        stream->end = bytes.length;
    } else if (result == IMAGING_READ_OK && bytes.length != stream->end) {
        result = IMAGING_READ_ABSENT; // it is not what its index row says
    }
    stream->block = result == IMAGING_READ_OK ? bytes.bytes : NULL;
    stream->block_size = result == IMAGING_READ_OK ? bytes.length : 0;
    stream->block_at = 0;
    came_back(stream, result);
}

static void make_part(struct wado_stream *stream) {
    stream->waiting = true;
    if (!wado_make_begin(&stream->make, stream->ask, &stream->parts[stream->at], on_made, stream)) {
        came_back(stream, IMAGING_READ_UNAVAILABLE);
    }
}

static void on_opened(void *data, enum imaging_read_result result,
                      const struct download_facts *facts) {
    struct wado_stream *stream = data;
    const struct wado_part *part = &stream->parts[stream->at];
    if (is_made(part)) {
        if (result == IMAGING_READ_OK && part->origin == ORIGIN_PICTURE) {
            wado_locate_picture(stream->ask, part, facts, stream->location);
        }
        came_back(stream, result);
        return;
    }
    // What was listed may be another file by now.
    uint64_t from = part->frame == DOWNLOAD_BULK ? 0 : part->offset;
    if (result == IMAGING_READ_OK && (from > facts->size || part->length > facts->size - from)) {
        result = IMAGING_READ_UNAVAILABLE;
    }
    came_back(stream, result);
}

static void on_cut(void *data) {
    struct wado_stream *stream = data;
    case_ask_abort(&stream->ask->about);
}

static void open_part(struct wado_stream *stream) {
    struct dicomweb_ask *ask = stream->ask;
    const struct wado_part *part = &stream->parts[stream->at];
    struct download_wanted wanted = {
        .patient_case = ask->about.patient_case,
        .user = http_who(ask->about.exchange)->user,
        .sop_instance_uid = {(uint32_t)strlen(part->sop_instance_uid), part->sop_instance_uid},
        .frame = is_made(part) && part->frame == 0 ? 1 : part->frame,
        .masked = ask->about.masked,
        .copy = part->origin == ORIGIN_COPY,
        .bulk_offset = part->offset,
        .bulk_length = part->length};
    stream->waiting = true;
    if (!imaging_download_open(ask->desk->service, &wanted, on_opened, on_cut, stream,
                               &stream->download)) {
        came_back(stream, IMAGING_READ_UNAVAILABLE);
    }
}

/* Writing. */

static void begin_answer(struct wado_stream *stream) {
    struct dicomweb_ask *ask = stream->ask;
    struct http_header_line headers[HTTP_HEADERS_MAX] = {{"cache-control", "no-store"}};
    size_t count = 1;
    if (stream->etag[0]) {
        headers[count++] = (struct http_header_line){"accept-ranges", "bytes"};
        headers[count++] = (struct http_header_line){"etag", stream->etag};
    }
    if (stream->status == 206) {
        headers[count++] = (struct http_header_line){"content-range", stream->content_range};
    }
    uint64_t size = HTTP_UNMEASURED;
    if (!gives_pictures(stream)) {
        size =
            stream->alone ? stream->end - stream->position + stream->text_size : whole_size(stream);
    }
    stream->begun = true;
    if (stream->alone && stream->text_size == 0 && size <= HTTP_WRITE_MAX &&
        stream->block_size == size) {
        // What is written in one go anyway is answered with it.
        http_answer_bytes(ask->about.exchange, stream->status, stream->type, headers, count,
                          (struct bytes){(uint32_t)size, stream->block});
        case_ask_end(&ask->about);
        return;
    }
    http_answer_begin(ask->about.exchange, stream->status, stream->type, headers, count, size,
                      on_writable, stream);
    if (http_wants_head(ask->about.exchange)) {
        case_ask_end(&ask->about); // no body is asked for
    }
}

static void stage(struct wado_stream *stream, const uint8_t *from, size_t size, size_t *ret_at) {
    size_t space = HTTP_WRITE_MAX - stream->staged;
    size_t step = size - *ret_at < space ? size - *ret_at : space;
    memcpy(stream->staging + stream->staged, from + *ret_at, step);
    stream->staged += step;
    *ret_at += step;
}

static void begin_part(struct wado_stream *stream) {
    stream->stage = STAGE_HEAD;
    stream->text_at = stream->text_size = 0;
    stream->position = 0;
    stream->end = stream->parts[stream->at].length;
    stream->block_size = stream->block_at = 0;
    if (!gives_pictures(stream)) {
        write_head(stream); // of a picture, once it is there
    }
}

static void end_part(struct wado_stream *stream) {
    if (stream->download) {
        imaging_download_close(stream->download);
        stream->download = NULL;
    }
    wado_make_drop(&stream->make);
    stream->block_size = stream->block_at = 0;
    if (++stream->at < stream->count) {
        begin_part(stream);
        return;
    }
    stream->stage = STAGE_TAIL;
    stream->text_at = 0;
    stream->text_size = wado_tail_write(stream->boundary, stream->text);
}

/* Opens the part at hand or reads on in it; true when that is done already. */
static bool fetch(struct wado_stream *stream) {
    if (!stream->download) {
        open_part(stream);
    } else if (is_made(&stream->parts[stream->at])) {
        make_part(stream);
    } else {
        read_block(stream);
    }
    return !stream->waiting && stream->result == IMAGING_READ_OK;
}

/* Moves bytes of the body; true = there may be more to do at once. */
static bool move_body(struct wado_stream *stream) {
    if (stream->block_at < stream->block_size) {
        size_t before = stream->block_at;
        stage(stream, stream->block, stream->block_size, &stream->block_at);
        stream->position += stream->block_at - before;
        return true;
    }
    if (stream->position == stream->end) {
        end_part(stream);
        return true;
    }
    return fetch(stream);
}

static bool move(struct wado_stream *stream) {
    switch (stream->stage) {
    case STAGE_HEAD:
        if (stream->text_size == 0 && gives_pictures(stream)) {
            if (stream->block_size == 0) {
                return fetch(stream);
            }
            write_head(stream);
        }
        // falls through
    case STAGE_TAIL:
        stage(stream, stream->text, stream->text_size, &stream->text_at);
        if (stream->text_at == stream->text_size) {
            stream->stage = stream->stage == STAGE_HEAD ? STAGE_BODY : STAGE_END;
        }
        return true;
    case STAGE_BODY:
        return move_body(stream);
    case STAGE_END:
        break;
    }
    return false;
}

/* The block as it is; a copy is for parts. */
static void write_alone(struct wado_stream *stream) {
    if (stream->block_at == stream->block_size && !fetch(stream)) {
        return;
    }
    size_t left = stream->block_size - stream->block_at;
    size_t step = left < HTTP_WRITE_MAX ? left : HTTP_WRITE_MAX;
    const uint8_t *from = stream->block + stream->block_at;
    stream->block_at += step;
    stream->position += step;
    if (stream->position == stream->end) {
        stream->stage = STAGE_END;
    }
    http_write(stream->ask->about.exchange, (struct bytes){(uint32_t)step, from});
    if (stream->block_at == stream->block_size && stream->position < stream->end) {
        fetch(stream);
    }
}

static void write_staged(struct wado_stream *stream) {
    while (stream->staged < HTTP_WRITE_MAX && move(stream)) {
    }
    if (stream->staged > 0) {
        size_t size = stream->staged;
        stream->staged = 0;
        http_write(stream->ask->about.exchange, (struct bytes){(uint32_t)size, stream->staging});
    }
}

static void on_writable(struct http_exchange *exchange, void *data) {
    struct wado_stream *stream = data;
    (void)exchange;
    if (stream->waiting) {
        return; // what comes back asks again
    }
    stream->busy = true;
    if (stream->alone && stream->stage == STAGE_BODY) {
        write_alone(stream);
    } else {
        write_staged(stream);
    }
    stream->busy = false;
    if (stream->result != IMAGING_READ_OK) {
        fail(stream);
    } else if (stream->stage == STAGE_END && stream->staged == 0) {
        if (gives_pictures(stream)) {
            http_answer_end(stream->ask->about.exchange);
        }
        case_ask_end(&stream->ask->about);
    }
}

/* Nothing is said before the first bytes are there. */
static void advance(struct wado_stream *stream) {
    if (stream->begun) {
        if (stream->result != IMAGING_READ_OK) {
            fail(stream);
        } else {
            http_want_writable(stream->ask->about.exchange);
        }
        return;
    }
    stream->busy = true;
    bool going = stream->result == IMAGING_READ_OK;
    while (going && stream->block_size == 0) {
        going = fetch(stream);
    }
    stream->busy = false;
    if (stream->result != IMAGING_READ_OK) {
        fail(stream);
    } else if (going) {
        begin_answer(stream);
    }
}

/* Beginning. */

/* Decides between 200, 206, 304 and 416; false when it was answered. */
static bool choose_range(struct wado_stream *stream) {
    struct dicomweb_ask *ask = stream->ask;
    uint64_t size = stream->end;
    struct http_header_line headers[] = {
        {"cache-control", "no-store"}, {"etag", stream->etag}, {"content-range", NULL}};
    if (http_etag_matches(ask->if_none_match, stream->etag)) {
        http_answer_bytes(ask->about.exchange, 304, NULL, headers, 2, (struct bytes){0, NULL});
        case_ask_end(&ask->about);
        return false;
    }
    struct byte_range range;
    if (ask->if_range.length > 0 && !http_etag_is(ask->if_range, stream->etag)) {
        return true; // of another content: send the whole (RFC 9110 section 13.1.5)
    }
    switch (byte_range_parse(ask->range, size, &range)) {
    case BYTE_RANGE_WHOLE:
        return true;
    case BYTE_RANGE_PART:
        stream->status = 206;
        stream->position = range.first;
        stream->end = range.first + range.length;
        snprintf(stream->content_range, sizeof stream->content_range, "bytes %llu-%llu/%llu",
                 (unsigned long long)range.first, (unsigned long long)(stream->end - 1),
                 (unsigned long long)size);
        return true;
    case BYTE_RANGE_UNSATISFIABLE:
        break;
    }
    snprintf(stream->content_range, sizeof stream->content_range, "bytes */%llu",
             (unsigned long long)size);
    headers[2].value = stream->content_range;
    static const char message[] = "{\"error\":\"range_not_satisfiable\","
                                  "\"message\":\"No byte of it lies in this range.\"}";
    http_answer_bytes(ask->about.exchange, 416, "application/json; charset=utf-8", headers, 3,
                      (struct bytes){sizeof message - 1, (const uint8_t *)message});
    case_ask_end(&ask->about);
    return false;
}

void wado_stream_begin(struct dicomweb_ask *ask, struct wado_part *parts, uint32_t count,
                       bool alone, const char *etag, struct imaging_download *opened) {
    struct wado_stream *stream = calloc(1, sizeof *stream);
    // One thing that is sent as it lies there is not gathered first.
    bool direct = alone && parts[0].lead == LEAD_NONE;
    uint8_t *staging = stream && !direct ? malloc(HTTP_WRITE_MAX) : NULL;
    if (!stream || (!direct && !staging)) {
        free(stream);
        free(parts);
        if (opened) {
            imaging_download_close(opened);
        }
        ask->operation = NULL;
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    stream->ask = ask;
    stream->parts = parts;
    stream->count = count;
    stream->alone = alone;
    stream->staging = staging;
    stream->download = opened;
    stream->status = 200;
    if (opened) {
        imaging_download_hand_over(opened, on_cut, stream);
    }
    ask->stream = stream;
    ask->let_go = wado_stream_let_go;
    if ((!alone && !wado_boundary_make(stream->boundary)) ||
        !wado_make_reserve(&stream->make, ask->desk->made, &parts[0])) {
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    wado_type_write(&parts[0], stream->boundary, stream->type);
    begin_part(stream);
    if (alone && etag) {
        snprintf(stream->etag, sizeof stream->etag, "%s", etag);
        if (!choose_range(stream)) {
            return;
        }
    }
    if (alone && stream->text_size == 0) {
        stream->stage = STAGE_BODY;
    }
    advance(stream);
}
