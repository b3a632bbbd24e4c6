#include "server/erasure/routes_keys.h"

#include "actors/runtime/actor.h"
#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/json.h"
#include "server/store/postgres_binary.h"

#include <stdlib.h>

enum { BODY_MAX = 256, ANSWER_SPACE = 8192, GENERATIONS_SHOWN_MAX = 32 };

static struct keys_desk desk; /* one gateway in a process */

/* One request; outlives its exchange when the client goes away. */
struct visit {
    struct http_exchange *exchange; /* NULL = gone */
    bool kek;
};

static const char state_sql[] =
    "SELECT t.generation, t.made_at, (SELECT count(*) FROM stream_key k WHERE k.tenant_id ="
    " t.tenant_id AND k.generation = t.generation) FROM tenant_key t WHERE t.tenant_id = $1::uuid"
    " ORDER BY t.generation DESC LIMIT 32";

static void answer_absent(struct http_exchange *exchange) {
    http_answer_error(exchange, 404, "not_found", "There is nothing here.");
}

/* Keys are the tenant's, and its root organisation's to see to: what somebody is elsewhere does not
 * count. */
static bool may_see_to_keys(struct http_exchange *exchange) {
    static const struct uuid root;
    struct uuid organisation;
    const struct http_identity *who = http_who(exchange);
    if (!http_capture_uuid(exchange, 0, &organisation) || !uuid_is_zero(organisation)) {
        return false;
    }
    uint16_t rights = desk.affiliations->rights(desk.affiliations, who->user, &root, NULL);
    return (policy_of_organisation(rights, 0).actions & ORGANISATION_MAY_KEYS) != 0;
}

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    ((struct visit *)data)->exchange = NULL;
}

static struct visit *begin(struct http_exchange *exchange) {
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return NULL;
    }
    visit->exchange = exchange;
    http_on_closed(exchange, on_gone, visit);
    return visit;
}

/* What there is */

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

static const char *step_word(enum rotation_step step) {
    static const char *const words[] = {
        [ROTATION_RESTING] = "resting",       [ROTATION_LOOKING] = "looking",
        [ROTATION_MAKING] = "making",         [ROTATION_REWRAPPING] = "rewrapping",
        [ROTATION_LISTING] = "exporting",     [ROTATION_EXPORTING] = "exporting",
        [ROTATION_EXCHANGING] = "exchanging", [ROTATION_DESTROYING] = "destroying",
    };
    return words[step];
}

static void answer_state(struct http_exchange *exchange, const struct postgres_rows *rows) {
    char text[ANSWER_SPACE];
    struct rotation_view view = rotation_view(desk.rotation);
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_open_list(&json, "generations");
    for (int row = 0; row < postgres_row_count(rows) && row < GENERATIONS_SHOWN_MAX; row++) {
        json_open(&json, NULL);
        json_number(&json, "generation", value_integer(postgres_value(rows, row, 0)));
        json_number(&json, "madeAt", value_integer(postgres_value(rows, row, 1)) / 1000);
        json_number(&json, "streams", value_integer(postgres_value(rows, row, 2)));
        json_close(&json);
    }
    json_close_list(&json);
    json_text(&json, "rotation", text_of(step_word(view.step)));
    json_number(&json, "rewrapped", (int64_t)view.rewrapped);
    json_text(&json, "keyEncryptionKey", text_of("file"));
    json_boolean(&json, "ownKeyFile", desk.own_key_file);
    json_number(&json, "erasuresWaiting", (int64_t)eraser_waiting(desk.eraser));
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
}

static void on_state(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct visit *visit = data;
    if (visit->exchange != NULL) {
        http_on_closed(visit->exchange, NULL, NULL);
        if (result == POSTGRES_OK && desk.rotation != NULL) {
            answer_state(visit->exchange, rows);
        } else {
            http_answer_error(visit->exchange, 503, "unavailable",
                              "The database is away: try again.");
        }
    }
    free(visit);
}

static void on_look(struct http_exchange *exchange, void *data) {
    (void)data;
    if (!may_see_to_keys(exchange)) {
        answer_absent(exchange);
        return;
    }
    struct visit *visit = begin(exchange);
    struct postgres_parameter tenant = parameter_uuid(&desk.tenant);
    if (visit != NULL) {
        postgres_query(desk.postgres, state_sql, &tenant, 1, on_state, visit);
    }
}

/* Rotating: it is written down who asked before it is begun. */

static void on_written(void *data, bool written) {
    struct visit *visit = data;
    struct http_exchange *exchange = visit->exchange;
    bool kek = visit->kek;
    free(visit);
    if (exchange != NULL) {
        http_on_closed(exchange, NULL, NULL);
    }
    written = written && desk.rotation != NULL;
    bool begun = written && rotation_start(desk.rotation, kek, NULL, NULL);
    if (exchange == NULL) {
        return;
    }
    if (begun) {
        http_answer_json(exchange, 202, "{\"rotation\":\"begun\"}",
                         strlen("{\"rotation\":\"begun\"}"));
    } else if (!written) {
        http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
    } else {
        http_answer_error(
            exchange, 409, "key_file",
            "The key file cannot be replaced where it lies: put a writable one there, "
            "or leave the key-encryption key as it is.");
    }
}

static void write_access(struct http_exchange *exchange, struct visit *visit) {
    struct access access = exchange_access(exchange, ACCESS_KEYS, ACCESS_ALLOWED);
    access_log_write(desk.access_log, &access, on_written, visit);
}

static void on_body(struct http_exchange *exchange, struct bytes body, void *data) {
    (void)data;
    char text[BODY_MAX + 1] = "{}";
    struct json_fields fields;
    size_t length = body.length == 0 ? 2 : body.length;
    if (body.length > 0) {
        memcpy(text, body.bytes, body.length);
    }
    if (!json_read_object(text, length, &fields)) {
        http_answer_error(exchange, 400, "malformed",
                          "Send {} or {\"keyEncryptionKey\":true} as JSON.");
        return;
    }
    struct visit *visit = begin(exchange);
    if (visit != NULL) {
        visit->kek = json_field_true(&fields, "keyEncryptionKey");
        write_access(exchange, visit);
    }
}

static void on_rotate(struct http_exchange *exchange, void *data) {
    if (!may_see_to_keys(exchange)) {
        answer_absent(exchange);
        return;
    }
    http_read_whole(exchange, on_body, data);
}

void routes_keys_close(void) {
    desk.rotation = NULL;
    desk.eraser = NULL;
}

void routes_keys_add(struct gateway *gateway, const struct keys_desk *given) {
    static const struct http_route routes[] = {
        {"GET", "/api/organisations/:organisation/keys", 0, ROUTE_SIGNED_IN, on_look},
        {"POST", "/api/organisations/:organisation/keys/rotate", BODY_MAX, ROUTE_SIGNED_IN,
         on_rotate},
    };
    desk = *given;
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &desk);
}
