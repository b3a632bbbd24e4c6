#include "server/imaging/character_set.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 0x1B
#define REPLACEMENT "\xEF\xBF\xBD" // U+FFFD
#define PIECE_SIZE 256             // bytes given to iconv at once

enum converter {
    CONVERT_ASCII, // the default repertoire, ISO-IR 6; needs no iconv
    CONVERT_LATIN1,
    CONVERT_LATIN2,
    CONVERT_LATIN3,
    CONVERT_LATIN4,
    CONVERT_CYRILLIC,
    CONVERT_ARABIC,
    CONVERT_GREEK,
    CONVERT_HEBREW,
    CONVERT_LATIN5,
    CONVERT_LATIN9,
    CONVERT_THAI,
    CONVERT_KATAKANA,
    CONVERT_UTF8,
    CONVERT_GB18030,
    CONVERT_GBK,
    CONVERT_KOREAN,  // KS X 1001 in G1
    CONVERT_CHINESE, // GB 2312 in G1
    CONVERT_KANJI,   // JIS X 0208 in G0, decoded as EUC-JP
    CONVERT_KANJI_2, // JIS X 0212 in G0, decoded as EUC-JP behind its single shift
    CONVERTER_COUNT,
};

static const char *const iconv_names[CONVERTER_COUNT] = {
    [CONVERT_LATIN1] = "ISO-8859-1",
    [CONVERT_LATIN2] = "ISO-8859-2",
    [CONVERT_LATIN3] = "ISO-8859-3",
    [CONVERT_LATIN4] = "ISO-8859-4",
    [CONVERT_CYRILLIC] = "ISO-8859-5",
    [CONVERT_ARABIC] = "ISO-8859-6",
    [CONVERT_GREEK] = "ISO-8859-7",
    [CONVERT_HEBREW] = "ISO-8859-8",
    [CONVERT_LATIN5] = "ISO-8859-9",
    [CONVERT_LATIN9] = "ISO-8859-15",
    [CONVERT_THAI] = "TIS-620",
    [CONVERT_KATAKANA] = "SHIFT_JIS",
    [CONVERT_UTF8] = "UTF-8",
    [CONVERT_GB18030] = "GB18030",
    [CONVERT_GBK] = "GBK",
    [CONVERT_KOREAN] = "EUC-KR",
    [CONVERT_CHINESE] = "EUC-CN",
    [CONVERT_KANJI] = "EUC-JP",
    [CONVERT_KANJI_2] = "EUC-JP",
};

struct term {
    const char *name; // after "ISO_IR " or "ISO 2022 IR "
    enum converter converter;
};

/* Defined terms of PS3.3 Tables C.12-2 to C.12-4. Kanji sets start in the default repertoire. */
static const struct term terms[] = {
    {"6", CONVERT_ASCII},         {"100", CONVERT_LATIN1}, {"101", CONVERT_LATIN2},
    {"109", CONVERT_LATIN3},      {"110", CONVERT_LATIN4}, {"144", CONVERT_CYRILLIC},
    {"127", CONVERT_ARABIC},      {"126", CONVERT_GREEK},  {"138", CONVERT_HEBREW},
    {"148", CONVERT_LATIN5},      {"203", CONVERT_LATIN9}, {"166", CONVERT_THAI},
    {"13", CONVERT_KATAKANA},     {"192", CONVERT_UTF8},   {"87", CONVERT_ASCII},
    {"159", CONVERT_ASCII},       {"149", CONVERT_KOREAN}, {"58", CONVERT_CHINESE},
    {"GB18030", CONVERT_GB18030}, {"GBK", CONVERT_GBK},
};

struct escape_sequence {
    const char *bytes; // after ESC
    bool is_g0;        // replaces the left half of the code table, otherwise the right half
    enum converter converter;
};

/* PS3.3 Tables C.12-3 and C.12-4. */
static const struct escape_sequence escapes[] = {
    {"(B", true, CONVERT_ASCII},     {"(J", true, CONVERT_KATAKANA},
    {")I", false, CONVERT_KATAKANA}, {"-A", false, CONVERT_LATIN1},
    {"-B", false, CONVERT_LATIN2},   {"-C", false, CONVERT_LATIN3},
    {"-D", false, CONVERT_LATIN4},   {"-L", false, CONVERT_CYRILLIC},
    {"-G", false, CONVERT_ARABIC},   {"-F", false, CONVERT_GREEK},
    {"-H", false, CONVERT_HEBREW},   {"-M", false, CONVERT_LATIN5},
    {"-b", false, CONVERT_LATIN9},   {"-T", false, CONVERT_THAI},
    {"$B", true, CONVERT_KANJI},     {"$(D", true, CONVERT_KANJI_2},
    {"$)C", false, CONVERT_KOREAN},  {"$)A", false, CONVERT_CHINESE},
};

