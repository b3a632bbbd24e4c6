/* links: server */
/* Header values that decide who somebody is and where they come from: Cookie, Origin, Host. The
 * first byte says where the first value ends. */
#include "server/gateway/cookie.h"
#include "server/gateway/origin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) {
        return 0;
    }
    uint32_t left = (uint32_t)(size - 1);
    uint32_t split = bytes[0] < left ? bytes[0] : left;
    struct text first = {split, (const char *)bytes + 1};
    struct text second = {left - split, (const char *)bytes + 1 + split};
    struct text found = cookie_find(first, cookie_name(true));
    if (found.length > 0 &&
        (found.bytes < first.bytes || found.bytes + found.length > first.bytes + first.length ||
         memchr(found.bytes, ';', found.length) != NULL)) {
        abort();
    }
    host_is_plain(first);
    host_is_loopback(first);
    /* Of the same site is only what names the very same host. */
    for (int tls = 0; tls < 2; tls++) {
        if (origin_is_own(first, second, tls) &&
            (second.length == 0 || first.length + sizeof(":443") < second.length)) {
            abort();
        }
    }
    return 0;
}
