/* /healthz, /readyz and /metrics. */
#ifndef CONSILIUM_ROUTES_HEALTH_H
#define CONSILIUM_ROUTES_HEALTH_H

#include "server/gateway/gateway.h"

struct health { /* borrows, for the gateway's life */
    struct gateway *gateway;
    struct metrics_sources sources;
    /* NULL = ready; else one word: what is still awaited. */
    const char *(*not_ready)(void *data);
    void *data;
};
/* /healthz and /readyz on both addresses, /metrics on the admin address. */
void routes_health_add(struct health *health);

#endif
