/*
 * The drawings on the images of one study as a Comprehensive 3D SR of template 1500 (PS3.16 TID
 * 1500, 1501, 1410, 300, 320): what was measured, where, by whom, with its words.
 *
 * Points in a frame of reference are SCOORD3D, mm; points of an image alone are SCOORD, which count
 * from the upper left corner of the first pixel where ours count from its centre. The words of a
 * drawing are the Comment of its group, which is what readers take as its label.
 */
#ifndef CONSILIUM_EVIDENCE_MEASUREMENT_REPORT_H
#define CONSILIUM_EVIDENCE_MEASUREMENT_REPORT_H

#include "protocol/generated/stage.h"
#include "server/evidence/evidence_header.h"

#define COMPREHENSIVE_3D_SR "1.2.840.10008.5.1.4.1.1.88.34"

/* Borrows all. */
struct measured_drawing {
    const struct annotation *annotation;
    const struct instance *image; // it lies on
    struct text author;           // person name
    int64_t at;
};

struct measurement_report {
    struct evidence_header header; // class and modality are filled in
    const struct measured_drawing *drawings;
    size_t count;
    /* The report before this one; NULL = none. Of the same study and series. */
    const char *predecessor_uid;
};

/* False when it cannot be written: too large, or a UID of an image breaks the rules of UIDs. */
bool measurement_report_write(const struct measurement_report *report, uint8_t **ret_bytes,
                              size_t *ret_size);

#endif
