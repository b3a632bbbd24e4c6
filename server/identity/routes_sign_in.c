#include "server/gateway/cookie.h"
#include "server/gateway/exchange_peer.h"
#include "server/gateway/json.h"
#include "server/identity/identity_state.h"
#include "server/log.h"
#include "server/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGN_IN_BODY_MAX = 4096, ANSWER_MAX = 1024 };

/* A sign-in under way; outlives its exchange when the client goes away. */
struct attempt {
    struct identity *identity;
    struct http_exchange *exchange; /* NULL = gone */
    char login[LOGIN_BYTES_MAX + 1];
    struct text typed; /* points to login */
    struct uuid user;
    bool known; /* there is such a person */
    bool bearer;
    char token[TOKEN_TEXT_LENGTH + 1];
};

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct attempt *attempt = data;
    attempt->exchange = NULL;
}

static void write_user(struct json *json, const struct identity *identity,
                       const struct person *person) {
    uint16_t rights = identity_rights(identity, person->id, NULL);
    json_open(json, "user");
    json_uuid(json, "id", person->id);
    json_text(json, "name", person->name);
    json_boolean(json, "administrator", (rights & RIGHT_ADMINISTRATOR) != 0);
    json_boolean(json, "coordinator", (rights & RIGHT_COORDINATOR) != 0);
    json_close(json);
}

static void on_made(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct attempt *attempt = data;
    struct identity *identity = attempt->identity;
    struct http_exchange *exchange = attempt->exchange;
    const struct person *person = people_by_id(identity->people, attempt->user);
    if (exchange == NULL) {
        free(attempt);
        return;
    }
    if (answer != SIGN_IN_VALID || person == NULL) {
        http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
        free(attempt);
        return;
    }
    identity->config.metrics->sign_ins++;
    identity_note(identity, ACCESS_SIGN_IN, ACCESS_ALLOWED, attempt->user, sign_in->number,
                  exchange_peer(exchange));
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof(text));
    json_open(&json, NULL);
    write_user(&json, attempt->identity, person);
    struct text token = {TOKEN_TEXT_LENGTH, attempt->token};
    char cookie[COOKIE_LINE_MAX];
    struct http_header_line headers[1] = {{"Set-Cookie", cookie}};
    if (attempt->bearer) {
        json_text(&json, "token", token);
    } else {
        cookie_write(cookie, sizeof(cookie), exchange_is_tls(exchange), token, SIGN_IN_ABSOLUTE_S);
    }
    json_close(&json);
    size_t length = json_end(&json);
    http_answer_bytes(exchange, 200, "application/json", headers, attempt->bearer ? 0 : 1,
                      (struct bytes){(uint32_t)length, (const uint8_t *)text});
    free(attempt);
}

static void on_verified(void *data, bool matches) {
    struct attempt *attempt = data;
    struct identity *identity = attempt->identity;
    if (attempt->exchange == NULL) {
        free(attempt);
        return;
    }
    struct peer_address address = exchange_peer(attempt->exchange);
    if (!matches || !attempt->known) {
        identity->config.metrics->sign_ins_wrong++;
        identity_note(identity, ACCESS_SIGN_IN, ACCESS_REFUSED, attempt->user, 0, address);
        http_answer_error(attempt->exchange, 401, "wrong_login", "The name or password is wrong.");
        free(attempt);
        return;
    }
    struct host_clock *clock = identity->config.clock;
    guess_limit_right(identity->guesses, attempt->typed, address.bytes, clock->now(clock));
    uint8_t random[TOKEN_RANDOM_BYTES];
    clock->random(clock, random, sizeof(random));
    token_write(random, attempt->token);
    struct token_hash hash;
    token_hash_of((struct text){TOKEN_TEXT_LENGTH, attempt->token}, &hash);
    sign_ins_make(identity->sign_ins, &hash, attempt->user, on_made, attempt);
}

static void answer_too_many(struct http_exchange *exchange, uint32_t wait_s) {
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%u", wait_s);
    struct http_header_line retry = {"Retry-After", seconds};
    static const char json[] = "{\"error\":\"too_many_attempts\",\"message\":\"Too many attempts: "
                               "wait a moment and try again.\"}";
    http_answer_bytes(exchange, 429, "application/json", &retry, 1,
                      (struct bytes){sizeof(json) - 1, (const uint8_t *)json});
}

static void try_password(struct attempt *attempt, struct text password) {
    struct identity *identity = attempt->identity;
    const struct person *person = people_by_login(identity->people, attempt->typed);
    attempt->known = person != NULL;
    if (person != NULL) {
        attempt->user = person->id;
    }
    const char *verifier = person != NULL ? person->verifier.bytes : identity->stranger;
    if (!password_verify_later(identity->passwords, verifier, password, on_verified, attempt)) {
        http_on_closed(attempt->exchange, NULL, NULL);
        http_answer_error(attempt->exchange, 503, "busy", "Many sign in just now: try again.");
        free(attempt);
    }
}

