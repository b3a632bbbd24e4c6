#include "protocol/frame.h"

#include "protocol/reader.h"

static bool read_event_head(struct reader *reader, struct frame *ret) {
    bool has_by;
    if (!reader_version(reader, &ret->version) || !reader_version(reader, &ret->previous) ||
        !reader_time(reader, &ret->at)) {
        return false;
    }
    return !reader_some(reader, &has_by) || reader_uuid(reader, &ret->by);
}

/* One array that reaches as far as the frame does; what is in it is for others to read. */
static bool read_fields(struct reader *reader, struct bytes *ret) {
    const uint8_t *at = reader->at;
    uint32_t count;
    if (!reader_fields(reader, &count)) {
        return false;
    }
    *ret = (struct bytes){(uint32_t)(reader->end - at), at};
    return true;
}

bool frame_read(struct bytes bytes, struct frame *ret) {
    struct reader reader = reader_of(bytes);
    struct frame frame = {0};
    uint32_t count;
    if (!reader_list(&reader, FRAME_EVENT, &count) || !reader_u16(&reader, &frame.channel) ||
        !reader_u8(&reader, &frame.tag) || frame.tag >= TAG_COUNT) {
        return false;
    }
    frame.form = (enum frame_form)count;
    switch (frame.form) {
    case FRAME_EPHEMERAL:
        break;
    case FRAME_NUMBERED:
        if (!reader_u32(&reader, &frame.seq)) {
            return false;
        }
        break;
    case FRAME_EVENT:
        if (!read_event_head(&reader, &frame)) {
            return false;
        }
        break;
    default:
        return false;
    }
    if (!read_fields(&reader, &frame.fields)) {
        return false;
    }
    *ret = frame;
    return true;
}

void frame_write_head(struct writer *writer, const struct frame *frame) {
    writer_fields(writer, (uint32_t)frame->form);
    writer_u16(writer, frame->channel);
    writer_u8(writer, frame->tag);
    if (frame->form == FRAME_NUMBERED) {
        writer_u32(writer, frame->seq);
    } else if (frame->form == FRAME_EVENT) {
        writer_version(writer, frame->version);
        writer_version(writer, frame->previous);
        writer_time(writer, frame->at);
        if (writer_some(writer, !uuid_is_zero(frame->by))) {
            writer_uuid(writer, frame->by);
        }
    }
}

void frame_write(struct writer *writer, const struct frame *frame) {
    frame_write_head(writer, frame);
    writer_packed(writer, frame->fields);
}
