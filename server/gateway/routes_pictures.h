/*
 * What is made of images, over HTTP: bundles of previews, rendered frames and thumbnails
 * (HTTP.md says the words). As with
 * routes_imaging, whether somebody may is asked of the case before anything is looked up, and what
 * is looked at is written down before its first byte leaves.
 */
#ifndef CONSILIUM_GATEWAY_ROUTES_PICTURES_H
#define CONSILIUM_GATEWAY_ROUTES_PICTURES_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

struct access_log;

/* Borrows all for the gateway's life. */
void routes_pictures_add(struct gateway *gateway, struct imaging_service *service,
                         struct access_log *access_log);

#endif
