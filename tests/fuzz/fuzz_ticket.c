/* links: server */
/* What somebody shows to be let in: a ticket, half a sign-in, a challenge. Only the text that was
 * given out is worth anything, and a ticket once. */
#include "server/identity/challenges.h"
#include "server/identity/halves.h"
#include "server/identity/tickets.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1000000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool is(struct text shown, const char *given) {
    return shown.length == strlen(given) && memcmp(shown.bytes, given, shown.length) == 0;
}

static void check(bool let_in, bool wanted) {
    if (let_in != wanted) {
        abort();
    }
}

static void show_ticket(struct text shown) {
    static struct tickets *tickets; /* 8,192 of them: emptied below, not made again */
    static const uint8_t random[TOKEN_RANDOM_BYTES] = {1, 2, 3};
    const struct ticket_holder holder = {{{1}}, 7};
    struct ticket_holder found;
    char given[TOKEN_TEXT_LENGTH + 1];
    if (tickets == NULL) {
        tickets = tickets_create();
    }
    tickets_issue(tickets, random, &holder, NOW, given);
    check(tickets_redeem(tickets, shown, NOW, &found), is(shown, given));
    check(tickets_redeem(tickets, shown, NOW, &found), false);
    /* All are over by then. */
    check(tickets_redeem(tickets, (struct text){TOKEN_TEXT_LENGTH, given},
                         NOW + (int64_t)TICKET_MS * 1000, &found),
          false);
}

static void show_half(struct text shown) {
    static struct halves halves;
    static const uint8_t random[TOKEN_RANDOM_BYTES] = {4, 5, 6};
    char given[TOKEN_TEXT_LENGTH + 1];
    halves_issue(&halves, random, (struct uuid){{1}}, false, NOW, given);
    check(halves_try(&halves, shown, NOW) != NULL, is(shown, given));
    memset(&halves.list[0], 0, sizeof halves.list[0]);
}

static void show_challenge(struct text shown) {
    static struct challenges *challenges;
    static const uint8_t secret[32] = {7}, random[16] = {8};
    const struct uuid user = {{1}};
    char given[CHALLENGE_TEXT + 1];
    if (challenges == NULL) {
        challenges = challenges_create(secret);
    }
    challenges_write(challenges, CHALLENGE_PROOF, user, random, NOW, given);
    check(challenges_hold(challenges, CHALLENGE_PROOF, user, shown, NOW), is(shown, given));
    check(challenges_hold(challenges, CHALLENGE_ADD, user, shown, NOW), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *copy = malloc(size + (size == 0));
    memcpy(copy, bytes == NULL ? (const uint8_t *)"" : bytes, size);
    struct text shown = {(uint32_t)size, copy};
    show_ticket(shown);
    show_half(shown);
    show_challenge(shown);
    free(copy);
    return 0;
}
