#include "server/imaging/transfer_syntax.h"

#include <stddef.h>
#include <string.h>

#define UID_ROOT "1.2.840.10008.1.2"

static const struct transfer_syntax syntaxes[] = {
    {TRANSFER_SYNTAX_IMPLICIT_LE, DICOM_IMPLICIT_LE, false, PIXELS_NATIVE, true},
    {TRANSFER_SYNTAX_EXPLICIT_LE, DICOM_EXPLICIT_LE, false, PIXELS_NATIVE, true},
    {TRANSFER_SYNTAX_EXPLICIT_BE, DICOM_EXPLICIT_BE, false, PIXELS_NATIVE, true},
    {TRANSFER_SYNTAX_DEFLATED_LE, DICOM_EXPLICIT_LE, true, PIXELS_NATIVE, true},
    {UID_ROOT ".1.98", DICOM_EXPLICIT_LE, false, PIXELS_BLOCK, true}, // encapsulated uncompressed
    {UID_ROOT ".5", DICOM_EXPLICIT_LE, false, PIXELS_BLOCK, true},    // RLE
    {UID_ROOT ".4.50", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, false}, // JPEG baseline
    {UID_ROOT ".4.51", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, false}, // JPEG extended, 12 bits
    {UID_ROOT ".4.57", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, true},  // JPEG lossless
    {UID_ROOT ".4.70", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, true},  // JPEG lossless, first order
    {UID_ROOT ".4.80", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, true},  // JPEG-LS lossless
    {UID_ROOT ".4.81", DICOM_EXPLICIT_LE, false, PIXELS_JPEG, false}, // JPEG-LS near-lossless
    {UID_ROOT ".4.90", DICOM_EXPLICIT_LE, false, PIXELS_JPEG2000, true},
    {UID_ROOT ".4.91", DICOM_EXPLICIT_LE, false, PIXELS_JPEG2000, false},
    {UID_ROOT ".4.201", DICOM_EXPLICIT_LE, false, PIXELS_JPEG2000, true},  // HTJ2K lossless
    {UID_ROOT ".4.202", DICOM_EXPLICIT_LE, false, PIXELS_JPEG2000, true},  // HTJ2K lossless RPCL
    {UID_ROOT ".4.203", DICOM_EXPLICIT_LE, false, PIXELS_JPEG2000, false}, // HTJ2K
    {UID_ROOT ".4.100", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},    // MPEG-2
    {UID_ROOT ".4.101", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
    {UID_ROOT ".4.102", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false}, // MPEG-4 AVC/H.264
    {UID_ROOT ".4.103", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
    {UID_ROOT ".4.104", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
    {UID_ROOT ".4.105", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
    {UID_ROOT ".4.106", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
    {UID_ROOT ".4.107", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false}, // HEVC/H.265
    {UID_ROOT ".4.108", DICOM_EXPLICIT_LE, false, PIXELS_VIDEO, false},
};

const struct transfer_syntax *transfer_syntax_find(const char *uid) {
    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++) {
        if (strcmp(syntaxes[i].uid, uid) == 0) {
            return &syntaxes[i];
        }
    }
    return NULL;
}
