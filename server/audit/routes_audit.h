/*
 * Reading the access log over HTTP (HTTP.md says the words): who runs the root searches all of
 * it, who runs another organisation what its people did; who coordinates a case sees who looked at
 * that one. Ids only; names are the client's to look up.
 */
#ifndef CONSILIUM_ROUTES_AUDIT_H
#define CONSILIUM_ROUTES_AUDIT_H

#include "server/audit/access_log.h"
#include "server/gateway/http.h"
#include "server/node/node.h"

enum { ACCESSES_PAGE = 100 };

/* Borrows all for the gateway's life. */
void routes_audit_add(struct gateway *gateway, struct postgres *postgres,
                      struct access_log *access_log, struct affiliations *affiliations);

#endif
