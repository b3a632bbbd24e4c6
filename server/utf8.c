#include "server/utf8.h"

/* Length of the sequence that `lead` begins, and the range its second byte must lie in; 0 = no lead
 * byte. RFC 3629 4. */
static unsigned sequence_of(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high) {
    *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

bool text_is_utf8(struct text text) {
    const uint8_t *bytes = (const uint8_t *)text.bytes;
    uint32_t at = 0;
    while (at < text.length) {
        uint8_t low;
        uint8_t high;
        unsigned length = sequence_of(bytes[at], &low, &high);
        if (length == 0 || length > text.length - at) {
            return false;
        }
        for (unsigned i = 1; i < length; i++) {
            if (bytes[at + i] < low || bytes[at + i] > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
        at += length;
    }
    return true;
}
