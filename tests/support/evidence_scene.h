/*
 * Images and drawings for documents of evidence, made up in memory: a CT slice in patient space and
 * a photograph-like image in image space, of one study. Header only; included after cmocka.h.
 */
#ifndef CONSILIUM_TESTS_EVIDENCE_SCENE_H
#define CONSILIUM_TESTS_EVIDENCE_SCENE_H

#include "server/evidence/measurement_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCENE_STUDY "1.2.826.0.1.3680043.8.498.1"
#define SCENE_SPACE "1.2.826.0.1.3680043.8.498.2"

struct evidence_scene {
    struct instance ct, film;
};

static inline void scene_copy(char *to, size_t space, const char *text) {
    snprintf(to, space, "%s", text);
}

static inline void scene_set(struct instance *instance, enum instance_field field) {
    instance->present |= 1ull << field;
}

static inline void scene_identity(struct instance *instance, const char *series, const char *uid) {
    snprintf(instance->study_uid, sizeof instance->study_uid, "%s", SCENE_STUDY);
    snprintf(instance->series_uid, sizeof instance->series_uid, "%s", series);
    snprintf(instance->sop_instance_uid, sizeof instance->sop_instance_uid, "%s", uid);
    scene_copy(instance->patient_name, sizeof instance->patient_name, "M\xc3\xbcller^J\xc3\xb6rg");
    scene_copy(instance->patient_id, sizeof instance->patient_id, "P-17");
    scene_copy(instance->patient_birth_date, sizeof instance->patient_birth_date, "19600229");
    scene_copy(instance->patient_sex, sizeof instance->patient_sex, "M");
    scene_copy(instance->study_date, sizeof instance->study_date, "20260102");
    scene_copy(instance->study_time, sizeof instance->study_time, "101112");
    scene_copy(instance->accession_number, sizeof instance->accession_number, "A1");
    scene_copy(instance->study_id, sizeof instance->study_id, "S1");
    scene_copy(instance->study_description, sizeof instance->study_description,
               "Thorax und Abdomen");
}

static inline struct evidence_scene *scene_create(void) {
    struct evidence_scene *scene = calloc(1, sizeof *scene);
    struct instance *ct = &scene->ct;
    scene_identity(ct, SCENE_STUDY ".3", SCENE_STUDY ".3.1");
    scene_copy(ct->sop_class_uid, sizeof ct->sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
    scene_copy(ct->modality, sizeof ct->modality, "CT");
    scene_copy(ct->frame_of_reference_uid, sizeof ct->frame_of_reference_uid, SCENE_SPACE);
    scene_copy(ct->photometric, sizeof ct->photometric, "MONOCHROME2");
    ct->rows = 48;
    ct->columns = 64;
    ct->samples_per_pixel = 1;
    ct->pixel_spacing[0] = 0.8;
    ct->pixel_spacing[1] = 0.5;
    memcpy(ct->position_lps, (double[]){-16, -19.2, 100}, sizeof ct->position_lps);
    memcpy(ct->orientation_lps, (double[]){1, 0, 0, 0, 1, 0}, sizeof ct->orientation_lps);
    ct->rescale_intercept[0] = -1024;
    ct->rescale_slope[0] = 1;
    for (int field = INSTANCE_TRANSFER_SYNTAX_UID; field <= INSTANCE_DOCUMENT_LENGTH; field++) {
        scene_set(ct, (enum instance_field)field);
    }
    ct->present &= ~(1ull << INSTANCE_NUMBER_OF_FRAMES);
    scene->film = *ct;
    struct instance *film = &scene->film;
    scene_identity(film, SCENE_STUDY ".4", SCENE_STUDY ".4.1");
    scene_copy(film->sop_class_uid, sizeof film->sop_class_uid, "1.2.840.10008.5.1.4.1.1.3.1");
    scene_copy(film->modality, sizeof film->modality, "US");
    film->frame_of_reference_uid[0] = '\0';
    film->present &= ~(1ull << INSTANCE_POSITION | 1ull << INSTANCE_ORIENTATION |
                       1ull << INSTANCE_PIXEL_SPACING | 1ull << INSTANCE_RESCALE_SLOPE |
                       1ull << INSTANCE_RESCALE_INTERCEPT);
    film->number_of_frames = 12;
    scene_set(film, INSTANCE_NUMBER_OF_FRAMES);
    return scene;
}

static inline struct text scene_text(const char *text) {
    return (struct text){(uint32_t)strlen(text), text};
}

/* Between two points, in patient space. */
static inline struct annotation scene_length(const struct instance *image, struct point points[2],
                                             double value, const char *label) {
    return (struct annotation){
        .annotation = {{1, 2, 3, (uint8_t)value}},
        .tool = ANNOTATION_TOOL_LENGTH,
        .image = {.sop_instance_uid = scene_text(image->sop_instance_uid), .frame = 1},
        .frame_of_reference_uid = scene_text(image->frame_of_reference_uid),
        .points = {.count = 2, .items = points},
        .value = value,
        .unit = scene_text(image->frame_of_reference_uid[0] ? "mm" : "px"),
        .calibration = image->frame_of_reference_uid[0] ? CALIBRATION_PATIENT : CALIBRATION_PIXELS,
        .label = scene_text(label)};
}

#endif
