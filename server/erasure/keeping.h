/*
 * What sees to keys and erasures in a server, put together: keys opened, a rotation that goes on
 * where the last life left it, the eraser, and their routes.
 */
#ifndef CONSILIUM_KEEPING_H
#define CONSILIUM_KEEPING_H

#include "server/erasure/routes_keys.h"

struct keeping {
    struct keys *keys;         /* NULL = not open */
    struct rotation *rotation; /* NULL = not begun */
    struct eraser *eraser;
    void (*closed)(void *data);
    void *closed_data;
};

struct keeping_config { /* borrows */
    uv_loop_t *loop;
    struct postgres *postgres;
    struct imaging_service *imaging;
    struct node *node;
    struct gateway *gateway;
    struct affiliations *affiliations;
    struct access_log *access_log;
    const char *data_folder;
    const char *key_file; /* NULL = our own */
    struct uuid tenant;
};

/* False = refused, message in words. */
bool keeping_open_keys(struct keeping *keeping, const char *data_folder, const char *key_file,
                       const char **ret_message);
/* `ready` is called once it is known what was erased: nothing may be shown before. */
bool keeping_begin(struct keeping *keeping, const struct keeping_config *config,
                   void (*ready)(void *data), void *data, const char **ret_message);

bool keeping_is_erased(const struct keeping *keeping, struct uuid patient_case);
void keeping_ordered(struct keeping *keeping, struct uuid patient_case);

/* Before imaging and PostgreSQL are. `closed` may be called at once. */
void keeping_close(struct keeping *keeping, void (*closed)(void *data), void *data);

#endif
