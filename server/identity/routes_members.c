/* The people of an organisation, for who administers it: what they are there, and where they are
 * signed in. Whoever belongs to it is seen; nobody else is. Of who is something elsewhere, too,
 * where the asker runs nothing, name and role there are seen, and that may be ended. */
#include "protocol/generated/policy.h"
#include "server/identity/account_changes.h"
#include "server/identity/administration.h"
#include "server/uuid_text.h"

#include <stdlib.h>

enum {
    MEMBER_BODY_MAX = 1024,
    MEMBER_JSON_MAX = 384 + 6 * (NAME_BYTES_MAX + LOGIN_BYTES_MAX),
};

/* The list */

struct list {
    struct identity *identity;
    struct uuid asks, organisation;
    struct json json;
};

static void write_member(struct list *list, const struct person *person) {
    const struct membership *membership =
        administration_membership(list->identity, person, list->organisation);
    struct json *json = &list->json;
    bool looks_after =
        (administration_may_about(list->identity, list->asks, list->organisation, person) &
         ORGANISATION_MAY_LOOK_AFTER) != 0;
    json_open(json, NULL);
    json_uuid(json, "id", person->id);
    json_text(json, "name", person->name);
    if (looks_after) {
        json_text(json, "login", person->login);
    }
    administration_write_roles(json, membership == NULL ? 0 : membership->roles);
    if (membership != NULL && membership->until != 0) {
        json_number(json, "until", membership->until / 1000);
    }
    json_boolean(json, "elsewhere", !looks_after);
    json_close(json);
}

/* The directory stands in the order of ids. */
static void write_members(struct list *list, struct uuid after) {
    const struct identity *identity = list->identity;
    uint32_t count = people_count(identity->people), written = 0, at = 0;
    json_open_list(&list->json, "people");
    for (; at < count && written < ADMINISTRATION_PAGE; at++) {
        const struct person *person = people_at(identity->people, at);
        if (memcmp(person->id.bytes, after.bytes, sizeof after.bytes) > 0 &&
            administration_belongs(identity, person, list->organisation)) {
            write_member(list, person);
            written++;
        }
    }
    bool more = false;
    for (; at < count && !more; at++) {
        more =
            administration_belongs(identity, people_at(identity->people, at), list->organisation);
    }
    json_close_list(&list->json);
    json_boolean(&list->json, "more", more);
}

static void on_list(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct list list = {.identity = identity, .asks = http_who(exchange)->user};
    struct uuid after = {{0}};
    struct text from = http_query(exchange, "after");
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &list.organisation)) {
        return;
    }
    size_t space = 64 + (size_t)ADMINISTRATION_PAGE * MEMBER_JSON_MAX;
    char *text = from.length > 0 && !uuid_of_text(from, &after) ? NULL : malloc(space);
    if (text == NULL) {
        administration_answer_absent(exchange);
        return;
    }
    json_begin(&list.json, text, space);
    json_open(&list.json, NULL);
    write_members(&list, after);
    json_close(&list.json);
    http_answer_json(exchange, 200, text, json_end(&list.json));
    free(text);
}

/* Roles */

struct setting {
    struct errand errand;
    bool takes_administrator; /* counted in administrators_leaving */
};

static bool administers_for_good(const struct identity *identity, const struct person *person) {
    const struct membership *root = administration_membership(identity, person, organisation_root);
    return root != NULL && root->until == 0 && (root->roles & RIGHT_ADMINISTRATOR) != 0;
}

/* Somebody has to be left who may do everything. */
static bool others_administer(const struct identity *identity, struct uuid leaving) {
    for (uint32_t i = 0; i < people_count(identity->people); i++) {
        const struct person *person = people_at(identity->people, i);
        if (!uuid_equal(person->id, leaving) && administers_for_good(identity, person)) {
            return true;
        }
    }
    return false;
}

static void on_set(void *data, bool accepted, enum refusal why) {
    struct setting *setting = data;
    struct http_exchange *exchange = setting->errand.exchange;
    if (setting->takes_administrator) {
        setting->errand.identity->administrator_leaves = false;
    }
    if (exchange != NULL && accepted) {
        administration_answer_done(exchange);
    } else if (exchange != NULL) {
        administration_answer_refused(exchange, why);
    }
    free(setting);
}

/* False = answered why not. */
static bool may_leave(struct identity *identity, struct http_exchange *exchange, bool leaves,
                      struct uuid person) {
    if (leaves && !others_administer(identity, person)) {
        http_answer_error(exchange, 409, "last_administrator",
                          "Nobody else could administer this: make somebody an administrator "
                          "first.");
        return false;
    }
    if (leaves && identity->administrator_leaves) { /* of two at once both would be the last */
        http_answer_error(exchange, 503, "busy", "Another administrator is leaving: try again.");
        return false;
    }
    return true;
}

static void set_roles(struct identity *identity, struct http_exchange *exchange,
                      const struct person *person, const struct membership *membership) {
    bool stays = membership->until == 0 && (membership->roles & RIGHT_ADMINISTRATOR) != 0;
    bool leaves =
        uuid_is_zero(membership->organisation) && administers_for_good(identity, person) && !stays;
    struct uuid id = person->id;
    if (!may_leave(identity, exchange, leaves, id)) {
        return;
    }
    struct setting *setting = errand_begin(identity, exchange, sizeof *setting);
    if (setting != NULL) {
        setting->takes_administrator = leaves;
        identity->administrator_leaves |= leaves;
        administration_set_membership(identity, id, setting->errand.user, identity_new_id(identity),
                                      membership, on_set, setting);
    }
}

/* Whoever runs several organisations may take somebody of one into another. `ret_ends_only`: what
 * they are there may be ended and no more. NULL = answered 404. */
