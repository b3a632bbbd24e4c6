/* links: server_core actor_test_support */
/* Every cell of the policy's matrix in the table in C, and every message at the gate. */
#include "server/gateway/gate.h"
#include "tests/unit/support_policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(struct allowance is, struct allowance should, const char *resource, unsigned role,
                  size_t conditions) {
    if (is.audiences != should.audiences || is.actions != should.actions) {
        fail_msg("%s, role %u, conditions %zu: sees 0x%x does 0x%x, should be 0x%x and 0x%x",
                 resource, role, conditions, is.audiences, is.actions, should.audiences,
                 should.actions);
    }
}

/* The table in C */

static void every_cell_is_what_the_words_of_the_policy_say(void **unused) {
    (void)unused;
    for (size_t r = 0; r < POLICY_RESOURCES; r++) {
        const struct resource *resource = &policy_resources[r];
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            for (size_t when = 0; when < resource->conditions; when++) {
                check(resource->policy((uint16_t)(1u << role), (uint8_t)when),
                      policy_cell(resource, role, when), resource->name, role, when);
            }
        }
    }
}

static void two_roles_together_are_allowed_what_each_is(void **unused) {
    (void)unused;
    for (size_t r = 0; r < POLICY_RESOURCES; r++) {
        const struct resource *resource = &policy_resources[r];
        for (unsigned pair = 0; pair < ROLE_COUNT * ROLE_COUNT; pair++) {
            unsigned one = pair / ROLE_COUNT, other = pair % ROLE_COUNT;
            for (size_t when = 0; when < resource->conditions; when++) {
                uint16_t roles = (uint16_t)(1u << one | 1u << other);
                check(resource->policy(roles, (uint8_t)when),
                      policy_both(policy_cell(resource, one, when),
                                  policy_cell(resource, other, when)),
                      resource->name, pair, when);
            }
        }
    }
}

/* Messages */

static void every_message_takes_the_action_its_schema_names(void **unused) {
    (void)unused;
    size_t actions = 0, audiences = 0;
    for (size_t r = 0; r < POLICY_RESOURCES; r++) {
        const struct matrix_message *message = policy_resources[r].messages;
        for (; message->name != NULL; message++) {
            const struct message_rule *rule = &policy_resources[r].rules[message->tag];
            assert_string_equal(rule->name, message->name);
            assert_int_equal(rule->actions, message->action);
            assert_int_equal(rule->audiences, message->audiences);
            actions += message->action != 0;
            audiences += message->audiences != 0;
        }
    }
    assert_true(actions > 60 && audiences > 60); /* the tables are not empty */
}

static void the_gate_admits_whom_the_matrix_lets_act_and_nobody_else(void **unused) {
    (void)unused;
    for (size_t r = 0; r < POLICY_RESOURCES; r++) {
        const struct resource *resource = &policy_resources[r];
        size_t cells = ROLE_COUNT * resource->conditions;
        for (size_t at = 0; at < cells; at++) {
            const struct matrix_message *message = resource->messages;
            for (; message->name != NULL; message++) {
                if (message->action == 0) {
                    continue;
                }
                struct gate gate = {0};
                enum refusal reason = REFUSAL_NONE;
                enum gate_verdict verdict =
                    gate_admit(&gate, resource->kind, resource->rules, resource->cells[at].actions,
                               message->tag, 1, 0, &reason);
                gate_finish(&gate);
                bool may = (resource->cells[at].actions & message->action) != 0;
                if ((verdict == GATE_ADMIT) != may) {
                    fail_msg("%s in cell %zu of %s: %s", message->name, at, resource->name,
                             may ? "held back" : "let through");
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_what_the_words_of_the_policy_say),
        cmocka_unit_test(two_roles_together_are_allowed_what_each_is),
        cmocka_unit_test(every_message_takes_the_action_its_schema_names),
        cmocka_unit_test(the_gate_admits_whom_the_matrix_lets_act_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
