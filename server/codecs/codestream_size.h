/* What the first marker segment of a JPEG 2000 codestream says, before a library allocates by it.
 */
#ifndef CONSILIUM_CODECS_CODESTREAM_SIZE_H
#define CONSILIUM_CODECS_CODESTREAM_SIZE_H

#include "server/codecs/pixels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* SIZ, which comes first (ISO 15444-1 A.5.1): of the form's size, in a sensible number of tiles? */
bool codestream_size_agrees(const uint8_t *bytes, size_t size, const struct pixel_form *form);

#ifdef __cplusplus
}
#endif

#endif
