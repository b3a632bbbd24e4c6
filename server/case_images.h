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
    size_t frame_cache_bytes;
    struct imaging_service *imaging;
};
/* Starts imaging over DATA/blobs with the consilium-ingest that lies beside this program, and has
 * its series told. NULL = refused, message in words. */
struct imaging_service *case_images_start(struct case_images *images, uv_loop_t *loop,
                                          struct postgres *postgres, struct keys *keys,
                                          struct uuid tenant, const char *data_folder,
                                          const char **ret_message);
/* For imaging_service_config.on_series; data is a struct case_images. */
void case_images_on_series(void *data, const struct imaging_series *series);

#endif
