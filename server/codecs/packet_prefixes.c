#include "server/codecs/packet_prefixes.h"

#include <stdlib.h>
#include <string.h>

#define TREE_LEVELS_MAX 12    // of a tag tree: 2048 blocks a side, more than a side holds
#define BLOCKS_MAX (1u << 20) // of a subband
#define BLOCK_SIDE 64u
#define SAMPLES_MAX 4u

/* Marker codes (ISO 15444-1 Table A.2). */
enum { SOC = 0xFF4F, SIZ = 0xFF51, COD = 0xFF52, SOT = 0xFF90, SOD = 0xFF93, EOC = 0xFFD9 };

struct bit_reader {
    const uint8_t *bytes;
    size_t size, at;
    unsigned held; // bits of the byte before `at` that are left
    bool stuffed;  // that byte is FF: the next one holds seven
    bool failed;
};

struct tag_node {
    uint32_t low; // the value is at least this
    bool known;   // and is this
};

struct tag_tree {
    uint32_t widths[TREE_LEVELS_MAX], heights[TREE_LEVELS_MAX];
    struct tag_node *levels[TREE_LEVELS_MAX]; // into one allocation
    unsigned level_count;
};

struct subband {
    uint32_t blocks_across, blocks_down;
    struct tag_tree inclusion, zero_planes;
    struct tag_node *nodes; // owned: of both trees
};

struct layout {
    uint32_t columns, rows, samples;
    size_t packets; // where they begin
    size_t end;     // where the tile part ends
};

static unsigned read_bit(struct bit_reader *reader) {
    if (reader->held == 0) {
        if (reader->at >= reader->size) {
            reader->failed = true;
            return 0;
        }
        reader->held = reader->stuffed ? 7 : 8;
        reader->stuffed = reader->bytes[reader->at++] == 0xFF;
    }
    reader->held--;
    return reader->bytes[reader->at - 1] >> reader->held & 1;
}

static uint32_t read_bits(struct bit_reader *reader, unsigned count) {
    uint32_t value = 0;
    while (count-- > 0) {
        value = value << 1 | read_bit(reader);
    }
    return value;
}

/* The header is filled to whole bytes, and does not end in FF (B.10.1). */
static void end_bits(struct bit_reader *reader) {
    reader->held = 0;
    if (reader->stuffed) {
        reader->at++;
        reader->stuffed = false;
    }
}

static size_t tree_size(uint32_t across, uint32_t down) {
    size_t nodes = (size_t)across * down;
    while (across > 1 || down > 1) {
        across = (across + 1) / 2;
        down = (down + 1) / 2;
        nodes += (size_t)across * down;
    }
    return nodes;
}

static void tree_init(struct tag_tree *tree, uint32_t across, uint32_t down,
                      struct tag_node *nodes) {
    tree->level_count = 0;
    for (;;) {
        unsigned level = tree->level_count++;
        tree->widths[level] = across;
        tree->heights[level] = down;
        tree->levels[level] = nodes;
        nodes += (size_t)across * down;
        if ((across <= 1 && down <= 1) || tree->level_count == TREE_LEVELS_MAX) {
            return;
        }
        across = (across + 1) / 2;
        down = (down + 1) / 2;
    }
}

/* Reads the tree until the leaf's value is known or known to be at least `threshold` (B.10.2). */
static bool tree_below(struct tag_tree *tree, struct bit_reader *reader, uint32_t x, uint32_t y,
                       uint32_t threshold) {
    uint32_t low = 0;
    for (unsigned level = tree->level_count; level-- > 0;) {
        struct tag_node *node =
            &tree->levels[level][(size_t)(y >> level) * tree->widths[level] + (x >> level)];
        if (node->low < low) {
            node->low = low;
        }
        while (!node->known && node->low < threshold && !reader->failed) {
            if (read_bit(reader)) {
                node->known = true;
            } else {
                node->low++;
            }
        }
        low = node->low;
        if (level == 0) {
            return node->known && node->low < threshold;
        }
    }
    return false;
}

