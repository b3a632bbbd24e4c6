/*
 * Requests to other archives: libcurl on the loop. Everything that comes back is hostile: bounded
 * in its head, its body, its duration and its slowness; redirects are not followed, nothing is
 * decompressed, the certificate is checked, and the token goes to the archive's own address alone.
 *
 * On the loop's thread only. No callback comes from within archive_request_begin.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVE_CLIENT_H
#define CONSILIUM_ARCHIVES_ARCHIVE_CLIENT_H

#include "server/archives/archive_list.h"

#include <uv.h>

enum {
    ARCHIVE_HEAD_MAX = 32 * 1024, /* bytes of all headers of an answer */
    ARCHIVE_REQUEST_PATH_MAX = 4096,
    ARCHIVE_CONNECT_S = 10,
    ARCHIVE_SLOW_S = 60,     /* with less than ARCHIVE_SLOW_BYTES a second, as while it prepares */
    ARCHIVE_SLOW_BYTES = 64, /* a second */
};

enum archive_failure {
    ARCHIVE_OK,
    ARCHIVE_AWAY,        /* no connection: it is off, or its name is unknown */
    ARCHIVE_SLOW,        /* too slow, or too long */
    ARCHIVE_BROKEN,      /* the connection ended in the middle */
    ARCHIVE_CERTIFICATE, /* nobody vouches for its certificate, or no TLS came about */
    ARCHIVE_TOKEN,       /* 401, 403 */
    ARCHIVE_NOT_FOUND,   /* 404, 410 */
    ARCHIVE_ELSEWHERE,   /* 3xx, which are not followed */
    ARCHIVE_BUSY,        /* 429, 503 */
    ARCHIVE_STATUS,      /* any other status */
    ARCHIVE_ANSWER,      /* not what was asked for, or over a bound */
};
/* As a word for programs: "away". */
const char *archive_failure_word(enum archive_failure failure);

enum archive_taking {
    ARCHIVE_TAKEN,
    ARCHIVE_TAKEN_PAUSE, /* taken, and no more until archive_request_resume */
    ARCHIVE_ENOUGH,      /* taken, and no more is wanted: it ends well */
    ARCHIVE_REFUSED,     /* it ends as ARCHIVE_ANSWER */
};

struct archive_client;
struct archive_request;

struct archive_wanted {
    const struct archive *archive; /* borrowed until `done` */
    const char *path;              /* copied; from the archive's root on: "/studies" */
    const char *accept;            /* copied */
    uint64_t body_max;             /* bytes */
    uint32_t seconds_max;          /* 0 = as long as it is not slow */
    /* An answer of status 200 begins. False = it is refused. */
    bool (*begun)(void *data, struct text content_type);
    enum archive_taking (*bytes)(void *data, struct bytes bytes);
    /* Once, and the request is gone. 204 is well, too. `begun` was not called then. */
    void (*done)(void *data, enum archive_failure failure);
    void *data;
};

struct archive_client *archive_client_create(uv_loop_t *loop);
/* What is under way ends as ARCHIVE_BROKEN, at once. */
void archive_client_close(struct archive_client *client, void (*closed)(void *data), void *data);

/* NULL without memory, or while closing. */
struct archive_request *archive_request_begin(struct archive_client *client,
                                              const struct archive_wanted *wanted);
void archive_request_resume(struct archive_request *request);
/* Nothing is called any more. NULL is fine; not from within `done`. */
void archive_request_cancel(struct archive_request *request);

#endif
