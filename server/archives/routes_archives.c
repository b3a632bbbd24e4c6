/*
 * Rights are those of an upload; who searches must also be told who the patient is, since that is
 * what is searched by and answered. What is looked for comes in a body, never in an address.
 */
#include "server/archives/routes_archives.h"

#include "protocol/generated/policy.h"
#include "server/gateway/exchange_access.h"
#include "server/gateway/json.h"
#include "server/gateway/routes_imaging_answers.h"
#include "server/imaging/element_value.h"
#include "server/imaging/metadata_value.h"
#include "server/utf8.h"
#include "server/uuid_text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_MAX ((size_t)4 << 20) // bytes of JSON
enum { BODY_MAX = 4096 };

enum ask_kind { ASK_LIST, ASK_STATE, ASK_CANCEL, ASK_SEARCH, ASK_FETCH };

struct routes {
    struct archives *archives;
    struct access_log *access_log;
};

/* One exchange while we answer it. */
struct ask {
    struct http_exchange *exchange; /* NULL once it is over */
    const struct routes *given;
    enum ask_kind kind;
    struct uuid patient_case, fetch;
    const struct archive *archive;
    struct archive_search *search; /* under way */
    bool awaiting;                 /* something calls back, whether the exchange is over or not */
    struct json_fields fields;     /* of the body, which they borrow from */
    char body[BODY_MAX];
};

static void free_ask(struct ask *ask) {
    if (ask->awaiting) {
        ask->exchange = NULL; /* freed when it comes back */
        return;
    }
    if (ask->search != NULL) {
        archive_search_cancel(ask->search);
    }
    OPENSSL_cleanse(ask, sizeof *ask);
    free(ask);
}

static void on_closed(struct http_exchange *exchange, void *data) {
    (void)exchange;
    free_ask(data);
}

static void end_ask(struct ask *ask) {
    http_on_closed(ask->exchange, NULL, NULL);
    free_ask(ask);
}

/* True when nobody waits any more, and the ask is gone. */
static bool came_back(struct ask *ask) {
    ask->awaiting = false;
    if (ask->exchange == NULL) {
        free_ask(ask);
        return true;
    }
    return false;
}

static void answer_error(struct ask *ask, int status, const char *word, const char *message) {
    http_answer_error(ask->exchange, status, word, message);
    end_ask(ask);
}

static void answer_absent(struct ask *ask) {
    answer_error(ask, 404, "not_found", "There is nothing here, or it is not for you.");
}

static void answer_unavailable(struct ask *ask) {
    answer_error(ask, 503, "unavailable", "It cannot be done just now. Try again in a moment.");
}

static void answer_json(struct ask *ask, int status, const struct bounded_output *json) {
    if (json->failed) {
        answer_unavailable(ask);
        return;
    }
    http_answer_json(ask->exchange, status, (const char *)json->bytes, json->size);
    end_ask(ask);
}

/* Which there are. */

static void list(struct ask *ask) {
    const struct archive_list *archives = archives_list(ask->given->archives);
    struct bounded_output json;
    bounded_output_init(&json, STATE_MAX);
    bounded_output_text(&json, "{\"archives\":[");
    for (uint32_t i = 0; i < archives->count; i++) {
        const struct archive *archive = &archives->all[i];
        bounded_output_format(&json, "%s{\"id\":\"%s\",\"name\":", i > 0 ? "," : "", archive->id);
        json_write_string(&json, archive->name, strlen(archive->name));
        bounded_output_byte(&json, '}');
    }
    bounded_output_text(&json, "],\"fetches\":[");
    archives_tell_all(ask->given->archives, ask->patient_case, &json);
    bounded_output_text(&json, "]}");
    answer_json(ask, 200, &json);
    bounded_output_finish(&json);
}

/* A search. */

static const char *const archive_says[] = {
    [ARCHIVE_AWAY] = "The other archive does not answer.",
    [ARCHIVE_SLOW] = "The other archive takes too long to answer.",
    [ARCHIVE_BROKEN] = "The line to the other archive broke.",
    [ARCHIVE_CERTIFICATE] = "Nobody known here vouches for the other archive's certificate.",
    [ARCHIVE_TOKEN] = "The other archive refuses this server's token.",
    [ARCHIVE_NOT_FOUND] = "There is no DICOMweb at the archive's address.",
    [ARCHIVE_ELSEWHERE] = "The other archive points to another address, which is not asked.",
    [ARCHIVE_BUSY] = "The other archive is busy.",
    [ARCHIVE_STATUS] = "The other archive answers with an error.",
    [ARCHIVE_ANSWER] = "What the other archive answers cannot be read.",
};