struct character_sets {
    iconv_t converters[CONVERTER_COUNT];
};

struct character_sets *character_sets_create(void) {
    struct character_sets *sets = calloc(1, sizeof *sets);
    if (!sets) {
        return NULL;
    }
    for (int i = 0; i < CONVERTER_COUNT; i++) {
        sets->converters[i] = iconv_names[i] ? iconv_open("UTF-8", iconv_names[i]) : (iconv_t)-1;
    }
    return sets;
}

void character_sets_destroy(struct character_sets *sets) {
    if (!sets) {
        return;
    }
    for (int i = 0; i < CONVERTER_COUNT; i++) {
        if (sets->converters[i] != (iconv_t)-1) {
            iconv_close(sets->converters[i]);
        }
    }
    free(sets);
}

static bool starts_with(const char *text, size_t size, const char *prefix, const char **ret_rest) {
    size_t length = strlen(prefix);
    if (size < length || memcmp(text, prefix, length) != 0) {
        return false;
    }
    *ret_rest = text + length;
    return true;
}

static enum converter find_term(const char *text, size_t size, bool *ret_code_switch) {
    const char *name = text;
    if (starts_with(text, size, "ISO 2022 IR ", &name)) {
        *ret_code_switch = true;
    } else {
        starts_with(text, size, "ISO_IR ", &name);
    }
    size_t length = (size_t)(text + size - name);
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        if (strlen(terms[i].name) == length && memcmp(terms[i].name, name, length) == 0) {
            return terms[i].converter;
        }
    }
    return CONVERT_ASCII;
}

struct character_set character_set_select(const char *value, size_t size) {
    struct character_set set = {CONVERT_ASCII, false};
    bool first = true;
    while (true) {
        const char *end = memchr(value, '\\', size);
        size_t length = end ? (size_t)(end - value) : size;
        size_t trimmed = length;
        while (trimmed > 0 && (value[trimmed - 1] == ' ' || value[trimmed - 1] == 0)) {
            trimmed--;
        }
        enum converter converter = find_term(value, trimmed, &set.code_switch);
        if (first) {
            set.initial = (uint8_t)converter;
        }
        first = false;
        if (!end) {
            break;
        }
        // More than one value means code extensions, whatever the terms are called.
        set.code_switch = true;
        value = end + 1;
        size -= length + 1;
    }
    // KS X 1001 and GB 2312 fill the right half only after their escape sequence.
    if (set.code_switch && (set.initial == CONVERT_KOREAN || set.initial == CONVERT_CHINESE)) {
        set.initial = CONVERT_ASCII;
    }
    return set;
}

/* Appends what iconv makes of the bytes, U+FFFD for each byte it cannot read. */
static void convert(struct character_sets *sets, enum converter converter, const uint8_t *bytes,
                    size_t size, struct bounded_output *output) {
    iconv_t descriptor = sets->converters[converter];
    if (descriptor == (iconv_t)-1) {
        for (size_t i = 0; i < size; i++) {
            if (bytes[i] < 0x80) {
                bounded_output_byte(output, bytes[i]);
            } else {
                bounded_output_text(output, REPLACEMENT);
            }
        }
        return;
    }
    iconv(descriptor, NULL, NULL, NULL, NULL);
    char *in = (char *)(uintptr_t)bytes;
    size_t in_left = size;
    while (in_left > 0 && !output->failed) {
        char piece[PIECE_SIZE];
        char *out = piece;
        size_t out_left = sizeof piece;
        size_t status = iconv(descriptor, &in, &in_left, &out, &out_left);
        bounded_output_write(output, piece, sizeof piece - out_left);
        if (status == (size_t)-1 && errno != E2BIG) {
            bounded_output_text(output, REPLACEMENT);
            in++;
            in_left--;
            iconv(descriptor, NULL, NULL, NULL, NULL);
        }
    }
}

/* The halves of the code table while text with escape sequences is read. */
struct code_state {
    enum converter left;
    enum converter right;
};

