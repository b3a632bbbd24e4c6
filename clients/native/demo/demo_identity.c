#include "clients/native/demo/demo_identity.h"

#include "clients/native/demo/dicom_tags.h"
#include "clients/native/demo/uid.h"

static void put_uid(struct dicom_dataset *dataset, uint32_t tag, const char *name) {
    char uid[UID_TEXT_MAX + 1];
    demo_uid(uid, name);
    dicom_put_text(dataset, tag, "UI", uid);
}

static void put_integer(struct dicom_dataset *dataset, uint32_t tag, unsigned number) {
    char text[16];
    snprintf(text, sizeof(text), "%u", number);
    dicom_put_text(dataset, tag, "IS", text);
}

static void put_patient(struct dicom_dataset *dataset, const struct demo_patient *patient) {
    dicom_put_text(dataset, TAG_PATIENT_NAME, "PN", patient->name);
    dicom_put_text(dataset, TAG_PATIENT_ID, "LO", patient->id);
    dicom_put_text(dataset, TAG_PATIENT_BIRTH_DATE, "DA", patient->birth_date);
    dicom_put_text(dataset, TAG_PATIENT_SEX, "CS", patient->sex);
    dicom_put_text(dataset, TAG_PATIENT_COMMENTS, "LT", "Demonstration data. Not a patient.");
}

static void put_study(struct dicom_dataset *dataset, const struct demo_study *study) {
    static const uint32_t date_tags[] = {TAG_STUDY_DATE, TAG_SERIES_DATE, TAG_ACQUISITION_DATE,
                                         TAG_CONTENT_DATE};
    static const uint32_t time_tags[] = {TAG_STUDY_TIME, TAG_SERIES_TIME, TAG_ACQUISITION_TIME,
                                         TAG_CONTENT_TIME};
    for (size_t i = 0; i < 4; i++) {
        dicom_put_text(dataset, date_tags[i], "DA", study->date);
        dicom_put_text(dataset, time_tags[i], "TM", study->time);
    }
    put_uid(dataset, TAG_STUDY_INSTANCE_UID, study->name);
    dicom_put_text(dataset, TAG_STUDY_ID, "SH", study->id);
    dicom_put_text(dataset, TAG_STUDY_DESCRIPTION, "LO", study->description);
    dicom_put_text(dataset, TAG_ACCESSION_NUMBER, "SH", "");
    dicom_put_text(dataset, TAG_REFERRING_PHYSICIAN, "PN", "");
}

void demo_identify(struct dicom_dataset *dataset, const struct demo_series *series,
                   unsigned instance_number) {
    char name[128];
    put_patient(dataset, series->study->patient);
    put_study(dataset, series->study);

    snprintf(name, sizeof(name), "%s/%s", series->study->name, series->name);
    put_uid(dataset, TAG_SERIES_INSTANCE_UID, name);
    put_integer(dataset, TAG_SERIES_NUMBER, series->number);
    dicom_put_text(dataset, TAG_MODALITY, "CS", series->modality);
    dicom_put_text(dataset, TAG_SERIES_DESCRIPTION, "LO", series->description);
    dicom_put_text(dataset, TAG_BODY_PART_EXAMINED, "CS", series->body_part);
    dicom_put_text(dataset, TAG_MANUFACTURER, "LO", "Consilium demonstration");
    dicom_put_text(dataset, TAG_INSTITUTION_NAME, "LO", "Demonstration hospital");
    dicom_put_text(dataset, TAG_BURNED_IN_ANNOTATION, "CS", "NO");

    snprintf(name, sizeof(name), "%s/%s/%u", series->study->name, series->name, instance_number);
    put_uid(dataset, TAG_SOP_INSTANCE_UID, name);
    dicom_put_text(dataset, TAG_SOP_CLASS_UID, "UI", series->sop_class_uid);
    dicom_put_text(dataset, TAG_SPECIFIC_CHARACTER_SET, "CS", "ISO_IR 192");
    put_integer(dataset, TAG_INSTANCE_NUMBER, instance_number);

    if (series->in_frame_of_reference) {
        // The series of one study were acquired in one session, so they share the frame.
        snprintf(name, sizeof(name), "%s/frame of reference", series->study->name);
        put_uid(dataset, TAG_FRAME_OF_REFERENCE_UID, name);
        dicom_put_text(dataset, TAG_POSITION_REFERENCE, "LO", "");
    }
}
