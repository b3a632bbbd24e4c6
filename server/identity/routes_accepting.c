/*
 * Coming by an invitation: the link is looked at, then taken by a person who is there already or by
 * one it makes. The order is: what can be refused is refused first; the organisation's actor gives
 * the invitation to one; then the person is made, then they belong. A link makes one person only,
 * whose id follows from it, and each command's id does too: whatever is cut short is done again by
 * the same link, and nothing happens twice.
 */
#include "protocol/generated/patient_case.h"
#include "protocol/generated/policy.h"
#include "server/identity/invitations.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ACCEPT_BODY_MAX = 4096,
    LOOK_JSON_MAX = 1024 + 6 * (NAME_BYTES_MAX + ORGANISATION_NAME_MAX)
};

struct accepting {
    struct errand errand;
    struct invitation_link link;
    struct invitation invitation; /* its texts lie in `arena` */
    struct arena arena;
    char list[ORGANISATION_LIST_NAME_MAX];
    struct new_person person; /* login empty = the errand's user comes by it themselves */
    char password[PASSWORD_BYTES_MAX];
    uint32_t password_length;
    bool looks_only;
    bool made;
};

static void finish(struct accepting *accepting) {
    arena_finish(&accepting->arena);
    OPENSSL_cleanse(accepting, sizeof *accepting);
    free(accepting);
}

static bool makes_person(const struct accepting *accepting) {
    return accepting->person.login[0] != 0;
}

static void refuse(struct accepting *accepting, enum invitation_standing standing) {
    if (accepting->errand.exchange != NULL) {
        invitation_answer(accepting->errand.exchange, standing);
    }
    finish(accepting);
}

static void give_up(struct accepting *accepting) {
    if (accepting->errand.exchange != NULL) {
        errand_answer_away(accepting->errand.exchange);
    }
    finish(accepting);
}

/* The end: they belong */

static void on_belongs(void *data, bool accepted, enum refusal why) {
    struct accepting *accepting = data;
    struct http_exchange *exchange = accepting->errand.exchange;
    if (exchange != NULL && !accepted) {
        administration_answer_refused(exchange, why);
    } else if (exchange != NULL && makes_person(accepting) && !accepting->made) {
        /* Done again, or by somebody else: who they are shows when they sign in. */
        invitation_answer(exchange, INVITATION_USED);
    } else if (exchange != NULL) {
        char text[96];
        struct json json;
        json_begin(&json, text, sizeof text);
        json_open(&json, NULL);
        json_uuid(&json, "id", accepting->person.id);
        json_close(&json);
        http_answer_json(exchange, makes_person(accepting) ? 201 : 200, text, json_end(&json));
    }
    finish(accepting);
}

/* A case, for as long as the invitation says. Who sees it already keeps what they are there. */
static void on_case_granted(void *data, bool accepted, enum refusal why, uint64_t version) {
    (void)version;
    on_belongs(data, accepted, why);
}

static void on_case_grant(void *data, struct grant grant) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    const struct person *person = people_by_id(identity->people, accepting->person.id);
    if (identity->stopping || person == NULL) {
        on_belongs(accepting, false, REFUSAL_BUSY);
        return;
    }
    if ((grant.audiences & (AUDIENCE_CLINICAL | AUDIENCE_PATIENT)) != 0) {
        on_belongs(accepting, true, REFUSAL_BUSY);
        return;
    }
    struct arena arena;
    arena_init(&arena, ACCEPT_BODY_MAX);
    struct grant_access command = {
        .command_id = invitation_link_id(&accepting->link, "case"),
        .member = {.user = person->id,
                   .role = accepting->invitation.case_role,
                   .name = person->name,
                   .until = accepting->invitation.access_until},
    };
    node_command(identity->node, CHANNEL_KIND_PATIENT_CASE, accepting->invitation.patient_case,
                 accepting->invitation.by, grant_access_encode(&arena, &command), on_case_granted,
                 accepting);
    arena_finish(&arena);
}

static void on_member(void *data, bool accepted, enum refusal why) {
    struct accepting *accepting = data;
    if (!accepted || uuid_is_zero(accepting->invitation.patient_case)) {
        on_belongs(accepting, accepted, why);
    } else {
        node_ask_grant(accepting->errand.identity->node, CHANNEL_KIND_PATIENT_CASE,
                       accepting->invitation.patient_case, accepting->person.id, on_case_grant,
                       accepting);
    }
}

static int64_t later(int64_t a, int64_t b) {
    return a == 0 || b == 0 ? 0 : (a > b ? a : b);
}

/*
 * What they are there still stays, and lasts no longer for it: a membership has one end, so what
 * they are beyond the invitation must end with it. False = it does not.
 */
static bool membership_with(const struct accepting *accepting, struct membership *ret) {
    struct identity *identity = accepting->errand.identity;
    const struct person *person = people_by_id(identity->people, accepting->person.id);
    const struct membership *known =
        person == NULL ? NULL
                       : administration_membership(identity, person, accepting->link.organisation);
    *ret = (struct membership){.organisation = accepting->link.organisation,
                               .roles = accepting->invitation.roles,
                               .until = accepting->invitation.access_until};
    if (known == NULL) {
        return true;
    }
    bool beyond = (known->roles & ~ret->roles) != 0;
    bool same_end = known->until == ret->until;
    ret->roles |= known->roles;
    ret->until = later(ret->until, known->until);
    return !beyond || same_end;
}

