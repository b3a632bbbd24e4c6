/* The tree of organisations for who administers it: what there is, another one, another name, and
 * how its cases stand, with nothing of their patients. */
#include "protocol/generated/policy.h"
#include "server/identity/administration.h"
#include "server/uuid_text.h"

#include <stdlib.h>

enum {
    ORGANISATION_BODY_MAX = 2048,
    ORGANISATION_JSON_MAX = 256 + 6 * ORGANISATION_NAME_MAX,
    CASES_LISTED_MAX = 50000,
    CASE_JSON_MAX = 256,
};

/* The list */

static void write_actions(struct json *json, uint32_t actions) {
    json_open_list(json, "may");
    if ((actions & ORGANISATION_MAY_ADMINISTER) != 0) {
        json_text(json, NULL, TEXT("administer"));
    }
    if ((actions & ORGANISATION_MAY_ACCESSES) != 0) {
        json_text(json, NULL, TEXT("accesses"));
    }
    if ((actions & ORGANISATION_MAY_KEYS) != 0) {
        json_text(json, NULL, TEXT("keys"));
    }
    json_close_list(json);
}

static void write_organisation(const struct identity *identity, struct json *json, struct uuid user,
                               struct uuid id, struct uuid parent) {
    uint32_t actions = administration_may(identity, user, id);
    uint32_t runs = ORGANISATION_MAY_ADMINISTER | ORGANISATION_MAY_ACCESSES | ORGANISATION_MAY_KEYS;
    if ((actions & runs) == 0) {
        return;
    }
    json_open(json, NULL);
    json_uuid(json, "id", id);
    if (!uuid_is_zero(id)) {
        json_uuid(json, "parent", parent);
    }
    json_text(json, "name", administration_name(identity, id));
    write_actions(json, actions);
    json_close(json);
}

static void on_list(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid user = http_who(exchange)->user;
    uint32_t count = organisations_count(identity->organisations);
    size_t space = 64 + ((size_t)count + 1) * ORGANISATION_JSON_MAX;
    char *text = malloc(space);
    if (text == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    struct json json;
    json_begin(&json, text, space);
    json_open(&json, NULL);
    json_open_list(&json, "organisations");
    write_organisation(identity, &json, user, organisation_root, organisation_root);
    for (uint32_t i = 0; i < count; i++) {
        const struct known_organisation *each = organisations_at(identity->organisations, i);
        write_organisation(identity, &json, user, each->id, each->parent);
    }
    json_close_list(&json);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
    free(text);
}

/* Another one, and another name */

struct making {
    struct errand errand;
    struct known_organisation organisation;
    bool renames;
};

static void answer_made(struct http_exchange *exchange, struct uuid id, int status) {
    char text[96];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_uuid(&json, "id", id);
    json_close(&json);
    http_answer_json(exchange, status, text, json_end(&json));
}

static void on_made(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct making *making = data;
    struct http_exchange *exchange = making->errand.exchange;
    (void)version;
    if (accepted) {
        organisations_put(making->errand.identity->organisations, &making->organisation);
    }
    if (exchange != NULL && !accepted) {
        administration_answer_refused(exchange, why);
    } else if (exchange != NULL && making->renames) {
        administration_answer_done(exchange);
    } else if (exchange != NULL) {
        answer_made(exchange, making->organisation.id, 201);
    }
    free(making);
}

static void set_name(struct known_organisation *organisation, struct text name) {
    memcpy(organisation->name, name.bytes, name.length);
    organisation->name[name.length] = 0;
}

static struct text name_of(const struct making *making) {
    const char *name = making->organisation.name;
    return (struct text){(uint32_t)strlen(name), name};
}

static void command_made(struct making *making) {
    struct identity *identity = making->errand.identity;
    struct arena arena;
    arena_init(&arena, ORGANISATION_BODY_MAX);
    struct create_organisation command = {.command_id = identity_new_id(identity),
                                          .name = name_of(making),
                                          .parent = making->organisation.parent};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION, making->organisation.id,
                 making->errand.user, create_organisation_encode(&arena, &command), on_made,
                 making);
    arena_finish(&arena);
}

static bool may_stand_there(struct identity *identity, struct http_exchange *exchange,
                            struct uuid parent) {
    uint32_t deep = organisations_depth(identity->organisations, parent) + 1;
    if ((administration_may(identity, http_who(exchange)->user, parent) &
         ORGANISATION_MAY_ADMINISTER) == 0) {
        administration_answer_absent(exchange);
        return false;
    }
    if (deep >= ORGANISATIONS_DEEP_MAX ||
        organisations_count(identity->organisations) >= ORGANISATIONS_MAX) {
        http_answer_error(exchange, 409, "too_many", "No more organisations fit there.");
        return false;
    }
    return true;
}

