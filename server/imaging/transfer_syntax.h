/*
 * The transfer syntaxes a file may be stored in (PS3.5 Annex A): how its data set is encoded and
 * how its pixels are packed. A UID that is not in the table is refused by name.
 */
#ifndef CONSILIUM_IMAGING_TRANSFER_SYNTAX_H
#define CONSILIUM_IMAGING_TRANSFER_SYNTAX_H

#include "server/imaging/element_walker.h"

#include <stdbool.h>

#define TRANSFER_SYNTAX_IMPLICIT_LE "1.2.840.10008.1.2"
#define TRANSFER_SYNTAX_EXPLICIT_LE "1.2.840.10008.1.2.1"
#define TRANSFER_SYNTAX_EXPLICIT_BE "1.2.840.10008.1.2.2"
#define TRANSFER_SYNTAX_DEFLATED_LE "1.2.840.10008.1.2.1.99"

/* How one frame looks inside its fragments; decides how frames are told apart. */
enum pixel_packing {
    PIXELS_NATIVE,   // not encapsulated: frames of equal size one after the other
    PIXELS_BLOCK,    // one fragment a frame (RLE, PS3.5 A.4.2; encapsulated uncompressed A.4.11)
    PIXELS_JPEG,     // a frame starts with SOI, FF D8 (JPEG, JPEG-LS)
    PIXELS_JPEG2000, // a frame starts with SOC SIZ, FF 4F FF 51 (JPEG 2000, HTJ2K)
    PIXELS_VIDEO,    // one stream in all fragments: never cut into frames
};

struct transfer_syntax {
    const char *uid;
    enum dicom_encoding encoding;
    bool deflated;
    enum pixel_packing packing;
    bool
        reversible; // its pixels are those that were packed: a lossless copy is one of the original
};

/* NULL when the UID is not one we take. */
const struct transfer_syntax *transfer_syntax_find(const char *uid);

#endif
