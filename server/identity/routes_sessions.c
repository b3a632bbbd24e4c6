/* Being in: who one is, tickets, another token, one's sign-ins and their end. */
#include "server/gateway/cookie.h"
#include "server/identity/administration.h"
#include "server/uuid_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL_BODY_MAX = 256, ANSWER_MAX = 1024, LISTED_JSON_MAX = 384 };

/* Signing out, and ending others */

static void answer_ended(struct errand *errand, bool own, enum sign_in_answer answer) {
    struct http_exchange *exchange = errand->exchange;
    if (exchange != NULL && answer == SIGN_IN_AWAY) {
        errand_answer_away(exchange);
    } else if (exchange != NULL && own) {
        char cookie[COOKIE_LINE_MAX];
        cookie_write(cookie, sizeof(cookie), exchange_is_tls(exchange), (struct text){0, NULL}, 0);
        struct http_header_line header = {"Set-Cookie", cookie};
        http_answer_bytes(exchange, 204, NULL, &header, 1, (struct bytes){0, NULL});
    } else if (exchange != NULL) {
        http_answer_bytes(exchange, 204, NULL, NULL, 0, (struct bytes){0, NULL});
    }
}

struct ending {
    struct errand errand;
    struct uuid whose; /* the errand's own, or somebody's whom they administer */
    uint64_t ended;
};

static void note_ended(struct ending *ending, uint64_t number) {
    struct errand *errand = &ending->errand;
    identity_note(errand->identity, ACCESS_SIGN_OUT, ACCESS_ALLOWED, ending->whose, number,
                  errand->address);
    if (!uuid_equal(ending->whose, errand->user)) {
        errand_note(errand, ACCESS_SIGNED_OTHER_OUT, ACCESS_ALLOWED);
    }
    identity_over(errand->identity, number);
}

static void on_ended(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct ending *ending = data;
    (void)sign_in;
    if (answer == SIGN_IN_VALID) {
        note_ended(ending, ending->ended);
    }
    answer_ended(&ending->errand, ending->ended == ending->errand.sign_in, answer);
    free(ending);
}

static void on_sign_out(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct ending *ending = errand_begin(identity, exchange, sizeof *ending);
    if (ending != NULL) {
        ending->whose = ending->errand.user;
        ending->ended = ending->errand.sign_in;
        sign_ins_end(identity->sign_ins, ending->ended, ending->errand.user, on_ended, ending);
    }
}

static void on_other_over(void *data, uint64_t number) {
    note_ended(data, number);
}

static void on_others_ended(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    (void)sign_in;
    answer_ended(data, false, answer);
    free(data);
}

static bool read_number(struct text text, uint64_t *ret) {
    uint64_t number = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (!digit || text.length != 16) {
            return false;
        }
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret = number;
    return number != 0;
}

void sessions_end_of(struct identity *identity, struct http_exchange *exchange, struct bytes body,
                     struct uuid whose) {
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    uint64_t number = 0;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    bool others = json_field_true(&fields, "others");
    if (!others && !read_number(json_field_text(&fields, "id"), &number)) {
        http_answer_error(exchange, 400, "malformed", "Send {\"id\"} or {\"others\":true}.");
        return;
    }
    struct ending *ending = errand_begin(identity, exchange, sizeof *ending);
    if (ending == NULL) {
        return;
    }
    ending->ended = number;
    ending->whose = whose;
    if (others) {
        sign_ins_end_others(identity->sign_ins, ending->errand.sign_in, whose, on_other_over,
                            on_others_ended, ending);
    } else {
        sign_ins_end(identity->sign_ins, number, whose, on_ended, ending);
    }
}

static void on_end_body(struct http_exchange *exchange, struct bytes body, void *data) {
    sessions_end_of(data, exchange, body, http_who(exchange)->user);
}

static void on_end(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_end_body, data);
}

/* The list */

struct listing {
    struct errand errand;
    struct json json;
    char text[ANSWER_MAX + SIGN_INS_LISTED_MAX * LISTED_JSON_MAX];
};

static void write_address(struct json *json, const uint8_t address[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    char words[INET6_ADDRSTRLEN] = "";
    bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, words, sizeof words);
    json_text(json, "address", (struct text){(uint32_t)strlen(words), words});
}

