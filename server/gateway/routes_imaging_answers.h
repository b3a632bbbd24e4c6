/* Answers about images: what became of an upload, why something cannot be read. */
#ifndef CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H
#define CONSILIUM_GATEWAY_ROUTES_IMAGING_ANSWERS_H

#include "server/gateway/http.h"
#include "server/imaging/imaging_service.h"

/* `name` is what its sender calls the file, NULL when that is not known: whatever is not plainly
 * stored is said with it, to that sender alone. */
void routes_imaging_answer_upload(struct http_exchange *exchange,
                                  const struct upload_answer *answer, const char *name);

/* An error of a file that is not stored. */
void routes_imaging_answer_unsent(struct http_exchange *exchange, int status, const char *word,
                                  const char *message, const char *name);

/* What a `done` of the service gave. Its copy on the way to the socket counts on
 * (imaging_memory.h). */
void routes_imaging_answer_read(struct http_exchange *exchange, struct imaging_service *service,
                                const char *media_type, const struct http_header_line *headers,
                                size_t header_count, struct bytes bytes);

/* Why it cannot be read. */
void routes_imaging_answer_unread(struct http_exchange *exchange, enum imaging_read_result result);

/* Under which name a document is saved: of ours, never one that somebody gave. */
const char *routes_imaging_disposition(const char *media_type);

#endif
