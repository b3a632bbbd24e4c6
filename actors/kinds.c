#include "actors/kinds.h"

const struct actor_kind *const actor_kinds[ACTOR_KIND_COUNT] = {
    &board_kind, &patient_case_kind, &user_kind, &series_kind, &organisation_kind};
