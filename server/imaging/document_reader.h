/*
 * Documents that are not DICOM but belong to a case: a PDF report, a photograph. They get an index
 * row like an instance, with UIDs made from their contents (PS3.5 section B.2), so that the same
 * document sent twice is recognised.
 */
#ifndef CONSILIUM_IMAGING_DOCUMENT_READER_H
#define CONSILIUM_IMAGING_DOCUMENT_READER_H

#include "server/imaging/bounded_output.h"
#include "server/imaging/instance.h"

#define DOCUMENT_DIGEST_SIZE 32

/* False when these bytes begin none of the documents we show. */
bool document_read(const uint8_t *bytes, size_t size, const uint8_t digest[DOCUMENT_DIGEST_SIZE],
                   struct instance *ret_instance);

/* The document's DICOM JSON (PS3.18 Annex F): its UIDs, modality and media type. */
void document_metadata(const struct instance *document, struct bounded_output *output);

#endif
