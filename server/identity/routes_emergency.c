/*
 * Breaking the glass (45 CFR 164.312(a)(2)(ii)): who works for the organisation that owns a case
 * and has no access to it gets half an hour, for a reason that everybody whom it concerns is told.
 * The case itself says who may and what it costs; here it is asked, and what came of it is written
 * down.
 */
#include "protocol/generated/patient_case.h"
#include "server/identity/identity_state.h"
#include "server/utf8.h"

#include <stdlib.h>

enum { REASON_BYTES_MAX = 400, ANSWER_MAX = 128, EMERGENCY_US = 30 * 60 * 1000000 };

struct emergency_errand {
    struct errand errand;
    struct uuid patient_case;
    int64_t asked_at;
};

static void note(const struct emergency_errand *emergency, enum access_result result) {
    const struct errand *errand = &emergency->errand;
    struct access access;
    memset(&access, 0, sizeof access);
    access.user = errand->user;
    access.sign_in = errand->sign_in;
    access.patient_case = emergency->patient_case;
    access.action = ACCESS_BREAK_GLASS;
    access.result = (uint8_t)result;
    memcpy(access.address, errand->address.bytes, sizeof access.address);
    access_log_write(errand->identity->config.access_log, &access, NULL, NULL);
}

static void answer_broken(struct emergency_errand *emergency) {
    char text[ANSWER_MAX];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL);
    json_number(&json, "until", (emergency->asked_at + EMERGENCY_US) / 1000);
    json_close(&json);
    http_answer_json(emergency->errand.exchange, 200, text, json_end(&json));
}

static void answer_refused(struct http_exchange *exchange, enum refusal why) {
    switch (why) {
    case REFUSAL_BAD_STATE:
        http_answer_error(exchange, 409, "has_access", "You see this case already: open it.");
        break;
    case REFUSAL_BUSY:
    case REFUSAL_UNAVAILABLE:
        errand_answer_away(exchange);
        break;
    default:
        http_answer_error(exchange, 404, "not_found", "There is nothing here.");
    }
}

static void on_broken(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct emergency_errand *emergency = data;
    (void)version;
    note(emergency, accepted ? ACCESS_EMERGENCY : ACCESS_REFUSED);
    if (emergency->errand.exchange != NULL) {
        http_on_closed(emergency->errand.exchange, NULL, NULL);
        if (accepted) {
            answer_broken(emergency);
        } else {
            answer_refused(emergency->errand.exchange, why);
        }
    }
    errand_free(&emergency->errand);
}

static void break_glass(struct emergency_errand *emergency, struct text name, struct text reason) {
    struct identity *identity = emergency->errand.identity;
    struct arena arena;
    arena_init(&arena, 4096);
    struct break_glass command = {
        .command_id = identity_new_id(identity), .name = name, .reason = reason};
    struct encoded encoded = break_glass_encode(&arena, &command);
    if (encoded.fields.bytes == NULL) {
        on_broken(emergency, false, REFUSAL_BUSY, 0);
    } else {
        node_command(identity->node, CHANNEL_KIND_PATIENT_CASE, emergency->patient_case,
                     emergency->errand.user, encoded, on_broken, emergency);
    }
    arena_finish(&arena);
}

static void on_body(struct http_exchange *exchange, struct bytes body, void *data) {
    struct identity *identity = data;
    char text[IDENTITY_BODY_MAX];
    struct json_fields fields;
    struct uuid patient_case;
    if (!errand_read(exchange, body, text, &fields)) {
        return;
    }
    struct text reason = json_field_text(&fields, "reason");
    if (reason.length == 0 || reason.length > REASON_BYTES_MAX || !text_is_utf8(reason)) {
        http_answer_error(exchange, 422, "reason_needed",
                          "Say in a sentence why it cannot wait: {\"reason\"}.");
        return;
    }
    const struct person *person = people_by_id(identity->people, http_who(exchange)->user);
    if (person == NULL || !http_capture_uuid(exchange, 0, &patient_case)) {
        answer_refused(exchange, REFUSAL_NOT_FOUND);
        return;
    }
    struct emergency_errand *emergency = errand_begin(identity, exchange, sizeof *emergency);
    if (emergency != NULL) {
        emergency->patient_case = patient_case;
        emergency->asked_at = identity_now(identity);
        break_glass(emergency, person->name, reason);
    }
}

static void on_break_glass(struct http_exchange *exchange, void *data) {
    http_read_whole(exchange, on_body, data);
}

void add_emergency_routes(struct identity *identity) {
    static const struct http_route routes[] = {
        {"POST", "/api/cases/:case/break_glass", IDENTITY_BODY_MAX, ROUTE_SIGNED_IN,
         on_break_glass},
    };
    http_add_routes(identity->gateway, routes, sizeof routes / sizeof routes[0], identity);
}
