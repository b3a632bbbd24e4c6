#include "server/audit/routes_audit.h"

#include "actors/organisation.h"
#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/json.h"
#include "server/store/postgres_array.h"
#include "server/uuid_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { ACCESS_JSON_MAX = 512, ANSWER_SPACE = ACCESSES_PAGE * ACCESS_JSON_MAX + 256 };

struct routes {
    struct postgres *postgres;
    struct access_log *access_log;
    struct affiliations *affiliations;
};

/* One search; outlives its exchange when the client goes away. */
struct search {
    const struct routes *routes;
    struct http_exchange *exchange; /* NULL = gone */
    bool asking;                    /* the case, what the sender may do with it */
    struct uuid patient_case, user; /* zero = any */
    int64_t after, before;
    bool some; /* only by `people` or about cases of `lists`: of an organisation below the root */
    struct postgres_array people; /* owned */
    struct postgres_array lists;  /* owned; of ORGANISATION_CASES */
};

#define ACCESS_COLUMNS                                                                             \
    "SELECT at, user_id, action, result, case_id, object, address FROM access_log WHERE "
#define ACCESS_WHEN                                                                                \
    " AND at < $3::bigint AND at >= $5::bigint AND (NOT $6::boolean OR user_id = "                 \
    "ANY($7::uuid[]) OR case_id IN (SELECT owner_stream FROM list_row WHERE list = "               \
    "ANY($8::text[]))) ORDER BY at DESC LIMIT $4::int"
static const char by_case_sql[] =
    ACCESS_COLUMNS "case_id = $1::uuid AND ($2::uuid = "
                   "'00000000-0000-0000-0000-000000000000' OR user_id = $2::uuid)" ACCESS_WHEN;
static const char by_user_sql[] =
    ACCESS_COLUMNS "$1::uuid IS NOT NULL AND user_id = $2::uuid" ACCESS_WHEN;
static const char all_sql[] =
    ACCESS_COLUMNS "$1::uuid IS NOT NULL AND $2::uuid IS NOT NULL" ACCESS_WHEN;

/* The answer */

static const char *action_word(int64_t action) {
    static const char *const words[] = {
        [ACCESS_SIGN_IN] = "sign_in",
        [ACCESS_SIGN_OUT] = "sign_out",
        [ACCESS_CASE] = "case",
        [ACCESS_IMAGES] = "images",
        [ACCESS_DOCUMENT] = "document",
        [ACCESS_UPLOAD] = "upload",
        [ACCESS_LOG] = "access_log",
        [ACCESS_FACTOR] = "factor",
        [ACCESS_STEP_UP] = "step_up",
        [ACCESS_SIGNATURE] = "signature",
        [ACCESS_PASSKEY_COPY] = "passkey_copy",
        [ACCESS_SIGNED_OTHER_OUT] = "signed_other_out",
        [ACCESS_BREAK_GLASS] = "break_glass",
        [ACCESS_DISPLAY] = "display",
        [ACCESS_KEYS] = "keys",
        [ACCESS_EXPORT] = "export",
        [ACCESS_ARCHIVE_SEARCH] = "archive_search",
        [ACCESS_ARCHIVE_FETCH] = "archive_fetch",
    };
    bool known = action > 0 && action < (int64_t)(sizeof words / sizeof words[0]);
    return known && words[action] != NULL ? words[action] : "other";
}

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

static void write_address(struct json *json, struct postgres_parameter value) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    char words[INET6_ADDRSTRLEN] = "";
    uint8_t address[ACCESS_ADDRESS_BYTES];
    if (value_fixed(value, address, sizeof address)) {
        bool is_v4 = memcmp(address, mapped, sizeof mapped) == 0;
        inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, words, sizeof words);
    }
    json_text(json, "address", text_of(words));
}

/* A row of many refusals says how many (refusal_tally.h); a UID has dots. */
static int64_t times_of(struct bytes object, bool refused) {
    int64_t times = 0;
    for (uint32_t i = 0; i < object.length && times < INT32_MAX; i++) {
        if (object.bytes[i] < '0' || object.bytes[i] > '9') {
            return 1;
        }
        times = times * 10 + (object.bytes[i] - '0');
    }
    return refused && times > 0 ? times : 1;
}