static const struct person *person_within_reach(struct identity *identity,
                                                struct http_exchange *exchange,
                                                struct uuid *ret_organisation,
                                                bool *ret_ends_only) {
    struct uuid id;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, ret_organisation)) {
        return NULL;
    }
    const struct person *person =
        http_capture_uuid(exchange, 1, &id) ? people_by_id(identity->people, id) : NULL;
    uint32_t may = person == NULL ? 0
                                  : administration_may_about(identity, http_who(exchange)->user,
                                                             *ret_organisation, person);
    bool ends = (may & ORGANISATION_MAY_LET_GO) != 0 &&
                administration_belongs(identity, person, *ret_organisation);
    *ret_ends_only = (may & ORGANISATION_MAY_LOOK_AFTER) == 0;
    if (*ret_ends_only && !ends) {
        administration_answer_absent(exchange);
        return NULL;
    }
    return person;
}

static void on_roles_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct membership membership = {.roles = 0};
    int64_t until;
    bool ends_only;
    const struct person *person =
        person_within_reach(identity, exchange, &membership.organisation, &ends_only);
    if (person == NULL || !errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text roles = json_field_text(&fields, "roles");
    if (roles.bytes == NULL || !administration_read_roles(roles, &membership.roles) ||
        !administration_read_number(&fields, "until", &until) ||
        (until != 0 && until * 1000 <= identity_now(identity))) {
        http_answer_error(exchange, 400, "malformed",
                          "Send {\"roles\":\"specialist referrer\",\"until\"?}; no role removes.");
        return;
    }
    if (ends_only && membership.roles != 0) {
        administration_answer_absent(exchange);
        return;
    }
    membership.until = until * 1000;
    set_roles(identity, exchange, person, &membership);
}

static void on_roles(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_roles_body, data);
}

/* Closing an account, which is of no organisation: the root's to do. What the account's own event
 * says is done first; what ends their sign-ins may be done again until it worked. */

struct closing {
    struct setting setting;
    struct uuid whose;
};

static void on_their_sign_ins(void *data, enum sign_in_answer answer, const struct sign_in *none) {
    (void)none;
    on_set(data, answer != SIGN_IN_AWAY, REFUSAL_UNAVAILABLE);
}

static void on_theirs_over(void *data, uint64_t number) {
    struct closing *closing = data;
    struct errand *errand = &closing->setting.errand;
    identity_note(errand->identity, ACCESS_SIGN_OUT, ACCESS_ALLOWED, closing->whose, number,
                  errand->address);
    errand_note(errand, ACCESS_SIGNED_OTHER_OUT, ACCESS_ALLOWED);
    identity_over(errand->identity, number);
}

static void on_directory(void *data, bool loaded) {
    struct closing *closing = data;
    struct identity *identity = closing->setting.errand.identity;
    (void)loaded; /* it will be, and the account is closed */
    node_recheck(identity->node, closing->whose);
    sign_ins_end_others(identity->sign_ins, 0, closing->whose, on_theirs_over, on_their_sign_ins,
                        closing);
}

static void on_account_closed(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct closing *closing = data;
    (void)version;
    if (accepted && !closing->setting.errand.identity->stopping) {
        people_load(closing->setting.errand.identity->people, on_directory, closing);
    } else {
        on_set(closing, false, why);
    }
}

static void close_account(struct identity *identity, struct closing *closing) {
    struct arena arena;
    arena_init(&arena, MEMBER_BODY_MAX);
    struct close_account command = {.command_id = identity_new_id(identity)};
    node_command(identity->node, CHANNEL_KIND_USER, closing->whose, closing->setting.errand.user,
                 close_account_encode(&arena, &command), on_account_closed, closing);
    arena_finish(&arena);
}

static void on_close(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation, id;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &organisation)) {
        return;
    }
    const struct person *person =
        http_capture_uuid(exchange, 1, &id) ? people_by_id(identity->people, id) : NULL;
    if (person == NULL || !uuid_is_zero(organisation)) {
        administration_answer_absent(exchange);
        return;
    }
    bool leaves = administers_for_good(identity, person);
    if (!may_leave(identity, exchange, leaves, id)) {
        return;
    }
    struct closing *closing = account_change_begin(identity, exchange, sizeof *closing);
    if (closing != NULL) {
        closing->whose = id;
        closing->setting.takes_administrator = leaves;
        identity->administrator_leaves |= leaves;
        close_account(identity, closing);
    }
}

/* Where they are signed in */

static void on_sign_ins(struct http_exchange *exchange, void *data) {
    struct uuid organisation;
    const struct person *person = administration_person(data, exchange, &organisation);
    if (person != NULL) {
        sessions_list_of(data, exchange, person->id);
    }
}

static void on_end_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct uuid organisation;
    const struct person *person = administration_person(data, exchange, &organisation);
    if (person != NULL) {
        sessions_end_of(data, exchange, body, person->id);
    }
}

static void on_end(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_end_body, data);
}

static const struct http_route routes[] = {
    {"GET", "/api/organisations/:organisation/people", 0, ROUTE_SIGNED_IN, on_list},
    {"POST", "/api/organisations/:organisation/people/:person/roles", MEMBER_BODY_MAX,
     ROUTE_SIGNED_IN, on_roles},
    {"POST", "/api/organisations/:organisation/people/:person/close", 0, ROUTE_SIGNED_IN, on_close},
    {"GET", "/api/organisations/:organisation/people/:person/sign-ins", 0, ROUTE_SIGNED_IN,
     on_sign_ins},
    {"POST", "/api/organisations/:organisation/people/:person/sign-ins/end", MEMBER_BODY_MAX,
     ROUTE_SIGNED_IN, on_end},
};

void add_member_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