/* B.10.6, Table B.4. */
static uint32_t read_passes(struct bit_reader *reader) {
    if (!read_bit(reader)) {
        return 1;
    }
    if (!read_bit(reader)) {
        return 2;
    }
    uint32_t more = read_bits(reader, 2);
    if (more < 3) {
        return 3 + more;
    }
    more = read_bits(reader, 5);
    return more < 31 ? 6 + more : 37 + read_bits(reader, 7);
}

/* Bytes of one block; our encoder writes one cleanup pass each (ISO 15444-15 B.2). */
static uint64_t read_block(struct subband *band, struct bit_reader *reader, uint32_t x,
                           uint32_t y) {
    if (!tree_below(&band->inclusion, reader, x, y, 1)) {
        return 0;
    }
    uint32_t planes = 1;
    while (!tree_below(&band->zero_planes, reader, x, y, planes) && !reader->failed) {
        if (++planes > 74) { // more than any magnitude has
            reader->failed = true;
        }
    }
    if (read_passes(reader) != 1) {
        reader->failed = true;
    }
    unsigned length_bits = 3;
    while (read_bit(reader) && !reader->failed) {
        if (++length_bits > 32) {
            reader->failed = true;
            return 0;
        }
    }
    return read_bits(reader, length_bits);
}

static bool subband_init(struct subband *band, uint32_t columns, uint32_t rows) {
    band->blocks_across = (columns + BLOCK_SIDE - 1) / BLOCK_SIDE;
    band->blocks_down = (rows + BLOCK_SIDE - 1) / BLOCK_SIDE;
    band->nodes = NULL;
    if (band->blocks_across == 0 || band->blocks_down == 0) {
        band->blocks_across = band->blocks_down = 0;
        return true;
    }
    size_t nodes = tree_size(band->blocks_across, band->blocks_down);
    if (nodes > BLOCKS_MAX) {
        return false;
    }
    band->nodes = calloc(2 * nodes, sizeof *band->nodes);
    if (!band->nodes) {
        return false;
    }
    tree_init(&band->inclusion, band->blocks_across, band->blocks_down, band->nodes);
    tree_init(&band->zero_planes, band->blocks_across, band->blocks_down, band->nodes + nodes);
    return true;
}

/* One packet: its header, then the bytes of its blocks. */
static bool skip_packet(const uint8_t *bytes, size_t end, size_t *at, struct subband *bands,
                        unsigned band_count) {
    struct bit_reader reader = {.bytes = bytes, .size = end, .at = *at};
    uint64_t body = 0;
    if (read_bit(&reader)) {
        for (unsigned i = 0; i < band_count; i++) {
            for (uint32_t y = 0; y < bands[i].blocks_down && !reader.failed; y++) {
                for (uint32_t x = 0; x < bands[i].blocks_across && !reader.failed; x++) {
                    body += read_block(&bands[i], &reader, x, y);
                }
            }
        }
    }
    end_bits(&reader);
    if (reader.failed || reader.at > end || body > end - reader.at) {
        return false;
    }
    *at = reader.at + (size_t)body;
    return true;
}

static uint32_t halved(uint32_t length, unsigned times) {
    return (length + (1u << times) - 1) >> times;
}

