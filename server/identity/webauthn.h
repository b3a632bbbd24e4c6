/*
 * Passkeys (WebAuthn Level 2), verified by libfido2: what an authenticator made is CBOR, and is
 * read there. Here are the checks that only the server can make: which page it was for (7.2 steps
 * 11-13), and that the challenge is ours.
 *
 * Attestation is not asked for: a passkey is trusted because a person who proved who they are added
 * it, not because of who built it.
 */
#ifndef CONSILIUM_WEBAUTHN_H
#define CONSILIUM_WEBAUTHN_H

#include "protocol/generated/user.h"

enum {
    WEBAUTHN_CREDENTIAL_MAX = 1023, /* WebAuthn 4 */
    WEBAUTHN_AUTHENTICATOR_MAX = 2048,
    WEBAUTHN_CLIENT_MAX = 2048,
    WEBAUTHN_SIGNATURE_MAX = 1024,
    WEBAUTHN_SITE_MAX = 255,
    WEBAUTHN_CHALLENGE_MAX = 128,
};

/* The server as the browser knows it: its host, with a port if there is one. */
struct webauthn_site {
    struct text host;
    bool tls;
};

struct webauthn_answer {
    struct bytes client;        /* clientDataJSON */
    struct bytes authenticator; /* authenticator data, as the browser gives it */
    struct bytes signature;     /* of an assertion */
};

/* False = no domain (an address), of which there are no passkeys (WebAuthn 5.1.2). */
bool webauthn_domain(struct text host, char ret[WEBAUTHN_SITE_MAX + 1]);
/* The client data are of our own page, for this (`webauthn.create` or `webauthn.get`); says which
 * challenge it answered. */
bool webauthn_client_is_ours(const struct webauthn_site *site, struct bytes client,
                             const char *type, char ret_challenge[WEBAUTHN_CHALLENGE_MAX + 1]);
/* A new one: its id, algorithm, key and counter are filled in, copied to the arena. */
bool webauthn_added(const struct webauthn_site *site, const struct webauthn_answer *answer,
                    struct arena *arena, struct factor *ret);
/* Signed by that passkey for our site, with its person there and, if wanted, verified. */
bool webauthn_signed(const struct webauthn_site *site, const struct webauthn_answer *answer,
                     const struct factor *factor, bool verified, uint32_t *ret_counter);

#endif
