#include "server/evidence/measurement_report.h"

#include "server/evidence/drawing_kinds.h"
#include "server/evidence/sr_content.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HALF_PIXEL 0.5 // from the corner of a pixel, where DICOM counts from, to its centre

/* PS3.16 annex D unless said. */
static const struct sr_code report_title = {"126000", "DCM", "Imaging Measurement Report"};
static const struct sr_code language = {"121049", "DCM",
                                        "Language of Content Item and Descendants"};
static const struct sr_code english = {"en", "RFC5646", "English"};
static const struct sr_code observer_type = {"121005", "DCM", "Observer Type"};
static const struct sr_code a_device = {"121007", "DCM", "Device"};
static const struct sr_code a_person = {"121006", "DCM", "Person"};
static const struct sr_code device_uid = {"121012", "DCM", "Device Observer UID"};
static const struct sr_code device_maker = {"121014", "DCM", "Device Observer Manufacturer"};
static const struct sr_code person_name = {"121008", "DCM", "Person Observer Name"};
static const struct sr_code procedure = {"121058", "DCM", "Procedure reported"};
static const struct sr_code imaging = {"363679005", "SCT", "Imaging procedure"};
static const struct sr_code library = {"111028", "DCM", "Image Library"};
static const struct sr_code library_group = {"126200", "DCM", "Image Library Group"};
static const struct sr_code measurements = {"126010", "DCM", "Imaging Measurements"};
static const struct sr_code group = {"125007", "DCM", "Measurement Group"};
static const struct sr_code tracking_words = {"112039", "DCM", "Tracking Identifier"};
static const struct sr_code tracking_uid = {"112040", "DCM", "Tracking Unique Identifier"};
static const struct sr_code comment = {"121106", "DCM", "Comment"};
static const struct sr_code region = {"111030", "DCM", "Image Region"};
static const struct sr_code source_image = {"121112", "DCM", "Source of Measurement"};
static const struct sr_code method = {"370129005", "SCT", "Measurement Method"};

/* How a value came to be, where that is not the rule (99: a scheme of ours, PS3.3 8.2). */
static const struct sr_code calibrations[CALIBRATION_COUNT] = {
    [CALIBRATION_DETECTOR] = {"DETECTOR", "99CONSILIUM", "At the detector"},
    [CALIBRATION_ULTRASOUND] = {"REGION", "99CONSILIUM", "Calibrated ultrasound region"},
    [CALIBRATION_PIXELS] = {"PIXELS", "99CONSILIUM", "Not calibrated"},
};

/* UCUM, of what the schema calls a unit. */
static const struct {
    const char *word;
    struct sr_code code;
} units[] = {
    {"mm", {"mm", "UCUM", "millimeter"}},
    {"px", {"{pixels}", "UCUM", "pixels"}},
    {"deg", {"deg", "UCUM", "degree"}},
    {"mm2", {"mm2", "UCUM", "square millimeter"}},
    {"px2", {"{pixels}2", "UCUM", "square pixels"}},
    {"HU", {"[hnsf'U]", "UCUM", "Hounsfield unit"}},
};

static const struct sr_code *unit_code(struct text word) {
    static const struct sr_code no_units = {"1", "UCUM", "no units"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].word) == word.length &&
            memcmp(units[i].word, word.bytes, word.length) == 0) {
            return &units[i].code;
        }
    }
    return &no_units;
}

/* Coordinates */

struct space {
    double numbers[3 * DRAWING_POINTS_MAX];
    char frame_of_reference_uid[EVIDENCE_UID_SIZE];
    struct sr_graphic graphic;
};

static void space_of(const struct measured_drawing *drawing, const struct point *points,
                     size_t count, const char *type, struct space *ret) {
    struct text frame = drawing->annotation->frame_of_reference_uid;
    bool patient = frame.length > 0;
    size_t at = 0;
    for (size_t i = 0; i < count && i < DRAWING_POINTS_MAX; i++) {
        ret->numbers[at++] = points[i].x + (patient ? 0 : HALF_PIXEL);
        ret->numbers[at++] = points[i].y + (patient ? 0 : HALF_PIXEL);
        if (patient) {
            ret->numbers[at++] = points[i].z;
        }
    }
    size_t length = frame.length < EVIDENCE_UID_SIZE ? frame.length : 0;
    memcpy(ret->frame_of_reference_uid, patient ? frame.bytes : "", length);
    ret->frame_of_reference_uid[length] = '\0';
    ret->graphic = (struct sr_graphic){.type = type,
                                       .numbers = ret->numbers,
                                       .count = at,
                                       .image = patient ? NULL : drawing->image,
                                       .frame = drawing->annotation->image.frame,
                                       .frame_of_reference_uid = ret->frame_of_reference_uid};
}

