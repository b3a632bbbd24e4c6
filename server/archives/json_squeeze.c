#include "server/archives/json_squeeze.h"

#include <stdbool.h>
#include <string.h>

struct text json_squeeze(char *bytes, size_t length) {
    size_t kept = 0;
    bool quoted = false, escaped = false;
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        if (!quoted && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
            continue;
        }
        if (byte == '"' && !escaped) {
            quoted = !quoted;
        }
        escaped = quoted && byte == '\\' && !escaped;
        bytes[kept++] = byte;
    }
    return (struct text){(uint32_t)kept, bytes};
}
