/* What became of an upload, in JSON. */
#ifndef CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H
#define CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

void routes_imaging_answer_upload(struct http_exchange *exchange,
                                  const struct upload_answer *answer);

#endif
