/* links: server */
/* A form's JSON: what is read lies within the body, and says the same when it is written again. */
#include "server/gateway/json.h"
#include "server/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_written(struct text value) {
    size_t space = 64 + 6 * (size_t)value.length;
    char *text = malloc(space);
    struct json json;
    struct json_fields again;
    json_begin(&json, text, space);
    json_open(&json, NULL);
    json_text(&json, "v", value);
    json_close(&json);
    size_t length = json_end(&json);
    if (length == 0 || !json_read_object(text, length, &again) ||
        !text_equal(json_field_text(&again, "v"), value)) {
        abort();
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *body = malloc(size + (size == 0));
    struct json_fields fields;
    memcpy(body, bytes == NULL ? (const uint8_t *)"" : bytes, size);
    bool read = json_read_object(body, size, &fields);
    for (uint32_t i = 0; read && i < fields.count; i++) {
        struct text value = fields.all[i].value;
        if (fields.all[i].kind == JSON_TEXT &&
            (value.bytes < body || value.length > (size_t)(body + size - value.bytes))) {
            abort();
        }
        if (fields.all[i].kind == JSON_TEXT && text_is_utf8(value)) {
            check_written(value);
        }
    }
    free(body);
    return 0;
}
