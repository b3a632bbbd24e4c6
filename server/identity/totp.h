/*
 * Codes of authenticator apps: TOTP (RFC 6238) with HMAC-SHA-1, six digits and steps of 30 s, which
 * is what every app can do. SHA-1's collisions do not matter in an HMAC.
 */
#ifndef CONSILIUM_TOTP_H
#define CONSILIUM_TOTP_H

#include "protocol/values.h"

#include <stdbool.h>

enum {
    TOTP_SECRET_BYTES = 20, /* as long as the hash (RFC 4226 4, R6) */
    TOTP_SECRET_TEXT = 32,  /* of it, in base32 */
    TOTP_DIGITS = 6,
    TOTP_STEP_S = 30,
    TOTP_STEPS_AROUND =
        1, /* a clock may be off by one step, and typing takes time (RFC 6238 5.2) */
};

/* now in microseconds since 1970. */
int64_t totp_step(int64_t now);
void totp_write(struct bytes secret, int64_t step, char ret_code[TOTP_DIGITS + 1]);
/* The step that the code is of, among those around now; 0 = none. Takes as long whichever it is. */
uint64_t totp_match(struct bytes secret, struct text code, int64_t now);
/* Base32 without padding (RFC 4648 6). */
void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_TEXT + 1]);

#endif
