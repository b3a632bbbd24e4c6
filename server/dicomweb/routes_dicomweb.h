/*
 * DICOMweb (PS3.18) over the images of cases: each case is a service of its own, rooted at
 * /api/cases/{case}/dicom-web. CONFORMANCE.md says what is answered.
 */
#ifndef CONSILIUM_DICOMWEB_ROUTES_DICOMWEB_H
#define CONSILIUM_DICOMWEB_ROUTES_DICOMWEB_H

#include "server/gateway/http.h"

struct access_log;
struct imaging_service;

void routes_dicomweb_add(struct gateway *gateway, struct imaging_service *service,
                         struct access_log *access_log);

#endif
