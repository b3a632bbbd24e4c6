/* What is held in a case, for who may decide of it: see HTTP.md. */
#ifndef CONSILIUM_GATEWAY_ROUTES_HELD_H
#define CONSILIUM_GATEWAY_ROUTES_HELD_H

#include "server/audit/access_log.h"
#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

/* Borrows. */
void routes_held_add(struct gateway *gateway, struct imaging_service *service,
                     struct access_log *access_log);

#endif