static void write_access(struct json *json, const struct postgres_rows *rows, int row) {
    struct bytes object = value_bytes(postgres_value(rows, row, 5));
    bool refused = value_integer(postgres_value(rows, row, 3)) == ACCESS_REFUSED;
    json_open(json, NULL);
    json_number(json, "at", value_integer(postgres_value(rows, row, 0)) / 1000);
    json_uuid(json, "user", value_uuid(postgres_value(rows, row, 1)));
    json_text(json, "action", text_of(action_word(value_integer(postgres_value(rows, row, 2)))));
    json_boolean(json, "refused", refused);
    json_boolean(json, "emergency",
                 value_integer(postgres_value(rows, row, 3)) == ACCESS_EMERGENCY);
    json_number(json, "times", times_of(object, refused));
    json_uuid(json, "case", value_uuid(postgres_value(rows, row, 4)));
    json_text(json, "object", (struct text){object.length, (const char *)object.bytes});
    write_address(json, postgres_value(rows, row, 6));
    json_close(json);
}

static void answer_rows(struct http_exchange *exchange, const struct postgres_rows *rows) {
    char *text = malloc(ANSWER_SPACE);
    if (text == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    int count = postgres_row_count(rows);
    struct json json;
    json_begin(&json, text, ANSWER_SPACE);
    json_open(&json, NULL);
    json_open_list(&json, "accesses");
    for (int row = 0; row < count && row < ACCESSES_PAGE; row++) {
        write_access(&json, rows, row);
    }
    json_close_list(&json);
    json_boolean(&json, "more", count > ACCESSES_PAGE);
    json_close(&json);
    http_answer_json(exchange, 200, text, json_end(&json));
    free(text);
}

static void finish(struct search *search) {
    array_finish(&search->people);
    array_finish(&search->lists);
    free(search);
}

static void on_rows(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct search *search = data;
    if (search->exchange != NULL) {
        http_on_closed(search->exchange, NULL, NULL);
        if (result == POSTGRES_OK) {
            answer_rows(search->exchange, rows);
        } else {
            http_answer_error(search->exchange, 503, "unavailable",
                              "The database is away: try again.");
        }
    }
    finish(search);
}

/* The question */

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct search *search = data;
    search->exchange = NULL;
    if (search->asking) {
        finish(search); /* the case answers nobody who is gone */
    }
}

/* Looking into the log is looking: it is written down first. */
static void on_logged(void *data, bool written) {
    struct search *search = data;
    if (search->exchange == NULL || !written) {
        on_rows(search, POSTGRES_AWAY, NULL);
        return;
    }
    struct binary_integer before = binary_integer(search->before);
    struct binary_integer after = binary_integer(search->after);
    struct binary_integer limit = binary_integer(ACCESSES_PAGE + 1);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&search->patient_case),
        parameter_uuid(&search->user),
        parameter_int8(&before),
        parameter_int4(&limit),
        parameter_int8(&after),
        parameter_bool(&search->some),
        array_parameter(&search->people),
        array_parameter(&search->lists),
    };
    const char *sql = !uuid_is_zero(search->patient_case) ? by_case_sql
                      : !uuid_is_zero(search->user)       ? by_user_sql
                                                          : all_sql;
    postgres_query(search->routes->postgres, sql, parameters, 8, on_rows, search);
}

static struct access access_of(const struct search *search, enum access_result result) {
    struct access access = exchange_access(search->exchange, ACCESS_LOG, result);
    access.patient_case = search->patient_case;
    return access;
}

static void look(struct search *search) {
    struct access access = access_of(search, ACCESS_ALLOWED);
    if (access_log_covers(search->routes->access_log, &access)) {
        on_logged(search, true);
    } else {
        access_log_write(search->routes->access_log, &access, on_logged, search);
    }
}

static void answer_absent(struct search *search) {
    http_on_closed(search->exchange, NULL, NULL);
    http_answer_error(search->exchange, 404, "not_found", "There is nothing here.");
    finish(search);
}

static void refuse(struct search *search) {
    struct access access = access_of(search, ACCESS_REFUSED);
    access_log_write(search->routes->access_log, &access, NULL, NULL);
    answer_absent(search);
}

