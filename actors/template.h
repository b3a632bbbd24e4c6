/* What a board asks of every case and every decision: rules about templates that series and boards
 * share. */
#ifndef CONSILIUM_TEMPLATE_H
#define CONSILIUM_TEMPLATE_H

#include "protocol/generated/preparation.h"

enum {
    TEMPLATE_SIZE_MAX = 8 * 1024, /* a full board sends it to all its cases in one turn */
    TEMPLATE_PLANNED_SECONDS_MAX = 24 * 3600,
    TEMPLATE_CUT_OFF_HOURS_MAX = 90 * 24, /* a quarter before the meeting */
};

/* About as many bytes as it takes in a message. */
uint32_t template_size(const struct template *template);

/* Whether its checks and fields are named once each and can be filled in, and a decision has room
 * for what is recommended; and whether it is not too long. */
bool template_is_whole(const struct template *template);

/* The reason of a digit, 1 first; empty for 0 and for one that the board has not. */
struct text template_reason(const struct template *template, uint32_t digit);

/* Whether this digit says why something was put off. A board that lists no reasons takes none. */
bool template_has_reason(const struct template *template, uint32_t digit);

/* What a decision that needs no discussion recommends, in the board's words, else the first choice
 * of the recommendation. Empty = it has no words for that, and confirms nothing. */
struct text template_standard_words(const struct template *template);

#endif
