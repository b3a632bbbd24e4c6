#include "protocol/generated/policy.h"
#include "server/gateway/json.h"
#include "server/identity/administration.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { PERSON_BODY_MAX = 4096, PERSON_JSON_MAX = 48 + 6 * NAME_BYTES_MAX + UUID_TEXT_LENGTH };

struct asked {
    struct http_exchange *exchange; /* NULL = gone */
    struct new_person person;
};

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct asked *asked = data;
    asked->exchange = NULL;
}

static void on_registered(void *data, enum registration_result result) {
    struct asked *asked = data;
    struct http_exchange *exchange = asked->exchange;
    if (exchange != NULL && result == REGISTRATION_BUSY) {
        http_answer_error(exchange, 503, "unavailable", "Nothing was made: try again.");
    } else if (exchange != NULL && result == REGISTRATION_LOGIN_TAKEN) {
        http_answer_error(exchange, 409, "login_taken", "Somebody has this login already.");
    } else if (exchange != NULL) {
        char text[128];
        struct json json;
        json_begin(&json, text, sizeof(text));
        json_open(&json, NULL);
        json_uuid(&json, "id", asked->person.id);
        json_close(&json);
        http_answer_json(exchange, result == REGISTRATION_MADE ? 201 : 200, text, json_end(&json));
    }
    free(asked);
}

static bool read_person(const struct json_fields *fields, struct new_person *ret) {
    struct text login;
    struct text name = json_field_text(fields, "name");
    struct text id = json_field_text(fields, "id");
    struct text typed = json_field_text(fields, "login");
    if (!login_of_text(typed, ret->login, &login) || !text_is_utf8(login) || name.length == 0 ||
        name.length > NAME_BYTES_MAX || !text_is_utf8(name) ||
        (id.bytes != NULL && !uuid_of_text(id, &ret->id))) {
        return false;
    }
    memcpy(ret->name, name.bytes, name.length);
    ret->rights =
        rights_of(json_field_true(fields, "administrator"), json_field_true(fields, "coordinator"));
    ret->specialist = ret->rights == 0;
    return true;
}

static void on_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[PERSON_BODY_MAX];
    memcpy(text, body.bytes == NULL ? text : (const char *)body.bytes, body.length);
    struct json_fields fields;
    struct asked *asked = calloc(1, sizeof(*asked));
    if (asked == NULL || !json_read_object(text, body.length, &fields) ||
        !read_person(&fields, &asked->person)) {
        free(asked);
        http_answer_error(
            exchange, 400, "malformed",
            "Send {\"login\",\"name\",\"password\",\"administrator\",\"coordinator\"} "
            "as JSON.");
        return;
    }
    struct text password = json_field_text(&fields, "password");
    if (password.length < PASSWORD_BYTES_MIN || password.length > PASSWORD_BYTES_MAX) {
        free(asked);
        http_answer_error(exchange, 422, "weak_password",
                          "A password has at least 8 and at most 256 bytes.");
        return;
    }
    if (uuid_is_zero(asked->person.id)) {
        uint8_t random[16];
        identity->config.clock->random(identity->config.clock, random, sizeof(random));
        asked->person.id = uuid_of_random(random);
    }
    asked->person.by = http_who(exchange)->user;
    asked->exchange = exchange;
    http_on_closed(exchange, on_gone, asked);
    register_person(identity, &asked->person, password, on_registered, asked);
    memset(text, 0, sizeof(text));
}

static void on_create(struct http_exchange *exchange, void *data) {
    /* What is made here belongs to the root, with its rights. */
    if ((administration_may(data, http_who(exchange)->user, organisation_root) &
         ORGANISATION_MAY_ADMINISTER) == 0) {
        administration_answer_absent(exchange);
        return;
    }
    http_read_whole(exchange, on_body, data);
}

static bool belongs_somewhere(const struct identity *identity, const struct person *person) {
    bool belongs = false;
    for (uint32_t i = 0; i < person->memberships.count && !belongs; i++) {
        belongs = administration_lasts(identity, &person->memberships.items[i]);
    }
    return belongs && !person->closed;
}

/* Colleagues: those of one's own organisations and of what stands under them. Who belongs to none,
 * or no longer, has none and is none: a guest, a patient, a locum whose time is over. */
static bool is_colleague(const struct identity *identity, const struct person *asks,
                         const struct person *person) {
    bool runs_all = (administration_may(identity, asks->id, organisation_root) &
                     ORGANISATION_MAY_ADMINISTER) != 0;
    if (asks == person || (!runs_all && !belongs_somewhere(identity, person))) {
        return asks == person;
    }
    for (uint32_t i = 0; i < asks->memberships.count; i++) {
        const struct membership *own = &asks->memberships.items[i];
        if (administration_lasts(identity, own) &&
            administration_is_below(identity, person, own->organisation)) {
            return true;
        }
    }
    return false;
}

static void on_list(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    const struct person *asks = people_by_id(identity->people, http_who(exchange)->user);
    uint32_t count = people_count(identity->people);
    size_t space = 64 + (size_t)count * PERSON_JSON_MAX;
    char *text = malloc(space);
    if (text == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    struct json json;
    json_begin(&json, text, space);
    json_open(&json, NULL);
    json_open_list(&json, "people");
    for (uint32_t i = 0; i < count; i++) {
        const struct person *person = people_at(identity->people, i);
        if (asks == NULL || !is_colleague(identity, asks, person)) {
            continue;
        }
        json_open(&json, NULL);
        json_uuid(&json, "id", person->id);
        json_text(&json, "name", person->name);
        json_close(&json);
    }
    json_close_list(&json);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
    free(text);
}

static const struct http_route routes[] = {
    {"POST", "/api/people", PERSON_BODY_MAX, ROUTE_SIGNED_IN, on_create},
    {"GET", "/api/people", 0, ROUTE_SIGNED_IN, on_list},
};

void add_people_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof(routes) / sizeof(routes[0]), identity);
}
