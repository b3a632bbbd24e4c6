#include "server/gateway/routes_sending.h"

#include "protocol/generated/policy.h"
#include "server/gateway/tus.h"
#include "server/uuid_text.h"

#include <string.h>

enum { NUMBERS = 6 };

/* The text up to the next space, which goes with it. */
static struct text next_word(struct text *left) {
    const char *space = left->length > 0 ? memchr(left->bytes, ' ', left->length) : NULL;
    uint32_t length = space == NULL ? left->length : (uint32_t)(space - left->bytes);
    struct text word = {length, left->bytes};
    uint32_t step = space == NULL ? length : length + 1;
    left->bytes += step;
    left->length -= step;
    return word;
}

struct sending sending_read(struct text value) {
    struct sending nothing = {.files = 0}, read = {.files = 0};
    uint64_t numbers[NUMBERS];
    bool is_text = value.length > 0 && value.bytes[value.length - 1] != ' ';
    if (!is_text || !uuid_of_text(next_word(&value), &read.id)) {
        return nothing;
    }
    for (int i = 0; i < NUMBERS; i++) {
        if (!tus_number(next_word(&value), &numbers[i]) || numbers[i] > SENDING_BYTES_MAX) {
            return nothing;
        }
    }
    bool whole = value.length == 0 && !uuid_is_zero(read.id) && numbers[0] > 0 &&
                 numbers[0] <= SENDING_FILES_MAX && numbers[2] <= numbers[0] &&
                 numbers[3] <= numbers[1] && numbers[4] <= SENDING_FILES_MAX &&
                 numbers[5] <= SENDING_FILES_MAX;
    if (!whole) {
        return nothing;
    }
    read.files = (uint32_t)numbers[0];
    read.bytes = numbers[1];
    read.done = (uint32_t)numbers[2];
    read.bytes_done = numbers[3];
    read.images = (uint32_t)numbers[4];
    read.kept = (uint32_t)numbers[5];
    return read;
}

struct sending sending_of(struct http_exchange *exchange) {
    return sending_read(http_header(exchange, "upload-sending"));
}

/* Nothing of the case is read or written by it: a count that its sender began is let go. */
static void on_grant(struct http_exchange *exchange, struct allowance allowed, void *data) {
    struct uuid patient_case, sending;
    bool named =
        http_capture_uuid(exchange, 0, &patient_case) && http_capture_uuid(exchange, 1, &sending);
    if (!named || (allowed.actions & PATIENT_CASE_MAY_IMAGES) == 0) {
        http_answer_error(exchange, 404, "not_found", "There is nothing here for you.");
        return;
    }
    imaging_sending_ended(data, patient_case, http_who(exchange)->user, sending);
    http_answer_bytes(exchange, 204, NULL, NULL, 0, (struct bytes){0, NULL});
}

static void handle_end(struct http_exchange *exchange, void *data) {
    struct uuid patient_case;
    if (!http_capture_uuid(exchange, 0, &patient_case)) {
        http_answer_error(exchange, 404, "not_found", "There is nothing here for you.");
        return;
    }
    http_ask_case_grant(exchange, patient_case, on_grant, data);
}

void routes_sending_add(struct gateway *gateway, struct imaging_service *service) {
    static const struct http_route routes[] = {
        {"DELETE", "/api/cases/:case/sendings/:sending", 0, ROUTE_SIGNED_IN, handle_end},
    };
    http_add_routes(gateway, routes, sizeof(routes) / sizeof(routes[0]), service);
}