static void on_found(void *data, enum archive_failure failure, bool away, struct bytes json) {
    struct ask *ask = data;
    ask->search = NULL;
    if (away) {
        answer_unavailable(ask);
    } else if (failure != ARCHIVE_OK) {
        char word[32];
        snprintf(word, sizeof word, "archive_%s", archive_failure_word(failure));
        answer_error(ask, 502, word, archive_says[failure]);
    } else {
        http_answer_json(ask->exchange, 200, (const char *)json.bytes, json.length);
        end_ask(ask);
    }
}

static void search(struct ask *ask) {
    struct archive_keys keys = {.patient_id = json_field_text(&ask->fields, "patientId"),
                                .patient_name = json_field_text(&ask->fields, "patientName"),
                                .birth_date = json_field_text(&ask->fields, "birthDate"),
                                .study_date = json_field_text(&ask->fields, "studyDate"),
                                .accession_number =
                                    json_field_text(&ask->fields, "accessionNumber"),
                                .study_uid = json_field_text(&ask->fields, "studyUid")};
    const char *words;
    if (!archive_keys_check(&keys, &words)) {
        answer_error(ask, 400, "keys", words);
        return;
    }
    ask->search = archives_search(ask->given->archives, ask->archive, ask->patient_case, &keys,
                                  on_found, ask);
    if (ask->search == NULL) {
        answer_error(ask, 503, "busy", "Many searches are under way. Try again in a moment.");
    }
}

/* A fetch. */

static void on_fetching(void *data, enum archives_result result, struct uuid fetch) {
    struct ask *ask = data;
    char id[UUID_TEXT_LENGTH + 1], json[64];
    if (came_back(ask)) {
        return;
    }
    switch (result) {
    case ARCHIVES_OK:
        uuid_to_text(fetch, id);
        http_answer_json(ask->exchange, 202, json,
                         (size_t)snprintf(json, sizeof json, "{\"fetch\":\"%s\"}", id));
        end_ask(ask);
        break;
    case ARCHIVES_TOO_MANY:
        answer_error(ask, 429, "too_many", "Many studies are on their way. Wait for some.");
        break;
    case ARCHIVES_ABSENT:
    case ARCHIVES_UNAVAILABLE:
        answer_unavailable(ask);
        break;
    }
}

static struct text study_of(const struct ask *ask) {
    return json_field_text(&ask->fields, "studyUid");
}

static void fetch(struct ask *ask) {
    struct fetch_wanted wanted = {.archive = ask->archive,
                                  .patient_case = ask->patient_case,
                                  .by = http_who(ask->exchange)->user,
                                  .study_uid = study_of(ask)};
    ask->awaiting = true;
    archives_fetch(ask->given->archives, &wanted, on_fetching, ask);
}

static void tell_state(struct ask *ask) {
    struct bounded_output json;
    bounded_output_init(&json, STATE_MAX);
    enum archives_result result =
        archives_tell(ask->given->archives, ask->patient_case, ask->fetch, &json);
    if (result == ARCHIVES_ABSENT) {
        answer_absent(ask);
    } else if (result != ARCHIVES_OK) {
        answer_unavailable(ask);
    } else {
        answer_json(ask, 200, &json);
    }
    bounded_output_finish(&json);
}

static void on_cancelled(void *data, enum archives_result result) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (result == ARCHIVES_ABSENT) {
        answer_absent(ask);
    } else if (result != ARCHIVES_OK) {
        answer_unavailable(ask);
    } else {
        http_answer_bytes(ask->exchange, 204, NULL, NULL, 0, (struct bytes){0, NULL});
        end_ask(ask);
    }
}

static void cancel(struct ask *ask) {
    ask->awaiting = true;
    archives_cancel(ask->given->archives, ask->patient_case, ask->fetch, on_cancelled, ask);
}

static void run(struct ask *ask) {
    switch (ask->kind) {
    case ASK_LIST:
        list(ask);
        break;
    case ASK_STATE:
        tell_state(ask);
        break;
    case ASK_CANCEL:
        cancel(ask);
        break;
    case ASK_SEARCH:
        search(ask);
        break;
    case ASK_FETCH:
        fetch(ask);
        break;
    }
}

/* Who may. */

static void on_logged(void *data, bool written) {
    struct ask *ask = data;
    if (came_back(ask)) {
        return;
    }
    if (written) {
        run(ask);
    } else {
        answer_unavailable(ask);
    }
}

