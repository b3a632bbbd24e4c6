/* Coming in: a password, then a second factor if the account has one; or a passkey alone. */
#include "server/identity/identity_state.h"
#include "server/identity/passkeys.h"
#include "server/identity/proof.h"
#include "server/utf8.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { ANSWER_MAX = 512 };

struct attempt {
    struct errand errand;
    struct token_hash half; /* of a second step */
    bool bearer;
};

static void note_wrong(struct attempt *attempt, const struct proof *proof) {
    struct errand *errand = &attempt->errand;
    if (proof->outcome == PROOF_WRONG || proof->outcome == PROOF_LIMITED) {
        errand->identity->config.metrics->sign_ins_wrong += proof->outcome == PROOF_WRONG;
        identity_note(errand->identity, ACCESS_SIGN_IN, ACCESS_REFUSED, proof->claimed, 0,
                      errand->address);
    }
}

static void enter(struct attempt *attempt, const struct proof *proof) {
    struct entry entry = entry_of(attempt->errand.identity, proof->account);
    entry.strong = proof->strong;
    entry.bearer = attempt->bearer;
    sign_in_enter(attempt->errand.identity, attempt->errand.exchange, &entry);
}

/* The password was right, and is not enough. */
static void answer_half(struct attempt *attempt, const struct account *account) {
    struct errand *errand = &attempt->errand;
    struct identity *identity = errand->identity;
    uint8_t random[TOKEN_RANDOM_BYTES];
    char half[TOKEN_TEXT_LENGTH + 1];
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    if (!halves_issue(&identity->halves, random, account->id, attempt->bearer,
                      identity_now(identity), half)) {
        http_answer_error(errand->exchange, 503, "busy", "Many sign in just now: try again.");
        return;
    }
    unsigned kinds = account_factors(account);
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_text(&json, "half", (struct text){TOKEN_TEXT_LENGTH, half});
    json_number(&json, "expiresInMs", (int64_t)HALF_S * 1000);
    json_boolean(&json, "code", (kinds & 1u << FACTOR_KIND_CODE) != 0);
    json_boolean(&json, "passkey", (kinds & 1u << FACTOR_KIND_PASSKEY) != 0);
    json_close(&json);
    http_answer_json(errand->exchange, 202, text, json_end(&json));
}

static void on_password(void *data, const struct proof *proof) {
    struct attempt *attempt = data;
    note_wrong(attempt, proof);
    if (attempt->errand.exchange == NULL) {
        free(attempt);
        return;
    }
    if (proof->outcome != PROOF_RIGHT) {
        proof_answer(attempt->errand.exchange, proof, "wrong_login",
                     "The name or password is wrong.");
    } else if (account_factors(proof->account) != 0) {
        answer_half(attempt, proof->account);
    } else {
        enter(attempt, proof);
    }
    free(attempt);
}

static void on_sign_in_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct json_fields fields;
    char text[IDENTITY_BODY_MAX];
    char login[LOGIN_BYTES_MAX + 1];
    struct proof_wish wish = {.need = NEED_PASSWORD};
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text typed = json_field_text(&fields, "login");
    if (!login_of_text(typed, login, &wish.login) || !text_is_utf8(typed)) {
        http_answer_error(exchange, 400, "malformed", "Send {\"login\",\"password\"} as JSON.");
        return;
    }
    struct attempt *attempt = errand_begin(identity, exchange, sizeof *attempt);
    if (attempt != NULL) {
        attempt->bearer = json_field_true(&fields, "bearer");
        prove(identity, exchange, &wish, &fields, on_password, attempt);
    }
    OPENSSL_cleanse(text, sizeof text);
}

/* The second step */

static void on_factor(void *data, const struct proof *proof) {
    struct attempt *attempt = data;
    struct errand *errand = &attempt->errand;
    struct identity *identity = errand->identity;
    note_wrong(attempt, proof);
    if (errand->exchange == NULL) {
        free(attempt);
        return;
    }
    if (proof->outcome != PROOF_RIGHT) {
        proof_answer(errand->exchange, proof, "wrong_code", "That is not right, or was used.");
    } else if (!halves_use(&identity->halves, &attempt->half, identity_now(identity))) {
        http_answer_error(errand->exchange, 401, "half_over", "Sign in from the beginning.");
    } else {
        enter(attempt, proof);
    }
    free(attempt);
}

static void on_second_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct json_fields fields;
    char text[IDENTITY_BODY_MAX];
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    const struct half *half =
        halves_try(&identity->halves, json_field_text(&fields, "half"), identity_now(identity));
    if (half == NULL) {
        http_answer_error(exchange, 401, "half_over", "Sign in from the beginning.");
        return;
    }
    struct attempt *attempt = errand_begin(identity, exchange, sizeof *attempt);
    if (attempt != NULL) {
        struct proof_wish wish = {.need = NEED_FACTOR, .user = half->user};
        attempt->half = half->hash;
        attempt->bearer = half->bearer;
        prove(identity, exchange, &wish, &fields, on_factor, attempt);
    }
    OPENSSL_cleanse(text, sizeof text);
}

/* A passkey */

static void on_passkey(void *data, const struct proof *proof) {
    struct attempt *attempt = data;
    note_wrong(attempt, proof);
    if (attempt->errand.exchange != NULL && proof->outcome == PROOF_RIGHT) {
        enter(attempt, proof);
    } else if (attempt->errand.exchange != NULL) {
        proof_answer(attempt->errand.exchange, proof, "wrong_passkey",
                     "No account here knows this passkey.");
    }
    free(attempt);
}

static void on_passkey_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct json_fields fields;
    char text[IDENTITY_BODY_MAX];
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct attempt *attempt = errand_begin(identity, exchange, sizeof *attempt);
    if (attempt != NULL) {
        struct proof_wish wish = {.need = NEED_PASSKEY};
        attempt->bearer = json_field_true(&fields, "bearer");
        prove(identity, exchange, &wish, &fields, on_passkey, attempt);
    }
}

/* What a passkey is to sign: for nobody in particular, or for the person of a half sign-in. */
static void on_challenge_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct json_fields fields;
    char text[IDENTITY_BODY_MAX];
    struct uuid nobody = {{0}};
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text given = json_field_text(&fields, "half");
    if (given.length == 0) {
        passkey_ask(identity, exchange, CHALLENGE_SIGN_IN, nobody);
        return;
    }
    const struct half *half = halves_of(&identity->halves, given, identity_now(identity));
    if (half == NULL) {
        http_answer_error(exchange, 401, "half_over", "Sign in from the beginning.");
    } else {
        passkey_ask(identity, exchange, CHALLENGE_PROOF, half->user);
    }
}

static void on_sign_in(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_sign_in_body, data);
}

static void on_second(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_second_body, data);
}

static void on_passkey_sign_in(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_passkey_body, data);
}

static void on_challenge(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_challenge_body, data);
}

static const struct http_route routes[] = {
    {"POST", "/api/sign-in", IDENTITY_BODY_MAX, ROUTE_OPEN, on_sign_in},
    {"POST", "/api/sign-in/second", IDENTITY_BODY_MAX, ROUTE_OPEN, on_second},
    {"POST", "/api/sign-in/passkey", IDENTITY_BODY_MAX, ROUTE_OPEN, on_passkey_sign_in},
    {"POST", "/api/sign-in/challenge", IDENTITY_BODY_MAX, ROUTE_OPEN, on_challenge},
};

void add_sign_in_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
