/*
 * Whether a value is what a search wants (PS3.4 C.2.2.2): single value, list of UIDs, wildcards,
 * ranges of dates and times, names exactly or by the beginnings of their words. Pure.
 */
#ifndef CONSILIUM_DICOMWEB_QIDO_MATCH_H
#define CONSILIUM_DICOMWEB_QIDO_MATCH_H

#include "server/dicomweb/qido_query.h"

/* One value of the attribute. */
bool qido_match_value(const struct qido_match *match, struct text value);
/* Any value of `{"vr":..,"Value":[..]}`; an empty one matches nothing. */
bool qido_match_json(const struct qido_match *match, struct text attribute);

#endif
