/* What the routes of identity have in common: a request that is answered later. */
#include "server/identity/identity_state.h"

#include <stdlib.h>

static void on_gone(struct http_exchange *exchange, void *data) {
    (void)exchange;
    struct errand *errand = data;
    errand->exchange = NULL;
}

void *errand_begin(struct identity *identity, struct http_exchange *exchange, size_t size) {
    struct errand *errand = calloc(1, size);
    if (errand == NULL) {
        http_on_closed(exchange, NULL, NULL);
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return NULL;
    }
    *errand = (struct errand){.identity = identity,
                              .exchange = exchange,
                              .user = http_who(exchange)->user,
                              .sign_in = http_who(exchange)->sign_in,
                              .address = exchange_peer(exchange)};
    http_on_closed(exchange, on_gone, errand);
    return errand;
}

bool errand_read(struct http_exchange *exchange, struct bytes body, char text[IDENTITY_BODY_MAX],
                 struct json_fields *ret) {
    memcpy(text, body.bytes == NULL ? (const uint8_t *)"" : body.bytes, body.length);
    if (!json_read_object(text, body.length, ret)) {
        http_answer_error(exchange, 400, "malformed", "Send a flat object of JSON.");
        return false;
    }
    return true;
}

void errand_answer_away(struct http_exchange *exchange) {
    http_answer_error(exchange, 503, "unavailable", "The database is away: try again.");
}

void errand_note(const struct errand *errand, enum access_action action,
                 enum access_result result) {
    identity_note(errand->identity, action, result, errand->user, errand->sign_in, errand->address);
}

void errand_free(struct errand *errand) {
    free(errand);
}
