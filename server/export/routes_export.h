/* Copies of what is kept, over HTTP: of a case, and of one's own account. */
#ifndef CONSILIUM_ROUTES_EXPORT_H
#define CONSILIUM_ROUTES_EXPORT_H

#include "server/export/copy.h"
#include "server/gateway/gateway.h"

/* The desk is copied; what it points to must live as long as the gateway. */
void routes_export_add(struct gateway *gateway, const struct export_desk *desk);

#endif
