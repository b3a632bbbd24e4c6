/* Adding and removing what one has beside the password: authenticator apps, passkeys, the paper. */
#include "server/identity/account_changes.h"
#include "server/identity/enrolments.h"
#include "server/identity/passkeys.h"
#include "server/identity/proof.h"
#include "server/identity/recovery_codes.h"
#include "server/identity/webauthn.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FACTOR_NAME_MAX = 64,
    FACTOR_ARENA_MAX = 16 * 1024,
    ANSWER_MAX = 1024,
    URI_MAX = 512,
    SMALL_BODY_MAX = 256,
};

/* A change under way. */
struct change {
    struct errand errand;
    struct account account;
    struct arena arena; /* holds the factor */
    struct factor factor;
    bool adds; /* a factor, otherwise it makes new codes only */
    bool made_codes;
    char codes[RECOVERY_CODES][RECOVERY_CODE_TEXT + 1];
};

static void free_change(struct change *change) {
    account_finish(&change->account);
    arena_finish(&change->arena);
    OPENSSL_cleanse(change->codes, sizeof change->codes);
    free(change);
}

static void fail_change(struct change *change, int status, const char *word, const char *message) {
    if (change->errand.exchange != NULL) {
        http_answer_error(change->errand.exchange, status, word, message);
    }
    free_change(change);
}

bool account_is_proved(const struct errand *errand) {
    const struct sign_in *sign_in = sign_ins_by_number(errand->identity->sign_ins, errand->sign_in);
    return sign_in != NULL &&
           (sign_in->enrolling || sign_in->proved_until > identity_now(errand->identity));
}

void *account_change_begin(struct identity *identity, struct http_exchange *exchange, size_t size) {
    struct errand *errand = errand_begin(identity, exchange, size);
    if (errand != NULL && !account_is_proved(errand)) {
        http_answer_error(exchange, 403, "proof_needed", "Prove who you are first.");
        free(errand);
        return NULL;
    }
    return errand;
}

static struct change *change_begin(struct identity *identity, struct http_exchange *exchange) {
    struct change *change = account_change_begin(identity, exchange, sizeof *change);
    if (change != NULL) {
        arena_init(&change->arena, FACTOR_ARENA_MAX);
    }
    return change;
}

static void order(struct change *change, struct encoded encoded,
                  void (*done)(void *data, bool accepted, enum refusal why, uint64_t version)) {
    struct identity *identity = change->errand.identity;
    if (encoded.fields.bytes == NULL || identity->stopping) {
        fail_change(change, 503, "unavailable", "Nothing was changed: try again.");
        return;
    }
    node_command(identity->node, CHANNEL_KIND_USER, change->errand.user, change->errand.user,
                 encoded, done, change);
}

/* The end: the codes, if there are new ones, are shown this once. */

static void write_codes(struct change *change, struct json *json) {
    if (!change->made_codes) {
        return;
    }
    json_open_list(json, "recoveryCodes");
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        json_text(json, NULL, (struct text){RECOVERY_CODE_TEXT, change->codes[i]});
    }
    json_close_list(json);
}

static void write_shown(struct errand *errand, struct json *json) {
    write_codes((struct change *)errand, json);
}

static void free_shown(struct errand *errand) {
    free_change((struct change *)errand);
}

static void finish_change(struct change *change) {
    struct errand *errand = &change->errand;
    struct identity *identity = errand->identity;
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, errand->sign_in);
    errand_note(errand, ACCESS_FACTOR, ACCESS_ALLOWED);
    if (change->adds && sign_in != NULL && sign_in->enrolling) {
        struct sign_in enrolled = *sign_in;
        enrolled.enrolling = false;
        sign_in_renew(errand, &enrolled, false, write_shown, free_shown);
        return;
    }
    if (errand->exchange != NULL) {
        char text[ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        write_codes(change, &json);
        json_close(&json);
        http_answer_json(errand->exchange, 200, text, json_end(&json));
        OPENSSL_cleanse(text, sizeof text);
    }
    free_change(change);
}

static void on_codes_set(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct change *change = data;
    (void)version;
    if (accepted) {
        finish_change(change);
    } else if (why == REFUSAL_BAD_STATE) {
        fail_change(change, 409, "no_factor", "Add an authenticator app or a passkey first.");
    } else {
        fail_change(change, 503, "unavailable", "Nothing was changed: try again.");
    }
}

