/* Answers about images: what became of an upload, why something cannot be read. */
#ifndef CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H
#define CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

void routes_imaging_answer_upload(struct http_exchange *exchange,
                                  const struct upload_answer *answer);

/* Why it cannot be read. */
void routes_imaging_answer_unread(struct http_exchange *exchange, enum imaging_read_result result);

/* Under which name a document is saved: of ours, never one that somebody gave. */
const char *routes_imaging_disposition(const char *media_type);

#endif
