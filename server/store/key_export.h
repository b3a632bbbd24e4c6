/*
 * FOLDER/wrapped: all wrapped keys of a tenant as they were when a generation was last destroyed.
 * An older copy of the database is wrapped by what no longer exists; with this file beside the keys
 * it can be read again, but for streams that were erased meanwhile, which are not in it.
 *
 *   consilium wrapped keys 1
 *   tenant TENANT GENERATION WRAPPED
 *   stream STREAM TENANT GENERATION WRAPPED
 *   end COUNT                                   of streams
 *
 * Nothing in it opens without the key-encryption key and the generation's secret.
 */
#ifndef CONSILIUM_KEY_EXPORT_H
#define CONSILIUM_KEY_EXPORT_H

#include "server/store/database.h"

#include <stdio.h>

#define KEY_EXPORT_NAME "wrapped"

struct key_export {
    FILE *file;
    uint64_t streams;
    bool failed;
    char path[4096 + 32];
};

/* Writes beside; nothing bears the name before key_export_end. */
bool key_export_begin(struct key_export *export, const char *folder);
void key_export_tenant(struct key_export *export, const struct tenant_key_row *row);
void key_export_stream(struct key_export *export, const struct stream_key_row *row);
/* Durable and whole, or not there. */
bool key_export_end(struct key_export *export);
void key_export_abort(struct key_export *export);

/* Reads one: `tenant` and `stream` are called for each line; false = there is none, or it is
 * damaged, or one of them said false. Only stream, tenant, generation and wrapped are filled in. */
struct key_import {
    bool (*tenant)(void *data, const struct tenant_key_row *row);
    bool (*stream)(void *data, const struct stream_key_row *row);
    void *data;
};
bool key_export_read(const char *folder, const struct key_import *import);

#endif
