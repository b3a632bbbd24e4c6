/*
 * Which other archives may be asked: configuration of the installation, read once at the start.
 *
 *     [{"id": "radiology", "name": "Radiology of the hospital",
 *       "url": "https://pacs.hospital.example/dicom-web",
 *       "tokenFile": "/etc/consilium/keys/radiology-token",
 *       "caFile": "/etc/consilium/hospital-ca.pem", "instanceMaxMiB": 2048}]
 *
 * No address ever comes from anywhere else. `caFile` names who vouches for the archive's
 * certificate, when that is nobody whom the system knows; `instanceMaxMiB` bounds one image.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_LIST_H
#define CONSILIUM_ARCHIVES_ARCHIVE_LIST_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ARCHIVES_MAX = 32,
    ARCHIVE_ID_MAX = 32, /* small letters, digits, hyphens */
    ARCHIVE_NAME_MAX = 100,
    ARCHIVE_URL_MAX = 512,
    ARCHIVE_TOKEN_MAX = 8192, /* of RFC 6750 2.1 */
    ARCHIVE_PATH_MAX = 1024,
    ARCHIVE_INSTANCE_MIB_MAX = 4096,
    ARCHIVE_INSTANCE_MIB = 1024, /* when nothing is said */
    ARCHIVE_LIST_BYTES_MAX = 64 * 1024,
    ARCHIVE_MESSAGE_MAX = 512,
};

struct archive {
    char id[ARCHIVE_ID_MAX + 1];
    char name[ARCHIVE_NAME_MAX + 1];    /* for people */
    char url[ARCHIVE_URL_MAX + 1];      /* root of its DICOMweb, without a slash at its end */
    char token[ARCHIVE_TOKEN_MAX + 1];  /* secret */
    char ca_file[ARCHIVE_PATH_MAX + 1]; /* empty = whom the system knows */
    uint64_t instance_max;              /* bytes */
    bool plain;                         /* http, which is loopback then */
};

struct archive_list {
    struct archive *all; /* owned */
    uint32_t count;
};

/* False with words that name what is wrong and where; they hold no secret. */
bool archive_list_read(struct archive_list *ret, const char *path,
                       char message[ARCHIVE_MESSAGE_MAX]);
void archive_list_finish(struct archive_list *list);

/* NULL = there is none of this id. */
const struct archive *archive_list_find(const struct archive_list *list, struct text id);

#endif
