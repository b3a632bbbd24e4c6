/* From where and how a request came, for those who limit guessing and set cookies. */
#ifndef CONSILIUM_EXCHANGE_PEER_H
#define CONSILIUM_EXCHANGE_PEER_H

#include "server/gateway/address_count.h"
#include "server/gateway/http.h"

struct peer_address exchange_peer(const struct http_exchange *exchange);
bool exchange_is_tls(const struct http_exchange *exchange);
/* As they came; headers can be read only until an answer is waited for. */
bool exchange_is_bearer(const struct http_exchange *exchange);
struct text exchange_host(const struct http_exchange *exchange);
struct text exchange_user_agent(const struct http_exchange *exchange);

#endif
