#include "server/evidence/dataset_writer.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDEFINED_LENGTH 0xFFFFFFFFu
#define SHORT_LENGTH_MAX 65534u // bytes of a value whose length is 16 bits
#define PREAMBLE_SIZE 128
#define TAG_ITEM 0xFFFEE000u
#define TAG_ITEM_END 0xFFFEE00Du
#define TAG_SEQUENCE_END 0xFFFEE0DDu
#define EXPLICIT_LITTLE_ENDIAN "1.2.840.10008.1.2.1"
#define IMPLEMENTATION_CLASS_UID "2.25.305478901246785016834561246789103215478"
#define IMPLEMENTATION_VERSION "CONSILIUM"

/* PS3.5 table 6.2-1. */
struct text_vr {
    const char *vr;
    size_t max; // characters
    enum {
        EXACT, // a longer one is another one
        LINE,  // cut; a backslash divides values
        NAME,  // cut, each of the groups between =
        PAGE,  // cut; lines may end in it
    } kind;
    const char *allowed; // NULL = any; digits always
};

static const struct text_vr text_vrs[] = {
    {"AE", 16, LINE, NULL},
    {"AS", 4, EXACT, "DWMY"},
    {"CS", 16, EXACT, "ABCDEFGHIJKLMNOPQRSTUVWXYZ _"},
    {"DA", 8, EXACT, ""},
    {"DS", 16, EXACT, "+-.eE "},
    {"DT", 26, EXACT, ".+-"},
    {"IS", 12, EXACT, "+- "},
    {"LO", 64, LINE, NULL},
    {"LT", 10240, PAGE, NULL},
    {"PN", 64, NAME, NULL},
    {"SH", 16, LINE, NULL},
    {"ST", 1024, PAGE, NULL},
    {"TM", 14, EXACT, "."},
    {"UC", 4096, LINE, NULL},
    {"UI", 64, EXACT, "."},
    {"UT", 65536, PAGE, NULL},
};

static const struct text_vr *text_vr(const char *vr) {
    for (size_t i = 0; i < sizeof text_vrs / sizeof text_vrs[0]; i++) {
        if (strcmp(text_vrs[i].vr, vr) == 0) {
            return &text_vrs[i];
        }
    }
    return NULL;
}