static void write_listed(void *data, const struct sign_in *sign_in) {
    struct listing *listing = data;
    struct json *json = &listing->json;
    char id[17];
    snprintf(id, sizeof id, "%016llx", (unsigned long long)sign_in->number);
    json_open(json, NULL);
    json_text(json, "id", (struct text){16, id});
    json_number(json, "madeAt", sign_in->made_at / 1000);
    json_number(json, "usedAt", sign_in->used_at / 1000);
    write_address(json, sign_in->address);
    json_text(json, "browser", browser_word(sign_in->browser));
    json_text(json, "system", system_word(sign_in->system));
    json_boolean(json, "display", sign_in->kind == SIGN_IN_DISPLAY);
    json_boolean(json, "current", sign_in->number == listing->errand.sign_in);
    if (sign_in->signs_until > identity_now(listing->errand.identity)) {
        json_uuid(json, "board", sign_in->board);
        json_number(json, "signsUntil", sign_in->signs_until / 1000);
    }
    json_close(json);
}

static void on_listed(void *data, enum sign_in_answer answer, const struct sign_in *sign_in) {
    struct listing *listing = data;
    (void)sign_in;
    json_close_list(&listing->json);
    json_close(&listing->json);
    if (listing->errand.exchange != NULL && answer == SIGN_IN_VALID) {
        http_answer_json(listing->errand.exchange, 200, listing->text, json_end(&listing->json));
    } else if (listing->errand.exchange != NULL) {
        errand_answer_away(listing->errand.exchange);
    }
    free(listing);
}

void sessions_list_of(struct identity *identity, struct http_exchange *exchange,
                      struct uuid whose) {
    struct listing *listing = errand_begin(identity, exchange, sizeof *listing);
    if (listing != NULL) {
        json_begin(&listing->json, listing->text, sizeof listing->text);
        json_open(&listing->json, NULL);
        json_open_list(&listing->json, "signIns");
        sign_ins_list(identity->sign_ins, whose, write_listed, on_listed, listing);
    }
}

static void on_list(struct http_exchange *exchange, void *data) {
    sessions_list_of(data, exchange, http_who(exchange)->user);
}

/* Who one is, and how long for */

static void write_limits(struct identity *identity, uint64_t number, struct json *json) {
    const struct sign_in *sign_in = sign_ins_by_number(identity->sign_ins, number);
    if (sign_in == NULL) {
        return;
    }
    const struct sign_in_limits *limits = &sign_in_limits[sign_in->kind];
    int64_t ends_at = sign_in->made_at + (int64_t)limits->absolute_s * 1000000;
    json_number(json, "idleMs", (int64_t)limits->idle_s * 1000);
    json_number(json, "endsInMs", (ends_at - identity_now(identity)) / 1000);
    if (sign_in->enrolling) {
        json_boolean(json, "enrol", true);
    }
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

static void on_me(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    const struct http_identity *who = http_who(exchange);
    const struct person *person = people_by_id(identity->people, who->user);
    char text[2 * ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof(text));
    json_open(&json, NULL);
    if (person != NULL) {
        write_user(&json, identity, person);
    }
    write_limits(identity, who->sign_in, &json);
    json_open(&json, "server");
    json_text(&json, "name", TEXT("Consilium"));
    const char *version = identity->config.version;
    json_text(&json, "version", (struct text){(uint32_t)strlen(version), version});
    json_boolean(&json, "notForPrimaryDiagnosis", true);
    json_close(&json);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
}

/* The person is there: their page says so. The token is another one from time to time, so that one
 * that was copied is worth little; whoever is on their way with the last one comes through. */

static void write_refreshed(struct errand *errand, struct json *json) {
    write_limits(errand->identity, errand->sign_in, json);
}

static void on_refresh(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    const struct sign_in *sign_in =
        sign_ins_by_number(identity->sign_ins, http_who(exchange)->sign_in);
    int64_t age = sign_in == NULL ? 0 : identity_now(identity) - sign_in->token_at;
    if (sign_in != NULL && age >= (int64_t)SIGN_IN_REFRESH_S * 1000000) {
        struct errand *errand = errand_begin(identity, exchange, sizeof *errand);
        if (errand != NULL) {
            sign_in_renew(errand, sign_in, true, write_refreshed, errand_free);
        }
        return;
    }
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    write_limits(identity, http_who(exchange)->sign_in, &json);
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
    {"POST", "/api/sign-out", 0, ROUTE_ENROLLING, on_sign_out},
    {"GET", "/api/me", 0, ROUTE_ENROLLING, on_me},
    {"POST", "/api/tickets", 0, ROUTE_AUTOMATIC, on_ticket},
    {"POST", "/api/sign-in/refresh", 0, ROUTE_ENROLLING, on_refresh},
    {"GET", "/api/account/sign-ins", 0, ROUTE_SIGNED_IN, on_list},
    {"POST", "/api/account/sign-ins/end", SMALL_BODY_MAX, ROUTE_SIGNED_IN, on_end},
};

void add_session_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
