#include "server/dicomweb/stow_answer.h"

#include "server/imaging/bounded_output.h"
#include "server/imaging/metadata_value.h"
#include "server/utf8.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)32 << 20)

/* Copied when it can be shown as it is; a longer one ends early. */
static char *shown(struct text text, size_t max) {
    struct text part = {text.length < max ? text.length : (uint32_t)max, text.bytes};
    while (part.length < text.length && part.length > 0 &&
           ((unsigned char)text.bytes[part.length] & 0xC0) == 0x80) {
        part.length--; /* not within a character */
    }
    for (uint32_t i = 0; i < part.length; i++) {
        if ((unsigned char)part.bytes[i] < 0x20 || part.bytes[i] == 0x7F) {
            return NULL;
        }
    }
    return part.length > 0 && text_is_utf8(part) ? strndup(part.bytes, part.length) : NULL;
}

bool stow_results_add(struct stow_results *results, struct text location, uint32_t *ret_number) {
    if (results->count == STOW_PARTS_MAX) {
        return false;
    }
    if (results->count == results->capacity) {
        uint32_t capacity = results->capacity ? 2 * results->capacity : 16;
        struct stow_result *grown = realloc(results->all, capacity * sizeof *grown);
        if (!grown) {
            return false;
        }
        results->all = grown;
        results->capacity = capacity;
    }
    *ret_number = results->count;
    memset(&results->all[results->count], 0, sizeof *results->all);
    results->all[results->count++].location = shown(location, STOW_LOCATION_MAX);
    return true;
}

void stow_results_finish(struct stow_results *results) {
    for (uint32_t i = 0; i < results->count; i++) {
        free(results->all[i].location);
        free(results->all[i].reason);
    }
    free(results->all);
    results->all = NULL;
}

static void set_reason(struct stow_result *result, struct text words) {
    free(result->reason);
    result->reason = shown(words, STOW_REASON_MAX);
}

void stow_results_fail(struct stow_results *results, uint32_t number, enum stow_failure why,
                       const char *words) {
    results->all[number].failure = (uint16_t)why;
    set_reason(&results->all[number], (struct text){(uint32_t)strlen(words), words});
}

/* What the child said of the file, or what we know ourselves. */
static struct text reason_of(const struct upload_answer *answer, enum stow_failure why) {
    static const struct {
        enum stow_failure why;
        const char *words;
    } known[] = {
        {STOW_DUPLICATE, "another content of this instance is here; a person decides"},
        {STOW_OTHER_STUDY, "it is of another study than the address says"},
        {STOW_PROCESSING_FAILURE, "it was not stored: send it again in a moment"},
        {STOW_OUT_OF_RESOURCES, "the disk is full"},
        {STOW_CANNOT_UNDERSTAND, "it is no instance"},
    };
    if (answer->outcome == UPLOAD_REFUSED && answer->reason.length > 0) {
        return answer->reason;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].why == why) {
            return (struct text){(uint32_t)strlen(known[i].words), known[i].words};
        }
    }
    return (struct text){0, NULL};
}

static enum stow_failure failure_of(const struct upload_answer *answer) {
    switch (answer->outcome) {
    case UPLOAD_STORED:
    case UPLOAD_ALREADY_THERE:
        return STOW_STORED;
    case UPLOAD_HELD:
        return answer->held_for == HELD_PATIENT ? STOW_STORED : STOW_DUPLICATE;
    case UPLOAD_REFUSED:
        return answer->refusal == FILE_REFUSAL_NONE          ? STOW_OTHER_STUDY
               : answer->refusal == FILE_REFUSAL_UNSUPPORTED ? STOW_SYNTAX_NOT_SUPPORTED
                                                             : STOW_CANNOT_UNDERSTAND;
    case UPLOAD_KEPT:
    case UPLOAD_INDEX:
        return STOW_CANNOT_UNDERSTAND; /* no instance */
    case UPLOAD_UNAVAILABLE:
        return STOW_PROCESSING_FAILURE;
    case UPLOAD_NO_SPACE:
        return STOW_OUT_OF_RESOURCES;
    }
    return STOW_PROCESSING_FAILURE;
}

static void copy_uid(char uid[65], const char *given) {
    size_t length = given ? strlen(given) : 0;
    length = length < 65 ? length : 0;
    memcpy(uid, length > 0 ? given : "", length);
    uid[length] = 0;
}

void stow_results_set(struct stow_results *results, uint32_t number,
                      const struct upload_answer *answer) {
    struct stow_result *result = &results->all[number];
    copy_uid(result->sop_class_uid, answer->sop_class_uid);
    copy_uid(result->sop_instance_uid, answer->sop_instance_uid);
    copy_uid(result->study_uid, answer->study_uid);
    copy_uid(result->series_uid, answer->series_uid);
    result->failure = (uint16_t)failure_of(answer);
    if (result->failure != STOW_STORED) {
        set_reason(result, reason_of(answer, failure_of(answer)));
    }
    if (answer->outcome == UPLOAD_HELD && answer->held_for == HELD_PATIENT) {
        result->warning = STOW_HELD_FOR_PATIENT;
    }
}

