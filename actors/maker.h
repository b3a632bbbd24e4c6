/* Boards, series and cases that are not made yet: who may make them, and what they answer for. */
#ifndef CONSILIUM_MAKER_H
#define CONSILIUM_MAKER_H

#include "actors/runtime/actor.h"
#include "protocol/policy_line.h"

/* Towards what is not made yet, of somebody with these rights to whom the policy allows this. */
struct grant maker_grant(uint16_t rights, struct allowance allowed);

/* Whether the sender must be a coordinator of what they make. An administrator makes it for others;
 * who may no more than prepare would make what they then cannot see. */
bool maker_coordinates(const struct turn *turn);

/* Whether the sender may make it for an organisation: `allowed` is what the policy says of their
 * rights there, `make` the action. Otherwise refuses. */
bool maker_may(struct turn *turn, struct allowance allowed, uint32_t make);

#endif
