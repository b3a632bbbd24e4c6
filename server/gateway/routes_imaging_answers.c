#include "server/gateway/routes_imaging_answers.h"

#include "server/imaging/bounded_output.h"
#include "server/imaging/imaging_memory.h"
#include "server/imaging/metadata_value.h"

#include <string.h>

#define UPLOAD_ANSWER_MAX ((size_t)64 << 10) // bytes of JSON

static void write_member(struct bounded_output *output, const char *name, const char *text) {
    bounded_output_format(output, ",\"%s\":", name);
    json_write_string(output, text, strlen(text));
}

static void write_series(struct bounded_output *output, const struct imaging_series *series) {
    bounded_output_text(output, ",\"displaySets\":[");
    bool any = false;
    for (size_t i = 0; i < series->sets->count; i++) {
        const struct display_pile *set = &series->sets->sets[i];
        if (set->kind == DISPLAY_NOTHING) {
            continue;
        }
        bounded_output_text(output, any ? ",{\"displaySet\":" : "{\"displaySet\":");
        any = true;
        json_write_string(output, set->id, strlen(set->id));
        write_member(output, "studyUid", series->study_uid);
        write_member(output, "seriesUid", series->series_uid);
        write_member(output, "kind", display_kind_word(set->kind));
        bounded_output_format(output, ",\"instanceCount\":%zu}", set->count);
    }
    bounded_output_byte(output, ']');
}

static void send_json(struct http_exchange *exchange, int status, struct bounded_output *json) {
    if (json->failed) {
        http_answer_error(exchange, 503, "busy", "The server is short of memory. Try again.");
    } else {
        http_answer_json(exchange, status, (const char *)json->bytes, json->size);
    }
    bounded_output_finish(json);
}

void routes_imaging_answer_unsent(struct http_exchange *exchange, int status, const char *word,
                                  const char *message, const char *name) {
    struct bounded_output json;
    bounded_output_init(&json, UPLOAD_ANSWER_MAX);
    bounded_output_format(&json, "{\"error\":\"%s\"", word);
    write_member(&json, "message", message);
    if (name) {
        write_member(&json, "name", name);
    }
    bounded_output_byte(&json, '}');
    send_json(exchange, status, &json);
}

static void answer_json(struct http_exchange *exchange, int status, const char *outcome,
                        const struct upload_answer *answer, const char *name) {
    struct bounded_output json;
    bounded_output_init(&json, UPLOAD_ANSWER_MAX);
    bounded_output_format(&json, "{\"outcome\":\"%s\"", outcome);
    if (answer->outcome == UPLOAD_REFUSED) {
        write_member(&json, "reason", file_refusal_word(answer->refusal));
        bounded_output_text(&json, ",\"message\":");
        json_write_string(&json, answer->reason.bytes, answer->reason.length);
    } else if (answer->sop_instance_uid[0] != '\0') { // an image or a document
        write_member(&json, "sopInstanceUid", answer->sop_instance_uid);
    }
    if (answer->outcome == UPLOAD_HELD) {
        write_member(&json, "reason", held_for_word(answer->held_for));
    }
    if (name && (answer->outcome == UPLOAD_REFUSED || answer->outcome == UPLOAD_HELD)) {
        write_member(&json, "name", name);
    }
    if (answer->outcome == UPLOAD_INDEX) {
        bounded_output_format(&json, ",\"index\":{\"named\":%u,\"missing\":%u}", answer->named,
                              answer->missing);
    }
    if (answer->series) {
        write_series(&json, answer->series);
    }
    bounded_output_byte(&json, '}');
    send_json(exchange, status, &json);
}

void routes_imaging_answer_upload(struct http_exchange *exchange,
                                  const struct upload_answer *answer, const char *name) {
    switch (answer->outcome) {
    case UPLOAD_STORED:
        answer_json(exchange, 201, "stored", answer, name);
        break;
    case UPLOAD_ALREADY_THERE:
        answer_json(exchange, 200, "already_there", answer, name);
        break;
    case UPLOAD_HELD:
        answer_json(exchange, 202, "held", answer, name);
        break;
    case UPLOAD_KEPT:
        answer_json(exchange, 201, "kept", answer, name);
        break;
    case UPLOAD_INDEX:
        answer_json(exchange, 200, "index", answer, name);
        break;
    case UPLOAD_REFUSED:
        answer_json(exchange, 422, "refused", answer, name);
        break;
    case UPLOAD_UNAVAILABLE:
        routes_imaging_answer_unsent(exchange, 503, "unavailable",
                                     "The file was not stored. Send it again in a moment.", name);
        break;
    case UPLOAD_NO_SPACE:
        routes_imaging_answer_unsent(exchange, 507, "no_space",
                                     "The file was not stored: the server's disk is full.", name);
        break;
    }
}

void routes_imaging_answer_read(struct http_exchange *exchange, struct imaging_service *service,
                                const char *media_type, const struct http_header_line *headers,
                                size_t header_count, struct bytes bytes) {
    struct memory_claim *claim = imaging_keep(service, bytes);
    if (claim) {
        http_on_gone(exchange, imaging_memory_drop, claim);
    }
    http_answer_bytes(exchange, 200, media_type, headers, header_count, bytes);
}

static void answer_unavailable(struct http_exchange *exchange) {
    static const struct http_header_line headers[] = {{"retry-after", IMAGING_MEMORY_RETRY_S}};
    static const char json[] = "{\"error\":\"unavailable\",\"message\":"
                               "\"The images cannot be read just now. Try again.\"}";
    http_answer_bytes(exchange, 503, "application/json", headers, 1,
                      (struct bytes){sizeof json - 1, (const uint8_t *)json});
}

void routes_imaging_answer_unread(struct http_exchange *exchange, enum imaging_read_result result) {
    switch (result) {
    case IMAGING_READ_OK:
    case IMAGING_READ_ABSENT:
        http_answer_error(exchange, 404, "not_found",
                          "There is nothing here, or it is not yours to see.");
        break;
    case IMAGING_READ_MASKED:
        http_answer_error(exchange, 403, "masked",
                          "This may say who the patient is, which you are not told at this board.");
        break;
    case IMAGING_READ_UNAVAILABLE:
        answer_unavailable(exchange);
        break;
    case IMAGING_READ_DAMAGED:
        http_answer_error(
            exchange, 500, "damaged",
            "What is stored does not verify and is not shown. Tell the administrator.");
        break;
    }
}

const char *routes_imaging_disposition(const char *media_type) {
    static const char *const names[][2] = {
        {"application/pdf", "attachment; filename=\"document.pdf\""},
        {"image/jpeg", "attachment; filename=\"document.jpg\""},
        {"image/png", "attachment; filename=\"document.png\""},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(media_type, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return "attachment; filename=\"document\"";
}
