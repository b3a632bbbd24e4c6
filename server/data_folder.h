/*
 * The data folder belongs to one process at a time (flock on DATA/lock) and has an id, the node's,
 * for as long as it exists.
 */
#ifndef CONSILIUM_DATA_FOLDER_H
#define CONSILIUM_DATA_FOLDER_H

#include "protocol/values.h"

enum { DATA_PATH_MAX = 3072 };
/* Lies in a folder as long as it is being restored: it is not served. */
#define DATA_FOLDER_UNFINISHED "restore-unfinished"

struct data_folder {
    char path[DATA_PATH_MAX]; /* absolute */
    int lock;                 /* descriptor; held until the process ends */
    struct uuid node;
};

/* Makes the folder (mode 0700) when it is absent. False: message says what and what to do. */
bool data_folder_open(struct data_folder *ret, const char *path, char *message, size_t space);

#endif