/* The coordinates are its only child: OHIF 3.12 gives up the whole report on a second one. */
static void write_number(struct dataset_writer *writer, const struct measured_drawing *drawing,
                         const struct drawing_number *number) {
    const struct annotation *annotation = drawing->annotation;
    struct point points[4];
    struct space space;
    drawing_points(annotation, number, points);
    space_of(drawing, points, number->count, number->graphic, &space);
    sr_number_begin(writer, &number->concept,
                    number->second ? annotation->second : annotation->value,
                    unit_code(annotation->unit));
    sr_coordinates(writer, SR_INFERRED, NULL, &space.graphic);
    sr_number_end(writer);
}

/* PS3.16 CID 7464: of the pixels inside. */
static void write_statistics(struct dataset_writer *writer, const struct statistics *statistics) {
    static const struct sr_code concepts[] = {{"373098007", "SCT", "Mean"},
                                              {"386136009", "SCT", "Standard Deviation"},
                                              {"255605001", "SCT", "Minimum"},
                                              {"56851009", "SCT", "Maximum"}};
    const double values[] = {statistics->mean, statistics->deviation, statistics->minimum,
                             statistics->maximum};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        sr_number(writer, &concepts[i], values[i], unit_code(statistics->unit));
    }
}

static void write_region(struct dataset_writer *writer, const struct measured_drawing *drawing,
                         const char *type) {
    struct space space;
    const struct point_list *points = &drawing->annotation->points;
    space_of(drawing, points->items, points->count, type, &space);
    sr_coordinates(writer, SR_CONTAINS, &region, &space.graphic);
}

static void write_group(struct dataset_writer *writer, const struct measured_drawing *drawing) {
    const struct annotation *annotation = drawing->annotation;
    const struct drawing_kind *kind = drawing_kind(annotation->tool);
    if (kind == NULL || annotation->points.count < kind->points_min ||
        annotation->points.count > DRAWING_POINTS_MAX) {
        return;
    }
    char uid[EVIDENCE_UID_SIZE];
    evidence_uid_of_uuid(annotation->annotation, uid);
    struct evidence_time time = evidence_time(drawing->at);
    sr_container_begin(writer, SR_CONTAINS, &group, "1501", time.date_time);
    sr_text(writer, SR_OBSERVED, &tracking_words,
            (struct text){(uint32_t)strlen(kind->tracking), kind->tracking});
    sr_uid(writer, SR_OBSERVED, &tracking_uid, uid);
    sr_coded(writer, SR_OBSERVED, &observer_type, &a_person);
    sr_person(writer, SR_OBSERVED, &person_name, drawing->author);
    if (calibrations[annotation->calibration].value != NULL) {
        sr_coded(writer, SR_MODIFIED, &method, &calibrations[annotation->calibration]);
    }
    if (annotation->label.length > 0) {
        sr_text(writer, SR_CONTAINS, &comment, annotation->label);
    }
    if (kind->region != NULL) {
        write_region(writer, drawing, kind->region);
    }
    for (uint8_t i = 0; i < kind->number_count; i++) {
        write_number(writer, drawing, &kind->numbers[i]);
    }
    if (annotation->has_statistics) {
        write_statistics(writer, &annotation->statistics);
    }
    if (annotation->frame_of_reference_uid.length > 0) { /* otherwise the coordinates say it */
        sr_image(writer, SR_CONTAINS, &source_image, drawing->image, annotation->image.frame);
    }
    sr_container_end(writer);
}

/* The report around them */

static int compare_images(const void *a, const void *b) {
    const struct instance *const *one = a;
    const struct instance *const *other = b;
    int order = strcmp((*one)->series_uid, (*other)->series_uid);
    return order != 0 ? order : strcmp((*one)->sop_instance_uid, (*other)->sop_instance_uid);
}

