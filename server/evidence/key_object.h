/*
 * The key images of one study as a Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010): which they
 * are, and what they were called.
 */
#ifndef CONSILIUM_EVIDENCE_KEY_OBJECT_H
#define CONSILIUM_EVIDENCE_KEY_OBJECT_H

#include "server/evidence/evidence_header.h"

#define KEY_OBJECT_SELECTION "1.2.840.10008.5.1.4.1.1.88.59"

/* Borrows all. */
struct key_object {
    struct evidence_header header; // class and modality are filled in
    struct text description;       // titles, a line each
    struct text author;            // person name, of who marked the last one
    const struct key_object_image {
        const struct instance *image;
        uint32_t frame;
    } * images; // by series, each once; one at least
    size_t count;
};

/* False when it cannot be written. */
bool key_object_write(const struct key_object *object, uint8_t **ret_bytes, size_t *ret_size);

#endif
