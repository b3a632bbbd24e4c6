/* Pairing a screen in the room: it begins, somebody says its code, it collects its sign-in. */
#include "server/gateway/exchange_peer.h"
#include "server/gateway/json.h"
#include "server/identity/identity_state.h"
#include "server/uuid_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { DISPLAY_BODY_MAX = 512, DISPLAY_ANSWER_MAX = 512 };

static int64_t now_of(struct identity *identity) {
    return identity->config.clock->now(identity->config.clock);
}

static void on_begin(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    uint8_t random[64];
    char secret[TOKEN_TEXT_LENGTH + 1];
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    const struct display *display = displays_begin(
        &identity->displays, random, exchange_peer(exchange).bytes, now_of(identity), secret);
    if (display == NULL) {
        http_answer_error(exchange, 429, "too_many_displays",
                          "Too many screens wait to be paired: try again in some minutes.");
        return;
    }
    char text[DISPLAY_ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_text(&json, "code", (struct text){DISPLAY_CODE_LENGTH, display->code});
    json_text(&json, "secret", (struct text){TOKEN_TEXT_LENGTH, secret});
    json_number(&json, "expiresInMs", DISPLAY_PAIRING_S * 1000);
    json_close(&json);
    http_answer_json(exchange, 201, text, json_end(&json));
}

/* Saying the code: the screen becomes a person of its own, whose password nobody knows. */

struct claim {
    struct identity *identity;
    struct http_exchange *exchange; /* NULL = gone */
    struct new_person person;
};

static void on_claimer_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct claim *claim = data;
    claim->exchange = NULL;
}

static void on_registered(void *data, enum registration_result result) {
    struct claim *claim = data;
    bool made = result == REGISTRATION_MADE || result == REGISTRATION_THERE;
    displays_settle(&claim->identity->displays, claim->person.id, made);
    if (claim->exchange != NULL && !made) {
        http_answer_error(claim->exchange, 503, "unavailable",
                          "The screen was not paired: say its code again.");
    } else if (claim->exchange != NULL) {
        char text[DISPLAY_ANSWER_MAX];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_uuid(&json, "id", claim->person.id);
        json_text(&json, "name",
                  (struct text){(uint32_t)strlen(claim->person.name), claim->person.name});
        json_close(&json);
        http_answer_json(claim->exchange, 200, text, json_end(&json));
    }
    free(claim);
}

static void register_display(struct identity *identity, struct http_exchange *exchange,
                             const struct display *display) {
    struct claim *claim = calloc(1, sizeof *claim);
    if (claim == NULL) {
        displays_settle(&identity->displays, display->user, false);
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    claim->identity = identity;
    claim->exchange = exchange;
    claim->person = (struct new_person){.id = display->user, .by = http_who(exchange)->user};
    char id[UUID_TEXT_LENGTH + 1];
    uuid_to_text(display->user, id);
    snprintf(claim->person.login, sizeof claim->person.login, "display-%.8s", id);
    snprintf(claim->person.name, sizeof claim->person.name, "Display %.4s", display->code);
    uint8_t random[TOKEN_RANDOM_BYTES];
    char password[TOKEN_TEXT_LENGTH + 1];
    identity->config.clock->random(identity->config.clock, random, sizeof random);
    token_write(random, password);
    http_on_closed(exchange, on_claimer_gone, claim);
    register_person(identity, &claim->person, (struct text){TOKEN_TEXT_LENGTH, password},
                    on_registered, claim);
    memset(password, 0, sizeof password);
}

static bool read_field(struct bytes body, char *text, struct json_fields *ret_fields) {
    if (body.bytes == NULL) {
        return false;
    }
    memcpy(text, body.bytes, body.length);
    return json_read_object(text, body.length, ret_fields);
}

static void on_code(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[DISPLAY_BODY_MAX];
    struct json_fields fields;
    bool read = read_field(body, text, &fields);
    struct text code = read ? json_field_text(&fields, "code") : (struct text){0, NULL};
    if (code.length == 0) {
        http_answer_error(exchange, 400, "malformed", "Send {\"code\"} as JSON.");
        return;
    }
    /* Guessed as a password would be: by this person, from this address. */
    char who[UUID_TEXT_LENGTH + 1];
    uuid_to_text(http_who(exchange)->user, who);
    uint32_t wait = guess_limit_take(identity->guesses, (struct text){UUID_TEXT_LENGTH, who},
                                     exchange_peer(exchange).bytes, now_of(identity));
    if (wait > 0) {
        http_answer_error(exchange, 429, "too_many_attempts",
                          "Too many codes: wait a moment and try again.");
        return;
    }
    const struct display *display = displays_claim(&identity->displays, code, now_of(identity));
    if (display == NULL) {
        identity_note(identity, ACCESS_DISPLAY, ACCESS_REFUSED, http_who(exchange)->user,
                      http_who(exchange)->sign_in, exchange_peer(exchange));
        http_answer_error(exchange, 404, "not_found", "No screen shows this code.");
        return;
    }
    guess_limit_right(identity->guesses, (struct text){UUID_TEXT_LENGTH, who},
                      exchange_peer(exchange).bytes, now_of(identity));
    register_display(identity, exchange, display);
}

static void on_pair(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_code, data);
}

/* The screen asks whether it is paired; when it is, this is its sign-in. */

static void sign_display_in(struct identity *identity, struct http_exchange *exchange,
                            struct display *display) {
    struct entry entry = {.user = display->user, .kind = SIGN_IN_DISPLAY};
    displays_end(display); /* its secret works once */
    sign_in_enter(identity, exchange, &entry);
}

static void on_secret(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[DISPLAY_BODY_MAX];
    struct json_fields fields;
    bool read = read_field(body, text, &fields);
    struct text secret = read ? json_field_text(&fields, "secret") : (struct text){0, NULL};
    struct display *display = displays_of(&identity->displays, secret, now_of(identity));
    if (display == NULL) {
        identity_note(identity, ACCESS_DISPLAY, ACCESS_REFUSED, (struct uuid){{0}}, 0,
                      exchange_peer(exchange));
        http_answer_error(exchange, 404, "not_found", "This code is over: ask for a new one.");
    } else if (display->state != DISPLAY_PAIRED) {
        static const char waiting[] = "{\"state\":\"waiting\"}";
        http_answer_json(exchange, 200, waiting, sizeof waiting - 1);
    } else {
        sign_display_in(identity, exchange, display);
    }
}

static void on_collect(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_secret, data);
}

static const struct http_route routes[] = {
    {"POST", "/api/displays", 0, ROUTE_OPEN, on_begin},
    {"POST", "/api/displays/pair", DISPLAY_BODY_MAX, ROUTE_SIGNED_IN, on_pair},
    {"POST", "/api/displays/collect", DISPLAY_BODY_MAX, ROUTE_OPEN, on_collect},
};

void add_display_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
