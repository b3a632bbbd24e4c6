/* Resumable uploads to a case: tus 1.0.0 at /api/cases/{case}/resumable. */
#ifndef CONSILIUM_ROUTES_RESUMABLE_H
#define CONSILIUM_ROUTES_RESUMABLE_H

#include "server/audit/access_log.h"
#include "server/gateway/http.h"
#include "server/imaging/imaging_resumable.h"

/* Borrows all, for the gateway's life. */
void routes_resumable_add(struct gateway *gateway, struct imaging_service *service,
                          struct access_log *access_log);

#endif