static void on_sign_in_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct json_fields fields;
    char text[SIGN_IN_BODY_MAX];
    memcpy(text, body.bytes == NULL ? text : (const char *)body.bytes, body.length);
    bool read = json_read_object(text, body.length, &fields);
    struct text login = read ? json_field_text(&fields, "login") : (struct text){0, NULL};
    struct text password = read ? json_field_text(&fields, "password") : (struct text){0, NULL};
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    if (attempt == NULL || !login_of_text(login, attempt->login, &attempt->typed) ||
        password.length == 0 || password.length > PASSWORD_BYTES_MAX || !text_is_utf8(login)) {
        free(attempt);
        http_answer_error(exchange, 400, "malformed", "Send {\"login\",\"password\"} as JSON.");
        return;
    }
    attempt->identity = identity;
    attempt->exchange = exchange;
    attempt->bearer = json_field_true(&fields, "bearer");
    struct host_clock *clock = identity->config.clock;
    uint32_t wait = guess_limit_take(identity->guesses, attempt->typed,
                                     exchange_peer(exchange).bytes, clock->now(clock));
    if (wait > 0) {
        identity->config.metrics->sign_ins_limited++;
        answer_too_many(exchange, wait);
        free(attempt);
    } else if (!people_known(identity->people)) {
        http_answer_error(exchange, 503, "unavailable", "The server is starting: try again.");
        free(attempt);
    } else {
        http_on_closed(exchange, on_gone, attempt);
        try_password(attempt, password);
    }
    memset(text, 0, sizeof(text));
}

static void on_sign_in(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_sign_in_body, data);
}

/* Signing out */

struct leaving {
    struct identity *identity;
    struct http_exchange *exchange; /* NULL = gone */
    uint64_t number;
    struct uuid user;
    struct peer_address address;
};

static void on_leaver_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct leaving *leaving = data;
    leaving->exchange = NULL;
}

static void on_ended(void *data, bool ended) {
    struct leaving *leaving = data;
    struct identity *identity = leaving->identity;
    struct http_exchange *exchange = leaving->exchange;
    if (ended) {
        identity_note(identity, ACCESS_SIGN_OUT, ACCESS_ALLOWED, leaving->user, leaving->number,
                      leaving->address);
        tickets_forget(identity->tickets, leaving->number);
        gateway_end_sign_in(identity->gateway, leaving->number);
    }
    if (exchange != NULL && ended) {
        char cookie[COOKIE_LINE_MAX];
        cookie_write(cookie, sizeof(cookie), exchange_is_tls(exchange), (struct text){0, NULL}, 0);
        struct http_header_line header = {"Set-Cookie", cookie};
        http_answer_bytes(exchange, 204, NULL, &header, 1, (struct bytes){0, NULL});
    } else if (exchange != NULL) {
        http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
    }
    free(leaving);
}

static void on_sign_out(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct leaving *leaving = calloc(1, sizeof(*leaving));
    if (leaving == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    *leaving = (struct leaving){.identity = identity,
                                .exchange = exchange,
                                .number = http_who(exchange)->sign_in,
                                .user = http_who(exchange)->user,
                                .address = exchange_peer(exchange)};
    http_on_closed(exchange, on_leaver_gone, leaving);
    sign_ins_end(identity->sign_ins, leaving->number, on_ended, leaving);
}

static void on_me(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    const struct person *person = people_by_id(identity->people, http_who(exchange)->user);
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof(text));
    json_open(&json, NULL);
    if (person != NULL) {
        write_user(&json, identity, person);
    }
    json_open(&json, "server");
    json_text(&json, "name", TEXT("Consilium"));
    const char *version = identity->config.version;
    json_text(&json, "version", (struct text){(uint32_t)strlen(version), version});
    json_boolean(&json, "notForPrimaryDiagnosis", true);
    json_close(&json);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
}

static void on_ticket(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct host_clock *clock = identity->config.clock;
    const struct http_identity *who = http_who(exchange);
    struct ticket_holder holder = {.user = who->user, .sign_in = who->sign_in};
    uint8_t random[TOKEN_RANDOM_BYTES];
    char ticket[TOKEN_TEXT_LENGTH + 1];
    clock->random(clock, random, sizeof(random));
    if (!tickets_issue(identity->tickets, random, &holder, clock->now(clock), ticket)) {
        http_answer_error(exchange, 503, "busy", "Many connect just now: try again.");
        return;
    }
    identity->config.metrics->tickets++;
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof(text));
    json_open(&json, NULL);
    json_text(&json, "ticket", (struct text){TOKEN_TEXT_LENGTH, ticket});
    json_number(&json, "expiresInMs", TICKET_MS);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
}

static const struct http_route routes[] = {
    {"POST", "/api/sign-in", SIGN_IN_BODY_MAX, false, on_sign_in},
    {"POST", "/api/sign-out", 0, true, on_sign_out},
    {"GET", "/api/me", 0, true, on_me},
    {"POST", "/api/tickets", 0, true, on_ticket},
};

void add_sign_in_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
