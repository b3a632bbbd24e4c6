#include "server/dicomweb/qido_result.h"

#include "server/imaging/metadata_mask.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void qido_results_begin(struct qido_results *results) {
    results->matched = results->written = 0;
    bounded_output_byte(results->output, '[');
}

void qido_results_end(struct qido_results *results) {
    bounded_output_byte(results->output, ']');
}

bool qido_results_next(struct qido_results *results) {
    uint64_t place = results->matched++;
    results->field_count = 0;
    results->made = 0;
    return place >= results->query->offset && results->written < results->query->limit;
}

void qido_results_field(struct qido_results *results, uint32_t tag, struct text json) {
    const struct dicomweb_attribute *attribute = attribute_of_tag(tag);
    bool made = attribute != NULL && attribute->use == ATTRIBUTE_MADE;
    bool told = !results->masked || made || metadata_mask_keeps(tag);
    if (json.length == 0 || !told || results->field_count == QIDO_RESULT_FIELDS_MAX) {
        return;
    }
    uint32_t place = results->field_count;
    while (place > 0 && results->fields[place - 1].tag > tag) {
        place--;
    }
    if (place > 0 && results->fields[place - 1].tag == tag) {
        return;
    }
    memmove(&results->fields[place + 1], &results->fields[place],
            (results->field_count - place) * sizeof results->fields[0]);
    results->fields[place].tag = tag;
    results->fields[place].json = json;
    results->field_count++;
}

void qido_results_made(struct qido_results *results, uint32_t tag, const char *format, ...) {
    va_list arguments;
    size_t space = sizeof results->text - results->made;
    char *text = results->text + results->made;
    va_start(arguments, format);
    int length = vsnprintf(text, space, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < space) {
        results->made += (size_t)length;
        qido_results_field(results, tag, (struct text){(uint32_t)length, text});
    }
}

void qido_results_text(struct qido_results *results, uint32_t tag, const char *value) {
    const struct dicomweb_attribute *attribute = attribute_of_tag(tag);
    qido_results_made(results, tag, "{\"vr\":\"%s\",\"Value\":[\"%s\"]}",
                      attribute ? attribute->vr : "UN", value);
}

void qido_results_number(struct qido_results *results, uint32_t tag, int64_t number) {
    const struct dicomweb_attribute *attribute = attribute_of_tag(tag);
    qido_results_made(results, tag, "{\"vr\":\"%s\",\"Value\":[%lld]}",
                      attribute ? attribute->vr : "UN", (long long)number);
}

void qido_results_write(struct qido_results *results) {
    struct bounded_output *output = results->output;
    if (results->written++ > 0) {
        bounded_output_byte(output, ',');
    }
    for (uint32_t i = 0; i < results->field_count; i++) {
        static const char digits[] = "0123456789ABCDEF";
        char name[] = "{\"00000000\":";
        name[0] = i == 0 ? '{' : ',';
        for (unsigned digit = 0; digit < 8; digit++) {
            name[2 + digit] = digits[results->fields[i].tag >> (28 - 4 * digit) & 15];
        }
        bounded_output_write(output, name, sizeof name - 1);
        bounded_output_write(output, results->fields[i].json.bytes, results->fields[i].json.length);
    }
    bounded_output_text(output, results->field_count == 0 ? "{}" : "}");
}

bool qido_results_want(const struct qido_results *results,
                       const struct dicomweb_attribute *attribute, bool given) {
    const struct qido_query *query = results->query;
    if (query->include_all || (given && attribute->use != ATTRIBUTE_HELD)) {
        return true;
    }
    for (uint32_t i = 0; i < query->include_count; i++) {
        if (query->includes[i] == attribute->tag) {
            return true;
        }
    }
    return false;
}
