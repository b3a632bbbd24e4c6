#include "server/identity/proof.h"

#include "server/identity/identity_state.h"
#include "server/identity/recovery_codes.h"
#include "server/identity/totp.h"
#include "server/identity/webauthn.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum { CODE_BYTES_MAX = 64 };

struct passkey_answer {
    bool given;
    char host[WEBAUTHN_SITE_MAX + 1];
    bool tls;
    uint8_t credential[WEBAUTHN_CREDENTIAL_MAX];
    uint32_t credential_length;
    uint8_t authenticator[WEBAUTHN_AUTHENTICATOR_MAX];
    uint32_t authenticator_length;
    uint8_t client[WEBAUTHN_CLIENT_MAX];
    uint32_t client_length;
    uint8_t signature[WEBAUTHN_SIGNATURE_MAX];
    uint32_t signature_length;
    char challenge[WEBAUTHN_CHALLENGE_MAX + 1];
};

/* One proof under way. */
struct proving {
    struct identity *identity;
    enum proof_need need;
    struct uuid user; /* zero = whoever has the login */
    char login[LOGIN_BYTES_MAX + 1];
    struct peer_address address;
    char password[PASSWORD_BYTES_MAX];
    uint32_t password_length;
    char code[CODE_BYTES_MAX];
    uint32_t code_length;
    struct passkey_answer passkey;
    struct account account;
    char verifier[VERIFIER_MAX]; /* zero-terminated */
    bool password_right;
    bool counted; /* the factor is a counter, which may have gone back */
    struct proof proof;
    void (*done)(void *data, const struct proof *proof);
    void *data;
};

static int64_t now_of(const struct proving *proving) {
    return proving->identity->config.clock->now(proving->identity->config.clock);
}

static struct text text_of(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

static void end(struct proving *proving, enum proof_outcome outcome) {
    proving->proof.outcome = outcome;
    proving->proof.account = &proving->account;
    proving->done(proving->data, &proving->proof);
    account_finish(&proving->account);
    OPENSSL_cleanse(proving, sizeof *proving);
    free(proving);
}

/* Codes are counted by account, apart from passwords: who has a password guesses codes. */
static struct text code_key(const struct proving *proving, char ret[UUID_TEXT_LENGTH + 1]) {
    uuid_to_text(proving->user, ret);
    return (struct text){UUID_TEXT_LENGTH, ret};
}

/* Reading what was sent */

static bool read_bytes(const struct json_fields *fields, const char *name, uint8_t *ret,
                       size_t space, uint32_t *ret_length) {
    struct text text = json_field_text(fields, name);
    return text.length > 0 && base64url_read(text, ret, space, ret_length);
}

static void read_passkey(struct http_exchange *exchange, const struct json_fields *fields,
                         struct passkey_answer *ret) {
    struct text host = exchange_host(exchange);
    if (host.length > WEBAUTHN_SITE_MAX) {
        return;
    }
    memcpy(ret->host, host.bytes == NULL ? "" : host.bytes, host.length);
    ret->tls = exchange_is_tls(exchange);
    ret->given =
        read_bytes(fields, "credential", ret->credential, sizeof ret->credential,
                   &ret->credential_length) &&
        read_bytes(fields, "authenticatorData", ret->authenticator, sizeof ret->authenticator,
                   &ret->authenticator_length) &&
        read_bytes(fields, "clientData", ret->client, sizeof ret->client, &ret->client_length) &&
        read_bytes(fields, "signature", ret->signature, sizeof ret->signature,
                   &ret->signature_length);
}

static bool read_fields(struct proving *proving, struct http_exchange *exchange,
                        const struct json_fields *fields) {
    struct text password = json_field_text(fields, "password");
    struct text code = json_field_text(fields, "code");
    if (password.length > PASSWORD_BYTES_MAX || code.length > CODE_BYTES_MAX) {
        return false;
    }
    memcpy(proving->password, password.bytes == NULL ? "" : password.bytes, password.length);
    proving->password_length = password.length;
    memcpy(proving->code, code.bytes == NULL ? "" : code.bytes, code.length);
    proving->code_length = code.length;
    read_passkey(exchange, fields, &proving->passkey);
    return true;
}

static bool has_what_is_needed(const struct proving *proving) {
    bool password = proving->password_length > 0;
    bool factor = proving->code_length > 0 || proving->passkey.given;
    switch (proving->need) {
    case NEED_PASSWORD:
    case NEED_BOTH:
        return password;
    case NEED_FACTOR:
        return factor && !password;
    case NEED_ONE:
        return password + (proving->code_length > 0) + proving->passkey.given == 1;
    case NEED_PASSKEY:
        return proving->passkey.given && !password && proving->code_length == 0;
    }
    return false;
}

/* The factor */

static void note_step_back(struct proving *proving) {
    identity_note(proving->identity, ACCESS_PASSKEY_COPY, ACCESS_REFUSED, proving->user, 0,
                  proving->address);
}

static void on_used(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)version;
    struct proving *proving = data;
    struct identity *identity = proving->identity;
    char key[UUID_TEXT_LENGTH + 1];
    if (!accepted) {
        if (why == REFUSAL_CONFLICT && proving->counted) {
            note_step_back(proving);
        }
        bool used = why == REFUSAL_CONFLICT || why == REFUSAL_NOT_FOUND;
        end(proving, used ? PROOF_WRONG : PROOF_AWAY);
        return;
    }
    if (proving->code_length > 0) {
        guess_limit_right(identity->code_guesses, code_key(proving, key), proving->address.bytes,
                          now_of(proving));
    }
    proving->proof.strong |= proving->password_right || proving->need == NEED_FACTOR;
    end(proving, PROOF_RIGHT);
}

