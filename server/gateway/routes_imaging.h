/*
 * Images over HTTP: lists, metadata, frames, documents, uploads (HTTP.md says the words).
 * Translates exchanges into calls of the imaging service and nothing more; whether somebody may is
 * asked of the case before anything is looked up, so that what is unknown and what is forbidden
 * look the same.
 */
#ifndef CONSILIUM_GATEWAY_ROUTES_IMAGING_H
#define CONSILIUM_GATEWAY_ROUTES_IMAGING_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

struct access_log;

/* With those of routes_pictures. Borrows all for the gateway's life. */
void routes_imaging_add(struct gateway *gateway, struct imaging_service *service,
                        struct access_log *access_log);

#endif
