#include "server/evidence/evidence_header.h"

#include <string.h>

bool evidence_is_multi_frame(const struct instance *instance) {
    return instance_has(instance, INSTANCE_NUMBER_OF_FRAMES) && instance->number_of_frames > 1;
}

/* The value as the image has it, if it is one; foreign headers hold anything. */
static void write_code(struct dataset_writer *writer, uint32_t tag, const char *vr,
                       const char *value, size_t length, const char *allowed) {
    size_t size = strlen(value);
    bool right = strspn(value, allowed) == size && (length == 0 || size == length);
    dataset_writer_string(writer, tag, vr, right ? value : "");
}

static void write_date(struct dataset_writer *writer, uint32_t tag, const char *value) {
    write_code(writer, tag, "DA", value, 8, "0123456789");
}

static void write_times(struct dataset_writer *writer, const struct evidence_header *header) {
    struct evidence_time time = evidence_time(header->at);
    const struct instance *source = header->source;
    write_date(writer, 0x00080020, source->study_date);
    dataset_writer_string(writer, 0x00080021, "DA", time.date);
    if (header->has_content_time) {
        dataset_writer_string(writer, 0x00080023, "DA", time.date);
    }
    bool fits = strlen(source->study_time) <= 14;
    write_code(writer, 0x00080030, "TM", fits ? source->study_time : "", 0, "0123456789.");
    dataset_writer_string(writer, 0x00080031, "TM", time.time);
    if (header->has_content_time) {
        dataset_writer_string(writer, 0x00080033, "TM", time.time);
    }
}

static void write_patient(struct dataset_writer *writer, const struct instance *source) {
    const char *sex = source->patient_sex;
    bool known = strcmp(sex, "M") == 0 || strcmp(sex, "F") == 0 || strcmp(sex, "O") == 0;
    dataset_writer_string(writer, 0x00100010, "PN", source->patient_name);
    dataset_writer_string(writer, 0x00100020, "LO", source->patient_id);
    write_date(writer, 0x00100030, source->patient_birth_date);
    dataset_writer_string(writer, 0x00100040, "CS", known ? sex : "");
}

void evidence_header_write(struct dataset_writer *writer, const struct evidence_header *header,
                           void (*references)(struct dataset_writer *writer, const void *data),
                           const void *data) {
    const struct instance *source = header->source;
    struct evidence_time time = evidence_time(header->at);
    dataset_writer_file(writer, header->sop_class_uid, header->sop_instance_uid);
    dataset_writer_string(writer, 0x00080005, "CS",
                          writer->repertoire == DATASET_LATIN ? "ISO_IR 100" : "ISO_IR 192");
    dataset_writer_string(writer, 0x00080012, "DA", time.date);
    dataset_writer_string(writer, 0x00080013, "TM", time.time);
    dataset_writer_string(writer, 0x00080016, "UI", header->sop_class_uid);
    dataset_writer_string(writer, 0x00080018, "UI", header->sop_instance_uid);
    write_times(writer, header);
    dataset_writer_string(writer, 0x00080050, "SH", source->accession_number);
    dataset_writer_string(writer, 0x00080060, "CS", header->modality);
    dataset_writer_string(writer, 0x00080070, "LO", MANUFACTURER);
    dataset_writer_string(writer, 0x00080090, "PN", "");
    if (source->study_description[0] != '\0') {
        dataset_writer_string(writer, 0x00081030, "LO", source->study_description);
    }
    dataset_writer_string(writer, 0x0008103E, "LO", header->series_description);
    dataset_writer_string(writer, 0x00081090, "LO", "consilium");
    if (references != NULL) {
        references(writer, data);
    }
    write_patient(writer, source);
    dataset_writer_string(writer, 0x00181000, "LO", "0");
    dataset_writer_string(writer, 0x00181020, "LO", "1");
    dataset_writer_string(writer, 0x0020000D, "UI", source->study_uid);
    dataset_writer_string(writer, 0x0020000E, "UI", header->series_uid);
    dataset_writer_string(writer, 0x00200010, "SH", source->study_id);
    dataset_writer_integer(writer, 0x00200011, header->series_number);
    int32_t number = header->version < INT32_MAX ? (int32_t)header->version : INT32_MAX;
    dataset_writer_integer(writer, 0x00200013, number);
    if (!header->has_content_time) { /* General Series has it, those of documents have not */
        bool said = strcmp(source->laterality, "R") == 0 || strcmp(source->laterality, "L") == 0;
        dataset_writer_string(writer, 0x00200060, "CS", said ? source->laterality : "");
    }
}

void evidence_reference_write(struct dataset_writer *writer, const struct instance *instance,
                              uint32_t frame) {
    dataset_writer_string(writer, 0x00081150, "UI", instance->sop_class_uid);
    dataset_writer_string(writer, 0x00081155, "UI", instance->sop_instance_uid);
    if (frame > 0 && evidence_is_multi_frame(instance)) {
        dataset_writer_integer(writer, 0x00081160, (int32_t)frame);
    }
}

bool evidence_write(void (*write)(struct dataset_writer *writer, const void *data),
                    const void *data, uint8_t **ret_bytes, size_t *ret_size) {
    bool beyond = false;
    *ret_bytes = NULL;
    for (int i = DATASET_LATIN; i == DATASET_LATIN || (i == DATASET_UTF8 && beyond); i++) {
        struct dataset_writer writer;
        dataset_writer_init(&writer, EVIDENCE_FILE_MAX, DATASET_LENGTHS_DEFINED,
                            (enum dataset_repertoire)i);
        write(&writer, data);
        beyond = writer.beyond;
        *ret_bytes = dataset_writer_take(&writer, ret_size);
        dataset_writer_finish(&writer);
    }
    return *ret_bytes != NULL;
}
