#include "tests/unit/support_policy.h"

#include "protocol/generated/board_behaviour.h"
#include "protocol/generated/organisation_behaviour.h"
#include "protocol/generated/patient_case_behaviour.h"
#include "protocol/generated/series_behaviour.h"
#include "protocol/generated/user_behaviour.h"

#define CELLS(resource)                                                                            \
    &resource##_cells[0][0], sizeof resource##_cells[0] / sizeof resource##_cells[0][0]

const struct resource policy_resources[POLICY_RESOURCES] = {
    {"board", CHANNEL_KIND_BOARD, CELLS(board), board_messages, board_rules, policy_of_board},
    {"patient_case", CHANNEL_KIND_PATIENT_CASE, CELLS(patient_case), patient_case_messages,
     patient_case_rules, policy_of_patient_case},
    {"series", CHANNEL_KIND_SERIES, CELLS(series), series_messages, series_rules, policy_of_series},
    {"user", CHANNEL_KIND_USER, CELLS(user), user_messages, user_rules, policy_of_user},
    {"organisation", CHANNEL_KIND_ORGANISATION, CELLS(organisation), organisation_messages,
     organisation_rules, policy_of_organisation},
};
struct allowance policy_cell(const struct resource *resource, unsigned role, size_t conditions) {
    return resource->cells[role * resource->conditions + conditions];
}

struct allowance policy_both(struct allowance a, struct allowance b) {
    return (struct allowance){.audiences = a.audiences | b.audiences,
                              .actions = a.actions | b.actions};
}
