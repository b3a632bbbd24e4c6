/* The one door: see identity_state.h. And another token for who is in already. */
#include "server/gateway/cookie.h"
#include "server/identity/identity_state.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum { ENTRY_ANSWER_MAX = 2048 };

struct entering {
    struct errand errand;
    struct entry entry;
    char token[TOKEN_TEXT_LENGTH + 1];
};

struct entry entry_of(const struct identity *identity, const struct account *account) {
    const struct user_snapshot *shown = &account->record.shown;
    struct host_clock *clock = identity->config.clock;
    uint16_t rights = organisations_rights(identity->organisations, &shown->memberships, NULL,
                                           clock->now(clock), NULL);
    struct entry entry = {
        .user = account->id,
        .rights = rights,
        .kind = (rights & RIGHT_ADMINISTRATOR) != 0 ? SIGN_IN_ADMINISTRATOR : SIGN_IN_PERSON,
    };
    uint32_t length = shown->name.length < NAME_BYTES_MAX ? shown->name.length : NAME_BYTES_MAX;
    memcpy(entry.name, shown->name.bytes, length);
    return entry;
}

static void fresh_token(struct identity *identity, char ret_token[TOKEN_TEXT_LENGTH + 1],
                        struct token_hash *ret_hash) {
    uint8_t random[TOKEN_RANDOM_BYTES];
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    token_write(random, ret_token);
    token_hash_of((struct text){TOKEN_TEXT_LENGTH, ret_token}, ret_hash);
    OPENSSL_cleanse(random, sizeof random);
}

/* Ends the answer: in a cookie, which no script sees, or as a member for who asked for that. */
static void answer_with_token(struct http_exchange *exchange, struct json *json, const char *text,
                              const char *words, bool bearer, enum sign_in_kind kind) {
    struct text token = {TOKEN_TEXT_LENGTH, words};
    char cookie[COOKIE_LINE_MAX];
    struct http_header_line header = {"Set-Cookie", cookie};
    if (bearer) {
        json_text(json, "token", token);
    } else {
        cookie_write(cookie, sizeof cookie, exchange_is_tls(exchange), token,
                     sign_in_limits[kind].absolute_s);
    }
    json_close(json);
    size_t length = json_end(json);
    http_answer_bytes(exchange, 200, "application/json", &header, bearer ? 0 : 1,
                      (struct bytes){(uint32_t)length, (const uint8_t *)text});
}

static void write_entry(struct json *json, const struct entry *entry, bool enrolling) {
    if (entry->kind == SIGN_IN_DISPLAY) {
        json_text(json, "state", TEXT("paired"));
        return;
    }
    json_open(json, "user");
    json_uuid(json, "id", entry->user);
    json_text(json, "name", (struct text){(uint32_t)strlen(entry->name), entry->name});
    json_boolean(json, "administrator", (entry->rights & RIGHT_ADMINISTRATOR) != 0);
    json_boolean(json, "coordinator", (entry->rights & RIGHT_COORDINATOR) != 0);
    json_close(json);
    if (enrolling) {
        json_boolean(json, "enrol", true);
    }
}

static void on_before_ended(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct errand *errand = data;
    (void)sign_in;
    if (answer == SIGN_IN_VALID) {
        errand_note(errand, ACCESS_SIGN_OUT, ACCESS_ALLOWED);
    }
    identity_over(errand->identity, errand->sign_in);
    free(errand);
}

/* A browser that signs in again leaves nothing behind that is signed in. Whoever holds tokens may
 * ask for another with one of them. */
static void end_before(const struct errand *errand) {
    struct errand *before = errand->sign_in == 0 ? NULL : malloc(sizeof *before);
    if (before != NULL) {
        *before = *errand;
        before->exchange = NULL;
        sign_ins_end(before->identity->sign_ins, before->sign_in, before->user, on_before_ended,
                     before);
    }
}

