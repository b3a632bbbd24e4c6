/*
 * Tickets for opening a WebSocket: single use, 30 seconds, in memory only. A browser cannot set
 * headers on a WebSocket request, and a token in an address would end in logs; a ticket that works
 * once does not matter there.
 */
#ifndef CONSILIUM_TICKETS_H
#define CONSILIUM_TICKETS_H

#include "server/identity/token.h"

enum { TICKET_MS = 30000, TICKETS_MAX = 8192 };

struct ticket_holder {
    struct uuid user;
    uint64_t sign_in;
};

struct tickets;
struct tickets *tickets_create(void);
void tickets_destroy(struct tickets *tickets);
/* False when TICKETS_MAX are out. `random` makes the ticket, `now` is in microseconds. */
bool tickets_issue(struct tickets *tickets, const uint8_t random[TOKEN_RANDOM_BYTES],
                   const struct ticket_holder *holder, int64_t now,
                   char ret_text[TOKEN_TEXT_LENGTH + 1]);
bool tickets_redeem(struct tickets *tickets, struct text text, int64_t now,
                    struct ticket_holder *ret);
/* Those of a sign-in that ended. */
void tickets_forget(struct tickets *tickets, uint64_t sign_in);

#endif