static void command(struct proving *proving, struct arena *arena, struct encoded encoded) {
    struct identity *identity = proving->identity;
    if (encoded.fields.bytes == NULL || identity->stopping) {
        arena_finish(arena);
        end(proving, PROOF_AWAY);
        return;
    }
    node_command(identity->node, CHANNEL_KIND_USER, proving->user, proving->user, encoded, on_used,
                 proving);
    arena_finish(arena);
}

static void use_factor(struct proving *proving, const struct factor *factor, uint64_t used) {
    struct arena arena;
    arena_init(&arena, 1024);
    struct use_factor use = {
        .command_id = identity_new_id(proving->identity), .id = factor->id, .used = used};
    proving->counted = factor->kind == FACTOR_KIND_PASSKEY;
    command(proving, &arena, use_factor_encode(&arena, &use));
}

static void use_recovery_code(struct proving *proving, struct bytes hash) {
    struct arena arena;
    arena_init(&arena, 1024);
    struct use_recovery_code use = {.command_id = identity_new_id(proving->identity), .hash = hash};
    command(proving, &arena, use_recovery_code_encode(&arena, &use));
}

static void check_code(struct proving *proving) {
    struct text code = {proving->code_length, proving->code};
    const struct factor_list *factors = &proving->account.record.factors;
    uint8_t hash[RECOVERY_HASH_BYTES];
    proving->proof.factor = PROOF_CODE;
    for (uint32_t i = 0; i < factors->count; i++) {
        const struct factor *factor = &factors->items[i];
        uint64_t step = factor->kind == FACTOR_KIND_CODE
                            ? totp_match(factor->secret, code, now_of(proving))
                            : 0;
        if (step != 0) {
            use_factor(proving, factor, step);
            return;
        }
    }
    if (proving->need != NEED_ONE && recovery_code_hash(code, hash)) {
        use_recovery_code(proving, (struct bytes){sizeof hash, hash});
    } else {
        end(proving, PROOF_WRONG);
    }
}

static void check_passkey(struct proving *proving) {
    struct passkey_answer *given = &proving->passkey;
    struct identity *identity = proving->identity;
    const struct factor *factor = account_passkey(
        &proving->account, (struct bytes){given->credential_length, given->credential});
    struct webauthn_site site = {text_of(given->host), given->tls};
    struct webauthn_answer answer = {
        .client = {given->client_length, given->client},
        .authenticator = {given->authenticator_length, given->authenticator},
        .signature = {given->signature_length, given->signature},
    };
    bool alone = proving->need == NEED_PASSKEY;
    uint32_t counter;
    proving->proof.factor = PROOF_PASSKEY;
    if (factor == NULL || !webauthn_signed(&site, &answer, factor, alone, &counter) ||
        !challenges_use(identity->challenges, text_of(given->challenge), now_of(proving))) {
        end(proving, PROOF_WRONG);
        return;
    }
    proving->proof.strong |= alone;
    use_factor(proving, factor, counter);
}

