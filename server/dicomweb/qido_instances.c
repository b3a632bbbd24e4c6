#define _GNU_SOURCE // memmem
#include "server/dicomweb/qido_instances.h"

#include "server/dicomweb/qido_match.h"
#include "server/imaging/data_dictionary.h"
#include "server/imaging/instance.h"
#include "server/imaging/json_scan.h"
#include "server/imaging/metadata_value.h"

#include <stdio.h>
#include <string.h>

enum { FIELD_TEXT_MAX = 1024 };

/* What rows have in clear and is of the instance itself. */
static bool is_outlined(uint32_t tag) {
    static const uint32_t outlined[] = {
        0x00080008,       0x00080016, 0x00080018, 0x00180050,
        0x00200012,       0x00200013, 0x00200032, 0x00200037,
        0x00280004,       0x00280008, 0x00280010, 0x00280011,
        0x00280030,       0x00280100, 0x00280301, TAG_INSTANCE_AVAILABILITY,
        TAG_RETRIEVE_URL,
    };
    for (size_t i = 0; i < sizeof outlined / sizeof outlined[0]; i++) {
        if (outlined[i] == tag) {
            return true;
        }
    }
    return false;
}

static bool is_above(uint32_t tag) {
    const struct dicomweb_attribute *attribute = attribute_of_tag(tag);
    return attribute != NULL && attribute->level != LEVEL_INSTANCE;
}

bool qido_instances_need_metadata(const struct qido_query *query) {
    bool needed = query->include_all;
    for (uint32_t i = 0; i < query->include_count; i++) {
        needed |= !is_outlined(query->includes[i]);
    }
    return needed || qido_instances_match_metadata(query);
}

bool qido_instances_match_metadata(const struct qido_query *query) {
    bool needed = false;
    for (uint32_t i = 0; i < query->match_count; i++) {
        uint32_t tag = query->matches[i].attribute->tag;
        needed |= !is_above(tag) && !is_outlined(tag);
    }
    return needed;
}

bool qido_instances_need_index(const struct qido_query *query, bool in_series) {
    bool needed = !in_series;
    for (uint32_t i = 0; i < query->match_count; i++) {
        needed |= is_above(query->matches[i].attribute->tag);
    }
    return needed;
}

static struct text uid_text(const char *uid) {
    return (struct text){(uint32_t)strlen(uid), uid};
}

static struct text metadata_member(struct text metadata, uint32_t wanted) {
    struct json_members members = json_members_of(metadata);
    struct text name, value;
    uint32_t tag;
    while (json_members_next(&members, &name, &value)) {
        if (json_tag_of(name, &tag) && tag == wanted) {
            return value;
        }
    }
    return (struct text){0, NULL};
}

static bool text_matches(const struct qido_match *match, const char *text) {
    uint32_t length = (uint32_t)strlen(text);
    uint32_t at = 0;
    while (at <= length && length > 0) { // values are parted by backslashes
        uint32_t end = at;
        while (end < length && text[end] != '\\') {
            end++;
        }
        if (qido_match_value(match, (struct text){end - at, text + at})) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

static bool number_matches(const struct qido_match *match, double number) {
    char text[40];
    int length = snprintf(text, sizeof text, "%.17g", number);
    return qido_match_value(match, (struct text){(uint32_t)length, text});
}

static bool numbers_match(const struct qido_match *match, const double *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (number_matches(match, numbers[i])) {
            return true;
        }
    }
    return false;
}

#define MATCH_CODE(member, space) text_matches(match, instance->member)
#define MATCH_TEXT(member, space) text_matches(match, instance->member)
#define MATCH_NAME(member, space) text_matches(match, instance->member)
#define MATCH_U32(member, space) number_matches(match, instance->member)
#define MATCH_I32(member, space) number_matches(match, instance->member)
#define MATCH_U64(member, space) number_matches(match, (double)instance->member)
#define MATCH_F64(member, space) numbers_match(match, instance->member, space)

static bool outline_matches(const struct qido_match *match, const struct instance *instance) {
#define XX(number, name, member, given_tag, kind, space)                                           \
    if (match->attribute->tag == (given_tag) && instance_has(instance, INSTANCE_##name)) {         \
        return MATCH_##kind(member, space);                                                        \
    }
    INSTANCE_FIELD_MAP(XX)
#undef XX
    return false;
}

static bool row_matches(const struct qido_query *query, const struct instance *instance,
                        struct text metadata) {
    for (uint32_t i = 0; i < query->match_count; i++) {
        const struct qido_match *match = &query->matches[i];
        uint32_t tag = match->attribute->tag;
        if (is_above(tag)) {
            continue;
        }
        bool matches = is_outlined(tag) ? outline_matches(match, instance)
                                        : qido_match_json(match, metadata_member(metadata, tag));
        if (!matches) {
            return false;
        }
    }
    return true;
}

/* Telling. */

static void tell_text(struct qido_results *results, uint32_t tag, const char *text) {
    uint16_t vr = data_dictionary_vr(tag);
    char json[FIELD_TEXT_MAX];
    struct bounded_output output;
    bounded_output_init(&output, sizeof json);
    bounded_output_format(&output, "{\"vr\":\"%c%c\",\"Value\":[", vr >> 8, vr & 0xFF);
    size_t length = strlen(text);
    for (size_t at = 0, end; at <= length; at = end + 1) {
        const char *next = memchr(text + at, '\\', length - at);
        end = next ? (size_t)(next - text) : length;
        bounded_output_text(&output, at > 0 ? "," : "");
        json_write_string(&output, text + at, end - at);
    }
    bounded_output_text(&output, "]}");
    if (!output.failed && length > 0) {
        qido_results_made(results, tag, "%.*s", (int)output.size, (const char *)output.bytes);
    }
    bounded_output_finish(&output);
}

static void tell_numbers(struct qido_results *results, uint32_t tag, const double *numbers,
                         size_t count) {
    uint16_t vr = data_dictionary_vr(tag);
    char list[FIELD_TEXT_MAX] = "";
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%.15g", i ? "," : "",
                                   numbers[i]);
    }
    qido_results_made(results, tag, "{\"vr\":\"%c%c\",\"Value\":[%s]}", vr >> 8, vr & 0xFF, list);
}