static bool is_two_byte(enum converter converter) {
    return converter == CONVERT_KANJI || converter == CONVERT_KANJI_2;
}

/* Length of the run from `bytes` that one converter reads. */
static size_t run_length(const struct code_state *state, const uint8_t *bytes, size_t size) {
    bool high = bytes[0] >= 0x80;
    size_t length = 1;
    while (length < size && bytes[length] != ESCAPE && (bytes[length] >= 0x80) == high) {
        bool delimiter = bytes[length] < 0x20 || bytes[length] == '\\' || bytes[length] == '^' ||
                         bytes[length] == '=';
        if (!high && delimiter && !is_two_byte(state->left)) {
            break;
        }
        length++;
    }
    return length;
}

static void convert_kanji(struct character_sets *sets, enum converter converter,
                          const uint8_t *bytes, size_t size, struct bounded_output *output) {
    size_t at = 0;
    for (; size - at >= 2; at += 2) {
        uint8_t pair[3] = {0x8F, (uint8_t)(bytes[at] | 0x80), (uint8_t)(bytes[at + 1] | 0x80)};
        if (converter == CONVERT_KANJI) {
            convert(sets, converter, pair + 1, 2, output);
        } else {
            convert(sets, converter, pair, 3, output);
        }
    }
    if (at < size) {
        bounded_output_text(output, REPLACEMENT);
    }
}

/* True when the bytes start with an escape sequence we know; it is obeyed and skipped. */
static bool obey_escape(struct code_state *state, const uint8_t *bytes, size_t size,
                        size_t *ret_length) {
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        size_t length = strlen(escapes[i].bytes);
        if (size > length && memcmp(bytes + 1, escapes[i].bytes, length) == 0) {
            if (escapes[i].is_g0) {
                state->left = escapes[i].converter;
            } else {
                state->right = escapes[i].converter;
            }
            *ret_length = length + 1;
            return true;
        }
    }
    return false;
}

static bool ends_code_switch(uint8_t byte, bool person_name) {
    return byte == '\\' || byte == '\n' || byte == '\r' || byte == '\f' || byte == '\t' ||
           (person_name && (byte == '^' || byte == '='));
}

static void decode_switched(struct character_sets *sets, struct character_set set,
                            const uint8_t *bytes, size_t size, bool person_name,
                            struct bounded_output *output) {
    const struct code_state initial = {CONVERT_ASCII, set.initial};
    struct code_state state = initial;
    size_t at = 0;
    while (at < size && !output->failed) {
        size_t length = 0;
        if (bytes[at] == ESCAPE) {
            if (!obey_escape(&state, bytes + at, size - at, &length)) {
                bounded_output_text(output, REPLACEMENT);
                length = 1;
            }
        } else if (!is_two_byte(state.left) && ends_code_switch(bytes[at], person_name)) {
            state = initial;
            bounded_output_byte(output, bytes[at]);
            length = 1;
        } else {
            length = run_length(&state, bytes + at, size - at);
            enum converter converter = bytes[at] >= 0x80 ? state.right : state.left;
            if (is_two_byte(converter)) {
                convert_kanji(sets, converter, bytes + at, length, output);
            } else {
                convert(sets, converter, bytes + at, length, output);
            }
        }
        at += length;
    }
}

static bool is_ascii(const uint8_t *bytes, size_t size) {
    uint8_t seen = 0;
    for (size_t i = 0; i < size; i++) {
        // An escape counts as foreign: it asks for decoding.
        seen |= bytes[i] | (uint8_t)(bytes[i] == ESCAPE ? 0x80 : 0);
    }
    return seen < 0x80;
}

void character_set_decode(struct character_sets *sets, struct character_set set,
                          const uint8_t *bytes, size_t size, bool person_name,
                          struct bounded_output *output) {
    assert(set.initial < CONVERTER_COUNT);
    // Most text is plain. Shift JIS is the one set here that reads two ASCII bytes differently
    // (yen and overline); a backslash stays the delimiter it must be, so nothing is lost.
    if (is_ascii(bytes, size)) {
        bounded_output_write(output, bytes, size);
    } else if (set.code_switch || set.initial == CONVERT_KATAKANA) {
        decode_switched(sets, set, bytes, size, person_name, output);
    } else {
        convert(sets, set.initial, bytes, size, output);
    }
}
