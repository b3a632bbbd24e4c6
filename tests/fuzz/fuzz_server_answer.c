/* links: native_client */
/* What a server may send to a native client. The first byte chooses: an HTTP answer, or WebSocket
 * frames that come in pieces of that many bytes. What is given back lies within what came. */
#include "clients/native/http.h"
#include "clients/native/json_text.h"
#include "clients/native/websocket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_answer(const uint8_t *bytes, size_t size, bool ended) {
    uint8_t *answer = malloc(size + 1); // chunks are joined in place
    struct http_response response;
    char text[64];
    assert(answer != NULL);
    memcpy(answer, bytes, size);
    if (http_response_read(answer, size, ended, &response) == HTTP_COMPLETE) {
        assert(response.consumed <= size && response.head_length <= response.consumed);
        assert(response.body_length == 0 || response.body + response.body_length <= answer + size);
        if (response.body_length > 0)
            json_find_text(response.body, response.body_length, "ticket", text, sizeof(text));
    }
    free(answer);
}

static void read_frames(const uint8_t *bytes, size_t size, size_t piece) {
    struct websocket_reader reader;
    enum websocket_event event = WEBSOCKET_NEED_MORE;
    websocket_reader_init(&reader, MESSAGE_MAX);
    for (size_t at = 0; at < size && event == WEBSOCKET_NEED_MORE; at += piece) {
        struct websocket_input input = {bytes + at, size - at < piece ? size - at : piece};
        struct websocket_received received;
        do {
            event = websocket_next(&reader, &input, &received);
            assert(event == WEBSOCKET_FAILED || event == WEBSOCKET_NEED_MORE ||
                   received.length <= MESSAGE_MAX);
        } while (event != WEBSOCKET_NEED_MORE && event != WEBSOCKET_FAILED &&
                 event != WEBSOCKET_GOT_CLOSE);
    }
    websocket_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 2)
        return 0;
    if (bytes[0] < 2)
        read_answer(bytes + 1, size - 1, bytes[0] == 1);
    else
        read_frames(bytes + 1, size - 1, bytes[0]);
    return 0;
}