static void join(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    struct membership membership;
    if (accepting->invitation.roles == 0) {
        on_member(accepting, true, REFUSAL_BUSY);
        return;
    }
    if (!membership_with(accepting, &membership)) {
        on_member(accepting, false, REFUSAL_CONFLICT);
        return;
    }
    administration_set_membership(identity, accepting->person.id, accepting->invitation.by,
                                  invitation_link_id(&accepting->link, "membership"), &membership,
                                  on_member, accepting);
}

/* The person */

static void on_looked_again(void *data, bool loaded) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    if (!loaded || identity->stopping) {
        give_up(accepting);
    } else if (people_by_id(identity->people, accepting->person.id) != NULL) {
        join(accepting); /* another one was faster, with this very link */
    } else {
        if (accepting->errand.exchange != NULL) {
            http_answer_error(accepting->errand.exchange, 409, "login_taken",
                              "Somebody has this login already.");
        }
        finish(accepting);
    }
}

static void on_registered(void *data, enum registration_result result) {
    struct accepting *accepting = data;
    accepting->made = result == REGISTRATION_MADE;
    OPENSSL_cleanse(accepting->password, sizeof accepting->password);
    if (accepting->errand.identity->stopping || result == REGISTRATION_BUSY) {
        give_up(accepting);
    } else if (result == REGISTRATION_LOGIN_TAKEN) {
        people_load(accepting->errand.identity->people, on_looked_again, accepting);
    } else {
        join(accepting);
    }
}

/* The invitation is given to one */

static void on_taken(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct accepting *accepting = data;
    struct identity *identity = accepting->errand.identity;
    (void)version;
    if (!accepted && why == REFUSAL_BAD_STATE) {
        refuse(accepting, INVITATION_USED);
    } else if (!accepted && why == REFUSAL_NOT_FOUND) {
        refuse(accepting, INVITATION_WRONG);
    } else if (!accepted || identity->stopping) {
        give_up(accepting);
    } else if (makes_person(accepting)) {
        struct text password = {accepting->password_length, accepting->password};
        register_person(identity, &accepting->person, password, on_registered, accepting);
    } else {
        join(accepting);
    }
}

static void take(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    uint8_t hash[ORGANISATION_SECRET_HASH_BYTES];
    struct arena arena;
    arena_init(&arena, ACCEPT_BODY_MAX);
    invitation_link_hash(&accepting->link, hash);
    struct take_invitation command = {.command_id = identity_new_id(identity),
                                      .invitation = accepting->link.id,
                                      .secret_hash = {sizeof hash, hash},
                                      .user = accepting->person.id};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION,
                 administration_actor(accepting->link.organisation), accepting->person.id,
                 take_invitation_encode(&arena, &command), on_taken, accepting);
    arena_finish(&arena);
}

/* Who invited must still be one who may: what they could give they may have lost since. */

static void on_author(void *data, struct grant grant) {
    struct accepting *accepting = data;
    if (accepting->errand.identity->stopping) {
        give_up(accepting);
    } else if ((grant.actions & PATIENT_CASE_MAY_SHARE) == 0) {
        refuse(accepting, INVITATION_CALLED_BACK);
    } else {
        take(accepting);
    }
}

static void ask_author(struct accepting *accepting) {
    struct identity *identity = accepting->errand.identity;
    const struct invitation *invitation = &accepting->invitation;
    uint32_t may = administration_may(identity, invitation->by, accepting->link.organisation);
    if (invitation->roles != 0 && (may & ORGANISATION_MAY_ADMINISTER) == 0) {
        refuse(accepting, INVITATION_CALLED_BACK);
    } else if (uuid_is_zero(invitation->patient_case)) {
        take(accepting);
    } else {
        node_ask_grant(identity->node, CHANNEL_KIND_PATIENT_CASE, invitation->patient_case,
                       invitation->by, on_author, accepting);
    }
}

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
        give_up(accepting);
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
        refuse(accepting, standing);
    } else if (used) {
        refuse(accepting, INVITATION_USED);
    } else if (accepting->looks_only) {
        answer_look(accepting);
        finish(accepting);
    } else if (makes_person(accepting) && login_is_taken(accepting)) {
        http_answer_error(accepting->errand.exchange, 409, "login_taken",
                          "Somebody has this login already.");
        finish(accepting);
    } else if (!membership_with(accepting, &membership)) {
        http_answer_error(accepting->errand.exchange, 409, "other_end",
                          "You have other roles here, which end at another time: ask who invited "
                          "you to set them.");
        finish(accepting);
    } else {
        ask_author(accepting);
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
        finish(accepting);
    } else if (makes && !read_person(exchange, &fields, accepting)) {
        finish(accepting);
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
