/* What people may ask of other archives: which there are, what they have of a patient, a study. */
#ifndef CONSILIUM_ARCHIVES_ROUTES_ARCHIVES_H
#define CONSILIUM_ARCHIVES_ROUTES_ARCHIVES_H

#include "server/archives/archives.h"
#include "server/audit/access_log.h"

struct gateway;
void routes_archives_add(struct gateway *gateway, struct archives *archives,
                         struct access_log *access_log);

#endif
