#include "server/imaging/name_fold.h"

#include <stdint.h>
#include <string.h>

/* U+00C0 to U+017F; '-' for what is no letter or is handled apart. */
static const char bases[] = "aaaaaaaceeeeiiii"
                            "dnooooo-ouuuuyt-"
                            "aaaaaaaceeeeiiii"
                            "dnooooo-ouuuuyty"
                            "aaaaaacccccccc"
                            "ddddeeeeeeeeee"
                            "gggggggghhhhiiiiiiiiii"
                            "iijjkkkllllllllll"
                            "nnnnnnnnnoooooooo"
                            "rrrrrrsssssssstttttt"
                            "uuuuuuuuuuuuwwyyyzzzzzzs";

_Static_assert(sizeof bases - 1 == 0x180 - 0xC0, "one for each character");

/* One character of UTF-8; a byte that begins none stands for itself. */
static uint32_t take(const unsigned char **at, const unsigned char *end) {
    const unsigned char *byte = *at;
    size_t left = (size_t)(end - byte);
    if (byte[0] >= 0xC2 && byte[0] < 0xE0 && left > 1 && (byte[1] & 0xC0) == 0x80) {
        *at += 2;
        return (uint32_t)(byte[0] & 0x1F) << 6 | (byte[1] & 0x3F);
    }
    *at += 1;
    return byte[0];
}

static uint32_t fold_greek(uint32_t character) {
    static const uint16_t accents[][2] = {
        {0x386, 0x3B1}, {0x388, 0x3B5}, {0x389, 0x3B7}, {0x38A, 0x3B9}, {0x38C, 0x3BF},
        {0x38E, 0x3C5}, {0x38F, 0x3C9}, {0x390, 0x3B9}, {0x3AA, 0x3B9}, {0x3AB, 0x3C5},
        {0x3AC, 0x3B1}, {0x3AD, 0x3B5}, {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3B0, 0x3C5},
        {0x3C2, 0x3C3}, {0x3CA, 0x3B9}, {0x3CB, 0x3C5}, {0x3CC, 0x3BF}, {0x3CD, 0x3C5},
        {0x3CE, 0x3C9},
    };
    for (size_t i = 0; i < sizeof accents / sizeof accents[0]; i++) {
        if (accents[i][0] == character) {
            return accents[i][1];
        }
    }
    return character >= 0x391 && character <= 0x3A9 ? character + 0x20 : character;
}

static uint32_t fold_cyrillic(uint32_t character) {
    if (character >= 0x400 && character <= 0x40F) {
        character += 0x50;
    } else if (character >= 0x410 && character <= 0x42F) {
        character += 0x20;
    }
    return character == 0x451 ? 0x435 : character; // io is read as ie
}

/* 0 = nothing is left of it. */
static uint32_t fold(uint32_t character) {
    if (character < 0x80) {
        return character >= 'A' && character <= 'Z' ? character + 0x20 : character;
    }
    if (character >= 0xC0 && character < 0x180 && bases[character - 0xC0] != '-') {
        return (uint32_t)bases[character - 0xC0];
    }
    if (character >= 0x300 && character < 0x370) {
        return 0;
    }
    if (character >= 0x370 && character < 0x400) {
        return fold_greek(character);
    }
    return character >= 0x400 && character < 0x460 ? fold_cyrillic(character) : character;
}

size_t name_fold(const char *text, size_t length, char *folded, size_t space) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + length;
    size_t size = 0;
    while (at < end && size + 2 <= space) {
        const unsigned char *from = at;
        uint32_t character = take(&at, end);
        if (character == 0xDF) { // sharp s
            folded[size++] = 's';
            folded[size++] = 's';
            continue;
        }
        bool raw = at - from == 1 && character >= 0x80; // of a longer character
        uint32_t letter = raw ? character : fold(character);
        bool umlaut = letter == 'e' && size > 0 && strchr("aou", folded[size - 1]) != NULL;
        if (letter == 0 || umlaut) {
            continue;
        }
        if (letter < 0x80 || raw) {
            folded[size++] = (char)letter;
        } else {
            folded[size++] = (char)(0xC0 | letter >> 6);
            folded[size++] = (char)(0x80 | (letter & 0x3F));
        }
    }
    return size;
}

static bool parts(char byte) {
    return byte == ' ' || byte == '^' || byte == '=' || byte == '-';
}

static bool has_word(const char *word, size_t length, bool anywhere, const char *name,
                     size_t name_length) {
    for (size_t at = 0; at + length <= name_length; at++) {
        if ((anywhere || at == 0 || parts(name[at - 1])) && memcmp(name + at, word, length) == 0) {
            return true;
        }
    }
    return false;
}

bool name_fold_matches(const char *words, size_t words_length, const char *name,
                       size_t name_length) {
    size_t at = 0;
    while (at < words_length) {
        size_t length = 0;
        while (at + length < words_length && words[at + length] != '*' &&
               !parts(words[at + length])) {
            length++;
        }
        bool anywhere = at > 0 && words[at - 1] == '*';
        if (length > 0 && !has_word(words + at, length, anywhere, name, name_length)) {
            return false;
        }
        at += length + 1;
    }
    return true;
}