/* An id that is there and is none finds nothing rather than everything. */
static bool read_id(struct http_exchange *exchange, const char *name, struct uuid *ret) {
    struct text text = http_query(exchange, name);
    return text.length == 0 || uuid_of_text(text, ret);
}

static bool read_time(struct http_exchange *exchange, const char *name, int64_t *ret) {
    struct text text = http_query(exchange, name);
    int64_t milliseconds = 0;
    if (text.length == 0) {
        return true;
    }
    if (text.length > 15) {
        return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
        milliseconds = milliseconds * 10 + (text.bytes[i] - '0');
    }
    *ret = milliseconds * 1000;
    return true;
}

static struct search *begin(struct http_exchange *exchange, void *data) {
    struct search *search = calloc(1, sizeof *search);
    if (search == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return NULL;
    }
    search->routes = data;
    search->exchange = exchange;
    search->before = INT64_MAX;
    array_begin(&search->people, TYPE_UUID);
    array_begin(&search->lists, TYPE_TEXT);
    http_on_closed(exchange, on_gone, search);
    return search;
}

static void add_person(void *data, struct uuid person) {
    array_add_uuid(&((struct search *)data)->people, person);
}

static void add_cases_of(void *data, struct uuid organisation) {
    char name[ORGANISATION_LIST_NAME_MAX];
    organisation_list_name(ORGANISATION_CASES, organisation, name);
    array_add(&((struct search *)data)->lists, name, strlen(name));
}

/* Everything for whom the root lets. For others what those did who are at home in their
 * organisation, and what anybody did with its cases: nothing of what somebody does elsewhere who is
 * there, too. */
static bool may_search(struct search *search) {
    struct affiliations *affiliations = search->routes->affiliations;
    struct uuid user = http_who(search->exchange)->user, organisation = {{0}};
    if (!read_id(search->exchange, "organisation", &organisation)) {
        return false;
    }
    uint16_t rights = affiliations->rights(affiliations, user, &organisation, NULL);
    search->some = !uuid_is_zero(organisation);
    if (search->some) {
        affiliations->people(affiliations, organisation, add_person, search);
        affiliations->organisations(affiliations, organisation, add_cases_of, search);
    }
    return (policy_of_organisation(rights, 0).actions & ORGANISATION_MAY_ACCESSES) != 0;
}

static void on_search(struct http_exchange *exchange, void *data) {
    struct search *search = begin(exchange, data);
    if (search == NULL) {
        return;
    }
    if (!may_search(search)) {
        refuse(search);
    } else if (!read_id(exchange, "case", &search->patient_case) ||
               !read_time(exchange, "after", &search->after) ||
               !read_id(exchange, "user", &search->user) ||
               !read_time(exchange, "before", &search->before)) {
        answer_absent(search);
    } else {
        look(search);
    }
}

static void on_case_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct search *search = data;
    (void)exchange;
    search->asking = false;
    if ((allowed.actions & PATIENT_CASE_MAY_ACCESSES) == 0) {
        refuse(search);
    } else {
        look(search);
    }
}

static void on_case_search(struct http_exchange *exchange, void *data) {
    struct search *search = begin(exchange, data);
    if (search == NULL) {
        return;
    }
    if (!http_capture_uuid(exchange, 0, &search->patient_case) ||
        !read_time(exchange, "before", &search->before)) {
        answer_absent(search);
        return;
    }
    search->asking = true;
    http_ask_case_grant(exchange, search->patient_case, on_case_grant, search);
}

void routes_audit_add(struct gateway *gateway, struct postgres *postgres,
                      struct access_log *access_log, struct affiliations *affiliations) {
    static struct routes given; /* one gateway in a process */
    static const struct http_route routes[] = {
        {"GET", "/api/accesses", 0, ROUTE_SIGNED_IN, on_search},
        {"GET", "/api/cases/:case/accesses", 0, ROUTE_SIGNED_IN, on_case_search},
    };
    given = (struct routes){postgres, access_log, affiliations};
    http_add_routes(gateway, routes, sizeof routes / sizeof routes[0], &given);
}
