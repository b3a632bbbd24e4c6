/* The words after `consilium backup` and `consilium restore`; what is not theirs is the server's
 * own (config.h), so that --data, --database-url, --key-file and --anchor mean the same. */
#ifndef CONSILIUM_BACKUP_OPTIONS_H
#define CONSILIUM_BACKUP_OPTIONS_H

#include "server/config.h"

struct backup_options {
    const char *to, *from, *keys_to, *keys_from, *at, *verify; /* NULL = not given */
    bool follow;     /* go on as long as the server runs */
    bool blobs_only; /* the database is the operator's */
    struct config config;
};

/* False: message says what is wrong. */
bool backup_options_read(struct backup_options *ret, int argc, char **argv,
                         char message[CONFIG_MESSAGE_MAX]);

#endif
