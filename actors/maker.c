#include "actors/maker.h"

struct grant maker_grant(uint16_t rights, struct allowance allowed) {
    struct grant grant = {0};
    if (allowed.audiences != 0) {
        grant.audiences = allowed.audiences;
        grant.actions = allowed.actions;
        grant.roles = rights | RIGHT_COORDINATOR;
    }
    return grant;
}

bool maker_coordinates(const struct turn *turn) {
    return (turn->sender.roles & (RIGHT_ADMINISTRATOR | 1u << ROLE_SYSTEM)) == 0;
}

bool maker_may(struct turn *turn, struct allowance allowed, uint32_t make) {
    bool system = (turn->sender.roles & 1u << ROLE_SYSTEM) != 0;
    if (!system && (allowed.actions & make) == 0) {
        turn_refuse(turn, REFUSAL_NOT_PERMITTED);
        return false;
    }
    return true;
}
