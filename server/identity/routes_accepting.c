/* Coming by an invitation: its link is looked at, then taken by a person who is there already or by
 * one it makes. */
#include "server/identity/accepting.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { LOOK_JSON_MAX = 1024 + 6 * (NAME_BYTES_MAX + ORGANISATION_NAME_MAX) };

/* What the link says */

static void answer_look(struct accepting *accepting) {
    const struct identity *identity = accepting->errand.identity;
    char text[LOOK_JSON_MAX];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_text(&json, "organisation", administration_name(identity, accepting->link.organisation));
    json_text(&json, "name", accepting->invitation.name);
    administration_write_roles(&json, accepting->invitation.roles);
    json_boolean(&json, "case", !uuid_is_zero(accepting->invitation.patient_case));
    if (!uuid_is_zero(accepting->invitation.board)) {
        json_number(&json, "boardItems", accepting->invitation.items.count);
    }
    json_number(&json, "until", accepting->invitation.until / 1000);
    if (accepting->invitation.access_until != 0) {
        json_number(&json, "accessUntil", accepting->invitation.access_until / 1000);
    }
    json_close(&json);
    http_answer_json(accepting->errand.exchange, 200, text, json_end(&json));
}

static bool login_is_taken(const struct accepting *accepting) {
    const char *login = accepting->person.login;
    const struct person *there = people_by_login(accepting->errand.identity->people,
                                                 (struct text){(uint32_t)strlen(login), login});
    return there != NULL && !uuid_equal(there->id, accepting->person.id);
}

static void right_link(const struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    char which[UUID_TEXT_LENGTH + 1];
    uuid_to_text(accepting->link.id, which);
    guess_limit_right(identity->guesses, (struct text){UUID_TEXT_LENGTH, which},
                      accepting->errand.address.bytes, identity_now(identity));
}

static void on_row(void *data, enum store_result result, struct uuid owner, struct bytes row) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    struct reader reader = reader_of(row);
    struct membership membership;
    if (result != STORE_OK && result != STORE_ABSENT) {
        accepting_give_up(accepting);
        return;
    }
    arena_init(&accepting->arena, row.length + 1024);
    bool read = result == STORE_OK &&
                uuid_equal(owner, administration_actor(accepting->link.organisation)) &&
                invitation_read(&reader, &accepting->arena, &accepting->invitation);
    if (read) { /* its texts lie in the row, which is borrowed */
        accepting->invitation.name = arena_text(&accepting->arena, accepting->invitation.name);
        accepting->person.by = accepting->invitation.by;
    }
    enum invitation_standing standing =
        !read ? INVITATION_WRONG
              : invitation_standing(&accepting->link, &accepting->invitation, accepting->person.id,
                                    identity_now(identity));
    if (standing != INVITATION_WRONG) {
        right_link(accepting);
    }
    bool used = accepting->looks_only && accepting->invitation.state == INVITATION_STATE_TAKEN;
    if (standing != INVITATION_GOOD || identity->stopping || accepting->errand.exchange == NULL) {
        accepting_refuse(accepting, standing);
    } else if (used) {
        accepting_refuse(accepting, INVITATION_USED);
    } else if (accepting->looks_only) {
        answer_look(accepting);
        accepting_finish(accepting);
    } else if (accepting_makes_person(accepting) && login_is_taken(accepting)) {
        http_answer_error(accepting->errand.exchange, 409, "login_taken",
                          "Somebody has this login already.");
        accepting_finish(accepting);
    } else if (!accepting_membership(accepting, &membership)) {
        http_answer_error(accepting->errand.exchange, 409, "other_end",
                          "You have other roles here, which end at another time: ask who invited "
                          "you to set them.");
        accepting_finish(accepting);
    } else {
        accepting_go(accepting);
    }
}

