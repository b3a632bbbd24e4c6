#include "server/identity/recovery_codes.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

/* None that is taken for another in somebody's handwriting. */
static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

void recovery_code_write(const uint8_t random[RECOVERY_CODE_RANDOM],
                         char ret[RECOVERY_CODE_TEXT + 1]) {
    unsigned at = 0;
    for (unsigned i = 0; i < RECOVERY_CODE_LENGTH; i++) {
        if (i > 0 && i % 4 == 0) {
            ret[at++] = '-';
        }
        /* Two bytes a letter: the remainder's lean is one part in two thousand. */
        unsigned number = (unsigned)random[2 * i] << 8 | random[2 * i + 1];
        ret[at++] = letters[number % (sizeof letters - 1)];
    }
    ret[at] = 0;
}

bool recovery_code_hash(struct text typed, uint8_t ret_hash[RECOVERY_HASH_BYTES]) {
    char code[RECOVERY_CODE_LENGTH];
    unsigned length = 0;
    for (uint32_t i = 0; i < typed.length; i++) {
        char c = typed.bytes[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        c = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        if (length == RECOVERY_CODE_LENGTH || c == 0 || strchr(letters, c) == NULL) {
            return false;
        }
        code[length++] = c;
    }
    if (length != RECOVERY_CODE_LENGTH) {
        return false;
    }
    SHA256((const unsigned char *)code, sizeof code, ret_hash);
    OPENSSL_cleanse(code, sizeof code);
    return true;
}
