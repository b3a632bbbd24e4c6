/*
 * Tells cases of their images: what imaging has stored becomes an AddImages command to the case's
 * actor. What could not be told (the database is away, the mailbox is full) imaging tells again
 * after a restart.
 */
#ifndef CONSILIUM_CASE_IMAGES_H
#define CONSILIUM_CASE_IMAGES_H

#include "server/imaging/imaging_service.h"
#include "server/node/node.h"

struct case_images { /* borrows all, for imaging's life */
    struct node *node;
    struct host_clock *clock;
    struct imaging_service *imaging;
};
/* For imaging_service_config.on_series; data is a struct case_images. */
void case_images_on_series(void *data, const struct imaging_series *series);

#endif
