/*
 * One's own account: what there is, a fresh proof, another password. A change needs a proof of all
 * that the account has, by this sign-in, within the last minutes: a browser that was left open is
 * not enough to take an account over.
 */
#include "server/identity/account_changes.h"
#include "server/identity/passkeys.h"
#include "server/identity/proof.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { ACCOUNT_ANSWER_MAX = 8 * 1024 };

/* What there is */

struct showing {
    struct errand errand;
    struct account account;
};

static void write_factors(struct json *json, const struct factor_list *factors) {
    json_open_list(json, "factors");
    for (uint32_t i = 0; i < factors->count; i++) {
        const struct factor *factor = &factors->items[i];
        bool passkey = factor->kind == FACTOR_KIND_PASSKEY;
        json_open(json, NULL);
        json_uuid(json, "id", factor->id);
        json_text(json, "kind", passkey ? TEXT("passkey") : TEXT("code"));
        json_text(json, "name", factor->name);
        json_number(json, "madeAt", factor->made_at / 1000);
        json_close(json);
    }
    json_close_list(json);
}

static void on_shown(void *data, bool read) {
    struct showing *showing = data;
    struct errand *errand = &showing->errand;
    if (errand->exchange != NULL && read && showing->account.known) {
        char text[ACCOUNT_ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_text(&json, "login", showing->account.record.shown.login);
        write_factors(&json, &showing->account.record.factors);
        json_number(&json, "recoveryCodes", showing->account.record.recovery_codes.count);
        json_boolean(&json, "required", errand->identity->config.second_factor_required);
        json_boolean(&json, "proved", account_is_proved(errand));
        json_close(&json);
        http_answer_json(errand->exchange, 200, text, json_end(&json));
    } else if (errand->exchange != NULL) {
        errand_answer_away(errand->exchange);
    }
    account_finish(&showing->account);
    free(showing);
}

static void on_account(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct showing *showing = errand_begin(identity, exchange, sizeof *showing);
    const struct person *person = people_by_id(identity->people, http_who(exchange)->user);
    if (showing != NULL && person != NULL) {
        account_read(identity->config.store, &showing->account, person->login, on_shown, showing);
    } else if (showing != NULL) {
        on_shown(showing, false);
    }
}

/* The proof before changes */

static void write_proved(struct errand *errand, struct json *json) {
    (void)errand;
    json_number(json, "expiresInMs", (int64_t)SIGN_IN_PROVED_S * 1000);
}

static void on_proved(void *data, const struct proof *proof) {
    struct errand *errand = data;
    struct identity *identity = errand->identity;
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, errand->sign_in);
    if (proof->outcome == PROOF_RIGHT && sign_in != NULL) {
        sign_ins_proved(identity->sign_ins, errand->sign_in);
        sign_in_renew(errand, sign_in, false, write_proved, errand_free);
        return;
    }
    if (proof->outcome == PROOF_WRONG) {
        errand_note(errand, ACCESS_FACTOR, ACCESS_REFUSED);
    }
    if (errand->exchange != NULL && proof->outcome == PROOF_LACKS_FACTOR) {
        http_answer_error(errand->exchange, 403, "factor_needed", "Give a code or a passkey, too.");
    } else if (errand->exchange != NULL) {
        proof_answer(errand->exchange, proof, "wrong_proof", "That is not right.");
    }
    free(errand);
}

static void on_prove_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct errand *errand = errand_begin(identity, exchange, sizeof *errand);
    if (errand != NULL) {
        struct proof_wish wish = {.need = NEED_BOTH, .user = errand->user};
        prove(identity, exchange, &wish, &fields, on_proved, errand);
    }
    OPENSSL_cleanse(text, sizeof text);
}

static void on_prove(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_prove_body, data);
}

static void on_challenge(struct http_exchange *exchange, void *data) {
    passkey_ask(data, exchange, CHALLENGE_PROOF, http_who(exchange)->user);
}

/* Another password: whoever had the old one is out. */

static void on_other_over(void *data, uint64_t number) {
    struct errand *errand = data;
    identity_note(errand->identity, ACCESS_SIGN_OUT, ACCESS_ALLOWED, errand->user, number,
                  errand->address);
    identity_over(errand->identity, number);
}

static void on_others_ended(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct errand *errand = data;
    (void)sign_in;
    if (errand->exchange != NULL && answer == SIGN_IN_AWAY) {
        errand_answer_away(errand->exchange);
    } else if (errand->exchange != NULL) {
        http_answer_bytes(errand->exchange, 204, NULL, NULL, 0, (struct bytes){0, NULL});
    }
    free(errand);
}

static void on_verifier_set(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct errand *errand = data;
    (void)why;
    (void)version;
    if (!accepted) {
        if (errand->exchange != NULL) {
            errand_answer_away(errand->exchange);
        }
        free(errand);
        return;
    }
    errand_note(errand, ACCESS_FACTOR, ACCESS_ALLOWED);
    sign_ins_end_others(errand->identity->sign_ins, errand->sign_in, errand->user, on_other_over,
                        on_others_ended, errand);
}

static void on_hashed(void *data, const char *verifier) {
    struct errand *errand = data;
    if (verifier != NULL) {
        identity_change_verifier(errand->identity, errand->user, verifier, on_verifier_set, errand);
        return;
    }
    if (errand->exchange != NULL) {
        errand_answer_away(errand->exchange);
    }
    free(errand);
}

static void on_password_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text password = json_field_text(&fields, "fresh");
    struct errand *errand = account_change_begin(identity, exchange, sizeof *errand);
    if (errand == NULL) {
        return;
    }
    uint8_t salt[PASSWORD_SALT_BYTES];
    identity->config.clock->random(identity->config.clock, salt, sizeof salt);
    if (password.length < PASSWORD_BYTES_MIN || password.length > PASSWORD_BYTES_MAX) {
        http_answer_error(exchange, 422, "weak_password",
                          "A password has at least 8 and at most 256 bytes.");
        free(errand);
    } else if (!password_hash_later(identity->passwords, password, salt, on_hashed, errand)) {
        http_answer_error(exchange, 503, "busy", "Many sign in just now: try again.");
        free(errand);
    }
    OPENSSL_cleanse(text, sizeof text);
}

static void on_password(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_password_body, data);
}

static const struct http_route routes[] = {
    {"GET", "/api/account", 0, ROUTE_ENROLLING, on_account},
    {"POST", "/api/account/prove", IDENTITY_BODY_MAX, ROUTE_ENROLLING, on_prove},
    {"POST", "/api/account/challenge", 0, ROUTE_ENROLLING, on_challenge},
    {"POST", "/api/account/password", IDENTITY_BODY_MAX, ROUTE_SIGNED_IN, on_password},
};

void add_account_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
    add_factor_routes(identity);
}
