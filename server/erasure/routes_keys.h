/* The tenant's keys over HTTP, for whom the policy lets see to them at the root organisation. */
#ifndef CONSILIUM_ROUTES_KEYS_H
#define CONSILIUM_ROUTES_KEYS_H

#include "server/audit/access_log.h"
#include "server/erasure/eraser.h"
#include "server/gateway/http.h"
#include "server/node/node.h"

struct keys_desk { /* borrows */
    struct postgres *postgres;
    struct rotation *rotation;
    struct eraser *eraser;
    struct affiliations *affiliations;
    struct access_log *access_log;
    struct uuid tenant;
    bool own_key_file; /* DATA/keys/key-encryption-key; false = where --key-file says */
};

/* Once this was called nothing of the desk is used any more. */
void routes_keys_close(void);
void routes_keys_add(struct gateway *gateway, const struct keys_desk *desk);

#endif
