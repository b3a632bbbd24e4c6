#include "server/archives/archive_answer.h"

#include "server/archives/json_squeeze.h"
#include "server/imaging/element_value.h"
#include "server/imaging/json_scan.h"
#include "server/utf8.h"

#include <string.h>

struct archive_results archive_results_of(char *bytes, size_t length) {
    struct text text = json_squeeze(bytes, length);
    struct json_members items = json_items_of(text);
    return (struct archive_results){items.at, items.end, items.at == NULL};
}

static bool next_result(struct archive_results *results, struct text *ret_item) {
    struct json_members items = {results->at, results->end};
    if (results->malformed || items.at == items.end) {
        return false;
    }
    bool found = json_items_next(&items, ret_item) && ret_item->bytes[0] == '{';
    results->at = items.at;
    results->malformed = !found;
    return found;
}

/* The first value of an attribute as a text without control characters; empty when it has none, or
 * none in UTF-8. */
static void first_value(struct text attribute, char *to, size_t max) {
    char vr[3], value[JSON_SCAN_VALUE_MAX];
    size_t length = 0, kept = 0;
    struct json_values values = json_values_of(attribute, vr);
    if (!json_values_next(&values, value, &length)) {
        length = 0;
    }
    if (length > max) {
        length = max;
        while (length > 0 && ((unsigned char)value[length] & 0xC0) == 0x80) {
            length--; // not in the middle of a character
        }
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] >= ' ' && value[i] != 0x7F) {
            to[kept++] = value[i];
        }
    }
    to[text_is_utf8((struct text){(uint32_t)kept, to}) ? kept : 0] = 0;
}

static void take_uid(struct text attribute, char uid[ARCHIVE_UID_MAX + 1]) {
    char value[ARCHIVE_VALUE_MAX + 1];
    first_value(attribute, value, ARCHIVE_VALUE_MAX);
    size_t length = strlen(value);
    bool is = element_is_uid((struct text){(uint32_t)length, value});
    memcpy(uid, value, is ? length : 0);
    uid[is ? length : 0] = 0;
}

static void take_date(struct text attribute, char date[9]) {
    char value[ARCHIVE_VALUE_MAX + 1];
    first_value(attribute, value, ARCHIVE_VALUE_MAX);
    bool is = strlen(value) == 8 && strspn(value, "0123456789") == 8;
    memcpy(date, value, is ? 8 : 0);
    date[is ? 8 : 0] = 0;
}

static uint32_t number_of(struct text attribute) {
    char value[ARCHIVE_VALUE_MAX + 1];
    uint32_t number = 0;
    first_value(attribute, value, ARCHIVE_VALUE_MAX);
    if (strlen(value) > 8) {
        return 0;
    }
    for (const char *digit = value; *digit >= '0' && *digit <= '9'; digit++) {
        number = 10 * number + (uint32_t)(*digit - '0');
    }
    return number;
}

/* PS3.5 6.2, CS: capital letters, digits, spaces and underscores, 16 at most. */
static bool is_code(const char *value, size_t length) {
    for (size_t i = 0; i < length; i++) {
        bool plain = (value[i] >= 'A' && value[i] <= 'Z') || (value[i] >= '0' && value[i] <= '9') ||
                     value[i] == '_' || value[i] == ' ';
        if (!plain) {
            return false;
        }
    }
    return length > 0 && length <= 16;
}

static void take_modalities(struct text attribute, struct archive_study *study) {
    char vr[3], value[JSON_SCAN_VALUE_MAX];
    size_t length;
    struct json_values values = json_values_of(attribute, vr);
    study->modality_count = 0;
    while (study->modality_count < ARCHIVE_MODALITIES_MAX &&
           json_values_next(&values, value, &length)) {
        if (is_code(value, length)) {
            char *modality = study->modalities[study->modality_count++];
            memcpy(modality, value, length);
            modality[length] = 0;
        }
    }
}

static void take_attribute(uint32_t tag, struct text attribute, struct archive_study *study) {
    switch (tag) {
    case 0x0020000D:
        take_uid(attribute, study->study_uid);
        break;
    case 0x00100010:
        first_value(attribute, study->patient_name, ARCHIVE_VALUE_MAX);
        break;
    case 0x00100020:
        first_value(attribute, study->patient_id, ARCHIVE_VALUE_MAX);
        break;
    case 0x00100030:
        take_date(attribute, study->birth_date);
        break;
    case 0x00080020:
        take_date(attribute, study->study_date);
        break;
    case 0x00080050:
        first_value(attribute, study->accession_number, ARCHIVE_VALUE_MAX);
        break;
    case 0x00081030:
        first_value(attribute, study->description, ARCHIVE_VALUE_MAX);
        break;
    case 0x00080061:
        take_modalities(attribute, study);
        break;
    case 0x00201206:
        study->series = number_of(attribute);
        break;
    case 0x00201208:
        study->instances = number_of(attribute);
        break;
    default:
        break;
    }
}

bool archive_results_study(struct archive_results *results, struct archive_study *ret) {
    struct text item, name, value;
    while (next_result(results, &item)) {
        struct json_members members = json_members_of(item);
        uint32_t tag;
        memset(ret, 0, sizeof *ret);
        while (json_members_next(&members, &name, &value)) {
            if (json_tag_of(name, &tag)) {
                take_attribute(tag, value, ret);
            }
        }
        if (ret->study_uid[0] != 0) {
            return true;
        }
    }
    return false;
}

bool archive_results_instance(struct archive_results *results, struct archive_instance *ret) {
    struct text item, name, value;
    while (next_result(results, &item)) {
        struct json_members members = json_members_of(item);
        uint32_t tag;
        memset(ret, 0, sizeof *ret);
        while (json_members_next(&members, &name, &value)) {
            if (json_tag_of(name, &tag) && tag == 0x00080018) {
                take_uid(value, ret->sop_instance_uid);
            } else if (json_tag_of(name, &tag) && tag == 0x0020000E) {
                take_uid(value, ret->series_uid);
            }
        }
        if (ret->sop_instance_uid[0] != 0 && ret->series_uid[0] != 0) {
            return true;
        }
    }
    return false;
}
