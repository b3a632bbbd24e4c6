/*
 * Imaging, evidence and what is fetched from other archives, wired to the cases.
 *
 * Tells cases of their images: what imaging has stored becomes an AddImages command to the case's
 * actor. What could not be told (the database is away, the mailbox is full) imaging tells again
 * after a restart.
 */
#ifndef CONSILIUM_CASE_IMAGES_H
#define CONSILIUM_CASE_IMAGES_H

#include "server/archives/archives.h"
#include "server/config.h"
#include "server/erasure/keeping.h"
#include "server/evidence/evidence_service.h"
#include "server/identity/identity.h"
#include "server/imaging/imaging_service.h"
#include "server/node/node.h"

struct asked_identity;
struct case_images { /* borrows all that is given, for imaging's life */
    struct node *node;
    struct host_clock *clock;
    const struct config *config;
    const struct identity *identity;
    const struct keeping *keeping; /* which cases are erased */
    struct archives *archives;
    struct imaging_service *imaging;
    struct evidence_service *evidence;
    struct asked_identity *asked; /* owned: what the node has not answered */
    bool closing;
    void (*closed)(void *data);
    void *closed_data;
};
/* Starts imaging over DATA/blobs with the consilium-ingest that lies beside this program, and has
 * its series told; starts what writes evidence and what asks other archives. NULL = refused,
 * message in words. */
struct imaging_service *case_images_start(struct case_images *images, uv_loop_t *loop,
                                          struct postgres *postgres, struct keys *keys,
                                          struct uuid tenant, const char *data_folder,
                                          const char **ret_message);
/* What the last process left: once, when the database is there and actors can be told. */
void case_images_catch_up(struct case_images *images);
/* A stream has a new last row. */
void case_images_moved(struct case_images *images, const struct stream_head *head);
/* The case is to be erased: nothing is fetched for it any more. */
void case_images_forget(struct case_images *images, struct uuid patient_case);
/* Ends them all; `closed` may come at once. */
void case_images_close(struct case_images *images, void (*closed)(void *data), void *data);
/* After the gateway: nobody can ask any more. */
void case_images_finish(struct case_images *images);
/* For imaging_service_config.on_series; data is a struct case_images. */
void case_images_on_series(void *data, const struct imaging_series *series);
/* What people and programs may ask of images. */
struct access_log;
struct gateway;
void case_images_add_routes(const struct case_images *images, struct gateway *gateway,
                            struct access_log *log);

#endif
