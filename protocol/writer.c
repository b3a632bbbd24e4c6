#include "protocol/writer.h"

#include <math.h>
#include <msgpack/pack.h>
#include <stdlib.h>

#define WRITER_CAPACITY_FIRST ((size_t)256)

void writer_init(struct writer *writer, size_t size_max) {
    *writer = (struct writer){.size_max = size_max};
}

void writer_init_arena(struct writer *writer, struct arena *arena, size_t size_max) {
    *writer = (struct writer){.size_max = size_max, .arena = arena};
}

void writer_init_fixed(struct writer *writer, uint8_t *bytes, size_t size) {
    *writer = (struct writer){.capacity = size, .size_max = size, .fixed = true};
    writer->bytes = bytes;
}

void writer_reset(struct writer *writer) {
    writer->length = 0;
    writer->failed = false;
}

void writer_finish(struct writer *writer) {
    if (writer->arena == NULL && !writer->fixed) {
        free(writer->bytes);
    }
    *writer = (struct writer){0};
}

struct bytes writer_bytes(const struct writer *writer) {
    if (writer->failed || writer->length > UINT32_MAX) {
        return (struct bytes){0, NULL};
    }
    return (struct bytes){(uint32_t)writer->length, writer->bytes};
}

static void *grown(struct writer *writer, size_t capacity) {
    if (writer->fixed) {
        return NULL;
    }
    if (writer->arena == NULL) {
        return realloc(writer->bytes, capacity);
    }
    if (writer->bytes == NULL) {
        return arena_alloc(writer->arena, capacity);
    }
    return arena_extend(writer->arena, writer->bytes, writer->capacity, capacity);
}

/* Makes space for `size` bytes more, which there is not. */
static bool grow(struct writer *writer, size_t size) {
    if (writer->failed || size > writer->size_max - writer->length) {
        return false;
    }
    size_t needed = writer->length + size;
    size_t capacity = writer->capacity == 0 ? WRITER_CAPACITY_FIRST : writer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity > writer->size_max) {
        capacity = writer->size_max;
    }
    uint8_t *bytes = grown(writer, capacity);
    if (bytes == NULL) {
        return false;
    }
    writer->bytes = bytes;
    writer->capacity = capacity;
    return true;
}

static void put(struct writer *writer, const char *bytes, size_t size) {
    uint8_t *to = writer->bytes + writer->length;
    writer->length += size;
    if (size == 1) {
        *to = (uint8_t)*bytes; /* most pieces: a header or a small number */
    } else if (size > 0) {
        memcpy(to, bytes, size);
    }
}

/* On its own so that append, which every piece passes, has little to save. */
static __attribute__((noinline)) int append_grown(struct writer *writer, const char *bytes,
                                                  size_t size) {
    if (!grow(writer, size)) {
        writer->failed = true;
        return -1;
    }
    put(writer, bytes, size);
    return 0;
}

static int append(void *context, const char *bytes, size_t size) {
    struct writer *writer = context;
    if (writer->failed || size > writer->capacity - writer->length) {
        return append_grown(writer, bytes, size);
    }
    put(writer, bytes, size);
    return 0;
}

/* msgpack-c calls `append` for every piece; what it returns says no more than `failed` does. */
static msgpack_packer packer_of(struct writer *writer) {
    return (msgpack_packer){.data = writer, .callback = append};
}

void writer_nil(struct writer *writer) {
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_nil(&packer);
}

void writer_bool(struct writer *writer, bool value) {
    msgpack_packer packer = packer_of(writer);
    if (value) {
        msgpack_pack_true(&packer);
    } else {
        msgpack_pack_false(&packer);
    }
}

void writer_u8(struct writer *writer, uint8_t value) {
    writer_u64(writer, value);
}

void writer_u16(struct writer *writer, uint16_t value) {
    writer_u64(writer, value);
}

void writer_u32(struct writer *writer, uint32_t value) {
    writer_u64(writer, value);
}

void writer_u64(struct writer *writer, uint64_t value) {
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_uint64(&packer, value);
}

void writer_i32(struct writer *writer, int32_t value) {
    writer_i64(writer, value);
}

void writer_i64(struct writer *writer, int64_t value) {
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_int64(&packer, value);
}

void writer_f32(struct writer *writer, float value) {
    msgpack_packer packer = packer_of(writer);
    writer->failed |= !isfinite(value);
    msgpack_pack_float(&packer, value);
}

void writer_f64(struct writer *writer, double value) {
    msgpack_packer packer = packer_of(writer);
    writer->failed |= !isfinite(value);
    msgpack_pack_double(&packer, value);
}

void writer_uuid(struct writer *writer, struct uuid value) {
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_bin_with_body(&packer, value.bytes, sizeof value.bytes);
}

void writer_time(struct writer *writer, int64_t value) {
    writer->failed |= value <= -WHOLE_NUMBER_LIMIT || value >= WHOLE_NUMBER_LIMIT;
    writer_i64(writer, value);
}

void writer_version(struct writer *writer, uint64_t value) {
    writer->failed |= value >= (uint64_t)WHOLE_NUMBER_LIMIT;
    writer_u64(writer, value);
}

void writer_text(struct writer *writer, uint32_t length_max, struct text value) {
    msgpack_packer packer = packer_of(writer);
    writer->failed |= value.length > length_max;
    msgpack_pack_str_with_body(&packer, value.bytes, value.length);
}

void writer_bytes_value(struct writer *writer, uint32_t length_max, struct bytes value) {
    msgpack_packer packer = packer_of(writer);
    writer->failed |= value.length > length_max;
    msgpack_pack_bin_with_body(&packer, value.bytes, value.length);
}

void writer_enum(struct writer *writer, uint32_t count, uint32_t value) {
    writer->failed |= value >= count;
    writer_u64(writer, value);
}

void writer_fields(struct writer *writer, uint32_t count) {
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_array(&packer, count);
}

void writer_list(struct writer *writer, uint32_t count_max, uint32_t count) {
    writer->failed |= count > count_max;
    writer_fields(writer, count);
}

void writer_map(struct writer *writer, uint32_t count_max, uint32_t count) {
    msgpack_packer packer = packer_of(writer);
    writer->failed |= count > count_max;
    msgpack_pack_map(&packer, count);
}

bool writer_some(struct writer *writer, bool has) {
    if (!has) {
        writer_nil(writer);
    }
    return has;
}

void writer_packed(struct writer *writer, struct bytes packed) {
    append(writer, (const char *)packed.bytes, packed.length);
}