/* Each image once, by series; the caller frees it. */
static const struct instance **images_of(const struct measurement_report *report,
                                         size_t *ret_count) {
    const struct instance **images = calloc(report->count + 1, sizeof(const struct instance *));
    if (images == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < report->count; i++) {
        images[i] = report->drawings[i].image;
    }
    qsort(images, report->count, sizeof(const struct instance *), compare_images);
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) {
        if (count == 0 || compare_images(&images[count - 1], &images[i]) != 0) {
            images[count++] = images[i];
        }
    }
    *ret_count = count;
    return images;
}

static void write_context(struct dataset_writer *writer, const struct measurement_report *report) {
    static const struct text maker = {sizeof MANUFACTURER - 1, MANUFACTURER};
    sr_coded(writer, SR_MODIFIED, &language, &english);
    sr_coded(writer, SR_OBSERVED, &observer_type, &a_device);
    /* The series is what this server observes in this study. */
    sr_uid(writer, SR_OBSERVED, &device_uid, report->header.series_uid);
    sr_text(writer, SR_OBSERVED, &device_maker, maker);
    sr_coded(writer, SR_MODIFIED, &procedure, &imaging);
}

static void write_library(struct dataset_writer *writer, const struct instance *const *images,
                          size_t count) {
    sr_container_begin(writer, SR_CONTAINS, &library, NULL, NULL);
    if (count > 0) {
        sr_container_begin(writer, SR_CONTAINS, &library_group, NULL, NULL);
        for (size_t i = 0; i < count; i++) {
            sr_image(writer, SR_CONTAINS, NULL, images[i], 0);
        }
        sr_container_end(writer);
    }
    sr_container_end(writer);
}

static void write_predecessor(struct dataset_writer *writer,
                              const struct measurement_report *report) {
    struct instance *before = calloc(1, sizeof *before);
    if (before == NULL) {
        writer->failed = true;
        return;
    }
    const struct instance *list[] = {before};
    memcpy(before->sop_class_uid, COMPREHENSIVE_3D_SR, sizeof COMPREHENSIVE_3D_SR);
    memcpy(before->series_uid, report->header.series_uid, EVIDENCE_UID_SIZE);
    memcpy(before->sop_instance_uid, report->predecessor_uid, strlen(report->predecessor_uid) + 1);
    sr_hierarchy_write(writer, 0x0040A360, report->header.source->study_uid, list, 1);
    free(before);
}

struct writing {
    const struct measurement_report *report;
    const struct instance **images; // each once, by series
    size_t count;
};

static void write_references(struct dataset_writer *writer, const void *data) {
    (void)data;
    dataset_writer_empty_sequence(writer, 0x00081111);
}

static void write_report(struct dataset_writer *writer, const void *data) {
    const struct writing *writing = data;
    const struct measurement_report *report = writing->report;
    const struct instance *const *images = writing->images;
    size_t count = writing->count;
    struct evidence_header header = report->header;
    header.sop_class_uid = COMPREHENSIVE_3D_SR;
    header.modality = "SR";
    header.has_content_time = true;
    evidence_header_write(writer, &header, write_references, NULL);
    sr_root_concept(writer, &report_title);
    if (report->predecessor_uid != NULL) {
        write_predecessor(writer, report);
    }
    dataset_writer_empty_sequence(writer, 0x0040A372);
    if (count > 0) {
        sr_hierarchy_write(writer, 0x0040A375, report->header.source->study_uid, images, count);
    }
    dataset_writer_string(writer, 0x0040A491, "CS", "COMPLETE");
    dataset_writer_string(writer, 0x0040A493, "CS", "UNVERIFIED");
    sr_root_template(writer, "1500");
    dataset_writer_sequence_begin(writer, 0x0040A730);
    write_context(writer, report);
    write_library(writer, images, count);
    sr_container_begin(writer, SR_CONTAINS, &measurements, NULL, NULL);
    for (size_t i = 0; i < report->count; i++) {
        write_group(writer, &report->drawings[i]);
    }
    sr_container_end(writer);
    dataset_writer_sequence_end(writer);
}

bool measurement_report_write(const struct measurement_report *report, uint8_t **ret_bytes,
                              size_t *ret_size) {
    struct writing writing = {.report = report};
    writing.images = images_of(report, &writing.count);
    if (writing.images == NULL) {
        return false;
    }
    bool written = evidence_write(write_report, &writing, ret_bytes, ret_size);
    free(writing.images);
    return written;
}
