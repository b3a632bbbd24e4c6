/* The row of the access log that a request makes. */
#ifndef CONSILIUM_EXCHANGE_ACCESS_H
#define CONSILIUM_EXCHANGE_ACCESS_H

#include "server/audit/access_row.h"
#include "server/gateway/http.h"

/* Who asks, from where, with what result; of no case and no object yet. */
struct access exchange_access(const struct http_exchange *exchange, enum access_action action,
                              enum access_result result);

#endif
