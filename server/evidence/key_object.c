#include "server/evidence/key_object.h"

#include "server/evidence/sr_content.h"

#include <stdlib.h>
#include <string.h>

/* PS3.16 CID 7010. */
static const struct sr_code title = {"113000", "DCM", "Of Interest"};
static const struct sr_code language = {"121049", "DCM",
                                        "Language of Content Item and Descendants"};
static const struct sr_code english = {"en", "RFC5646", "English"};
static const struct sr_code observer_type = {"121005", "DCM", "Observer Type"};
static const struct sr_code a_person = {"121006", "DCM", "Person"};
static const struct sr_code person_name = {"121008", "DCM", "Person Observer Name"};
static const struct sr_code description = {"113012", "DCM", "Key Object Description"};

static void write_references(struct dataset_writer *writer, const void *data) {
    (void)data;
    dataset_writer_empty_sequence(writer, 0x00081111);
}

static bool write_evidence(struct dataset_writer *writer, const struct key_object *object) {
    const struct instance **images = calloc(object->count, sizeof(const struct instance *));
    size_t count = 0;
    if (images == NULL) {
        return false;
    }
    for (size_t i = 0; i < object->count; i++) {
        const struct instance *image = object->images[i].image;
        if (count == 0 || images[count - 1] != image) { /* of several frames it is one image */
            images[count++] = image;
        }
    }
    sr_hierarchy_write(writer, 0x0040A375, object->header.source->study_uid, images, count);
    free(images);
    return true;
}

static void write_object(struct dataset_writer *writer, const void *data) {
    const struct key_object *object = data;
    struct evidence_header header = object->header;
    header.sop_class_uid = KEY_OBJECT_SELECTION;
    header.modality = "KO";
    header.has_content_time = true;
    evidence_header_write(writer, &header, write_references, NULL);
    sr_root_concept(writer, &title);
    if (!write_evidence(writer, object)) {
        writer->failed = true;
        return;
    }
    sr_root_template(writer, "2010");
    dataset_writer_sequence_begin(writer, 0x0040A730);
    sr_coded(writer, SR_MODIFIED, &language, &english);
    sr_coded(writer, SR_OBSERVED, &observer_type, &a_person);
    sr_person(writer, SR_OBSERVED, &person_name, object->author);
    if (object->description.length > 0) {
        sr_text(writer, SR_CONTAINS, &description, object->description);
    }
    for (size_t i = 0; i < object->count; i++) {
        sr_image(writer, SR_CONTAINS, NULL, object->images[i].image, object->images[i].frame);
    }
    dataset_writer_sequence_end(writer);
}

bool key_object_write(const struct key_object *object, uint8_t **ret_bytes, size_t *ret_size) {
    return evidence_write(write_object, object, ret_bytes, ret_size);
}
