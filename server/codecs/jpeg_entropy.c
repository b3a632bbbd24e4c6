#include "server/codecs/jpeg_entropy.h"

#include <string.h>

static uint32_t big_u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* Codes of each length follow one another (T.81 C.2). */
static bool make_table(struct jpeg_table *table, const uint8_t counts[16], const uint8_t *values,
                       size_t value_count) {
    memset(table, 0, sizeof *table);
    memcpy(table->values, values, value_count);
    int32_t code = 0;
    uint32_t place = 0;
    for (unsigned length = 1; length <= 16; length++) {
        uint32_t count = counts[length - 1];
        table->first_code[length] = code;
        table->last_code[length] = code + (int32_t)count - 1;
        table->first_value[length] = place;
        if (code + (int32_t)count > 1 << length) {
            return false; // more codes than there are
        }
        for (uint32_t i = 0; i < count && length <= JPEG_LOOKUP_BITS; i++) {
            uint32_t from = (uint32_t)(code + (int32_t)i) << (JPEG_LOOKUP_BITS - length);
            uint32_t fill = 1u << (JPEG_LOOKUP_BITS - length);
            for (uint32_t j = 0; j < fill; j++) {
                table->lookup[from + j] = (uint16_t)(length << 8 | values[place + i]);
            }
        }
        code = (code + (int32_t)count) << 1;
        place += count;
    }
    table->there = true;
    return true;
}

/* DHT (B.2.4.2): some tables in one segment. */
static bool take_huffman(const uint8_t *segment, size_t size, struct jpeg_header *header) {
    while (size > 0) {
        if (size < 17) {
            return false;
        }
        unsigned kind = segment[0] >> 4, place = segment[0] & 15;
        size_t values = 0;
        for (unsigned i = 0; i < 16; i++) {
            values += segment[1 + i];
        }
        if (kind > 1 || place >= JPEG_TABLES || values > 256 || values > size - 17 ||
            !make_table(kind ? &header->ac[place] : &header->dc[place], segment + 1, segment + 17,
                        values)) {
            return false;
        }
        segment += 17 + values;
        size -= 17 + values;
    }
    return true;
}

/* DQT (B.2.4.1). */
static bool take_quantisation(const uint8_t *segment, size_t size, struct jpeg_header *header) {
    while (size > 0) {
        unsigned wide = segment[0] >> 4, place = segment[0] & 15;
        size_t length = 1 + (wide ? 128u : 64u);
        if (wide > 1 || place >= JPEG_TABLES || length > size) {
            return false;
        }
        for (unsigned i = 0; i < 64; i++) {
            header->quantisation[place][i] =
                (uint16_t)(wide ? big_u16(segment + 1 + 2 * i) : segment[1 + i]);
        }
        header->quantisation_there[place] = true;
        segment += length;
        size -= length;
    }
    return true;
}

/* SOF (B.2.2). */
static bool take_frame(uint8_t marker, const uint8_t *segment, size_t size,
                       struct jpeg_header *header) {
    if (size < 6 || header->component_count > 0) {
        return false;
    }
    header->process = marker;
    header->precision = segment[0];
    header->rows = big_u16(segment + 1);
    header->columns = big_u16(segment + 3);
    unsigned count = segment[5];
    if (count == 0 || count > JPEG_COMPONENTS_MAX || size < 6 + 3 * (size_t)count ||
        header->rows == 0 || header->columns == 0) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *from = segment + 6 + 3 * i;
        header->components[i] = (struct jpeg_component){
            .id = from[0], .across = from[1] >> 4, .down = from[1] & 15, .quantisation = from[2]};
        bool sense = header->components[i].across >= 1 && header->components[i].across <= 4 &&
                     header->components[i].down >= 1 && header->components[i].down <= 4 &&
                     from[2] < JPEG_TABLES;
        if (!sense) {
            return false;
        }
    }
    header->component_count = count;
    return true;
}

/* SOS (B.2.3): all components, in their order. */
static bool take_scan(const uint8_t *segment, size_t size, struct jpeg_header *header) {
    if (header->component_count == 0 || size < 1 || segment[0] != header->component_count ||
        size < 4 + 2 * (size_t)segment[0]) {
        return false;
    }
    for (unsigned i = 0; i < header->component_count; i++) {
        const uint8_t *from = segment + 1 + 2 * i;
        if (from[0] != header->components[i].id || from[1] >> 4 >= JPEG_TABLES ||
            (from[1] & 15) >= JPEG_TABLES) {
            return false;
        }
        header->components[i].dc_table = from[1] >> 4;
        header->components[i].ac_table = from[1] & 15;
    }
    const uint8_t *rest = segment + 1 + 2 * header->component_count;
    header->selection = rest[0];
    header->end = rest[1];
    header->approximation = rest[2] & 15;
    return true;
}

