/* Where what a part holds is to be had alone, for its Content-Location (PS3.18 10.4.3.3). Pure. */
#ifndef CONSILIUM_DICOMWEB_WADO_LOCATION_H
#define CONSILIUM_DICOMWEB_WADO_LOCATION_H

#include "server/dicomweb/ask.h"
#include "server/dicomweb/wado_part.h"

enum { WADO_LOCATION_SIZE = 1024 };

/* Empty for what is no frame. The ask is of the instance. */
void wado_locate_frame(const struct dicomweb_ask *ask, const struct wado_part *part,
                       char location[WADO_LOCATION_SIZE]);
/* The ask may be of a series or a study. */
void wado_locate_picture(const struct dicomweb_ask *ask, const struct wado_part *part,
                         const struct download_facts *facts, char location[WADO_LOCATION_SIZE]);

#endif
