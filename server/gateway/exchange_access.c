#include "server/gateway/exchange_access.h"

#include "server/gateway/exchange_peer.h"

#include <string.h>

struct access exchange_access(const struct http_exchange *exchange, enum access_action action,
                              enum access_result result) {
    struct access access;
    memset(&access, 0, sizeof access); /* compared byte by byte */
    access.user = http_who(exchange)->user;
    access.sign_in = http_who(exchange)->sign_in;
    access.action = (uint8_t)action;
    access.result = (uint8_t)result;
    struct peer_address peer = exchange_peer(exchange);
    memcpy(access.address, peer.bytes, sizeof access.address);
    return access;
}
