#include "server/dicomweb/wado_location.h"

#include <stdio.h>

void wado_locate_frame(const struct dicomweb_ask *ask, const struct wado_part *part,
                       char location[WADO_LOCATION_SIZE]) {
    const struct dicomweb_resource *of = &ask->resource;
    location[0] = 0;
    if (part->frame > 0 && part->frame < DOWNLOAD_BULK) {
        snprintf(location, WADO_LOCATION_SIZE, "%s/studies/%.*s/series/%.*s/instances/%s/frames/%u",
                 ask->base, (int)of->study.length, of->study.bytes, (int)of->series.length,
                 of->series.bytes, part->sop_instance_uid, (unsigned)part->frame);
    }
}

void wado_locate_picture(const struct dicomweb_ask *ask, const struct wado_part *part,
                         const struct download_facts *facts, char location[WADO_LOCATION_SIZE]) {
    snprintf(location, WADO_LOCATION_SIZE, "%s/studies/%s/series/%s/instances/%s/rendered",
             ask->base, facts->study_uid, facts->series_uid, part->sop_instance_uid);
}
