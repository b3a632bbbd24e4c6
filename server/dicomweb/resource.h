/*
 * What a path under the root of a case names (PS3.18 tables 8.2.1-1, 10.4.1-1, 10.6.1-1). Pure.
 */
#ifndef CONSILIUM_DICOMWEB_RESOURCE_H
#define CONSILIUM_DICOMWEB_RESOURCE_H

#include "protocol/values.h"

#include <stdbool.h>

enum resource_kind {
    RESOURCE_STUDIES,          /* studies */
    RESOURCE_STUDY,            /* studies/S */
    RESOURCE_STUDY_SERIES,     /* studies/S/series */
    RESOURCE_STUDY_INSTANCES,  /* studies/S/instances */
    RESOURCE_SERIES,           /* studies/S/series/E */
    RESOURCE_SERIES_INSTANCES, /* studies/S/series/E/instances */
    RESOURCE_INSTANCE,         /* studies/S/series/E/instances/I */
    RESOURCE_FRAMES,           /* .../frames/1,2 */
    RESOURCE_PIXELS,           /* .../pixeldata: all frames */
    RESOURCE_BULK,             /* .../bulkdata/X */
    RESOURCE_ALL_SERIES,       /* series */
    RESOURCE_ALL_INSTANCES,    /* instances */
};

enum resource_view { VIEW_ITSELF, VIEW_METADATA, VIEW_RENDERED, VIEW_THUMBNAIL };

struct dicomweb_resource {
    enum resource_kind kind;
    enum resource_view view;
    struct text study, series, instance; /* UIDs: 1 to 64 digits and points */
    struct text tail;                    /* the list of frames, or what follows bulkdata/ */
};

/* False when it names nothing: 404. */
bool resource_parse(struct text path, struct dicomweb_resource *ret);

/* The frames of a list, from 1; how many, 0 when it is none or too long. */
uint32_t resource_frames(struct text list, uint32_t *frames, uint32_t max);

#endif
