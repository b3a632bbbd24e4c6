/*
 * Content items of a structured report (PS3.3 C.17.3), and what its root has around them. An item
 * with children of its own is begun, given them, and ended.
 */
#ifndef CONSILIUM_EVIDENCE_SR_CONTENT_H
#define CONSILIUM_EVIDENCE_SR_CONTENT_H

#include "server/evidence/dataset_writer.h"
#include "server/evidence/evidence_header.h"

struct sr_code {
    const char *value, *scheme, *meaning;
};

#define SR_CONTAINS "CONTAINS"
#define SR_OBSERVED "HAS OBS CONTEXT"
#define SR_MODIFIED "HAS CONCEPT MOD"
#define SR_INFERRED "INFERRED FROM"
#define SR_SELECTED "SELECTED FROM"

/* What the root has from Value Type to Continuity of Content, and its template. */
void sr_root_concept(struct dataset_writer *writer, const struct sr_code *title);
void sr_root_template(struct dataset_writer *writer, const char *template_id);

/* A code sequence (PS3.3 8.8) of one item. */
void sr_code_write(struct dataset_writer *writer, uint32_t tag, const struct sr_code *code);

/* With `template_id` ("1501", of the mapping resource DCMR) and the time it was observed at (DT),
 * or NULL; children follow. */
void sr_container_begin(struct dataset_writer *writer, const char *relation,
                        const struct sr_code *concept, const char *template_id,
                        const char *observed_at);
void sr_container_end(struct dataset_writer *writer);

void sr_text(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
             struct text value);
void sr_coded(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
              const struct sr_code *value);
void sr_uid(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
            const char *uid);
void sr_person(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
               struct text name);
/* An image; concept NULL = none. */
void sr_image(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
              const struct instance *image, uint32_t frame);

/* A number and its unit; children follow. A number that is none is an empty one. */
void sr_number_begin(struct dataset_writer *writer, const struct sr_code *concept, double value,
                     const struct sr_code *unit);
void sr_number_end(struct dataset_writer *writer);
/* One without children. */
void sr_number(struct dataset_writer *writer, const struct sr_code *concept, double value,
               const struct sr_code *unit);

/* Points of an image: column, row (C.18.6), or of patient space: x, y, z in mm (C.18.9). */
struct sr_graphic {
    const char *type;             // POINT, POLYLINE, ELLIPSE
    const double *numbers;        // two or three a point
    size_t count;                 // of numbers
    const struct instance *image; // whose; NULL in patient space
    uint32_t frame;
    const char *frame_of_reference_uid; // of patient space
};
void sr_coordinates(struct dataset_writer *writer, const char *relation,
                    const struct sr_code *concept, const struct sr_graphic *graphic);

/* Study > series > instances, as (0040,A375) and others hold them. The images are sorted by series.
 */
void sr_hierarchy_write(struct dataset_writer *writer, uint32_t tag, const char *study_uid,
                        const struct instance *const *instances, size_t count);

#endif
