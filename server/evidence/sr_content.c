#include "server/evidence/sr_content.h"

#include <math.h>
#include <string.h>

void sr_code_write(struct dataset_writer *writer, uint32_t tag, const struct sr_code *code) {
    dataset_writer_sequence_begin(writer, tag);
    dataset_writer_item_begin(writer);
    dataset_writer_string(writer, 0x00080100, "SH", code->value);
    dataset_writer_string(writer, 0x00080102, "SH", code->scheme);
    dataset_writer_string(writer, 0x00080104, "LO", code->meaning);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

static void begin_at(struct dataset_writer *writer, const char *relation, const char *type,
                     const struct sr_code *concept, const char *observed_at) {
    dataset_writer_string(writer, 0x0040A010, "CS", relation);
    if (observed_at != NULL) {
        dataset_writer_string(writer, 0x0040A032, "DT", observed_at);
    }
    dataset_writer_string(writer, 0x0040A040, "CS", type);
    if (concept != NULL) {
        sr_code_write(writer, 0x0040A043, concept);
    }
}

static void begin(struct dataset_writer *writer, const char *relation, const char *type,
                  const struct sr_code *concept) {
    begin_at(writer, relation, type, concept, NULL);
}

void sr_root_concept(struct dataset_writer *writer, const struct sr_code *title) {
    dataset_writer_string(writer, 0x0040A040, "CS", "CONTAINER");
    sr_code_write(writer, 0x0040A043, title);
    dataset_writer_string(writer, 0x0040A050, "CS", "SEPARATE");
}

void sr_root_template(struct dataset_writer *writer, const char *template_id) {
    dataset_writer_sequence_begin(writer, 0x0040A504);
    dataset_writer_item_begin(writer);
    dataset_writer_string(writer, 0x00080105, "CS", "DCMR");
    dataset_writer_string(writer, 0x0040DB00, "CS", template_id);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}

void sr_container_begin(struct dataset_writer *writer, const char *relation,
                        const struct sr_code *concept, const char *template_id,
                        const char *observed_at) {
    dataset_writer_item_begin(writer);
    begin_at(writer, relation, "CONTAINER", concept, observed_at);
    dataset_writer_string(writer, 0x0040A050, "CS", "SEPARATE");
    if (template_id != NULL) {
        sr_root_template(writer, template_id);
    }
    dataset_writer_sequence_begin(writer, 0x0040A730);
}

void sr_container_end(struct dataset_writer *writer) {
    dataset_writer_sequence_end(writer);
    dataset_writer_item_end(writer);
}

void sr_text(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
             struct text value) {
    dataset_writer_item_begin(writer);
    begin(writer, relation, "TEXT", concept);
    dataset_writer_text(writer, 0x0040A160, "UT", value);
    dataset_writer_item_end(writer);
}

void sr_coded(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
              const struct sr_code *value) {
    dataset_writer_item_begin(writer);
    begin(writer, relation, "CODE", concept);
    sr_code_write(writer, 0x0040A168, value);
    dataset_writer_item_end(writer);
}

void sr_uid(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
            const char *uid) {
    dataset_writer_item_begin(writer);
    begin(writer, relation, "UIDREF", concept);
    dataset_writer_string(writer, 0x0040A124, "UI", uid);
    dataset_writer_item_end(writer);
}

void sr_person(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
               struct text name) {
    dataset_writer_item_begin(writer);
    begin(writer, relation, "PNAME", concept);
    dataset_writer_text(writer, 0x0040A123, "PN", name);
    dataset_writer_item_end(writer);
}

void sr_image(struct dataset_writer *writer, const char *relation, const struct sr_code *concept,
              const struct instance *image, uint32_t frame) {
    dataset_writer_item_begin(writer);
    dataset_writer_sequence_begin(writer, 0x00081199);
    dataset_writer_item_begin(writer);
    evidence_reference_write(writer, image, frame);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
    begin(writer, relation, "IMAGE", concept);
    dataset_writer_item_end(writer);
}

static void begin_number(struct dataset_writer *writer, const struct sr_code *concept, double value,
                         const struct sr_code *unit) {
    dataset_writer_item_begin(writer);
    begin(writer, SR_CONTAINS, "NUM", concept);
    if (isfinite(value)) {
        dataset_writer_sequence_begin(writer, 0x0040A300);
        dataset_writer_item_begin(writer);
        sr_code_write(writer, 0x004008EA, unit);
        dataset_writer_double(writer, 0x0040A161, value);
        dataset_writer_decimals(writer, 0x0040A30A, &value, 1);
        dataset_writer_item_end(writer);
        dataset_writer_sequence_end(writer);
    } else {
        dataset_writer_empty_sequence(writer, 0x0040A300);
    }
}

void sr_number_begin(struct dataset_writer *writer, const struct sr_code *concept, double value,
                     const struct sr_code *unit) {
    begin_number(writer, concept, value, unit);
    dataset_writer_sequence_begin(writer, 0x0040A730);
}

void sr_number(struct dataset_writer *writer, const struct sr_code *concept, double value,
               const struct sr_code *unit) {
    begin_number(writer, concept, value, unit);
    dataset_writer_item_end(writer);
}

void sr_number_end(struct dataset_writer *writer) {
    dataset_writer_sequence_end(writer);
    dataset_writer_item_end(writer);
}

void sr_coordinates(struct dataset_writer *writer, const char *relation,
                    const struct sr_code *concept, const struct sr_graphic *graphic) {
    dataset_writer_item_begin(writer);
    begin(writer, relation, graphic->image != NULL ? "SCOORD" : "SCOORD3D", concept);
    if (graphic->image != NULL) {
        dataset_writer_sequence_begin(writer, 0x0040A730);
        sr_image(writer, SR_SELECTED, NULL, graphic->image, graphic->frame);
        dataset_writer_sequence_end(writer);
    }
    dataset_writer_floats(writer, 0x00700022, graphic->numbers, graphic->count);
    dataset_writer_string(writer, 0x00700023, "CS", graphic->type);
    if (graphic->image == NULL) {
        dataset_writer_string(writer, 0x30060024, "UI", graphic->frame_of_reference_uid);
    }
    dataset_writer_item_end(writer);
}

static size_t write_series(struct dataset_writer *writer, const struct instance *const *instances,
                           size_t count) {
    size_t at = 0;
    dataset_writer_item_begin(writer);
    dataset_writer_sequence_begin(writer, 0x00081199);
    while (at < count && strcmp(instances[at]->series_uid, instances[0]->series_uid) == 0) {
        dataset_writer_item_begin(writer);
        evidence_reference_write(writer, instances[at++], 0);
        dataset_writer_item_end(writer);
    }
    dataset_writer_sequence_end(writer);
    dataset_writer_string(writer, 0x0020000E, "UI", instances[0]->series_uid);
    dataset_writer_item_end(writer);
    return at;
}

void sr_hierarchy_write(struct dataset_writer *writer, uint32_t tag, const char *study_uid,
                        const struct instance *const *instances, size_t count) {
    dataset_writer_sequence_begin(writer, tag);
    dataset_writer_item_begin(writer);
    dataset_writer_sequence_begin(writer, 0x00081115);
    for (size_t at = 0; at < count;) {
        at += write_series(writer, instances + at, count - at);
    }
    dataset_writer_sequence_end(writer);
    dataset_writer_string(writer, 0x0020000D, "UI", study_uid);
    dataset_writer_item_end(writer);
    dataset_writer_sequence_end(writer);
}
