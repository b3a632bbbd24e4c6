/*
 * How images of a modality are hung when a case opens: rules that a board and its series share.
 * One hanging is kept for each modality; of two the newer one stays, so that a board and its series
 * end at the same one whichever word comes first.
 */
#ifndef CONSILIUM_HANGING_H
#define CONSILIUM_HANGING_H

#include "protocol/arena.h"
#include "protocol/generated/hangings.h"

enum {
    HANGINGS_MAX = 16, /* the bound of the schemas */
    HANGING_SIDE_MAX = 3,
    HANGING_PRESET_MAX = 5,
};

/* Whether it names a modality (PS3.5 6.2, CS) and has a viewport for each of its panes, or none. */
bool hanging_is_whole(const struct hanging *hanging);

/* Of this modality; NULL = nothing was chosen. Borrows from the list. */
const struct hanging *hanging_of(const struct hanging_list *list, struct text modality);

/* Whether it would change the list: it says something else, later, and there is room for it. */
bool hanging_is_news(const struct hanging_list *list, const struct hanging *hanging);

/* Puts it in the place of the one for its modality, or at the end of a growing list; a copy in
 * `arena`. One that is no news is not put. */
void hanging_put(struct arena *arena, struct hanging_list *list, const struct hanging *hanging);

#endif