static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct ask *ask = data;
    bool may = (allowed.actions & PATIENT_CASE_MAY_IMAGES) != 0;
    bool told = ask->kind != ASK_SEARCH || (allowed.audiences & AUDIENCE_IDENTITY) != 0;
    struct access access = exchange_access(
        exchange, ask->kind == ASK_SEARCH ? ACCESS_ARCHIVE_SEARCH : ACCESS_ARCHIVE_FETCH,
        may && told ? ACCESS_ALLOWED : ACCESS_REFUSED);
    access.patient_case = ask->patient_case;
    if (ask->kind >= ASK_SEARCH) {
        access_set_object(&access, study_of(ask));
    }
    if (!may || !told) {
        access_log_write(ask->given->access_log, &access, NULL, NULL);
        routes_imaging_answer_unread(exchange, may ? IMAGING_READ_MASKED : IMAGING_READ_ABSENT);
        end_ask(ask);
    } else if (ask->kind < ASK_SEARCH ||
               (ask->kind == ASK_FETCH && access_log_covers(ask->given->access_log, &access))) {
        run(ask); /* how far a fetch is says nothing of a patient */
    } else {
        ask->awaiting = true;
        access_log_write(ask->given->access_log, &access, on_logged, ask);
    }
}

/* False when it was answered. */
static bool read_body(struct ask *ask, struct bytes body) {
    if (body.length == 0 || body.length > sizeof ask->body ||
        !text_is_utf8((struct text){body.length, (const char *)body.bytes})) {
        answer_error(ask, 400, "malformed", "Send one JSON object of texts.");
        return false;
    }
    memcpy(ask->body, body.bytes, body.length);
    if (!json_read_object(ask->body, body.length, &ask->fields)) {
        answer_error(ask, 400, "malformed", "Send one JSON object of texts.");
        return false;
    }
    if (ask->kind == ASK_FETCH && !element_is_uid(study_of(ask))) {
        answer_error(ask, 400, "study", "Say which study: studyUid.");
        return false;
    }
    return true;
}

static void on_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct ask *ask = data;
    if (read_body(ask, body)) {
        http_ask_case_grant(exchange, ask->patient_case, on_grant, ask);
    }
}

static struct ask *begin(struct http_exchange *exchange, const struct routes *given,
                         enum ask_kind kind) {
    struct ask *ask = calloc(1, sizeof(*ask));
    if (ask == NULL) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
        return NULL;
    }
    ask->exchange = exchange;
    ask->given = given;
    ask->kind = kind;
    http_on_closed(exchange, on_closed, ask);
    if (!http_capture_uuid(exchange, 0, &ask->patient_case)) {
        answer_absent(ask);
        return NULL;
    }
    return ask;
}

static void begin_plain(struct http_exchange *exchange, const struct routes *given,
                        enum ask_kind kind) {
    struct ask *ask = begin(exchange, given, kind);
    if (ask == NULL) {
        return;
    }
    if (kind != ASK_LIST && !http_capture_uuid(exchange, 1, &ask->fetch)) {
        answer_absent(ask);
        return;
    }
    http_ask_case_grant(exchange, ask->patient_case, on_grant, ask);
}

static void begin_with_body(struct http_exchange *exchange, const struct routes *given,
                            enum ask_kind kind) {
    struct ask *ask = begin(exchange, given, kind);
    if (ask == NULL) {
        return;
    }
    ask->archive = archive_list_find(archives_list(given->archives), http_capture(exchange, 1));
    if (ask->archive == NULL) {
        answer_absent(ask);
        return;
    }
    http_read_whole(exchange, on_body, ask);
}

static void handle_list(struct http_exchange *exchange, void *data) {
    begin_plain(exchange, data, ASK_LIST);
}

static void handle_state(struct http_exchange *exchange, void *data) {
    begin_plain(exchange, data, ASK_STATE);
}

static void handle_cancel(struct http_exchange *exchange, void *data) {
    begin_plain(exchange, data, ASK_CANCEL);
}

static void handle_search(struct http_exchange *exchange, void *data) {
    begin_with_body(exchange, data, ASK_SEARCH);
}

static void handle_fetch(struct http_exchange *exchange, void *data) {
    begin_with_body(exchange, data, ASK_FETCH);
}

void routes_archives_add(struct gateway *gateway, struct archives *archives,
                         struct access_log *access_log) {
    static struct routes given; /* one gateway in a process */
    given = (struct routes){archives, access_log};
    static const struct http_route routes[] = {
        {"GET", "/api/cases/:case/archives", 0, ROUTE_SIGNED_IN, handle_list},
        {"POST", "/api/cases/:case/archives/:archive/search", BODY_MAX, ROUTE_SIGNED_IN,
         handle_search},
        {"POST", "/api/cases/:case/archives/:archive/fetch", BODY_MAX, ROUTE_SIGNED_IN,
         handle_fetch},
        {"GET", "/api/cases/:case/archive-fetches/:fetch", 0, ROUTE_SIGNED_IN, handle_state},
        {"DELETE", "/api/cases/:case/archive-fetches/:fetch", 0, ROUTE_SIGNED_IN, handle_cancel},
    };
    http_add_routes(gateway, routes, sizeof(routes) / sizeof(routes[0]), &given);
}