static void on_make_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text name = json_field_text(&fields, "name");
    struct text wished = json_field_text(&fields, "id");
    struct uuid parent, id = identity_new_id(identity);
    if (!uuid_of_text(json_field_text(&fields, "parent"), &parent) ||
        !administration_is_name(name) || (wished.bytes != NULL && !uuid_of_text(wished, &id)) ||
        uuid_is_zero(id) || uuid_equal(id, ORGANISATION_ROOT)) {
        http_answer_error(exchange, 400, "malformed", "Send {\"id\"?,\"parent\",\"name\"}.");
        return;
    }
    if (!may_stand_there(identity, exchange, parent)) {
        return;
    }
    const struct known_organisation *known = organisations_find(identity->organisations, id);
    if (known != NULL && uuid_equal(known->parent, parent)) {
        answer_made(exchange, id, 200);
        return;
    }
    struct making *making = errand_begin(identity, exchange, sizeof *making);
    if (making != NULL) {
        making->organisation = (struct known_organisation){.id = id, .parent = parent};
        set_name(&making->organisation, name);
        command_made(making);
    }
}

static void on_make(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_make_body, data);
}

static void command_renamed(void *data, bool there) {
    struct making *making = data;
    struct identity *identity = making->errand.identity;
    if (!there) {
        on_made(making, false, REFUSAL_BUSY, 0);
        return;
    }
    struct arena arena;
    arena_init(&arena, ORGANISATION_BODY_MAX);
    struct rename_organisation command = {.command_id = identity_new_id(identity),
                                          .name = name_of(making)};
    node_command(identity->node, CHANNEL_KIND_ORGANISATION, making->organisation.id,
                 making->errand.user, rename_organisation_encode(&arena, &command), on_made,
                 making);
    arena_finish(&arena);
}

static void on_rename_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    struct uuid id;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    if (!administration_path(identity, exchange, ORGANISATION_MAY_ADMINISTER, &id) ||
        !errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text name = json_field_text(&fields, "name");
    if (!administration_is_name(name)) {
        http_answer_error(exchange, 400, "malformed", "Send {\"name\"}.");
        return;
    }
    struct making *making = errand_begin(identity, exchange, sizeof *making);
    if (making != NULL) {
        struct uuid actor = administration_actor(id);
        const struct known_organisation *known = organisations_find(identity->organisations, actor);
        making->renames = true;
        making->organisation = known == NULL ? (struct known_organisation){.id = actor} : *known;
        set_name(&making->organisation, name);
        administration_need_actor(identity, id, making->errand.user, command_renamed, making);
    }
}

static void on_rename(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_rename_body, data);
}

/* Its cases */

struct listed_case {
    struct uuid id;
    struct case_row row;
};

struct cases {
    struct errand errand;
    char list[ORGANISATION_LIST_NAME_MAX];
    struct uuid after;
    struct listed_case *all; /* owned */
    uint32_t count, capacity;
    bool broken;
};

static void on_case(void *data, struct uuid owner, struct bytes bytes) {
    struct cases *cases = data;
    if (cases->count == cases->capacity && cases->count < CASES_LISTED_MAX) {
        uint32_t capacity = cases->capacity == 0 ? 64 : 2 * cases->capacity;
        struct listed_case *grown = realloc(cases->all, capacity * sizeof *grown);
        cases->all = grown == NULL ? cases->all : grown;
        cases->capacity = grown == NULL ? cases->capacity : capacity;
    }
    struct arena arena;
    arena_init(&arena, bytes.length + 1024);
    struct reader reader = reader_of(bytes);
    if (cases->count == cases->capacity ||
        !case_row_read(&reader, &arena, &cases->all[cases->count].row)) {
        cases->broken = true;
    } else {
        cases->all[cases->count++].id = owner;
    }
    arena_finish(&arena);
}

static int by_id(const void *a, const void *b) {
    return memcmp(((const struct listed_case *)a)->id.bytes,
                  ((const struct listed_case *)b)->id.bytes, sizeof(struct uuid));
}

static struct text consent_word(const struct case_row *row, int64_t now) {
    if (row->in_force && (row->until == 0 || row->until > now)) {
        return TEXT("in_force");
    }
    if (row->in_force) {
        return TEXT("ended");
    }
    if (row->withdrawn_at != 0) {
        return TEXT("withdrawn");
    }
    return row->asks_consent ? TEXT("asked") : TEXT("not_asked");
}

