#include "server/identity/displays.h"

#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <string.h>

/* None that is taken for another when it is read from a wall. */
static const char letters[] = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

static void drop_expired(struct displays *displays, int64_t now) {
    for (unsigned i = 0; i < DISPLAYS_WAITING_MAX; i++) {
        if (displays->list[i].state != DISPLAY_FREE && displays->list[i].until <= now) {
            displays_end(&displays->list[i]);
        }
    }
}

static struct display *free_place(struct displays *displays, const uint8_t address[16]) {
    struct display *place = NULL;
    unsigned of_address = 0;
    for (unsigned i = 0; i < DISPLAYS_WAITING_MAX; i++) {
        struct display *each = &displays->list[i];
        if (each->state == DISPLAY_FREE) {
            place = place == NULL ? each : place;
        } else {
            of_address += memcmp(each->address, address, sizeof each->address) == 0;
        }
    }
    return of_address < DISPLAYS_PER_ADDRESS_MAX ? place : NULL;
}

struct display *displays_begin(struct displays *displays, const uint8_t random[64],
                               const uint8_t address[16], int64_t now,
                               char ret_secret[TOKEN_TEXT_LENGTH + 1]) {
    drop_expired(displays, now);
    struct display *display = free_place(displays, address);
    if (display == NULL) {
        return NULL;
    }
    *display = (struct display){.state = DISPLAY_WAITING,
                                .until = now + (int64_t)DISPLAY_PAIRING_S * 1000000};
    memcpy(display->address, address, sizeof display->address);
    token_write(random, ret_secret);
    token_hash_of((struct text){TOKEN_TEXT_LENGTH, ret_secret}, &display->secret);
    const uint8_t *rest = random + TOKEN_RANDOM_BYTES;
    for (unsigned i = 0; i < DISPLAY_CODE_LENGTH; i++) {
        /* Two bytes a letter: the remainder's lean is one part in two thousand. */
        unsigned number = (unsigned)rest[2 * i] << 8 | rest[2 * i + 1];
        display->code[i] = letters[number % (sizeof letters - 1)];
    }
    display->user = uuid_of_random(rest + 2 * DISPLAY_CODE_LENGTH);
    return display;
}

/* False when more or less than a code was typed. */
static bool normalise(struct text typed, char ret_code[DISPLAY_CODE_LENGTH + 1]) {
    unsigned length = 0;
    for (uint32_t i = 0; i < typed.length; i++) {
        char c = typed.bytes[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        if (length == DISPLAY_CODE_LENGTH) {
            return false;
        }
        ret_code[length++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    ret_code[length] = '\0';
    return length == DISPLAY_CODE_LENGTH;
}

struct display *displays_claim(struct displays *displays, struct text code, int64_t now) {
    char wanted[DISPLAY_CODE_LENGTH + 1];
    drop_expired(displays, now);
    if (!normalise(code, wanted)) {
        return NULL;
    }
    for (unsigned i = 0; i < DISPLAYS_WAITING_MAX; i++) {
        struct display *display = &displays->list[i];
        if (display->state == DISPLAY_WAITING &&
            CRYPTO_memcmp(display->code, wanted, DISPLAY_CODE_LENGTH) == 0) {
            display->state = DISPLAY_CLAIMED;
            return display;
        }
    }
    return NULL;
}

struct display *displays_of(struct displays *displays, struct text secret, int64_t now) {
    struct token_hash hash;
    drop_expired(displays, now);
    if (!token_hash_of(secret, &hash)) {
        return NULL;
    }
    for (unsigned i = 0; i < DISPLAYS_WAITING_MAX; i++) {
        struct display *display = &displays->list[i];
        if (display->state != DISPLAY_FREE &&
            CRYPTO_memcmp(&display->secret, &hash, sizeof hash) == 0) {
            return display;
        }
    }
    return NULL;
}

void displays_settle(struct displays *displays, struct uuid user, bool paired) {
    for (unsigned i = 0; i < DISPLAYS_WAITING_MAX; i++) {
        struct display *display = &displays->list[i];
        if (display->state == DISPLAY_CLAIMED && uuid_equal(display->user, user)) {
            display->state = paired ? DISPLAY_PAIRED : DISPLAY_WAITING;
        }
    }
}

void displays_end(struct display *display) {
    OPENSSL_cleanse(display, sizeof *display);
}