#define TELL_CODE(tag, member, space) tell_text(results, tag, instance->member)
#define TELL_TEXT(tag, member, space) tell_text(results, tag, instance->member)
#define TELL_NAME(tag, member, space) tell_text(results, tag, instance->member)
#define TELL_U32(tag, member, space)                                                               \
    tell_numbers(results, tag, &(double){(double)instance->member}, 1)
#define TELL_I32(tag, member, space) TELL_U32(tag, member, space)
#define TELL_U64(tag, member, space) TELL_U32(tag, member, space)
#define TELL_F64(tag, member, space) tell_numbers(results, tag, instance->member, space)

static bool outline_wanted(const struct qido_results *results, uint32_t tag) {
    return is_outlined(tag) && qido_results_want(results, attribute_of_tag(tag), true);
}

static void tell_outline(struct qido_results *results, const struct instance *instance) {
#define XX(number, name, member, given_tag, kind, space)                                           \
    if ((given_tag) != 0 && instance_has(instance, INSTANCE_##name) &&                             \
        outline_wanted(results, given_tag)) {                                                      \
        TELL_##kind(given_tag, member, space);                                                     \
    }
    INSTANCE_FIELD_MAP(XX)
#undef XX
}

static void tell_metadata(struct qido_results *results, struct text metadata) {
    struct json_members members = json_members_of(metadata);
    struct text name, value;
    uint32_t tag;
    while (json_members_next(&members, &name, &value)) {
        struct dicomweb_attribute asked = {.use = ATTRIBUTE_HELD};
        // Bulk values have addresses in the metadata alone.
        bool bulk = memmem(value.bytes, value.length, "\"BulkDataURI\"", 13) != NULL;
        if (json_tag_of(name, &tag) && !bulk) {
            asked.tag = tag;
            if (qido_results_want(results, &asked, true)) {
                qido_results_field(results, tag, value);
            }
        }
    }
}

static const struct qido_series *find_series(const struct qido_index *index,
                                             const struct qido_study *study, struct text uid) {
    for (uint32_t i = 0; i < study->series_count; i++) {
        const struct qido_series *series = &index->series[study->first_series + i];
        if (text_equal(uid_text(series->uid), uid)) {
            return series;
        }
    }
    return NULL;
}

/* Study and series of the row; false when the index does not know them, being of another moment. */
static bool look_above(struct qido_instances *instances, const struct qido_row *row) {
    const struct qido_index *index = instances->index;
    if (!index) {
        return true;
    }
    if (instances->series && text_equal(uid_text(instances->series->uid), row->series_uid) &&
        text_equal(uid_text(instances->study->uid), row->study_uid)) {
        return instances->above_matches;
    }
    const struct qido_query *query = instances->results->query;
    instances->study = qido_index_study(index, row->study_uid);
    instances->series =
        instances->study ? find_series(index, instances->study, row->series_uid) : NULL;
    instances->above_matches = instances->series &&
                               qido_study_matches(index, instances->study, query) &&
                               qido_series_matches(index, instances->series, query);
    return instances->above_matches;
}

bool qido_instances_row(struct qido_instances *instances, const struct qido_row *row) {
    struct qido_results *results = instances->results;
    struct instance instance;
    if (!look_above(instances, row)) {
        return true;
    }
    if (!instance_decode(&instance, row->outline.bytes, row->outline.length)) {
        return false;
    }
    if (!row_matches(results->query, &instance, row->metadata) || !qido_results_next(results)) {
        return true;
    }
    if (instances->series) {
        qido_tell_study(instances->index, instances->study, !instances->in_study, results);
        qido_tell_series(instances->index, instances->series, !instances->in_series, results);
    }
    tell_outline(results, &instance);
    tell_metadata(results, row->metadata);
    qido_results_made(results, TAG_STUDY_INSTANCE_UID, "{\"vr\":\"UI\",\"Value\":[\"%.*s\"]}",
                      (int)row->study_uid.length, row->study_uid.bytes);
    qido_results_made(results, TAG_SERIES_INSTANCE_UID, "{\"vr\":\"UI\",\"Value\":[\"%.*s\"]}",
                      (int)row->series_uid.length, row->series_uid.bytes);
    qido_results_text(results, TAG_INSTANCE_AVAILABILITY, "ONLINE");
    qido_results_made(results, TAG_RETRIEVE_URL,
                      "{\"vr\":\"UR\",\"Value\":[\"%s/studies/%.*s/series/%.*s/instances/%s\"]}",
                      results->base, (int)row->study_uid.length, row->study_uid.bytes,
                      (int)row->series_uid.length, row->series_uid.bytes,
                      instance.sop_instance_uid);
    qido_results_write(results);
    return true;
}
