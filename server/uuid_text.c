#include "server/uuid_text.h"

static int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hyphen_place(unsigned place) {
    return place == 8 || place == 13 || place == 18 || place == 23;
}

bool uuid_of_text(struct text text, struct uuid *ret) {
    if (text.length != UUID_TEXT_LENGTH) {
        return false;
    }
    struct uuid uuid = {{0}};
    unsigned digits = 0;
    for (unsigned place = 0; place < UUID_TEXT_LENGTH; place++) {
        if (is_hyphen_place(place)) {
            if (text.bytes[place] != '-') {
                return false;
            }
            continue;
        }
        int digit = digit_of(text.bytes[place]);
        if (digit < 0) {
            return false;
        }
        uuid.bytes[digits / 2] = (uint8_t)(uuid.bytes[digits / 2] << 4 | digit);
        digits++;
    }
    *ret = uuid;
    return true;
}

void uuid_to_text(struct uuid uuid, char ret[UUID_TEXT_LENGTH + 1]) {
    static const char digits[] = "0123456789abcdef";
    unsigned at = 0;
    for (unsigned place = 0; place < UUID_TEXT_LENGTH; place++) {
        if (is_hyphen_place(place)) {
            ret[place] = '-';
        } else {
            uint8_t byte = uuid.bytes[at / 2];
            ret[place] = digits[at % 2 == 0 ? byte >> 4 : byte & 15];
            at++;
        }
    }
    ret[UUID_TEXT_LENGTH] = 0;
}

struct uuid uuid_of_random(const uint8_t bytes[16]) {
    struct uuid uuid;
    memcpy(uuid.bytes, bytes, sizeof(uuid.bytes));
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}
