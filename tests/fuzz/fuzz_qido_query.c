/* links: server imaging_format */
/* A search as a form: whatever it says, it is a query within its bounds, its folding never grows
 * out of its space, and matching ends. The first byte says level and masking. */
#include "server/dicomweb/qido_match.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char name[] =
        "{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"M\xc3\xbcller^J\xc3\xbcrgen\","
        "\"Phonetic\":\"\\u0041\"},null]}";
    if (size == 0 || size > 70000) {
        return 0;
    }
    struct qido_query *query = malloc(sizeof *query);
    if (query == NULL) {
        return 0;
    }
    qido_query_init(query);
    struct text form = {(uint32_t)(size - 1), (const char *)bytes + 1};
    if (qido_query_add_form(query, form)) {
        qido_query_finish(query, (enum dicomweb_level)(bytes[0] % 3), bytes[0] >= 128);
        if (query->match_count > QIDO_MATCHES_MAX || query->include_count > QIDO_INCLUDES_MAX ||
            query->limit > QIDO_RESULTS_MAX || query->text_length > QIDO_TEXT_MAX) {
            abort();
        }
        for (uint32_t i = 0; i < query->match_count; i++) {
            qido_match_json(&query->matches[i], TEXT(name));
            qido_match_json(&query->matches[i], form);
        }
    }
    free(query);
    return 0;
}
