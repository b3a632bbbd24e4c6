#include "server/identity/webauthn.h"

#include "server/gateway/json.h"
#include "server/gateway/origin.h"
#include "server/identity/cbor_bounds.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>
#include <string.h>

/* Authenticator data (WebAuthn 6.1): hash of the domain, flags, counter, then CBOR. */
enum {
    DOMAIN_HASH_BYTES = 32,
    FLAG_PRESENT = 1 << 0,
    FLAG_ATTESTED = 1 << 6,
    HEAD_BYTES = DOMAIN_HASH_BYTES + 1 + 4,
    ATTESTED_HEAD_BYTES = 16 + 2, /* the model, and how long the credential's id is */
};

bool webauthn_domain(struct text host, char ret[WEBAUTHN_SITE_MAX + 1]) {
    struct text name = host_without_port(host);
    bool letters = false;
    if (name.length == 0 || name.length > WEBAUTHN_SITE_MAX || name.bytes[0] == '[' ||
        !host_is_plain(name)) {
        return false;
    }
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.bytes[i];
        ret[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        letters |= ret[i] >= 'a' && ret[i] <= 'z';
    }
    ret[name.length] = 0;
    return letters;
}

bool webauthn_client_is_ours(const struct webauthn_site *site, struct bytes client,
                             const char *type, char ret_challenge[WEBAUTHN_CHALLENGE_MAX + 1]) {
    char json[WEBAUTHN_CLIENT_MAX];
    struct json_fields fields;
    if (client.length == 0 || client.length > sizeof json) {
        return false;
    }
    memcpy(json, client.bytes, client.length);
    if (!json_read_object(json, client.length, &fields)) {
        return false;
    }
    struct text said = json_field_text(&fields, "type");
    struct text challenge = json_field_text(&fields, "challenge");
    if (!text_equal(said, (struct text){(uint32_t)strlen(type), type}) ||
        !origin_is_own(json_field_text(&fields, "origin"), site->host, site->tls) ||
        json_field_true(&fields, "crossOrigin") || challenge.length == 0 ||
        challenge.length > WEBAUTHN_CHALLENGE_MAX) {
        return false;
    }
    memcpy(ret_challenge, challenge.bytes, challenge.length);
    ret_challenge[challenge.length] = 0;
    return true;
}

static void hash_client(struct bytes client, uint8_t ret[SHA256_DIGEST_LENGTH]) {
    SHA256(client.bytes, client.length, ret);
}

static bool is_for(const char *domain, struct bytes authenticator) {
    uint8_t hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)domain, strlen(domain), hash);
    return authenticator.length > DOMAIN_HASH_BYTES &&
           memcmp(hash, authenticator.bytes, DOMAIN_HASH_BYTES) == 0;
}

/* Its CBOR may be read by the library: it follows the head, and in what was made the id of the
 * credential. What is signed has no credential in it, and the library looks for none. */
static bool is_bounded(struct bytes authenticator, bool made) {
    uint32_t at = HEAD_BYTES;
    if (authenticator.length < HEAD_BYTES) {
        return false;
    }
    if (made && (authenticator.bytes[DOMAIN_HASH_BYTES] & FLAG_ATTESTED) != 0) {
        at += ATTESTED_HEAD_BYTES;
        if (authenticator.length < at) {
            return false;
        }
        at += (uint32_t)(authenticator.bytes[at - 2] << 8 | authenticator.bytes[at - 1]);
    }
    return at <= authenticator.length &&
           cbor_is_bounded((struct bytes){authenticator.length - at, authenticator.bytes + at});
}

static bool fill(const fido_cred_t *made, int algorithm, struct arena *arena, struct factor *ret) {
    struct bytes id = {(uint32_t)fido_cred_id_len(made), fido_cred_id_ptr(made)};
    struct bytes key = {(uint32_t)fido_cred_pubkey_len(made), fido_cred_pubkey_ptr(made)};
    if (id.length == 0 || id.length > WEBAUTHN_CREDENTIAL_MAX || key.length == 0) {
        return false;
    }
    ret->kind = FACTOR_KIND_PASSKEY;
    ret->algorithm = algorithm;
    ret->used = fido_cred_sigcount(made);
    ret->credential = arena_bytes(arena, id);
    ret->secret = arena_bytes(arena, key);
    return !arena->failed;
}