static void make_codes(struct change *change) {
    struct identity *identity = change->errand.identity;
    uint8_t hashes[RECOVERY_CODES][RECOVERY_HASH_BYTES];
    struct bytes items[RECOVERY_CODES];
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        uint8_t random[RECOVERY_CODE_RANDOM];
        identity->config.clock->random(identity->config.clock, random, sizeof random);
        recovery_code_write(random, change->codes[i]);
        recovery_code_hash((struct text){RECOVERY_CODE_TEXT, change->codes[i]}, hashes[i]);
        items[i] = (struct bytes){RECOVERY_HASH_BYTES, hashes[i]};
    }
    change->made_codes = true;
    struct set_recovery_codes command = {.command_id = identity_new_id(identity),
                                         .hashes = {RECOVERY_CODES, items}};
    order(change, set_recovery_codes_encode(&change->arena, &command), on_codes_set);
}

static void on_factor_added(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct change *change = data;
    (void)version;
    if (accepted && change->account.record.recovery_codes.count == 0) {
        make_codes(change);
    } else if (accepted) {
        finish_change(change);
    } else if (why == REFUSAL_TOO_MANY) {
        fail_change(change, 409, "too_many", "There are ten already: remove one first.");
    } else if (why == REFUSAL_CONFLICT) {
        fail_change(change, 409, "known_already", "This one belongs to your account already.");
    } else {
        fail_change(change, 503, "unavailable", "Nothing was changed: try again.");
    }
}

static void on_account(void *data, bool read) {
    struct change *change = data;
    if (!read || !change->account.known) {
        fail_change(change, 503, "unavailable", "The database is away: try again.");
        return;
    }
    struct add_factor command = {.command_id = identity_new_id(change->errand.identity),
                                 .factor = change->factor};
    order(change, add_factor_encode(&change->arena, &command), on_factor_added);
}

/* `factor` has its kind and secrets. */
static void add_factor(struct change *change, struct text name) {
    struct identity *identity = change->errand.identity;
    const struct person *person = people_by_id(identity->people, change->errand.user);
    if (person == NULL || name.length > FACTOR_NAME_MAX || !text_is_utf8(name)) {
        fail_change(change, 400, "malformed", "A name has at most 64 bytes.");
        return;
    }
    change->adds = true;
    change->factor.id = identity_new_id(identity);
    change->factor.name = arena_text(&change->arena, name);
    change->factor.made_at = identity_now(identity);
    account_read(identity->config.store, &change->account, person->login, on_account, change);
}

/* An authenticator app */

static void percent(struct text text, char *ret, size_t space) {
    size_t at = 0;
    for (uint32_t i = 0; i < text.length && at + 4 < space; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        at += (size_t)snprintf(ret + at, space - at, plain ? "%c" : "%%%02X", c);
    }
    ret[at] = 0;
}

static void on_code_start(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct errand *errand = account_change_begin(identity, exchange, sizeof *errand);
    if (errand == NULL) {
        return;
    }
    const struct person *person = people_by_id(identity->people, errand->user);
    uint8_t random[TOTP_SECRET_BYTES];
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    const struct enrolment *enrolment =
        enrolments_begin(&identity->enrolments, errand->user, random, identity_now(identity));
    if (person == NULL || enrolment == NULL) {
        http_answer_error(exchange, 503, "busy", "Many begin just now: try again.");
        free(errand);
        return;
    }
    char secret[TOTP_SECRET_TEXT + 1];
    char login[3 * LOGIN_BYTES_MAX + 4];
    char uri[URI_MAX];
    char text[ANSWER_MAX];
    struct json json;
    totp_secret_text(enrolment->secret, secret);
    percent(person->login, login, sizeof login);
    snprintf(uri, sizeof uri,
             "otpauth://totp/Consilium:%s?secret=%s&issuer=Consilium&algorithm=SHA1&digits=6&"
             "period=30",
             login, secret);
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_text(&json, "secret", (struct text){TOTP_SECRET_TEXT, secret});
    json_text(&json, "uri", (struct text){(uint32_t)strlen(uri), uri});
    json_number(&json, "expiresInMs", (int64_t)ENROLMENT_S * 1000);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(uri, sizeof uri);
    OPENSSL_cleanse(secret, sizeof secret);
    free(errand);
}

static void on_confirm_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct change *change = change_begin(identity, exchange);
    if (change == NULL) {
        return;
    }
    int64_t now = identity_now(identity);
    struct enrolment *enrolment = enrolments_of(&identity->enrolments, change->errand.user, now);
    uint64_t step = 0;
    if (enrolment != NULL) {
        struct bytes secret = {sizeof enrolment->secret, enrolment->secret};
        step = totp_match(secret, json_field_text(&fields, "code"), now);
    }
    if (enrolment == NULL) {
        fail_change(change, 409, "over", "This took too long: begin again.");
    } else if (step == 0) {
        fail_change(change, 422, "wrong_code", "That is not the code of this secret just now.");
    } else {
        change->factor.kind = FACTOR_KIND_CODE;
        change->factor.used = step; /* the code that confirmed it signs nobody in */
        change->factor.secret = arena_bytes(
            &change->arena, (struct bytes){sizeof enrolment->secret, enrolment->secret});
        enrolments_end(enrolment);
        add_factor(change, json_field_text(&fields, "name"));
    }
}