static void on_made(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct entering *entering = data;
    struct errand *errand = &entering->errand;
    if (answer == SIGN_IN_VALID) {
        errand->identity->config.metrics->sign_ins++;
        identity_note(errand->identity, ACCESS_SIGN_IN, ACCESS_ALLOWED, entering->entry.user,
                      sign_in->number, errand->address);
    }
    if (errand->exchange != NULL && answer != SIGN_IN_VALID) {
        errand_answer_away(errand->exchange);
    } else if (errand->exchange != NULL) {
        char text[ENTRY_ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        write_entry(&json, &entering->entry, sign_in->enrolling);
        if (!entering->entry.bearer) {
            end_before(errand);
        }
        answer_with_token(errand->exchange, &json, text, entering->token, entering->entry.bearer,
                          entering->entry.kind);
        OPENSSL_cleanse(text, sizeof text);
    }
    OPENSSL_cleanse(entering->token, sizeof entering->token);
    free(entering);
}

void sign_in_enter(struct identity *identity, struct http_exchange *exchange,
                   const struct entry *entry) {
    struct entering *entering = errand_begin(identity, exchange, sizeof *entering);
    if (entering == NULL) {
        return;
    }
    uint64_t number;
    struct text agent = exchange_user_agent(exchange);
    struct sign_in fresh = {
        .user = entry->user,
        .kind = entry->kind,
        .enrolling = identity->config.second_factor_required && !entry->strong &&
                     entry->kind != SIGN_IN_DISPLAY,
        .browser = browser_of(agent),
        .system = system_of(agent),
    };
    identity->config.clock->random(identity->config.clock, &number, sizeof number);
    fresh.number = number >> 1 | 1;
    memcpy(fresh.address, entering->errand.address.bytes, sizeof fresh.address);
    entering->entry = *entry;
    fresh_token(identity, entering->token, &fresh.hash);
    sign_ins_make(identity->sign_ins, &fresh, on_made, entering);
}

/* Another token */

struct renewing {
    struct errand *errand;
    void (*write)(struct errand *errand, struct json *json);
    void (*finish)(struct errand *errand);
    char token[TOKEN_TEXT_LENGTH + 1];
    bool bearer;
};

static void on_renewed(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct renewing *renewing = data;
    struct errand *errand = renewing->errand;
    struct http_exchange *exchange = errand->exchange;
    if (exchange != NULL && answer == SIGN_IN_VALID) {
        char text[ENTRY_ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        renewing->write(errand, &json);
        answer_with_token(exchange, &json, text, renewing->token, renewing->bearer, sign_in->kind);
        OPENSSL_cleanse(text, sizeof text);
    } else if (exchange != NULL && answer == SIGN_IN_UNKNOWN) {
        http_answer_error(exchange, 401, "signed_out", "Sign in first.");
    } else if (exchange != NULL) {
        errand_answer_away(exchange);
    }
    renewing->finish(errand);
    OPENSSL_cleanse(renewing->token, sizeof renewing->token);
    free(renewing);
}

void sign_in_renew(struct errand *errand, const struct sign_in *changed, bool keep_earlier,
                   void (*write)(struct errand *errand, struct json *json),
                   void (*finish)(struct errand *errand)) {
    struct renewing *renewing = errand->exchange == NULL ? NULL : calloc(1, sizeof *renewing);
    if (renewing == NULL) {
        if (errand->exchange != NULL) {
            errand_answer_away(errand->exchange);
        }
        finish(errand);
        return;
    }
    struct sign_in fresh = *changed;
    *renewing = (struct renewing){.errand = errand,
                                  .write = write,
                                  .finish = finish,
                                  .bearer = exchange_is_bearer(errand->exchange)};
    fresh_token(errand->identity, renewing->token, &fresh.hash);
    sign_ins_change(errand->identity->sign_ins, &fresh, keep_earlier, on_renewed, renewing);
}