/* Before anything of it is looked at. */
static bool challenge_holds(struct proving *proving) {
    struct passkey_answer *given = &proving->passkey;
    bool alone = proving->need == NEED_PASSKEY;
    struct webauthn_site site = {text_of(given->host), given->tls};
    struct uuid nobody = {{0}};
    return webauthn_client_is_ours(&site, (struct bytes){given->client_length, given->client},
                                   "webauthn.get", given->challenge) &&
           challenges_hold(
               proving->identity->challenges, alone ? CHALLENGE_SIGN_IN : CHALLENGE_PROOF,
               alone ? nobody : proving->user, text_of(given->challenge), now_of(proving));
}

static void check_factor(struct proving *proving) {
    char key[UUID_TEXT_LENGTH + 1];
    if (proving->passkey.given) {
        if (challenge_holds(proving)) {
            check_passkey(proving);
        } else {
            end(proving, PROOF_WRONG);
        }
        return;
    }
    uint32_t wait = guess_limit_take(proving->identity->code_guesses, code_key(proving, key),
                                     proving->address.bytes, now_of(proving));
    if (wait > 0) {
        proving->proof.wait_s = wait;
        end(proving, PROOF_LIMITED);
        return;
    }
    check_code(proving);
}

/* The password */

struct rehash {
    struct identity *identity;
    struct uuid user;
};

static void on_rehashed(void *data, const char *verifier) {
    struct rehash *rehash = data;
    if (verifier != NULL) {
        identity_change_verifier(rehash->identity, rehash->user, verifier, NULL, NULL);
    }
    free(rehash);
}

/* Under today's parameters from now on; if that fails, it is done at a later sign-in. */
static void rehash(struct proving *proving) {
    struct identity *identity = proving->identity;
    struct rehash *rehash = calloc(1, sizeof *rehash);
    uint8_t salt[PASSWORD_SALT_BYTES];
    identity->config.clock->random(identity->config.clock, salt, sizeof salt);
    if (rehash == NULL) {
        return;
    }
    *rehash = (struct rehash){identity, proving->user};
    struct text password = {proving->password_length, proving->password};
    if (!password_hash_later(identity->passwords, password, salt, on_rehashed, rehash)) {
        free(rehash);
    }
}

static void on_verified(void *data, bool matches) {
    struct proving *proving = data;
    struct identity *identity = proving->identity;
    if (identity->stopping) {
        end(proving, PROOF_AWAY);
        return;
    }
    if (!matches || !proving->account.known) {
        end(proving, PROOF_WRONG);
        return;
    }
    proving->password_right = true;
    guess_limit_right(identity->guesses, text_of(proving->login), proving->address.bytes,
                      now_of(proving));
    if (!password_is_current(proving->verifier)) {
        rehash(proving);
    }
    proving->proof.factor = PROOF_PASSWORD;
    bool wants_factor = proving->need == NEED_BOTH && account_factors(&proving->account) != 0;
    if (!wants_factor) {
        end(proving, PROOF_RIGHT);
    } else if (proving->code_length == 0 && !proving->passkey.given) {
        end(proving, PROOF_LACKS_FACTOR);
    } else {
        check_factor(proving);
    }
}

static void check_password(struct proving *proving) {
    struct identity *identity = proving->identity;
    struct text password = {proving->password_length, proving->password};
    struct text verifier = proving->account.record.verifier;
    if (verifier.length >= VERIFIER_MAX) {
        end(proving, PROOF_AWAY);
        return;
    }
    if (proving->account.known && verifier.length > 0) { /* a closed account's is empty */
        memcpy(proving->verifier, verifier.bytes, verifier.length);
    } else {
        memcpy(proving->verifier, identity->stranger, sizeof proving->verifier);
    }
    if (!password_verify_later(identity->passwords, proving->verifier, password, on_verified,
                               proving)) {
        end(proving, PROOF_BUSY);
    }
}

