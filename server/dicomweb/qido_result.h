/*
 * The results of a search as DICOM JSON (PS3.18 F): gathers the attributes of one, writes them in
 * the order of their tags, counts what was left out by limit and offset.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_RESULT_H
#define CONSILIUM_DICOMWEB_QIDO_RESULT_H

#include "server/dicomweb/qido_query.h"
#include "server/imaging/bounded_output.h"

enum {
    QIDO_RESULT_FIELDS_MAX = 512, /* attributes of one result */
    QIDO_MADE_MAX = 8192,         /* bytes of what is made for one */
    QIDO_ANSWER_MAX = 64 << 20,   /* bytes of an answer */
};

struct qido_results {
    /* Given. */
    const struct qido_query *query;
    const char *base; /* "https://host/api/cases/ID/dicom-web" */
    bool masked;
    struct bounded_output *output; /* `[` is written by begin, `]` by end */
    /* Derived. */
    uint64_t matched; /* results, those left out included */
    uint64_t written;
    struct {
        uint32_t tag;
        struct text json;
    } fields[QIDO_RESULT_FIELDS_MAX];
    uint32_t field_count;
    size_t made;
    char text[QIDO_MADE_MAX];
};

void qido_results_begin(struct qido_results *results);
/* The result at hand matches: true when it is to be written, after limit and offset. */
bool qido_results_next(struct qido_results *results);
/* Attributes of the result at hand; what a masked reader is not told is dropped. `json` is
 * `{"vr":...}`, borrowed until the result is written. A second one of a tag is dropped. */
void qido_results_field(struct qido_results *results, uint32_t tag, struct text json);
void qido_results_text(struct qido_results *results, uint32_t tag, const char *value);
void qido_results_number(struct qido_results *results, uint32_t tag, int64_t number);
void qido_results_made(struct qido_results *results, uint32_t tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void qido_results_write(struct qido_results *results);
void qido_results_end(struct qido_results *results);

/* Whether an attribute is told: `given` when those told always are told of its level. */
bool qido_results_want(const struct qido_results *results,
                       const struct dicomweb_attribute *attribute, bool given);

#endif
