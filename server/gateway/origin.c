#include "server/gateway/origin.h"

#include <strings.h>

static struct text without_suffix(struct text whole, struct text suffix) {
    if (whole.length > suffix.length &&
        memcmp(whole.bytes + whole.length - suffix.length, suffix.bytes, suffix.length) == 0) {
        whole.length -= suffix.length;
    }
    return whole;
}

bool origin_is_own(struct text origin, struct text host, bool tls) {
    struct text scheme = tls ? TEXT("https://") : TEXT("http://");
    if (host.length == 0 || origin.length <= scheme.length ||
        memcmp(origin.bytes, scheme.bytes, scheme.length) != 0) {
        return false;
    }
    struct text named = {origin.length - scheme.length, origin.bytes + scheme.length};
    /* An origin leaves out the scheme's own port (RFC 6454 6.1); a Host header may spell it. */
    host = without_suffix(host, tls ? TEXT(":443") : TEXT(":80"));
    return named.length == host.length && strncasecmp(named.bytes, host.bytes, host.length) == 0;
}

bool host_is_plain(struct text host) {
    enum { HOST_MAX = 255 };
    if (host.length == 0 || host.length > HOST_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < host.length; i++) {
        char c = host.bytes[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '-' && c != ':' && c != '[' && c != ']') {
            return false;
        }
    }
    return true;
}

struct text host_without_port(struct text host) {
    uint32_t end = host.length;
    while (end > 0 && host.bytes[end - 1] >= '0' && host.bytes[end - 1] <= '9') {
        end--;
    }
    if (end > 0 && end < host.length && host.bytes[end - 1] == ':') {
        host.length = end - 1;
    }
    return host;
}

static bool is_loopback_number(struct text name) {
    if (name.length < 9 || memcmp(name.bytes, "127.", 4) != 0) {
        return false;
    }
    unsigned dots = 0;
    for (uint32_t i = 0; i < name.length; i++) {
        bool dot = name.bytes[i] == '.';
        if (!dot && (name.bytes[i] < '0' || name.bytes[i] > '9')) {
            return false;
        }
        dots += dot;
    }
    return dots == 3;
}

bool host_is_loopback(struct text host) {
    struct text name = host_without_port(host);
    static const char suffix[] = ".localhost";
    uint32_t length = sizeof(suffix) - 1;
    if (name.length == length - 1 && strncasecmp(name.bytes, suffix + 1, length - 1) == 0) {
        return true;
    }
    if (name.length > length &&
        strncasecmp(name.bytes + name.length - length, suffix, length) == 0) {
        return true;
    }
    return text_equal(name, TEXT("[::1]")) || is_loopback_number(name);
}