static void write_text(struct bounded_output *output, const char *tag, const char *vr,
                       const char *value) {
    bounded_output_format(output, "\"%s\":{\"vr\":\"%s\",\"Value\":[\"%s\"]}", tag, vr, value);
}

/* What is held cannot be asked for yet: it has no address. */
static void write_stored(struct bounded_output *output, const char *base,
                         const struct stow_result *result) {
    if (result->warning != 0) {
        bounded_output_format(output, ",\"00081196\":{\"vr\":\"US\",\"Value\":[%u]}",
                              (unsigned)result->warning);
        return;
    }
    bounded_output_format(output,
                          ",\"00081190\":{\"vr\":\"UR\",\"Value\":[\"%s/studies/%s/series/%s/"
                          "instances/%s\"]}",
                          base, result->study_uid, result->series_uid, result->sop_instance_uid);
}

/* Which part it was, counted from 1, what its sender calls it, and why, in words. */
static void write_failed(struct bounded_output *output, const struct stow_result *result,
                         uint32_t part) {
    static const char *const tags[] = {"00991002", "00991003"};
    const char *const texts[] = {result->location, result->reason};
    bounded_output_format(output,
                          "\"00081197\":{\"vr\":\"US\",\"Value\":[%u]},\"00990010\":{\"vr\":\"LO\","
                          "\"Value\":[\"" STOW_BLOCK
                          "\"]},\"00991001\":{\"vr\":\"UL\",\"Value\":[%u]}",
                          (unsigned)result->failure, part);
    for (size_t i = 0; i < 2; i++) {
        if (texts[i]) {
            bounded_output_format(output, ",\"%s\":{\"vr\":\"UT\",\"Value\":[", tags[i]);
            json_write_string(output, texts[i], strlen(texts[i]));
            bounded_output_text(output, "]}");
        }
    }
}

enum list { LIST_STORED, LIST_FAILED, LIST_OTHER };

static enum list list_of(const struct stow_result *result) {
    if (result->failure == STOW_STORED) {
        return LIST_STORED;
    }
    return result->sop_instance_uid[0] && result->sop_class_uid[0] ? LIST_FAILED : LIST_OTHER;
}

/* The sequence of those; nothing when there are none. Returns how many. */
static uint32_t write_list(struct bounded_output *output, const char *base,
                           const struct stow_results *results, enum list list) {
    static const char *const tags[] = {"00081199", "00081198", "0008119A"};
    uint32_t count = 0;
    for (uint32_t i = 0; i < results->count; i++) {
        const struct stow_result *result = &results->all[i];
        if (list_of(result) != list) {
            continue;
        }
        if (count++ == 0) {
            bounded_output_format(output, ",\"%s\":{\"vr\":\"SQ\",\"Value\":[", tags[list]);
        } else {
            bounded_output_byte(output, ',');
        }
        bounded_output_byte(output, '{');
        if (list != LIST_OTHER) {
            write_text(output, "00081150", "UI", result->sop_class_uid);
            bounded_output_byte(output, ',');
            write_text(output, "00081155", "UI", result->sop_instance_uid);
        }
        if (list == LIST_STORED) {
            write_stored(output, base, result);
        } else {
            bounded_output_text(output, list == LIST_FAILED ? "," : "");
            write_failed(output, result, i + 1);
        }
        bounded_output_byte(output, '}');
    }
    if (count > 0) {
        bounded_output_text(output, "]}");
    }
    return count;
}

static uint32_t count_warnings(const struct stow_results *results) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < results->count; i++) {
        count += results->all[i].warning != 0;
    }
    return count;
}

/* The study of all that were stored; NULL when they are of several. */
static const char *one_study(const struct stow_results *results) {
    const char *study = NULL;
    for (uint32_t i = 0; i < results->count; i++) {
        const struct stow_result *result = &results->all[i];
        if (result->failure == STOW_STORED && study && strcmp(study, result->study_uid) != 0) {
            return NULL;
        }
        study = result->failure == STOW_STORED ? result->study_uid : study;
    }
    return study;
}

void stow_answer(struct dicomweb_ask *ask, const struct stow_results *results) {
    struct bounded_output output;
    const char *study = one_study(results);
    bounded_output_init(&output, ANSWER_MAX);
    // PS3.18 10.5.3: where the study is; where they are of several, the root of all.
    bounded_output_format(&output, "{\"00081190\":{\"vr\":\"UR\",\"Value\":[\"%s/studies%s%s\"]}",
                          ask->base, study ? "/" : "", study ? study : "");
    uint32_t warned = count_warnings(results);
    uint32_t stored = write_list(&output, ask->base, results, LIST_STORED);
    write_list(&output, ask->base, results, LIST_FAILED);
    write_list(&output, ask->base, results, LIST_OTHER);
    bounded_output_byte(&output, '}');
    bool all = stored == results->count && warned == 0;
    int status = all ? 200 : stored > 0 ? 202 : 409;
    if (output.failed) {
        bounded_output_finish(&output);
        case_ask_unread(&ask->about, IMAGING_READ_UNAVAILABLE);
        return;
    }
    http_answer_bytes(ask->about.exchange, status, "application/dicom+json", NULL, 0,
                      (struct bytes){(uint32_t)output.size, output.bytes});
    bounded_output_finish(&output);
    case_ask_end(&ask->about);
}