static bool is_long(const char *vr) {
    static const char long_vrs[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
    return strstr(long_vrs, vr) != NULL;
}

void dataset_writer_init(struct dataset_writer *writer, size_t limit, enum dataset_lengths lengths,
                         enum dataset_repertoire repertoire) {
    memset(writer, 0, sizeof *writer);
    writer->lengths = lengths;
    writer->repertoire = repertoire;
    bounded_output_init(&writer->output, limit);
}

void dataset_writer_finish(struct dataset_writer *writer) {
    bounded_output_finish(&writer->output);
}

uint8_t *dataset_writer_take(struct dataset_writer *writer, size_t *ret_size) {
    assert(writer->depth == 0);
    if (writer->failed || writer->output.failed) {
        return NULL;
    }
    return bounded_output_take(&writer->output, ret_size);
}

/* Bytes */

static void put(uint8_t *bytes, uint64_t number, int size) {
    for (int i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static void write_tag(struct dataset_writer *writer, uint32_t tag) {
    uint8_t bytes[4];
    put(bytes, tag >> 16, 2);
    put(bytes + 2, tag & 0xFFFF, 2);
    bounded_output_write(&writer->output, bytes, sizeof bytes);
}

static void write_number(struct dataset_writer *writer, uint64_t number, int size) {
    uint8_t bytes[8];
    put(bytes, number, size);
    bounded_output_write(&writer->output, bytes, (size_t)size);
}

/* Everything before the value. */
static void begin_element(struct dataset_writer *writer, uint32_t tag, const char *vr,
                          uint32_t length) {
    struct dataset_level *level = &writer->levels[writer->depth];
    assert(writer->depth == 0 || level->is_item);
    assert(tag > level->last);
    level->last = tag;
    write_tag(writer, tag);
    bounded_output_write(&writer->output, vr, 2);
    if (is_long(vr)) {
        write_number(writer, 0, 2);
        write_number(writer, length, 4);
    } else {
        writer->failed |= length > SHORT_LENGTH_MAX;
        write_number(writer, length, 2);
    }
}

static void write_padded(struct dataset_writer *writer, uint32_t tag, const char *vr,
                         const void *bytes, size_t size, uint8_t padding) {
    begin_element(writer, tag, vr, (uint32_t)(size + size % 2));
    bounded_output_write(&writer->output, bytes, size);
    if (size % 2 != 0) {
        bounded_output_byte(&writer->output, padding);
    }
}

void dataset_writer_bytes(struct dataset_writer *writer, uint32_t tag, const char *vr,
                          const void *bytes, size_t size) {
    assert(is_long(vr));
    if (size >= UNDEFINED_LENGTH - 1) {
        writer->failed = true;
        return;
    }
    write_padded(writer, tag, vr, bytes, size, 0);
}

/* Text */

size_t dataset_text_cut(struct text text, size_t characters) {
    size_t at = 0;
    while (at < text.length) {
        bool begins = ((uint8_t)text.bytes[at] & 0xC0) != 0x80;
        if (begins && characters-- == 0) {
            break;
        }
        at++;
    }
    return at;
}

static bool is_allowed(const struct text_vr *vr, struct text value) {
    if (value.length > vr->max) {
        return false;
    }
    for (uint32_t i = 0; i < value.length; i++) {
        char byte = value.bytes[i];
        bool digit = byte >= '0' && byte <= '9';
        if (!digit && (byte == 0 || strchr(vr->allowed, byte) == NULL)) {
            return false;
        }
    }
    return true;
}

/* A control character, of which C1 takes two bytes, or what divides values. */
static bool is_refused(const struct text_vr *vr, const uint8_t *at, size_t left) {
    if (*at == 0xC2 && left > 1 && at[1] >= 0x80 && at[1] < 0xA0) {
        return true;
    }
    bool line_end = *at == '\r' || *at == '\n' || *at == '\f';
    return *at == 0x7F || (*at < 0x20 && !(vr->kind == PAGE && line_end)) ||
           (*at == '\\' && vr->kind != PAGE);
}

/* Of the groups of a person name (PS3.5 6.2.1) each has its own limit. */
static size_t cut_name(char *bytes, size_t size, size_t max) {
    size_t to = 0;
    for (size_t from = 0; from < size;) {
        const char *divider = memchr(bytes + from, '=', size - from);
        size_t group = divider != NULL ? (size_t)(divider - bytes) - from : size - from;
        size_t kept = dataset_text_cut((struct text){(uint32_t)group, bytes + from}, max);
        memmove(bytes + to, bytes + from, kept);
        to += kept;
        from += group;
        if (from < size) {
            bytes[to++] = '=';
            from++;
        }
    }
    return to;
}

/* A copy that may be written; NULL without memory. */
static char *cleaned(const struct text_vr *vr, struct text value, size_t *ret_size) {
    char *bytes = malloc((size_t)value.length + 1);
    if (bytes == NULL) {
        return NULL;
    }
    size_t size = 0;
    for (size_t i = 0; i < value.length; i++) {
        const uint8_t *at = (const uint8_t *)value.bytes + i;
        bool refused = is_refused(vr, at, value.length - i);
        i += refused && *at == 0xC2;
        bytes[size++] = refused ? ' ' : (char)*at;
    }
    *ret_size = vr->kind == NAME ? cut_name(bytes, size, vr->max)
                                 : dataset_text_cut((struct text){(uint32_t)size, bytes}, vr->max);
    return bytes;
}

/* In place; a byte a character. False when there is one that it has not. */
static bool to_latin(char *bytes, size_t *size) {
    size_t to = 0;
    for (size_t from = 0; from < *size; from++) {
        uint8_t byte = (uint8_t)bytes[from];
        if (byte >= 0x80) {
            if ((byte != 0xC2 && byte != 0xC3) || from + 1 == *size) {
                return false;
            }
            byte = (uint8_t)((byte & 0x03) << 6 | ((uint8_t)bytes[++from] & 0x3F));
        }
        bytes[to++] = (char)byte;
    }
    *size = to;
    return true;
}

void dataset_writer_text(struct dataset_writer *writer, uint32_t tag, const char *vr,
                         struct text value) {
    const struct text_vr *rule = text_vr(vr);
    assert(rule != NULL);
    if (rule->kind == EXACT) {
        if (!is_allowed(rule, value)) {
            writer->failed = true;
            return;
        }
        bool is_uid = strcmp(vr, "UI") == 0;
        write_padded(writer, tag, vr, value.bytes, value.length, is_uid ? 0 : ' ');
        return;
    }
    size_t size = 0;
    char *bytes = cleaned(rule, value, &size);
    if (bytes == NULL) {
        writer->failed = true;
        return;
    }
    if (writer->repertoire == DATASET_LATIN && !to_latin(bytes, &size)) {
        writer->failed = true;
        writer->beyond = true;
    } else {
        write_padded(writer, tag, vr, bytes, size, ' ');
    }
    free(bytes);
}

void dataset_writer_string(struct dataset_writer *writer, uint32_t tag, const char *vr,
                           const char *value) {
    dataset_writer_text(writer, tag, vr, (struct text){(uint32_t)strlen(value), value});
}

/* Numbers */

void dataset_writer_integer(struct dataset_writer *writer, uint32_t tag, int32_t value) {
    char text[16];
    snprintf(text, sizeof text, "%d", (int)value);
    dataset_writer_string(writer, tag, "IS", text);
}

void dataset_writer_integers(struct dataset_writer *writer, uint32_t tag, const int32_t *values,
                             size_t count) {
    char text[12 * 16 + 1] = "";
    size_t size = 0;
    assert(count <= 16);
    for (size_t i = 0; i < count; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%d", i > 0 ? "\\" : "",
                                 (int)values[i]);
    }
    write_padded(writer, tag, "IS", text, size, ' ');
}

/* The most digits that fit into 16 characters. False for what is no number. */
static bool decimal(double value, char ret_text[32]) {
    for (int digits = 15; isfinite(value) && digits > 0; digits--) {
        snprintf(ret_text, 32, "%.*g", digits, value);
        if (strlen(ret_text) <= 16) {
            return true;
        }
    }
    return false;
}

void dataset_writer_decimals(struct dataset_writer *writer, uint32_t tag, const double *values,
                             size_t count) {
    char text[17 * 16 + 1] = "";
    size_t size = 0;
    assert(count <= 16);
    for (size_t i = 0; i < count; i++) {
        char one[32];
        if (!decimal(values[i], one)) {
            writer->failed = true;
            return;
        }
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%s", i > 0 ? "\\" : "", one);
    }
    write_padded(writer, tag, "DS", text, size, ' ');
}

static bool begin_numbers(struct dataset_writer *writer, uint32_t tag, const char *vr, size_t count,
                          size_t width) {
    if (count > SHORT_LENGTH_MAX / width) {
        writer->failed = true;
        return false;
    }
    begin_element(writer, tag, vr, (uint32_t)(count * width));
    return true;
}

void dataset_writer_u16(struct dataset_writer *writer, uint32_t tag, const uint16_t *values,
                        size_t count) {
    bool begun = begin_numbers(writer, tag, "US", count, 2);
    for (size_t i = 0; begun && i < count; i++) {
        write_number(writer, values[i], 2);
    }
}

void dataset_writer_i32(struct dataset_writer *writer, uint32_t tag, const int32_t *values,
                        size_t count) {
    bool begun = begin_numbers(writer, tag, "SL", count, 4);
    for (size_t i = 0; begun && i < count; i++) {
        write_number(writer, (uint32_t)values[i], 4);
    }
}

void dataset_writer_u32(struct dataset_writer *writer, uint32_t tag, const uint32_t *values,
                        size_t count) {
    bool begun = begin_numbers(writer, tag, "UL", count, 4);
    for (size_t i = 0; begun && i < count; i++) {
        write_number(writer, values[i], 4);
    }
}

void dataset_writer_floats(struct dataset_writer *writer, uint32_t tag, const double *values,
                           size_t count) {
    bool begun = begin_numbers(writer, tag, "FL", count, 4);
    for (size_t i = 0; begun && i < count; i++) {
        float value = (float)values[i];
        uint32_t bits;
        writer->failed |= !isfinite(value);
        memcpy(&bits, &value, sizeof bits);
        write_number(writer, bits, 4);
    }
}

void dataset_writer_double(struct dataset_writer *writer, uint32_t tag, double value) {
    uint64_t bits;
    writer->failed |= !isfinite(value);
    memcpy(&bits, &value, sizeof bits);
    begin_element(writer, tag, "FD", 8);
    write_number(writer, bits, 8);
}

/* Sequences */

static void open_level(struct dataset_writer *writer, bool is_item) {
    assert(writer->depth < DATASET_WRITER_DEPTH_MAX);
    writer->levels[++writer->depth] =
        (struct dataset_level){.length_at = writer->output.size, .is_item = is_item};
    write_number(writer, UNDEFINED_LENGTH, 4);
}

static void close_level(struct dataset_writer *writer, uint32_t delimiter) {
    struct dataset_level *level = &writer->levels[writer->depth--];
    if (writer->lengths == DATASET_LENGTHS_UNDEFINED) {
        write_tag(writer, delimiter);
        write_number(writer, 0, 4);
    } else if (!writer->output.failed) {
        put(writer->output.bytes + level->length_at, writer->output.size - level->length_at - 4, 4);
    }
}

void dataset_writer_sequence_begin(struct dataset_writer *writer, uint32_t tag) {
    begin_element(writer, tag, "SQ", 0);
    writer->output.size -= writer->output.failed ? 0 : 4; // its length is the level's
    open_level(writer, false);
}

void dataset_writer_sequence_end(struct dataset_writer *writer) {
    assert(writer->depth > 0 && !writer->levels[writer->depth].is_item);
    close_level(writer, TAG_SEQUENCE_END);
}

void dataset_writer_item_begin(struct dataset_writer *writer) {
    assert(writer->depth > 0 && !writer->levels[writer->depth].is_item);
    write_tag(writer, TAG_ITEM);
    open_level(writer, true);
}

void dataset_writer_item_end(struct dataset_writer *writer) {
    assert(writer->depth > 0 && writer->levels[writer->depth].is_item);
    close_level(writer, TAG_ITEM_END);
}

void dataset_writer_empty_sequence(struct dataset_writer *writer, uint32_t tag) {
    begin_element(writer, tag, "SQ", 0);
}

/* The file */

void dataset_writer_file(struct dataset_writer *writer, const char *sop_class_uid,
                         const char *sop_instance_uid) {
    static const uint8_t preamble[PREAMBLE_SIZE];
    static const uint8_t version[2] = {0, 1};
    assert(writer->output.size == 0);
    bounded_output_write(&writer->output, preamble, sizeof preamble);
    bounded_output_write(&writer->output, "DICM", 4);
    size_t group_at = writer->output.size + 8;
    const uint32_t unknown = 0;
    dataset_writer_u32(writer, 0x00020000, &unknown, 1);
    dataset_writer_bytes(writer, 0x00020001, "OB", version, sizeof version);
    dataset_writer_string(writer, 0x00020002, "UI", sop_class_uid);
    dataset_writer_string(writer, 0x00020003, "UI", sop_instance_uid);
    dataset_writer_string(writer, 0x00020010, "UI", EXPLICIT_LITTLE_ENDIAN);
    dataset_writer_string(writer, 0x00020012, "UI", IMPLEMENTATION_CLASS_UID);
    dataset_writer_string(writer, 0x00020013, "SH", IMPLEMENTATION_VERSION);
    if (!writer->output.failed) {
        put(writer->output.bytes + group_at, writer->output.size - group_at - 4, 4);
    }
}
