/* links: server */
/* What another archive answers to a search: whatever it is, results are within their bounds, UIDs
 * are UIDs, texts are UTF-8 without control characters, and reading ends. */
#include "server/archives/archive_answer.h"
#include "server/imaging/element_value.h"
#include "server/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_text(const char *value) {
    struct text text = {(uint32_t)strlen(value), value};
    bool is_plain = text.length <= ARCHIVE_VALUE_MAX && text_is_utf8(text);
    for (uint32_t i = 0; is_plain && i < text.length; i++) {
        is_plain = (unsigned char)value[i] >= ' ' && value[i] != 0x7F;
    }
    if (!is_plain) {
        abort();
    }
}

static void check_uid(const char *uid) {
    if (!element_is_uid((struct text){(uint32_t)strlen(uid), uid})) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct archive_study study;
    struct archive_instance instance;
    for (int which = 0; which < 2; which++) {
        char *text = malloc(size + 1);
        if (text == NULL) {
            return 0;
        }
        memcpy(text, size > 0 ? bytes : (const uint8_t *)"", size);
        struct archive_results results = archive_results_of(text, size);
        while (which == 0 && archive_results_study(&results, &study)) {
            check_uid(study.study_uid);
            check_text(study.patient_name);
            check_text(study.patient_id);
            check_text(study.birth_date);
            check_text(study.study_date);
            check_text(study.accession_number);
            check_text(study.description);
            if (study.modality_count > ARCHIVE_MODALITIES_MAX) {
                abort();
            }
            for (uint32_t i = 0; i < study.modality_count; i++) {
                check_text(study.modalities[i]);
            }
        }
        while (which == 1 && archive_results_instance(&results, &instance)) {
            check_uid(instance.sop_instance_uid);
            check_uid(instance.series_uid);
        }
        free(text);
    }
    return 0;
}
