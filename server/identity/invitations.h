/*
 * The link of an invitation: which organisation, which invitation, and a secret that is nowhere
 * but in the link. As text it fits the part of an address that a browser keeps to itself.
 */
#ifndef CONSILIUM_INVITATIONS_H
#define CONSILIUM_INVITATIONS_H

#include "server/identity/administration.h"
#include "server/identity/base64url.h"

enum {
    INVITATION_SECRET_BYTES = 32,
    INVITATION_BYTES = 16 + 16 + INVITATION_SECRET_BYTES,
    INVITATION_TEXT_LENGTH = BASE64URL_LENGTH(INVITATION_BYTES),
};

struct invitation_link {
    struct uuid organisation; /* zero = the root */
    struct uuid id;
    uint8_t secret[INVITATION_SECRET_BYTES];
};

void invitation_link_write(const struct invitation_link *link,
                           char ret[INVITATION_TEXT_LENGTH + 1]);
bool invitation_link_read(struct text text, struct invitation_link *ret);
/* SHA-256 of the secret: what is kept. */
void invitation_link_hash(const struct invitation_link *link,
                          uint8_t ret[ORGANISATION_SECRET_HASH_BYTES]);
/* Ids that follow from the link alone, so that what was cut short is done again and not twice. */
struct uuid invitation_link_id(const struct invitation_link *link, const char *what);

enum invitation_standing {
    INVITATION_GOOD,
    INVITATION_WRONG, /* no such one, or another secret */
    INVITATION_USED,
    INVITATION_EXPIRED,
    INVITATION_CALLED_BACK,
};
/* `user` may have come by it before. */
enum invitation_standing invitation_standing(const struct invitation_link *link,
                                             const struct invitation *kept, struct uuid user,
                                             int64_t now);
void invitation_answer(struct http_exchange *exchange, enum invitation_standing standing);

#endif
