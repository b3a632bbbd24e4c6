/*
 * A search (PS3.18 section 8.3.4): what must match, what is to be told, which part of the answer.
 * Pure and bounded; whatever the parameters say, the query is one of these.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_QUERY_H
#define CONSILIUM_DICOMWEB_QIDO_QUERY_H

#include "server/dicomweb/attributes.h"

enum {
    QIDO_TEXT_MAX = 64 * 1024, /* bytes of all parameters together */
    QIDO_BASE_MAX = 512,       /* bytes of a root address */
    QIDO_MATCHES_MAX = 32,
    QIDO_INCLUDES_MAX = 64,
    QIDO_RESULTS_MAX = 10000, /* of one answer; Warning 299 tells of more */
};

struct qido_match {
    const struct dicomweb_attribute *attribute;
    struct text value;  /* never empty */
    struct text folded; /* of a person's name when matching is fuzzy */
};

struct qido_query {
    struct qido_match matches[QIDO_MATCHES_MAX];
    uint32_t match_count;
    uint32_t includes[QIDO_INCLUDES_MAX]; /* tags */
    uint32_t include_count;
    bool include_all;
    bool fuzzy;
    uint32_t limit, offset;
    unsigned ignored; /* parameters that are not supported: Warning 299 */
    uint32_t text_length;
    char text[QIDO_TEXT_MAX]; /* what the texts above borrow from */
};

void qido_query_init(struct qido_query *query);

/* Takes "name=value", decoded. False when it is malformed or over a bound: answer 400. */
bool qido_query_add(struct qido_query *query, struct text pair);
/* Takes a form (application/x-www-form-urlencoded), or a query string as it stands in a URL. */
bool qido_query_add_form(struct qido_query *query, struct text form);
/* When all is added: what may not be matched at this level, or by somebody who is not told who the
 * patient is, goes (and counts as ignored), so that no answer depends on it. */
void qido_query_finish(struct qido_query *query, enum dicomweb_level level, bool masked);

/* What must match of this attribute; NULL = anything. */
const struct qido_match *qido_query_match(const struct qido_query *query, uint32_t tag);

#endif
