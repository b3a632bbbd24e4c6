#include "server/dicomweb/qido_match.h"

#include "server/imaging/json_scan.h"
#include "server/imaging/name_fold.h"

#include <stdlib.h>
#include <string.h>

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + 0x20) : byte;
}

static struct text trimmed(struct text text) {
    while (text.length > 0 && text.bytes[text.length - 1] == ' ') {
        text.length--;
    }
    while (text.length > 0 && text.bytes[0] == ' ') {
        text.bytes++;
        text.length--;
    }
    return text;
}

/* * and ?, of which ? stands for one character of UTF-8. Backs up to the last * only, so it takes
 * at most the product of both lengths. */
static bool matches_pattern(struct text pattern, struct text value, bool any_case) {
    uint32_t p = 0, v = 0, star = UINT32_MAX, from = 0;
    while (v < value.length) {
        bool one = p < pattern.length && pattern.bytes[p] == '?';
        bool same = p < pattern.length && pattern.bytes[p] != '*' &&
                    (any_case ? lower(pattern.bytes[p]) == lower(value.bytes[v])
                              : pattern.bytes[p] == value.bytes[v]);
        if (p < pattern.length && pattern.bytes[p] == '*') {
            star = p++;
            from = v;
        } else if (one) {
            p++;
            do {
                v++;
            } while (v < value.length && ((unsigned char)value.bytes[v] & 0xC0) == 0x80);
        } else if (same) {
            p++;
            v++;
        } else if (star != UINT32_MAX) {
            p = star + 1;
            v = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.bytes[p] == '*') {
        p++;
    }
    return p == pattern.length;
}

/* Parted by commas or backslashes (PS3.18 8.3.4.1, PS3.4 C.2.2.2.2). */
static bool in_uid_list(struct text list, struct text uid) {
    uint32_t at = 0;
    while (at < list.length) {
        uint32_t end = at;
        while (end < list.length && list.bytes[end] != ',' && list.bytes[end] != '\\') {
            end++;
        }
        if (text_equal(trimmed((struct text){end - at, list.bytes + at}), uid)) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* The digits of a date or time up to its zone, without points and colons of old forms. */
static struct text digits_of(struct text moment, char *space, size_t size) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < moment.length && length < size; i++) {
        char byte = moment.bytes[i];
        if (byte >= '0' && byte <= '9') {
            space[length++] = byte;
        } else if (byte == '.' || byte == '+') {
            break;
        }
    }
    return (struct text){length, space};
}

/* Compares as far as the coarser of the two goes, so 10 holds all of the hour from ten on. */
static int compare_moments(struct text a, struct text b) {
    uint32_t length = a.length < b.length ? a.length : b.length;
    return memcmp(a.bytes, b.bytes, length);
}

static bool in_range(struct text range, struct text value) {
    enum { DIGITS_MAX = 32 };
    char low[DIGITS_MAX], high[DIGITS_MAX], own[DIGITS_MAX];
    struct text moment = digits_of(value, own, sizeof own);
    const char *dash = memchr(range.bytes, '-', range.length);
    uint32_t first = dash != NULL ? (uint32_t)(dash - range.bytes) : range.length;
    struct text from = digits_of((struct text){first, range.bytes}, low, sizeof low);
    if (moment.length == 0) {
        return false;
    }
    if (dash == NULL) {
        return from.length > 0 && compare_moments(from, moment) == 0;
    }
    struct text to =
        digits_of((struct text){range.length - first - 1, dash + 1}, high, sizeof high);
    return (from.length == 0 || compare_moments(from, moment) <= 0) &&
           (to.length == 0 || compare_moments(moment, to) <= 0) && from.length + to.length > 0;
}

static bool same_number(struct text wanted, struct text value) {
    char a[64], b[64];
    char *end_a, *end_b;
    if (wanted.length == 0 || wanted.length >= sizeof a || value.length >= sizeof b) {
        return false;
    }
    memcpy(a, wanted.bytes, wanted.length);
    a[wanted.length] = 0;
    memcpy(b, value.bytes, value.length);
    b[value.length] = 0;
    double first = strtod(a, &end_a), second = strtod(b, &end_b);
    return end_a != a && *end_a == 0 && end_b != b && *end_b == 0 && !(first < second) &&
           !(first > second);
}

/* A name without what is empty at its end. */
static struct text without_carets(struct text name) {
    while (name.length > 0 &&
           (name.bytes[name.length - 1] == '^' || name.bytes[name.length - 1] == ' ')) {
        name.length--;
    }
    return name;
}

/* A code has neither comma nor backslash in it (PS3.5 6.2), and viewers ask for several so. */
static bool in_code_list(struct text list, struct text value) {
    uint32_t start = 0;
    for (uint32_t at = 0; at <= list.length; at++) {
        if (at == list.length || list.bytes[at] == ',' || list.bytes[at] == '\\') {
            struct text one = {at - start, list.bytes + start};
            if (matches_pattern(trimmed(one), value, false)) {
                return true;
            }
            start = at + 1;
        }
    }
    return false;
}

static bool matches_name(const struct qido_match *match, struct text value) {
    if (match->folded.bytes == NULL) {
        return matches_pattern(without_carets(match->value), without_carets(value), true);
    }
    char folded[2 * JSON_SCAN_VALUE_MAX];
    size_t length = name_fold(value.bytes, value.length, folded, sizeof folded);
    return name_fold_matches(match->folded.bytes, match->folded.length, folded, length);
}

bool qido_match_value(const struct qido_match *match, struct text value) {
    const char *vr = match->attribute->vr;
    struct text wanted = trimmed(match->value);
    if (strcmp(vr, "UI") == 0) {
        return in_uid_list(wanted, value);
    }
    if (strcmp(vr, "DA") == 0 || strcmp(vr, "TM") == 0 || strcmp(vr, "DT") == 0) {
        return in_range(wanted, value);
    }
    if (strcmp(vr, "PN") == 0) {
        return matches_name(match, value);
    }
    if (strcmp(vr, "IS") == 0 || strcmp(vr, "DS") == 0 || strcmp(vr, "US") == 0) {
        return same_number(wanted, value);
    }
    if (strcmp(vr, "CS") == 0) {
        return in_code_list(wanted, trimmed(value));
    }
    return matches_pattern(wanted, trimmed(value), false);
}

bool qido_match_json(const struct qido_match *match, struct text attribute) {
    char vr[3], value[JSON_SCAN_VALUE_MAX];
    size_t length;
    struct json_values values = json_values_of(attribute, vr);
    while (json_values_next(&values, value, &length)) {
        if (qido_match_value(match, (struct text){(uint32_t)length, value})) {
            return true;
        }
    }
    return false;
}
