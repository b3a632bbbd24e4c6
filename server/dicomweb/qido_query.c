#include "server/dicomweb/qido_query.h"

#include "server/imaging/metadata_mask.h"
#include "server/imaging/name_fold.h"

#include <string.h>

void qido_query_init(struct qido_query *query) {
    memset(query, 0, offsetof(struct qido_query, text));
    query->limit = QIDO_RESULTS_MAX;
}

static bool read_number(struct text text, uint32_t *ret) {
    uint32_t number = 0;
    if (text.length == 0 || text.length > 9) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(text.bytes[i] - '0');
    }
    *ret = number;
    return true;
}

static bool keep(struct qido_query *query, struct text given, struct text *ret) {
    if (given.length > sizeof query->text - query->text_length) {
        return false;
    }
    *ret = (struct text){given.length, query->text + query->text_length};
    memcpy(query->text + query->text_length, given.bytes, given.length);
    query->text_length += given.length;
    return true;
}

static bool add_include(struct qido_query *query, uint32_t tag) {
    for (uint32_t i = 0; i < query->include_count; i++) {
        if (query->includes[i] == tag) {
            return true;
        }
    }
    if (query->include_count == QIDO_INCLUDES_MAX) {
        return false;
    }
    query->includes[query->include_count++] = tag;
    return true;
}

/* One name or several, parted by commas (PS3.18 8.3.4.3). */
static bool take_includes(struct qido_query *query, struct text list) {
    uint32_t at = 0;
    while (at <= list.length) {
        uint32_t end = at;
        while (end < list.length && list.bytes[end] != ',') {
            end++;
        }
        struct text name = {end - at, list.bytes + at};
        uint32_t tag;
        if (text_equal(name, TEXT("all"))) {
            query->include_all = true;
        } else if (!attribute_tag_of(name, &tag)) {
            query->ignored++;
        } else if (!add_include(query, tag)) {
            return false;
        }
        at = end + 1;
    }
    return true;
}

static bool take_match(struct qido_query *query, struct text name, struct text value) {
    uint32_t tag;
    const struct dicomweb_attribute *attribute =
        attribute_tag_of(name, &tag) ? attribute_of_tag(tag) : NULL;
    if (attribute == NULL || strcmp(attribute->vr, "SQ") == 0 || tag == TAG_RETRIEVE_URL ||
        tag == TAG_SPECIFIC_CHARACTER_SET) {
        query->ignored++;
        return true;
    }
    // Universal matching (PS3.4 C.2.2.2.3): matches all, and is told.
    if (value.length == 0 || (value.length == 1 && value.bytes[0] == '*')) {
        return add_include(query, tag);
    }
    if (query->match_count == QIDO_MATCHES_MAX || qido_query_match(query, tag) != NULL) {
        return false;
    }
    struct qido_match *match = &query->matches[query->match_count++];
    *match = (struct qido_match){.attribute = attribute};
    return keep(query, value, &match->value) && add_include(query, tag);
}

bool qido_query_add(struct qido_query *query, struct text pair) {
    const char *equals = memchr(pair.bytes, '=', pair.length);
    uint32_t length = equals != NULL ? (uint32_t)(equals - pair.bytes) : pair.length;
    struct text name = {length, pair.bytes};
    struct text value = {0, ""};
    if (equals != NULL) {
        value = (struct text){pair.length - length - 1, equals + 1};
    }
    if (memchr(pair.bytes, 0, pair.length) != NULL) {
        return false;
    }
    if (text_equal(name, TEXT("limit"))) {
        uint32_t limit;
        bool read = read_number(value, &limit);
        query->limit = read && limit < QIDO_RESULTS_MAX ? limit : QIDO_RESULTS_MAX;
        return read;
    }
    if (text_equal(name, TEXT("offset"))) {
        return read_number(value, &query->offset);
    }
    if (text_equal(name, TEXT("fuzzymatching"))) {
        query->fuzzy = text_equal(value, TEXT("true"));
        return query->fuzzy || text_equal(value, TEXT("false"));
    }
    if (text_equal(name, TEXT("accept"))) {
        return true; // there is one media type
    }
    if (text_equal(name, TEXT("includefield"))) {
        return take_includes(query, value);
    }
    return take_match(query, name, value);
}

static int hex_digit(char digit) {
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found = digit != 0 ? strchr(digits, digit) : NULL;
    if (found == NULL) {
        return -1;
    }
    return found - digits > 15 ? (int)(found - digits) - 6 : (int)(found - digits);
}

/* Decodes into the space; false when it does not fit or a % is followed by no number. */
static bool decode(struct text coded, char *space, size_t size, struct text *ret) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < coded.length; i++) {
        char byte = coded.bytes[i];
        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            int high = i + 2 < coded.length ? hex_digit(coded.bytes[i + 1]) : -1;
            int low = i + 2 < coded.length ? hex_digit(coded.bytes[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (length == size) {
            return false;
        }
        space[length++] = byte;
    }
    *ret = (struct text){length, space};
    return true;
}

bool qido_query_add_form(struct qido_query *query, struct text form) {
    enum { PAIR_MAX = 16 * 1024 };
    uint32_t at = 0;
    while (at < form.length) {
        char space[PAIR_MAX];
        uint32_t end = at;
        while (end < form.length && form.bytes[end] != '&') {
            end++;
        }
        struct text pair;
        if (!decode((struct text){end - at, form.bytes + at}, space, sizeof space, &pair) ||
            (pair.length > 0 && !qido_query_add(query, pair))) {
            return false;
        }
        at = end + 1;
    }
    return true;
}

static void fold_names(struct qido_query *query) {
    for (uint32_t i = 0; i < query->match_count; i++) {
        struct qido_match *match = &query->matches[i];
        size_t space = sizeof query->text - query->text_length;
        if (query->fuzzy && strcmp(match->attribute->vr, "PN") == 0 &&
            space >= 2 * (size_t)match->value.length) {
            char *folded = query->text + query->text_length;
            size_t length = name_fold(match->value.bytes, match->value.length, folded, space);
            match->folded = (struct text){(uint32_t)length, folded};
            query->text_length += (uint32_t)length;
        }
    }
}

static bool may_match(const struct dicomweb_attribute *attribute, enum dicomweb_level level,
                      bool masked) {
    return attribute->level <= (uint8_t)level &&
           (!masked || attribute->use == ATTRIBUTE_MADE || metadata_mask_keeps(attribute->tag));
}

void qido_query_finish(struct qido_query *query, enum dicomweb_level level, bool masked) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < query->match_count; i++) {
        if (may_match(query->matches[i].attribute, level, masked)) {
            query->matches[kept++] = query->matches[i];
        } else {
            query->ignored++;
        }
    }
    query->match_count = kept;
    fold_names(query);
}

const struct qido_match *qido_query_match(const struct qido_query *query, uint32_t tag) {
    for (uint32_t i = 0; i < query->match_count; i++) {
        if (query->matches[i].attribute->tag == tag) {
            return &query->matches[i];
        }
    }
    return NULL;
}
