#include "server/gateway/tus.h"

#include "server/utf8.h"

#include <string.h>

enum { DIGITS_MAX = 18, SHA1_SIZE = 20, SHA256_SIZE = 32 };

bool tus_number(struct text text, uint64_t *ret) {
    uint64_t value = 0;
    if (text.length == 0 || text.length > DIGITS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *ret = value;
    return true;
}

static int digit_of(char character) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = character == 0 ? NULL : strchr(digits, character);
    return found == NULL ? -1 : (int)(found - digits);
}

bool base64_read(struct text text, uint8_t *ret, size_t space, size_t *ret_length) {
    if (text.length % 4 != 0) {
        return false;
    }
    uint32_t padding = 0;
    while (padding < 2 && padding < text.length && text.bytes[text.length - 1 - padding] == '=') {
        padding++;
    }
    size_t length = (size_t)text.length / 4 * 3 - padding;
    if (length > space) {
        return false;
    }
    uint32_t bits = 0;
    size_t written = 0;
    for (uint32_t i = 0; i < text.length - padding; i++) {
        int digit = digit_of(text.bytes[i]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0 && written < length) {
            ret[written++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
        }
    }
    *ret_length = length;
    return true;
}

static bool is_shown(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F) {
            return false;
        }
    }
    return text_is_utf8((struct text){(uint32_t)length, bytes});
}

/* One "key base64" of the list. */
static bool take_pair(struct text pair, const char *key, char *ret, size_t space, size_t *length) {
    uint32_t key_length = (uint32_t)strlen(key);
    while (pair.length > 0 && pair.bytes[0] == ' ') {
        pair.bytes++;
        pair.length--;
    }
    if (pair.length <= key_length || memcmp(pair.bytes, key, key_length) != 0 ||
        pair.bytes[key_length] != ' ') {
        return false;
    }
    struct text value = {pair.length - key_length - 1, pair.bytes + key_length + 1};
    return base64_read(value, (uint8_t *)ret, space, length) && is_shown(ret, *length);
}

size_t tus_file_name(struct text metadata, char *ret, size_t space) {
    static const char *const keys[] = {"filename", "name"};
    for (size_t key = 0; key < sizeof(keys) / sizeof(keys[0]); key++) {
        uint32_t at = 0;
        while (at < metadata.length) {
            const char *comma = memchr(metadata.bytes + at, ',', metadata.length - at);
            uint32_t end = comma == NULL ? metadata.length : (uint32_t)(comma - metadata.bytes);
            size_t length;
            struct text pair = {end - at, metadata.bytes + at};
            if (take_pair(pair, keys[key], ret, space, &length)) {
                return length;
            }
            at = end + 1;
        }
    }
    return 0;
}

bool tus_checksum(struct text text, uint8_t ret[TUS_DIGEST_MAX], size_t *ret_length) {
    static const struct {
        const char *word;
        size_t size;
    } kinds[] = {{"sha1 ", SHA1_SIZE}, {"sha256 ", SHA256_SIZE}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint32_t length = (uint32_t)strlen(kinds[i].word);
        if (text.length > length && memcmp(text.bytes, kinds[i].word, length) == 0) {
            struct text value = {text.length - length, text.bytes + length};
            return base64_read(value, ret, TUS_DIGEST_MAX, ret_length) &&
                   *ret_length == kinds[i].size;
        }
    }
    *ret_length = 0;
    return memchr(text.bytes == NULL ? "" : text.bytes, ' ', text.length) != NULL;
}
