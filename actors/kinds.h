/* All kinds of actor, for runtime_create. */
#ifndef CONSILIUM_KINDS_H
#define CONSILIUM_KINDS_H

#include "actors/runtime/actor.h"

extern const struct actor_kind board_kind;
extern const struct actor_kind patient_case_kind;
extern const struct actor_kind user_kind;
extern const struct actor_kind series_kind;
extern const struct actor_kind organisation_kind;

enum { ACTOR_KIND_COUNT = 5 };
extern const struct actor_kind *const actor_kinds[ACTOR_KIND_COUNT];

#endif
