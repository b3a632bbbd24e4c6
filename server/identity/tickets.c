#include "server/identity/tickets.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct ticket {
    struct token_hash hash;
    struct ticket_holder holder;
    int64_t until;
};

/* In order of issue, so of expiry: a ring. Redeemed ones stay as holes with until = 0. */
struct tickets {
    uint32_t first;
    uint32_t count;
    struct ticket ring[TICKETS_MAX];
};

struct tickets *tickets_create(void) {
    return calloc(1, sizeof(struct tickets));
}

void tickets_destroy(struct tickets *tickets) {
    free(tickets);
}

static struct ticket *ticket_at(struct tickets *tickets, uint32_t place) {
    return &tickets->ring[(tickets->first + place) % TICKETS_MAX];
}

static void drop_expired(struct tickets *tickets, int64_t now) {
    while (tickets->count > 0 && ticket_at(tickets, 0)->until <= now) {
        *ticket_at(tickets, 0) = (struct ticket){.until = 0};
        tickets->first = (tickets->first + 1) % TICKETS_MAX;
        tickets->count--;
    }
}

bool tickets_issue(struct tickets *tickets, const uint8_t random[TOKEN_RANDOM_BYTES],
                   const struct ticket_holder *holder, int64_t now,
                   char ret_text[TOKEN_TEXT_LENGTH + 1]) {
    drop_expired(tickets, now);
    if (tickets->count == TICKETS_MAX) {
        return false;
    }
    token_write(random, ret_text);
    struct ticket *ticket = ticket_at(tickets, tickets->count++);
    token_hash_of((struct text){TOKEN_TEXT_LENGTH, ret_text}, &ticket->hash);
    ticket->holder = *holder;
    ticket->until = now + (int64_t)TICKET_MS * 1000;
    return true;
}

bool tickets_redeem(struct tickets *tickets, struct text text, int64_t now,
                    struct ticket_holder *ret) {
    struct token_hash hash;
    if (!token_hash_of(text, &hash)) {
        return false;
    }
    drop_expired(tickets, now);
    for (uint32_t i = 0; i < tickets->count; i++) {
        struct ticket *ticket = ticket_at(tickets, i);
        if (ticket->until > now &&
            CRYPTO_memcmp(ticket->hash.bytes, hash.bytes, sizeof(hash.bytes)) == 0) {
            *ret = ticket->holder;
            ticket->until = 0;
            return true;
        }
    }
    return false;
}

void tickets_forget(struct tickets *tickets, uint64_t sign_in) {
    for (uint32_t i = 0; i < tickets->count; i++) {
        if (ticket_at(tickets, i)->holder.sign_in == sign_in) {
            ticket_at(tickets, i)->until = 0;
        }
    }
}