static bool take_segment(uint8_t marker, const uint8_t *segment, size_t size,
                         struct jpeg_header *header) {
    bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != JPEG_DHT && marker != 0xC8 && marker != 0xCC;
    if (is_frame) {
        return take_frame(marker, segment, size, header);
    }
    switch (marker) {
    case JPEG_DHT:
        return take_huffman(segment, size, header);
    case JPEG_DQT:
        return take_quantisation(segment, size, header);
    case JPEG_DRI:
        header->restart_interval = size >= 2 ? big_u16(segment) : 0;
        return size >= 2;
    default:
        return true; // words and profiles: nothing that decoding needs
    }
}

bool jpeg_header_read(const uint8_t *bytes, size_t size, struct jpeg_header *ret_header) {
    memset(ret_header, 0, sizeof *ret_header);
    if (size < 4 || bytes[0] != 0xFF || bytes[1] != JPEG_SOI) {
        return false;
    }
    size_t at = 2;
    while (size - at >= 4) {
        if (bytes[at] != 0xFF) {
            return false;
        }
        uint8_t marker = bytes[at + 1];
        if (marker == 0xFF) { // fill (B.1.1.2)
            at++;
            continue;
        }
        size_t length = big_u16(bytes + at + 2);
        if (length < 2 || length > size - at - 2) {
            return false;
        }
        const uint8_t *segment = bytes + at + 4;
        at += 2 + length;
        if (marker == JPEG_SOS) {
            ret_header->entropy = at;
            return take_scan(segment, length - 2, ret_header);
        }
        if (!take_segment(marker, segment, length - 2, ret_header)) {
            return false;
        }
    }
    return false;
}

void jpeg_bits_init(struct jpeg_bits *bits, const uint8_t *bytes, size_t size, size_t at) {
    *bits = (struct jpeg_bits){.bytes = bytes, .size = size, .at = at};
}

/* Holds at least 32 bits, of zeros when no more comes. A zero byte behind FF is stuffed (B.1.1.5).
 */
static void fill(struct jpeg_bits *bits) {
    while (bits->count <= 48) {
        uint8_t byte = 0;
        if (!bits->at_marker && bits->at < bits->size) {
            byte = bits->bytes[bits->at];
            if (byte != 0xFF) {
                bits->at++;
            } else if (bits->at + 1 < bits->size && bits->bytes[bits->at + 1] == 0) {
                bits->at += 2;
            } else {
                bits->at_marker = true;
                byte = 0;
            }
        } else {
            bits->at_marker = true;
        }
        if (bits->at_marker) {
            if (bits->count > 16) {
                return;
            }
            bits->held <<= 32;
            bits->count += 32;
            bits->filling += 32;
            return;
        }
        bits->held = bits->held << 8 | byte;
        bits->count += 8;
    }
}

static void use(struct jpeg_bits *bits, unsigned count) {
    bits->count -= count;
    if (bits->count < bits->filling) {
        bits->short_of = true;
        bits->filling = bits->count;
    }
}

uint32_t jpeg_bits_read(struct jpeg_bits *bits, unsigned count) {
    if (bits->count < count) {
        fill(bits);
    }
    use(bits, count);
    return (uint32_t)(bits->held >> bits->count) & ((1u << count) - 1);
}

unsigned jpeg_bits_decode(struct jpeg_bits *bits, const struct jpeg_table *table) {
    if (bits->count < 16) {
        fill(bits);
    }
    uint32_t next = (uint32_t)(bits->held >> (bits->count - 16)) & 0xFFFF;
    uint16_t found = table->lookup[next >> (16 - JPEG_LOOKUP_BITS)];
    if (found) {
        use(bits, found >> 8);
        return found & 0xFF;
    }
    for (unsigned length = JPEG_LOOKUP_BITS + 1; length <= 16; length++) {
        int32_t code = (int32_t)(next >> (16 - length));
        if (code <= table->last_code[length] && code >= table->first_code[length]) {
            use(bits, length);
            return table
                ->values[table->first_value[length] + (uint32_t)(code - table->first_code[length])];
        }
    }
    return 256;
}

int32_t jpeg_bits_extend(struct jpeg_bits *bits, unsigned count) {
    if (count == 0) {
        return 0;
    }
    int32_t value = (int32_t)jpeg_bits_read(bits, count);
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
}

bool jpeg_bits_restart(struct jpeg_bits *bits) {
    // What is held and not used was read ahead of a marker only as zeros or filling bits.
    if (!bits->at_marker) {
        fill(bits);
    }
    size_t at = bits->at;
    if (!bits->at_marker) {
        return false;
    }
    while (at + 1 < bits->size && bits->bytes[at] == 0xFF && bits->bytes[at + 1] == 0xFF) {
        at++;
    }
    if (at + 1 >= bits->size || bits->bytes[at + 1] < JPEG_RST0 ||
        bits->bytes[at + 1] > JPEG_RST7) {
        return false;
    }
    jpeg_bits_init(bits, bits->bytes, bits->size, at + 2);
    return true;
}
