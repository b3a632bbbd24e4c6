/*
 * The whole matrix of the policy, as another program worked it out from the words of access.policy
 * (protocol/generator/policy_matrix.mjs): what a test holds the real thing against.
 */
#ifndef CONSILIUM_SUPPORT_POLICY_H
#define CONSILIUM_SUPPORT_POLICY_H

#include "protocol/generated/policy_matrix.h"
#include "protocol/values.h"

struct resource {
    const char *name;
    uint8_t kind;
    const struct allowance *cells;         /* [role][mask of conditions] */
    size_t conditions;                     /* masks there are */
    const struct matrix_message *messages; /* ends with a name of NULL */
    const struct message_rule *rules;
    struct allowance (*policy)(uint16_t roles, uint8_t conditions);
};

enum { POLICY_RESOURCES = 5 };
extern const struct resource policy_resources[POLICY_RESOURCES];

struct allowance policy_cell(const struct resource *resource, unsigned role, size_t conditions);
struct allowance policy_both(struct allowance a, struct allowance b);

#endif
