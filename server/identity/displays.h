/*
 * Screens in a room that are being paired. A screen asks for a code and shows it; somebody who is
 * signed in says the code, and the screen, which alone holds the secret, collects a sign-in of its
 * own. What it may see is then up to a board's chair: pairing gives no rights. Kept in memory: a
 * code lives for minutes.
 */
#ifndef CONSILIUM_DISPLAYS_H
#define CONSILIUM_DISPLAYS_H

#include "server/identity/token.h"

#include <stdbool.h>

enum {
    DISPLAY_CODE_LENGTH = 8, /* of 31 letters and digits: 39 bits */
    DISPLAY_PAIRING_S = 10 * 60,
    DISPLAYS_WAITING_MAX = 64,
    DISPLAYS_PER_ADDRESS_MAX = 8, /* screens of one hospital often share an address */
};

enum display_state {
    DISPLAY_FREE,    /* no screen is here */
    DISPLAY_WAITING, /* shows its code; ends when it is said, or in DISPLAY_PAIRING_S */
    DISPLAY_CLAIMED, /* somebody said it; ends when the screen is a person, or that failed */
    DISPLAY_PAIRED,  /* ends when the screen has collected its sign-in */
};

struct display {
    enum display_state state;
    char code[DISPLAY_CODE_LENGTH + 1];
    struct token_hash secret;
    struct uuid user; /* whom the screen will sign in as */
    uint8_t address[16];
    int64_t until; /* microseconds */
};

struct displays {
    struct display list[DISPLAYS_WAITING_MAX];
};

/* A new screen; its secret is of `random`, its code and user are, too. NULL = too many wait. */
struct display *displays_begin(struct displays *displays, const uint8_t random[64],
                               const uint8_t address[16], int64_t now,
                               char ret_secret[TOKEN_TEXT_LENGTH + 1]);
/* The waiting screen of a code as somebody typed it (case, spaces and dashes do not matter). */
struct display *displays_claim(struct displays *displays, struct text code, int64_t now);
/* The screen that holds the secret, in whatever state; NULL = none, or it is over. */
struct display *displays_of(struct displays *displays, struct text secret, int64_t now);
/* A claim came to nothing: the code may be said again. A screen that is gone meanwhile stays so. */
void displays_settle(struct displays *displays, struct uuid user, bool paired);
void displays_end(struct display *display);

#endif
