/*
 * The files of a study, a series or one instance, and what has to be put before each so that it is
 * a whole DICOM file: read from the database, and from the head of each file.
 */
#ifndef CONSILIUM_DICOMWEB_WADO_LIST_H
#define CONSILIUM_DICOMWEB_WADO_LIST_H

#include "server/dicomweb/wado_stream.h"

struct wado_list;

struct wado_listed {
    enum imaging_read_result result;
    struct wado_part *parts; /* of malloc, the receiver's; without a media type */
    uint32_t count;
    char etag[80]; /* of the first */
};

/* Of what the ask's path names. `ret_list` is set before `done` can be called, which may be at
 * once. False = busy. */
bool wado_list_begin(const struct dicomweb_ask *ask,
                     void (*done)(void *data, struct wado_listed *listed), void *data,
                     struct wado_list **ret_list);
void wado_list_cancel(struct wado_list *list);

#endif
