#include "server/identity/totp.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>

int64_t totp_step(int64_t now) {
    return now / 1000000 / TOTP_STEP_S;
}

/* RFC 4226 5.3 over the number of the step. */
void totp_write(struct bytes secret, int64_t step, char ret_code[TOTP_DIGITS + 1]) {
    uint8_t counter[8];
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    for (unsigned i = 0; i < sizeof counter; i++) {
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    }
    HMAC(EVP_sha1(), secret.bytes, (int)secret.length, counter, sizeof counter, digest, &length);
    const uint8_t *at = digest + (digest[length - 1] & 15);
    uint32_t number =
        (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(ret_code, TOTP_DIGITS + 1, "%06u", (unsigned)(number % 1000000));
    OPENSSL_cleanse(digest, sizeof digest);
}

uint64_t totp_match(struct bytes secret, struct text code, int64_t now) {
    uint64_t matched = 0;
    if (code.length != TOTP_DIGITS) {
        return 0;
    }
    for (int64_t around = -TOTP_STEPS_AROUND; around <= TOTP_STEPS_AROUND; around++) {
        char right[TOTP_DIGITS + 1];
        int64_t step = totp_step(now) + around;
        totp_write(secret, step, right);
        matched = CRYPTO_memcmp(right, code.bytes, TOTP_DIGITS) == 0 ? (uint64_t)step : matched;
    }
    return matched;
}

void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_TEXT + 1]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (unsigned i = 0; i < TOTP_SECRET_TEXT; i++) {
        unsigned bit = 5 * i;
        unsigned pair = (unsigned)secret[bit / 8] << 8;
        pair |= bit / 8 + 1 < TOTP_SECRET_BYTES ? secret[bit / 8 + 1] : 0;
        ret[i] = letters[pair >> (11 - bit % 8) & 31];
    }
    ret[TOTP_SECRET_TEXT] = 0;
}