/* Guessing a link is hopeless; it is bounded all the same, as it costs a look into the store. */
static bool may_try(struct identity *identity, struct http_exchange *exchange, struct uuid link) {
    char which[UUID_TEXT_LENGTH + 1];
    uuid_to_text(link, which);
    uint32_t wait = guess_limit_take(identity->guesses, (struct text){UUID_TEXT_LENGTH, which},
                                     exchange_peer(exchange).bytes, identity_now(identity));
    if (wait > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", wait);
        struct http_header_line header = {"Retry-After", seconds};
        static const char words[] =
            "{\"error\":\"too_many_attempts\",\"message\":\"Wait a moment and try again.\"}";
        http_answer_bytes(exchange, 429, "application/json", &header, 1,
                          (struct bytes){sizeof words - 1, (const uint8_t *)words});
    }
    return wait == 0;
}

/* An errand for a link that may be one; NULL = answered. */
static struct accepting *begin(struct identity *identity, struct http_exchange *exchange,
                               const struct json_fields *fields) {
    struct invitation_link link;
    if (!invitation_link_read(json_field_text(fields, "token"), &link) ||
        !administration_knows(identity, link.organisation)) {
        administration_answer_absent(exchange);
        return NULL;
    }
    if (!may_try(identity, exchange, link.id)) {
        return NULL;
    }
    struct accepting *accepting = errand_begin(identity, exchange, sizeof *accepting);
    if (accepting != NULL) {
        accepting->link = link;
        organisation_list_name(ORGANISATION_INVITATIONS, administration_actor(link.organisation),
                               accepting->list);
    }
    return accepting;
}

static void look_up(struct accepting *accepting) {
    struct bytes key = {sizeof accepting->link.id.bytes, accepting->link.id.bytes};
    store_list_get(accepting->errand.identity->config.store, accepting->list, key, on_row,
                   accepting);
}

static void on_look_body(struct http_exchange *exchange, struct bytes body, void *data) {
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct accepting *accepting = begin(data, exchange, &fields);
    if (accepting != NULL) {
        accepting->looks_only = true;
        look_up(accepting);
    }
}

static void on_look(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_look_body, data);
}

/* False = answered what is wrong with it. */
static bool read_person(struct http_exchange *exchange, const struct json_fields *fields,
                        struct accepting *accepting) {
    struct new_person *person = &accepting->person;
    struct text login, name = json_field_text(fields, "name");
    struct text password = json_field_text(fields, "password");
    if (!login_of_text(json_field_text(fields, "login"), person->login, &login) ||
        !text_is_utf8(login) || name.length == 0 || name.length > NAME_BYTES_MAX ||
        !text_is_utf8(name)) {
        http_answer_error(exchange, 400, "malformed",
                          "Send {\"token\",\"login\",\"name\",\"password\"}.");
        return false;
    }
    if (password.length < PASSWORD_BYTES_MIN || password.length > PASSWORD_BYTES_MAX) {
        http_answer_error(exchange, 422, "weak_password",
                          "A password has at least 8 and at most 256 bytes.");
        return false;
    }
    memcpy(person->name, name.bytes, name.length);
    memcpy(accepting->password, password.bytes, password.length);
    accepting->password_length = password.length;
    person->id = invitation_link_id(&accepting->link, "person");
    return true;
}

/* A person who is signed in and sends no login comes by it themselves. */
static void on_accept_body(struct http_exchange *exchange, struct bytes body, void *data) {
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct accepting *accepting = begin(data, exchange, &fields);
    const struct http_identity *who = http_who(exchange);
    bool makes = json_field_text(&fields, "login").bytes != NULL;
    if (accepting == NULL) {
        return;
    }
    if (!makes && (!who->signed_in || who->enrolling)) {
        http_answer_error(exchange, 401, "signed_out", "Sign in first, or say who you are.");
        accepting_finish(accepting);
    } else if (makes && !read_person(exchange, &fields, accepting)) {
        accepting_finish(accepting);
    } else {
        if (!makes) {
            accepting->person.id = who->user;
        }
        look_up(accepting);
    }
    OPENSSL_cleanse(text, sizeof text);
}

static void on_accept(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_accept_body, data);
}

static const struct http_route routes[] = {
    {"POST", "/api/invitations/look", ACCEPT_BODY_MAX, ROUTE_OPEN, on_look},
    {"POST", "/api/invitations/accept", ACCEPT_BODY_MAX, ROUTE_OPEN, on_accept},
};

void add_accepting_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
