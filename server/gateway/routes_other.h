/* Other files of a case: their list, and each of them to be saved. */
#ifndef CONSILIUM_ROUTES_OTHER_H
#define CONSILIUM_ROUTES_OTHER_H

#include "server/audit/access_log.h"
#include "server/gateway/http.h"
#include "server/imaging/imaging_other.h"

/* Borrows all, for the gateway's life. */
void routes_other_add(struct gateway *gateway, struct imaging_service *service,
                      struct access_log *access_log);

#endif