static void on_account(void *data, bool read) {
    struct proving *proving = data;
    const struct account *account = &proving->account;
    if (!read || proving->identity->stopping) {
        end(proving, PROOF_AWAY);
        return;
    }
    bool fits =
        account->known && (uuid_is_zero(proving->user) || uuid_equal(proving->user, account->id));
    if (account->known && fits) {
        proving->user = proving->proof.claimed = account->id;
    }
    if (!fits && proving->need != NEED_PASSWORD) {
        end(proving, PROOF_WRONG);
    } else if (proving->password_length > 0) {
        check_password(proving);
    } else {
        check_factor(proving);
    }
}

/* Whose it is, and whether they may try. */
static bool begin(struct proving *proving, const struct proof_wish *wish,
                  const struct json_fields *fields) {
    struct identity *identity = proving->identity;
    struct text login = wish->login;
    if (proving->need == NEED_PASSKEY) {
        uint32_t length;
        if (!read_bytes(fields, "user", proving->user.bytes, sizeof proving->user.bytes, &length) ||
            length != sizeof proving->user.bytes) {
            end(proving, PROOF_MALFORMED);
            return false;
        }
    }
    if (!uuid_is_zero(proving->user)) {
        const struct person *person = people_by_id(identity->people, proving->user);
        login = person != NULL ? person->login : (struct text){0, NULL};
    }
    if (login.length == 0 || login.length > LOGIN_BYTES_MAX) {
        end(proving, PROOF_WRONG);
        return false;
    }
    memcpy(proving->login, login.bytes, login.length);
    if (proving->password_length > 0) {
        proving->proof.wait_s = guess_limit_take(identity->guesses, text_of(proving->login),
                                                 proving->address.bytes, now_of(proving));
    }
    if (proving->proof.wait_s > 0) {
        identity->config.metrics->sign_ins_limited++;
        end(proving, PROOF_LIMITED);
        return false;
    }
    return true;
}

void prove(struct identity *identity, struct http_exchange *exchange, const struct proof_wish *wish,
           const struct json_fields *fields, void (*done)(void *data, const struct proof *proof),
           void *data) {
    struct proving *proving = calloc(1, sizeof *proving);
    if (proving == NULL) {
        done(data, &(struct proof){.outcome = PROOF_BUSY});
        return;
    }
    proving->identity = identity;
    proving->need = wish->need;
    proving->user = wish->user;
    proving->address = exchange_peer(exchange);
    proving->done = done;
    proving->data = data;
    if (!read_fields(proving, exchange, fields) || !has_what_is_needed(proving)) {
        end(proving, PROOF_MALFORMED);
    } else if (!people_known(identity->people)) {
        end(proving, PROOF_AWAY);
    } else if (begin(proving, wish, fields)) {
        account_read(identity->config.store, &proving->account, text_of(proving->login), on_account,
                     proving);
    }
}

void proof_answer(struct http_exchange *exchange, const struct proof *proof, const char *word,
                  const char *message) {
    char seconds[16];
    struct http_header_line retry = {"Retry-After", seconds};
    static const char limited[] = "{\"error\":\"too_many_attempts\",\"message\":\"Too many "
                                  "attempts: wait a moment and try again.\"}";
    switch (proof->outcome) {
    case PROOF_LIMITED:
        snprintf(seconds, sizeof(seconds), "%u", proof->wait_s);
        http_answer_bytes(exchange, 429, "application/json", &retry, 1,
                          (struct bytes){sizeof(limited) - 1, (const uint8_t *)limited});
        break;
    case PROOF_MALFORMED:
        http_answer_error(exchange, 400, "malformed", "What proves who you are is missing.");
        break;
    case PROOF_BUSY:
        http_answer_error(exchange, 503, "busy", "Many sign in just now: try again.");
        break;
    case PROOF_AWAY:
        http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
        break;
    default:
        http_answer_error(exchange, 401, word, message);
    }
}