static void write_case(struct json *json, const struct listed_case *listed, int64_t now) {
    static const char *const statuses[] = {"opened", "scheduled", "in_discussion", "discussed",
                                           "deferred"};
    unsigned count = sizeof statuses / sizeof statuses[0];
    const char *status = listed->row.status < count ? statuses[listed->row.status] : "";
    json_open(json, NULL);
    json_uuid(json, "id", listed->id);
    json_text(json, "status", (struct text){(uint32_t)strlen(status), status});
    json_number(json, "statusAt", listed->row.status_at / 1000);
    json_text(json, "consent", consent_word(&listed->row, now));
    if (listed->row.restricted) {
        json_boolean(json, "restricted", true);
    }
    if (listed->row.in_force && listed->row.until != 0) {
        json_number(json, "until", listed->row.until / 1000);
    }
    if (listed->row.withdrawn_at != 0) {
        json_number(json, "withdrawnAt", listed->row.withdrawn_at / 1000);
    }
    json_close(json);
}

static void answer_cases(struct cases *cases) {
    size_t space = 64 + (size_t)ADMINISTRATION_PAGE * CASE_JSON_MAX;
    char *text = malloc(space);
    if (text == NULL) {
        errand_answer_away(cases->errand.exchange);
        return;
    }
    if (cases->count > 0) {
        qsort(cases->all, cases->count, sizeof *cases->all, by_id);
    }
    uint32_t written = 0, at = 0;
    struct listed_case after = {.id = cases->after};
    while (at < cases->count && by_id(&cases->all[at], &after) <= 0) {
        at++;
    }
    struct json json;
    json_begin(&json, text, space);
    json_open(&json, NULL);
    json_open_list(&json, "cases");
    for (; at < cases->count && written < ADMINISTRATION_PAGE; at++, written++) {
        write_case(&json, &cases->all[at], identity_now(cases->errand.identity));
    }
    json_close_list(&json);
    json_boolean(&json, "more", at < cases->count);
    json_close(&json);
    http_answer_json(cases->errand.exchange, 200, text, json_end(&json));
    free(text);
}

static void on_cases_read(void *data, enum store_result result) {
    struct cases *cases = data;
    if (cases->errand.exchange != NULL && (result != STORE_OK || cases->broken)) {
        errand_answer_away(cases->errand.exchange);
    } else if (cases->errand.exchange != NULL) {
        answer_cases(cases);
    }
    free(cases->all);
    free(cases);
}

/* Who runs an organisation sees the workflow of its cases: asked of the cases' own policy. */
static bool sees_cases(const struct identity *identity, struct uuid user,
                       struct uuid organisation) {
    uint16_t rights = identity_rights(identity, user, &organisation) & POLICY_REACHING;
    return administration_knows(identity, organisation) &&
           (policy_of_patient_case(rights, PATIENT_CASE_WHEN_COVERED).audiences &
            AUDIENCE_WORKFLOW) != 0;
}

static void on_cases(struct http_exchange *exchange, void *data) {
    struct identity *identity = data;
    struct uuid organisation, after = {{0}};
    struct text from = http_query(exchange, "after");
    if (!http_capture_uuid(exchange, 0, &organisation) ||
        !sees_cases(identity, http_who(exchange)->user, organisation) ||
        (from.length > 0 && !uuid_of_text(from, &after))) {
        administration_answer_absent(exchange);
        return;
    }
    struct cases *cases = errand_begin(identity, exchange, sizeof *cases);
    if (cases != NULL) {
        cases->after = after;
        organisation_list_name(ORGANISATION_CASES, organisation, cases->list);
        store_list_all(identity->config.store, cases->list, on_case, on_cases_read, cases);
    }
}

static const struct http_route routes[] = {
    {"GET", "/api/organisations", 0, ROUTE_SIGNED_IN, on_list},
    {"POST", "/api/organisations", ORGANISATION_BODY_MAX, ROUTE_SIGNED_IN, on_make},
    {"POST", "/api/organisations/:organisation/rename", ORGANISATION_BODY_MAX, ROUTE_SIGNED_IN,
     on_rename},
    {"GET", "/api/organisations/:organisation/cases", 0, ROUTE_SIGNED_IN, on_cases},
};

void add_organisation_routes(struct identity *identity) {
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
    add_member_routes(identity);
    add_invitation_routes(identity);
    add_link_routes(identity);
    add_accepting_routes(identity);
}
