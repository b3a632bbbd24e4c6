#include "server/dicomweb/qido_index.h"

#include "server/imaging/json_scan.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct qido_index *qido_index_create(void) {
    struct qido_index *index = calloc(1, sizeof *index);
    if (index) {
        index->references = 1;
        bounded_output_init(&index->text, QIDO_INDEX_BYTES_MAX);
    }
    return index;
}

struct qido_index *qido_index_ref(struct qido_index *index) {
    index->references++;
    return index;
}

void qido_index_unref(struct qido_index *index) {
    if (!index || --index->references > 0) {
        return;
    }
    if (index->text.bytes) {
        OPENSSL_cleanse(index->text.bytes, index->text.size);
    }
    bounded_output_finish(&index->text);
    free(index->studies);
    free(index->series);
    free(index->fields);
    free(index);
}

/* Space for one more; false without memory. */
static bool grow(void **items, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity) {
        return true;
    }
    uint32_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(*items, wanted * size);
    if (grown) {
        *items = grown;
        *capacity = wanted;
    }
    return grown != NULL;
}

static void add_field(struct qido_index *index, uint32_t tag, struct text value) {
    if (!grow((void **)&index->fields, index->field_count, &index->field_capacity,
              sizeof *index->fields)) {
        index->failed = true;
        return;
    }
    index->fields[index->field_count++] =
        (struct qido_field){tag, (uint32_t)index->text.size, value.length};
    bounded_output_write(&index->text, value.bytes, value.length);
}

static uint32_t add_fields(struct qido_index *index, struct text metadata,
                           enum dicomweb_level level) {
    uint32_t first = index->field_count;
    struct json_members members = json_members_of(metadata);
    struct text name, value;
    uint32_t tag;
    while (json_members_next(&members, &name, &value)) {
        const struct dicomweb_attribute *attribute =
            json_tag_of(name, &tag) ? attribute_of_tag(tag) : NULL;
        bool wanted = attribute != NULL && attribute->level == (uint8_t)level &&
                      attribute->use != ATTRIBUTE_MADE && value.length <= QIDO_ATTRIBUTE_MAX;
        if (wanted && index->field_count - first < ATTRIBUTES_HELD_MAX) {
            add_field(index, tag, value);
        }
    }
    return first;
}

static void keep_uid(char ret_uid[QIDO_UID_MAX + 1], struct text uid) {
    uint32_t length = uid.length <= QIDO_UID_MAX ? uid.length : 0;
    memcpy(ret_uid, uid.bytes, length);
    ret_uid[length] = 0;
}

static bool is_uid(const char *own, struct text uid) {
    return strlen(own) == uid.length && memcmp(own, uid.bytes, uid.length) == 0;
}

static struct qido_study *study_to_add_to(struct qido_index *index, struct text study_uid,
                                          struct text metadata) {
    if (index->study_count > 0 && is_uid(index->studies[index->study_count - 1].uid, study_uid)) {
        return &index->studies[index->study_count - 1];
    }
    if (!grow((void **)&index->studies, index->study_count, &index->study_capacity,
              sizeof *index->studies)) {
        return NULL;
    }
    struct qido_study *study = &index->studies[index->study_count++];
    memset(study, 0, sizeof *study);
    keep_uid(study->uid, study_uid);
    study->first_series = index->series_count;
    study->first_field = add_fields(index, metadata, LEVEL_STUDY);
    study->field_count = index->field_count - study->first_field;
    return study;
}

void qido_index_add(struct qido_index *index, struct text study_uid, struct text series_uid,
                    uint32_t instances, struct text metadata) {
    struct qido_study *study = study_to_add_to(index, study_uid, metadata);
    if (!study || index->series_count == QIDO_SERIES_MAX ||
        !grow((void **)&index->series, index->series_count, &index->series_capacity,
              sizeof *index->series)) {
        index->failed = true;
        return;
    }
    struct qido_series *series = &index->series[index->series_count++];
    memset(series, 0, sizeof *series);
    keep_uid(series->uid, series_uid);
    series->study = index->study_count - 1;
    series->instances = instances;
    series->first_field = add_fields(index, metadata, LEVEL_SERIES);
    series->field_count = index->field_count - series->first_field;
    study->series_count++;
    study->instances += instances;
    index->failed |= index->text.failed;
}

size_t qido_index_bytes(const struct qido_index *index) {
    return sizeof *index + index->text.capacity + index->study_capacity * sizeof *index->studies +
           index->series_capacity * sizeof *index->series +
           index->field_capacity * sizeof *index->fields;
}

const struct qido_study *qido_index_study(const struct qido_index *index, struct text uid) {
    size_t low = 0, high = index->study_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *own = index->studies[middle].uid;
        size_t length = strlen(own);
        int order = memcmp(own, uid.bytes, length < uid.length ? length : uid.length);
        order = order != 0 ? order : length < uid.length ? -1 : length > uid.length;
        if (order == 0) {
            return &index->studies[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

struct text qido_index_field(const struct qido_index *index, uint32_t first, uint32_t count,
                             uint32_t tag) {
    for (uint32_t i = 0; i < count; i++) {
        const struct qido_field *field = &index->fields[first + i];
        if (field->tag == tag) {
            return (struct text){field->length, (const char *)index->text.bytes + field->offset};
        }
    }
    return (struct text){0, NULL};
}
