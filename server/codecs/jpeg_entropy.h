/*
 * What the JPEG decoders of our own share (ITU-T T.81): markers and their segments, Huffman tables,
 * and bits of entropy-coded data. Nothing is read beyond the bytes that are given, and what is not
 * there reads as zero and says so.
 */
#ifndef CONSILIUM_CODECS_JPEG_ENTROPY_H
#define CONSILIUM_CODECS_JPEG_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JPEG_COMPONENTS_MAX 4u
#define JPEG_TABLES 4u
#define JPEG_LOOKUP_BITS 9u

enum jpeg_marker { // T.81 Table B.1
    JPEG_SOF1 = 0xC1,
    JPEG_SOF3 = 0xC3,
    JPEG_DHT = 0xC4,
    JPEG_RST0 = 0xD0,
    JPEG_RST7 = 0xD7,
    JPEG_SOI = 0xD8,
    JPEG_EOI = 0xD9,
    JPEG_SOS = 0xDA,
    JPEG_DQT = 0xDB,
    JPEG_DRI = 0xDD,
};

struct jpeg_table {
    bool there;
    uint8_t values[256];
    int32_t first_code[18], last_code[18];   // of each length; last < first when there is none
    uint32_t first_value[18];                // place of the first code's value
    uint16_t lookup[1u << JPEG_LOOKUP_BITS]; // length << 8 | value, 0 = longer
};

struct jpeg_component {
    uint8_t id, across, down, quantisation; // B.2.2
    uint8_t dc_table, ac_table;             // B.2.3
};

struct jpeg_header {
    uint8_t process; // the SOF's marker
    uint8_t precision;
    uint32_t rows, columns;
    unsigned component_count;
    struct jpeg_component components[JPEG_COMPONENTS_MAX];
    struct jpeg_table dc[JPEG_TABLES], ac[JPEG_TABLES];
    uint16_t quantisation[JPEG_TABLES][64]; // in zigzag order
    bool quantisation_there[JPEG_TABLES];
    uint32_t restart_interval;             // MCUs, 0 = none
    uint8_t selection, approximation, end; // of the scan: Ss, Al, Se
    size_t entropy;                        // where the coded data begins
};

/* Reads up to the first scan, which has all components. False when it does not make sense. */
bool jpeg_header_read(const uint8_t *bytes, size_t size, struct jpeg_header *ret_header);

struct jpeg_bits {
    const uint8_t *bytes;
    size_t size, at;
    uint64_t held; // the newest bits are lowest
    unsigned count;
    unsigned filling; // of those, zeros behind the end
    bool at_marker;   // or at the end: no more comes
    bool short_of;    // more was used than there is
};

void jpeg_bits_init(struct jpeg_bits *bits, const uint8_t *bytes, size_t size, size_t at);
uint32_t jpeg_bits_read(struct jpeg_bits *bits, unsigned count); // at most 16
/* The value of the next code; 256 when there is no such code. */
unsigned jpeg_bits_decode(struct jpeg_bits *bits, const struct jpeg_table *table);
/* A difference of this many bits (F.2.2.1). */
int32_t jpeg_bits_extend(struct jpeg_bits *bits, unsigned count);
/* Steps over the restart marker that must come now (E.2.4). */
bool jpeg_bits_restart(struct jpeg_bits *bits);

#endif
