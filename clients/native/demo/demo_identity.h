#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_IDENTITY_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_IDENTITY_H

#include "clients/native/demo/dicom_dataset.h"

/*
 * Who a demonstration image belongs to. Each image says so three times over: a name that begins
 * with DEMO, an identifier that does, and a patient comment in words.
 */

struct demo_patient {
    const char *id;         // "DEMO-0001"
    const char *name;       // "DEMO^Cranium"
    const char *birth_date; // YYYYMMDD
    const char *sex;        // "F", "M"
};

struct demo_study {
    const struct demo_patient *patient;
    const char *name; // the UIDs derive from it: "cranium/2026"
    const char *date; // YYYYMMDD
    const char *time; // HHMMSS
    const char *id;
    const char *description;
};

struct demo_series {
    const struct demo_study *study;
    const char *name; // within the study: "ct"
    unsigned number;
    const char *modality;
    const char *sop_class_uid;
    const char *description;
    const char *body_part;      // a defined term of PS3.16 annex L
    bool in_frame_of_reference; // else the images have no place in patient space
};

// Puts the patient, study, series, equipment and SOP common attributes of one instance
// (PS3.3 sections C.7.1 to C.7.5 and C.12.1), over whatever the data set held of them.
void demo_identify(struct dicom_dataset *dataset, const struct demo_series *series,
                   unsigned instance_number);

#endif
