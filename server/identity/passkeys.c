#include "server/identity/passkeys.h"

#include "server/identity/identity_state.h"
#include "server/identity/webauthn.h"

#include <stdlib.h>

enum {
    PASSKEY_TEXT_MAX = BASE64URL_LENGTH(WEBAUTHN_CREDENTIAL_MAX) + 1,
    ASK_ANSWER_MAX = 1024 + 10 * (PASSKEY_TEXT_MAX + 4),
};

struct asking {
    struct errand errand;
    enum challenge_purpose purpose;
    struct uuid person;
    struct account account;
};

static void write_passkeys(struct json *json, const struct account *account) {
    const struct factor_list *factors = &account->record.factors;
    json_open_list(json, "passkeys");
    for (uint32_t i = 0; account->known && i < factors->count; i++) {
        if (factors->items[i].kind == FACTOR_KIND_PASSKEY) {
            char id[PASSKEY_TEXT_MAX];
            base64url_write(factors->items[i].credential, id);
            json_text(json, NULL, (struct text){(uint32_t)strlen(id), id});
        }
    }
    json_close_list(json);
}

static void answer(struct asking *asking) {
    struct errand *errand = &asking->errand;
    struct identity *identity = errand->identity;
    char challenge[CHALLENGE_TEXT + 1];
    char domain[WEBAUTHN_SITE_MAX + 1];
    char user[BASE64URL_LENGTH(16) + 1];
    uint8_t random[16];
    if (!webauthn_domain(exchange_host(errand->exchange), domain)) {
        http_answer_error(errand->exchange, 404, "not_found",
                          "There are no passkeys at an address: open the server by its name.");
        return;
    }
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    challenges_write(identity->challenges, asking->purpose, asking->person, random,
                     identity_now(identity), challenge);
    base64url_write((struct bytes){sizeof asking->person.bytes, asking->person.bytes}, user);
    char *text = malloc(ASK_ANSWER_MAX);
    struct json json;
    json_begin(&json, text, text == NULL ? 0 : ASK_ANSWER_MAX);
    json_open(&json, NULL);
    json_text(&json, "challenge", (struct text){CHALLENGE_TEXT, challenge});
    json_text(&json, "domain", (struct text){(uint32_t)strlen(domain), domain});
    json_text(&json, "user", (struct text){sizeof user - 1, user});
    write_passkeys(&json, &asking->account);
    json_close(&json);
    http_answer_json(errand->exchange, 200, text, json_end(&json));
    free(text);
}

static void on_account(void *data, bool read) {
    struct asking *asking = data;
    if (asking->errand.exchange != NULL && read) {
        answer(asking);
    } else if (asking->errand.exchange != NULL) {
        errand_answer_away(asking->errand.exchange);
    }
    account_finish(&asking->account);
    free(asking);
}

void passkey_ask(struct identity *identity, struct http_exchange *exchange,
                 enum challenge_purpose purpose, struct uuid user) {
    struct asking *asking = errand_begin(identity, exchange, sizeof *asking);
    if (asking == NULL) {
        return;
    }
    asking->purpose = purpose;
    asking->person = user;
    const struct person *person = people_by_id(identity->people, user);
    if (person != NULL) {
        account_read(identity->config.store, &asking->account, person->login, on_account, asking);
    } else {
        on_account(asking, true);
    }
}
