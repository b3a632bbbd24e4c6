#include "server/gateway/http_conditions.h"

#include <string.h>
#include <strings.h>

bool http_accepts_gzip(struct text accept_encoding) {
    for (uint32_t i = 0; i + 4 <= accept_encoding.length; i++) {
        if (strncasecmp(accept_encoding.bytes + i, "gzip", 4) == 0) {
            const char *rest = accept_encoding.bytes + i + 4;
            size_t left = accept_encoding.length - i - 4;
            return !(left >= 4 && memcmp(rest, ";q=0", 4) == 0 &&
                     (left == 4 || rest[4] == ',' || rest[4] == ' '));
        }
    }
    return false;
}

bool http_etag_matches(struct text if_none_match, const char *etag) {
    size_t length = strlen(etag);
    if (if_none_match.length == 1 && if_none_match.bytes[0] == '*') {
        return true;
    }
    for (uint32_t i = 0; i + length <= if_none_match.length; i++) {
        if (memcmp(if_none_match.bytes + i, etag, length) == 0) {
            return true;
        }
    }
    return false;
}

bool http_etag_is(struct text if_range, const char *etag) {
    return if_range.length == strlen(etag) && memcmp(if_range.bytes, etag, if_range.length) == 0;
}
