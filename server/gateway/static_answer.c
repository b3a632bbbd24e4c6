#include "server/gateway/exchange.h"
#include "server/gateway/static_files.h"

#include <stdio.h>
#include <stdlib.h>

/* Where a long answer stands. In the exchange's arena. */
struct sending {
    const uint8_t *bytes;
    uint32_t length;
    uint32_t at;
};

static void on_writable(struct http_exchange *exchange, void *data) {
    struct sending *sending = data;
    uint32_t left = sending->length - sending->at;
    uint32_t length = left < HTTP_WRITE_MAX ? left : HTTP_WRITE_MAX;
    sending->at += length;
    http_write(exchange, (struct bytes){length, sending->bytes + sending->at - length});
}

static bool holds(struct text list, const char *wanted) {
    size_t length = strlen(wanted);
    for (uint32_t i = 0; i + length <= list.length; i++) {
        if (memcmp(list.bytes + i, wanted, length) == 0) {
            return true;
        }
    }
    return false;
}

static void answer_file(struct http_exchange *exchange, const struct static_file *file,
                        bool packed) {
    char etag[sizeof(file->etag) + 4];
    /* Another coding is another representation, with a tag of its own (RFC 9110 8.8.3.3). */
    int quoted = (int)strlen(file->etag) - 1;
    snprintf(etag, sizeof(etag), "%.*s%s\"", quoted, file->etag, packed ? "-gz" : "");
    struct http_header_line headers[4] = {
        {"ETag", etag},
        {"Cache-Control", file->caching},
        {"Vary", "Accept-Encoding"},
        {"Content-Encoding", "gzip"},
    };
    if (holds(http_header(exchange, "if-none-match"), etag)) {
        /* A 304 renews the headers of what is kept (RFC 9111 4.3.4): a page stays a page. */
        http_answer_bytes(exchange, 304, file->content_type, headers, 3, (struct bytes){0, NULL});
        return;
    }
    uint32_t length = packed ? file->packed_length : file->length;
    struct sending *sending = arena_alloc(&exchange->arena, sizeof(*sending));
    if (sending == NULL) {
        http_answer_error(exchange, 503, "busy", "No memory just now: try again.");
        return;
    }
    *sending = (struct sending){packed ? file->packed : file->bytes, length, 0};
    http_answer_begin(exchange, 200, file->content_type, headers, packed ? 4 : 3, length,
                      on_writable, sending);
}

static bool is_api(struct text path) {
    return path.length >= 5 && memcmp(path.bytes, "/api/", 5) == 0;
}

bool static_files_answer(struct http_exchange *exchange) {
    const struct static_files *files = exchange->connection->gateway->files;
    bool reading = text_equal(exchange->method, TEXT("GET")) || exchange->head_only;
    if (!reading || is_api(exchange->path)) {
        return false;
    }
    if (files == NULL) {
        http_answer_error(exchange, 404, "no_web_client",
                          "The web client is not built or --web names another folder: "
                          "script/server builds it.");
        return true;
    }
    const struct static_file *file = static_files_find(files, exchange->path);
    if (file == NULL) {
        file = static_files_page(files, exchange->path);
    }
    if (file == NULL) {
        return false;
    }
    bool packed = static_files_packed(files) && file->packed != NULL &&
                  holds(http_header(exchange, "accept-encoding"), "gzip");
    answer_file(exchange, file, packed);
    return true;
}
