#include "server/gateway/message_assembler.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 4096 };

void message_assembler_finish(struct message_assembler *assembler) {
    message_assembler_clear(assembler);
}

void message_assembler_clear(struct message_assembler *assembler) {
    free(assembler->bytes);
    *assembler = (struct message_assembler){0};
}

static bool append(struct message_assembler *assembler, const uint8_t *piece, uint32_t length,
                   uint32_t max) {
    uint32_t wanted = assembler->length + length;
    if (wanted > assembler->capacity) {
        uint32_t capacity = assembler->capacity == 0 ? CAPACITY_FIRST : assembler->capacity * 2;
        while (capacity < wanted) {
            capacity *= 2;
        }
        if (capacity > max) {
            capacity = max;
        }
        uint8_t *bytes = realloc(assembler->bytes, capacity);
        if (bytes == NULL) {
            return false;
        }
        assembler->bytes = bytes;
        assembler->capacity = capacity;
    }
    if (length > 0) {
        memcpy(assembler->bytes + assembler->length, piece, length);
    }
    assembler->length = wanted;
    return true;
}

enum assembled message_assembler_push(struct message_assembler *assembler, const uint8_t *piece,
                                      size_t length, uint64_t follows, bool final, uint32_t max,
                                      struct bytes *ret_message) {
    uint32_t left = max - assembler->length;
    /* What is announced counts too: a header that promises too much is refused before its bytes
     * come. */
    if (length > left || follows > left - length) {
        message_assembler_clear(assembler);
        return ASSEMBLED_TOO_LONG;
    }
    bool complete = final && follows == 0;
    if (complete && assembler->length == 0) {
        *ret_message = (struct bytes){(uint32_t)length, piece};
        return ASSEMBLED_MESSAGE;
    }
    if (!append(assembler, piece, (uint32_t)length, max)) {
        message_assembler_clear(assembler);
        return ASSEMBLED_TOO_LONG;
    }
    if (!complete) {
        return ASSEMBLED_MORE;
    }
    *ret_message = (struct bytes){assembler->length, assembler->bytes};
    return ASSEMBLED_MESSAGE;
}
