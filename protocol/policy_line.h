/*
 * One line of the policy (schema/access.policy), and what is asked of it. Pure: roles and
 * conditions in, what is allowed out.
 */
#ifndef CONSILIUM_POLICY_LINE_H
#define CONSILIUM_POLICY_LINE_H

#include <stddef.h>
#include <stdint.h>

/* What somebody may see (mask of enum audience) and do (mask of the resource's actions). */
struct allowance {
    uint8_t audiences;
    uint32_t actions;
};

struct policy_line {
    uint16_t roles;     /* bit = Role: any of them */
    uint8_t conditions; /* all of them must hold */
    struct allowance allows;
};

/* What all lines together allow somebody with these roles. A line speaks either of what is there or
 * of what is not: `exclusive` (the bit of `unmade`, or 0) must be in both or in neither. */
struct allowance policy_union(const struct policy_line *lines, size_t count, uint8_t exclusive,
                              uint16_t roles, uint8_t conditions);

#endif
