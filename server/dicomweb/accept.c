#include "server/dicomweb/accept.h"

#include <strings.h>

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t';
}

static struct text trimmed(struct text text) {
    while (text.length > 0 && is_space(text.bytes[0])) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.bytes[text.length - 1])) {
        text.length--;
    }
    if (text.length >= 2 && text.bytes[0] == '"' && text.bytes[text.length - 1] == '"') {
        text.bytes++;
        text.length -= 2;
    }
    return text;
}

/* What comes before the next `stop` outside of quotes; *rest is what follows it. */
static struct text take_until(struct text *rest, char stop) {
    bool quoted = false;
    uint32_t length = 0;
    while (length < rest->length && (quoted || rest->bytes[length] != stop)) {
        quoted ^= rest->bytes[length] == '"';
        length++;
    }
    struct text taken = {length, rest->bytes};
    uint32_t step = length < rest->length ? length + 1 : length;
    *rest = (struct text){rest->length - step, rest->bytes + step};
    return taken;
}

static bool same(struct text text, const char *word) {
    return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

/* RFC 9110 12.4.2: thousandths; 1000 when it is malformed. */
static unsigned quality_of(struct text value) {
    unsigned quality = 0, weight = 1000;
    for (uint32_t i = 0; i < value.length && weight > 0; i++) {
        if (value.bytes[i] == '.' && i == 1) {
            weight = 100;
        } else if (value.bytes[i] >= '0' && value.bytes[i] <= '9') {
            quality += (unsigned)(value.bytes[i] - '0') * weight;
            weight = i == 0 ? weight : weight / 10;
        } else {
            return 1000;
        }
    }
    return quality > 1000 || value.length == 0 ? 1000 : quality;
}

static void take_parameter(struct accept_range *range, struct text parameter, struct text *type) {
    struct text value = parameter;
    struct text name = trimmed(take_until(&value, '='));
    value = trimmed(value);
    if (same(name, "type")) {
        *type = value;
    } else if (same(name, "transfer-syntax")) {
        range->transfer_syntax = value;
    } else if (same(name, "q")) {
        range->quality = quality_of(value);
    }
}

static bool read_range(struct text text, struct accept_range *ret) {
    struct text type = {0, ""};
    struct text media_type = trimmed(take_until(&text, ';'));
    *ret = (struct accept_range){.quality = 1000};
    while (text.length > 0) {
        take_parameter(ret, take_until(&text, ';'), &type);
    }
    if (media_type.length == 0 || memchr(media_type.bytes, '/', media_type.length) == NULL) {
        return false;
    }
    ret->multipart = same(media_type, "multipart/related");
    ret->media_type = ret->multipart ? type : media_type;
    // The type may carry parameters of its own, within its quotes.
    struct text inner = ret->media_type;
    ret->media_type = trimmed(take_until(&inner, ';'));
    while (inner.length > 0) {
        take_parameter(ret, take_until(&inner, ';'), &type);
    }
    if (same(ret->media_type, "*/*")) {
        ret->media_type.length = 0;
    }
    return ret->quality > 0;
}

void accept_parse(struct text header, struct accept *ret) {
    ret->count = 0;
    if (header.length == 0) {
        ret->ranges[ret->count++] = (struct accept_range){.media_type = {0, ""}, .quality = 1000};
        return;
    }
    while (header.length > 0 && ret->count < ACCEPT_RANGES_MAX) {
        struct accept_range range;
        if (!read_range(take_until(&header, ','), &range)) {
            continue;
        }
        uint32_t place = ret->count++;
        while (place > 0 && ret->ranges[place - 1].quality < range.quality) {
            ret->ranges[place] = ret->ranges[place - 1];
            place--;
        }
        ret->ranges[place] = range;
    }
}

bool accept_covers(const struct accept_range *range, const char *media_type) {
    struct text wanted = range->media_type;
    if (wanted.length == 0) {
        return true;
    }
    if (wanted.length > 2 && memcmp(wanted.bytes + wanted.length - 2, "/*", 2) == 0) {
        return strncasecmp(wanted.bytes, media_type, wanted.length - 1) == 0;
    }
    return same(wanted, media_type);
}

bool accept_takes_syntax(const struct accept_range *range, const char *uid) {
    struct text wanted = range->transfer_syntax;
    return wanted.length == 0 || same(wanted, "*") || same(wanted, uid);
}

bool accept_takes_json(const struct accept *accept) {
    for (uint32_t i = 0; i < accept->count; i++) {
        const struct accept_range *range = &accept->ranges[i];
        if (!range->multipart && (accept_covers(range, "application/dicom+json") ||
                                  accept_covers(range, "application/json"))) {
            return true;
        }
    }
    return false;
}