/* The library reads authenticator data for one algorithm at a time. */
static bool read_made(const char *domain, const struct webauthn_answer *answer, int algorithm,
                      struct arena *arena, struct factor *ret) {
    uint8_t hash[SHA256_DIGEST_LENGTH];
    fido_cred_t *made = fido_cred_new();
    hash_client(answer->client, hash);
    bool read = made != NULL && fido_cred_set_type(made, algorithm) == FIDO_OK &&
                fido_cred_set_rp(made, domain, domain) == FIDO_OK &&
                fido_cred_set_clientdata_hash(made, hash, sizeof hash) == FIDO_OK &&
                fido_cred_set_authdata_raw(made, answer->authenticator.bytes,
                                           answer->authenticator.length) == FIDO_OK &&
                (fido_cred_flags(made) & FLAG_PRESENT) != 0 && fill(made, algorithm, arena, ret);
    fido_cred_free(&made);
    return read;
}

bool webauthn_added(const struct webauthn_site *site, const struct webauthn_answer *answer,
                    struct arena *arena, struct factor *ret) {
    static const int algorithms[] = {COSE_ES256, COSE_EDDSA, COSE_RS256};
    char domain[WEBAUTHN_SITE_MAX + 1];
    if (!webauthn_domain(site->host, domain) || !is_for(domain, answer->authenticator) ||
        !is_bounded(answer->authenticator, true)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (read_made(domain, answer, algorithms[i], arena, ret)) {
            return true;
        }
    }
    return false;
}

static bool verify_with(const fido_assert_t *assertion, const struct factor *factor) {
    struct bytes key = factor->secret;
    bool right = false;
    if (factor->algorithm == COSE_ES256) {
        es256_pk_t *public = es256_pk_new();
        right = public != NULL && es256_pk_from_ptr(public, key.bytes, key.length) == FIDO_OK &&
                fido_assert_verify(assertion, 0, COSE_ES256, public) == FIDO_OK;
        es256_pk_free(&public);
    } else if (factor->algorithm == COSE_EDDSA) {
        eddsa_pk_t *public = eddsa_pk_new();
        right = public != NULL && eddsa_pk_from_ptr(public, key.bytes, key.length) == FIDO_OK &&
                fido_assert_verify(assertion, 0, COSE_EDDSA, public) == FIDO_OK;
        eddsa_pk_free(&public);
    } else if (factor->algorithm == COSE_RS256) {
        rs256_pk_t *public = rs256_pk_new();
        right = public != NULL && rs256_pk_from_ptr(public, key.bytes, key.length) == FIDO_OK &&
                fido_assert_verify(assertion, 0, COSE_RS256, public) == FIDO_OK;
        rs256_pk_free(&public);
    }
    return right;
}

bool webauthn_signed(const struct webauthn_site *site, const struct webauthn_answer *answer,
                     const struct factor *factor, bool verified, uint32_t *ret_counter) {
    char domain[WEBAUTHN_SITE_MAX + 1];
    uint8_t hash[SHA256_DIGEST_LENGTH];
    *ret_counter = 0;
    if (!webauthn_domain(site->host, domain) || !is_bounded(answer->authenticator, false)) {
        return false;
    }
    fido_assert_t *assertion = fido_assert_new();
    hash_client(answer->client, hash);
    bool right =
        assertion != NULL &&
        fido_assert_set_clientdata_hash(assertion, hash, sizeof hash) == FIDO_OK &&
        fido_assert_set_rp(assertion, domain) == FIDO_OK &&
        fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
        fido_assert_set_uv(assertion, verified ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
        fido_assert_set_count(assertion, 1) == FIDO_OK &&
        fido_assert_set_authdata_raw(assertion, 0, answer->authenticator.bytes,
                                     answer->authenticator.length) == FIDO_OK &&
        fido_assert_set_sig(assertion, 0, answer->signature.bytes, answer->signature.length) ==
            FIDO_OK &&
        verify_with(assertion, factor);
    *ret_counter = right ? fido_assert_sigcount(assertion, 0) : 0;
    fido_assert_free(&assertion);
    return right;
}
