#include "server/identity/invitations.h"

#include "server/uuid_text.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

void invitation_link_write(const struct invitation_link *link,
                           char ret[INVITATION_TEXT_LENGTH + 1]) {
    uint8_t bytes[INVITATION_BYTES];
    memcpy(bytes, link->organisation.bytes, 16);
    memcpy(bytes + 16, link->id.bytes, 16);
    memcpy(bytes + 32, link->secret, INVITATION_SECRET_BYTES);
    base64url_write((struct bytes){sizeof bytes, bytes}, ret);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

bool invitation_link_read(struct text text, struct invitation_link *ret) {
    uint8_t bytes[INVITATION_BYTES];
    uint32_t length;
    if (text.length != INVITATION_TEXT_LENGTH ||
        !base64url_read(text, bytes, sizeof bytes, &length) || length != sizeof bytes) {
        return false;
    }
    memcpy(ret->organisation.bytes, bytes, 16);
    memcpy(ret->id.bytes, bytes + 16, 16);
    memcpy(ret->secret, bytes + 32, INVITATION_SECRET_BYTES);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

void invitation_link_hash(const struct invitation_link *link,
                          uint8_t ret[ORGANISATION_SECRET_HASH_BYTES]) {
    SHA256(link->secret, sizeof link->secret, ret);
}

struct uuid invitation_link_id(const struct invitation_link *link, const char *what) {
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint8_t text[64 + INVITATION_BYTES];
    size_t length = strlen(what);
    assert(length < 64);
    memcpy(text, what, length);
    text[length++] = 0;
    memcpy(text + length, link->id.bytes, sizeof link->id.bytes);
    length += sizeof link->id.bytes;
    memcpy(text + length, link->secret, sizeof link->secret);
    length += sizeof link->secret;
    SHA256(text, length, hash);
    OPENSSL_cleanse(text, sizeof text);
    return uuid_of_random(hash);
}

enum invitation_standing invitation_standing(const struct invitation_link *link,
                                             const struct invitation *kept, struct uuid user,
                                             int64_t now) {
    uint8_t hash[ORGANISATION_SECRET_HASH_BYTES];
    invitation_link_hash(link, hash);
    if (kept->secret_hash.length != sizeof hash ||
        CRYPTO_memcmp(kept->secret_hash.bytes, hash, sizeof hash) != 0) {
        return INVITATION_WRONG;
    }
    switch (kept->state) {
    case INVITATION_STATE_WITHDRAWN:
        return INVITATION_CALLED_BACK;
    case INVITATION_STATE_TAKEN: /* cut short, it is done again by the same one, while it lasts */
        return uuid_equal(kept->taken_by, user) && kept->until > now ? INVITATION_GOOD
                                                                     : INVITATION_USED;
    default:
        return kept->until <= now ? INVITATION_EXPIRED : INVITATION_GOOD;
    }
}

void invitation_answer(struct http_exchange *exchange, enum invitation_standing standing) {
    switch (standing) {
    case INVITATION_USED:
        http_answer_error(exchange, 410, "used", "This link was used: it works once.");
        break;
    case INVITATION_EXPIRED:
        http_answer_error(exchange, 410, "expired", "This link is over: ask for another one.");
        break;
    case INVITATION_CALLED_BACK:
        http_answer_error(exchange, 410, "withdrawn",
                          "This invitation was called back: ask for another one.");
        break;
    default:
        administration_answer_absent(exchange);
    }
}