/* A passkey */

static void on_passkey_start(struct http_exchange *exchange, void *data) {
    struct errand *errand = account_change_begin(data, exchange, sizeof *errand);
    if (errand != NULL) {
        struct uuid user = errand->user;
        free(errand);
        passkey_ask(data, exchange, CHALLENGE_ADD, user);
    }
}

struct made {
    uint8_t client[WEBAUTHN_CLIENT_MAX];
    uint8_t authenticator[WEBAUTHN_AUTHENTICATOR_MAX];
    struct webauthn_answer answer;
    char challenge[WEBAUTHN_CHALLENGE_MAX + 1];
};

static bool read_made(const struct json_fields *fields, struct made *ret) {
    struct text client = json_field_text(fields, "clientData");
    struct text authenticator = json_field_text(fields, "authenticatorData");
    ret->answer.client.bytes = ret->client;
    ret->answer.authenticator.bytes = ret->authenticator;
    return base64url_read(client, ret->client, sizeof ret->client, &ret->answer.client.length) &&
           base64url_read(authenticator, ret->authenticator, sizeof ret->authenticator,
                          &ret->answer.authenticator.length);
}

static bool is_added(struct change *change, const struct json_fields *fields, struct made *made) {
    struct identity *identity = change->errand.identity;
    struct webauthn_site site = {exchange_host(change->errand.exchange),
                                 exchange_is_tls(change->errand.exchange)};
    if (!read_made(fields, made) ||
        !webauthn_client_is_ours(&site, made->answer.client, "webauthn.create", made->challenge)) {
        return false;
    }
    struct text challenge = {(uint32_t)strlen(made->challenge), made->challenge};
    int64_t now = identity_now(identity);
    return challenges_hold(identity->challenges, CHALLENGE_ADD, change->errand.user, challenge,
                           now) &&
           webauthn_added(&site, &made->answer, &change->arena, &change->factor) &&
           challenges_use(identity->challenges, challenge, now);
}

static void on_passkey_body(struct http_exchange *exchange, struct bytes body, void *data) {
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct made made = {.challenge = ""};
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct change *change = change_begin(data, exchange);
    if (change == NULL) {
        return;
    }
    if (is_added(change, &fields, &made)) {
        add_factor(change, json_field_text(&fields, "name"));
    } else {
        fail_change(change, 422, "wrong_passkey", "This passkey was not made for this page.");
    }
}

/* Taking away, and new paper */

static void on_removed(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)why;
    (void)version;
    if (accepted) {
        finish_change(data);
    } else {
        fail_change(data, 503, "unavailable", "Nothing was changed: try again.");
    }
}

static void on_remove_body(struct http_exchange *exchange, struct bytes body, void *data) {
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct uuid id;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    if (!uuid_of_text(json_field_text(&fields, "id"), &id)) {
        http_answer_error(exchange, 400, "malformed", "Send {\"id\"} as JSON.");
        return;
    }
    struct change *change = change_begin(data, exchange);
    if (change != NULL) {
        struct remove_factor command = {.command_id = identity_new_id(data), .id = id};
        order(change, remove_factor_encode(&change->arena, &command), on_removed);
    }
}

static void on_codes(struct http_exchange *exchange, void *data) {
    struct change *change = change_begin(data, exchange);
    if (change != NULL) {
        make_codes(change);
    }
}

static void on_confirm(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_confirm_body, data);
}

static void on_passkey(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_passkey_body, data);
}

static void on_remove(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_remove_body, data);
}

static const struct http_route routes[] = {
    {"POST", "/api/account/codes", 0, ROUTE_ENROLLING, on_code_start},
    {"POST", "/api/account/codes/confirm", SMALL_BODY_MAX, ROUTE_ENROLLING, on_confirm},
    {"POST", "/api/account/passkeys", 0, ROUTE_ENROLLING, on_passkey_start},
    {"POST", "/api/account/passkeys/confirm", IDENTITY_BODY_MAX, ROUTE_ENROLLING, on_passkey},
    {"POST", "/api/account/factors/remove", SMALL_BODY_MAX, ROUTE_SIGNED_IN, on_remove},
    {"POST", "/api/account/recovery-codes", 0, ROUTE_SIGNED_IN, on_codes},
};

void add_factor_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
