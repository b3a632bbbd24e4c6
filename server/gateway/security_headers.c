#include "server/gateway/exchange.h"

#include "server/gateway/origin.h"

#include <stdio.h>

/* Cornerstone's codecs are WebAssembly and run in workers that are made from blobs; pictures are
 * drawn from blobs. No other origin is loaded from, connected to or may frame us; no script is made
 * from text. */
static const char page_policy[] =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "img-src 'self' blob: data:; style-src 'self'; font-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

/* What is no page needs nothing, even when somebody opens it as one: an uploaded document least of
 * all, so it runs in a sandbox without an origin. A worker is bound by the
 * policy of its own file, so scripts are pages here. */
static const char other_policy[] = "default-src 'none'; frame-ancestors 'none'; sandbox";

size_t security_headers(char *text, size_t space, bool tls, bool page, struct text host) {
    char socket[300] = "";
    if (page && host_is_plain(host)) {
        /* Older Safari does not take 'self' to include the WebSocket of the same host. */
        snprintf(socket, sizeof(socket), " %s://%.*s", tls ? "wss" : "ws", (int)host.length,
                 host.bytes);
    }
    int length =
        snprintf(text, space,
                 "Content-Security-Policy: %s%s\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "Referrer-Policy: no-referrer\r\n"
                 "Cross-Origin-Opener-Policy: same-origin\r\n"
                 "Cross-Origin-Resource-Policy: same-origin\r\n"
                 "X-Frame-Options: DENY\r\n"
                 "Permissions-Policy: camera=(self), microphone=(self), geolocation=()\r\n%s",
                 page ? page_policy : other_policy, socket,
                 tls ? "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n" : "");
    return length > 0 && (size_t)length < space ? (size_t)length : 0;
}