/* The packets of one resolution, a component each (B.12.1.3). */
static bool skip_resolution(const struct layout *layout, const uint8_t *bytes, unsigned resolution,
                            size_t *at) {
    unsigned times = HTJ2K_DECOMPOSITIONS - resolution;
    uint32_t low_columns = halved(layout->columns, times + (resolution > 0));
    uint32_t low_rows = halved(layout->rows, times + (resolution > 0));
    uint32_t high_columns = halved(layout->columns, times) - low_columns;
    uint32_t high_rows = halved(layout->rows, times) - low_rows;
    for (uint32_t sample = 0; sample < layout->samples; sample++) {
        struct subband bands[3];
        memset(bands, 0, sizeof bands);
        unsigned count = resolution == 0 ? 1 : 3;
        // HL, LH, HH; the lowest resolution has LL alone.
        bool good = resolution == 0 ? subband_init(&bands[0], low_columns, low_rows)
                                    : subband_init(&bands[0], high_columns, low_rows) &&
                                          subband_init(&bands[1], low_columns, high_rows) &&
                                          subband_init(&bands[2], high_columns, high_rows);
        good = good && skip_packet(bytes, layout->end, at, bands, count);
        for (unsigned i = 0; i < 3; i++) {
            free(bands[i].nodes);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

static uint32_t big_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t big_u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* SIZ (A.5.1): one tile from the origin. */
static bool take_size(const uint8_t *segment, size_t size, struct layout *layout) {
    if (size < 38) {
        return false;
    }
    layout->columns = big_u32(segment + 4);
    layout->rows = big_u32(segment + 8);
    layout->samples = big_u16(segment + 36);
    uint32_t offsets = big_u32(segment + 12) | big_u32(segment + 16) | big_u32(segment + 28) |
                       big_u32(segment + 32);
    return offsets == 0 && big_u32(segment + 20) >= layout->columns &&
           big_u32(segment + 24) >= layout->rows && layout->samples >= 1 &&
           layout->samples <= SAMPLES_MAX && layout->columns > 0 && layout->rows > 0 &&
           layout->columns <= PIXELS_SIDE_MAX && layout->rows <= PIXELS_SIDE_MAX;
}

/* COD (A.6.1): whole resolutions as precincts, no SOP or EPH, RPCL, one layer, blocks of 64 x 64.
 */
static bool is_ours(const uint8_t *segment, size_t size) {
    return size >= 12 && segment[2] == 0 && segment[3] == 2 && big_u16(segment + 4) == 1 &&
           segment[7] == HTJ2K_DECOMPOSITIONS && segment[8] == 4 && segment[9] == 4;
}

static bool find_packets(const uint8_t *bytes, size_t size, struct layout *layout) {
    size_t at = 2;
    bool sized = false, coded = false;
    if (size < 4 || big_u16(bytes) != SOC) {
        return false;
    }
    while (size - at >= 4) {
        uint32_t marker = big_u16(bytes + at);
        uint32_t length = big_u16(bytes + at + 2);
        if (length < 2 || length > size - at - 2) {
            return false;
        }
        const uint8_t *segment = bytes + at + 2;
        sized = sized || (marker == SIZ && take_size(segment, length, layout));
        coded = coded || (marker == COD && is_ours(segment, length));
        if (marker == SOT) { // A.4.2: one tile part; SOD follows
            uint32_t part = length >= 10 ? big_u32(segment + 4) : 0;
            layout->end = part >= 14 && part <= size - at ? at + part : 0;
            layout->packets = at + 2 + length + 2;
            return sized && coded && layout->packets <= layout->end &&
                   big_u16(bytes + layout->packets - 2) == SOD;
        }
        at += 2 + length;
    }
    return false;
}

bool packet_prefixes_find(const uint8_t *bytes, size_t size,
                          uint64_t ret_prefixes[HTJ2K_DECOMPOSITIONS]) {
    struct layout layout = {0};
    if (!find_packets(bytes, size, &layout)) {
        return false;
    }
    size_t at = layout.packets;
    for (unsigned resolution = 0; resolution <= HTJ2K_DECOMPOSITIONS; resolution++) {
        if (!skip_resolution(&layout, bytes, resolution, &at)) {
            return false;
        }
        if (resolution < HTJ2K_DECOMPOSITIONS) {
            ret_prefixes[HTJ2K_DECOMPOSITIONS - 1 - resolution] = at;
        }
    }
    return at == layout.end && size - at == 2 && big_u16(bytes + at) == EOC;
}
