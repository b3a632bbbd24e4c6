/* links: server_core */
#include "server/gateway/gate.h"

#include "protocol/generated/board_behaviour.h"
#include "protocol/generated/patient_case_behaviour.h"
#include "protocol/generated/session_behaviour.h"
#include "protocol/generated/user_behaviour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CHAIR = 1, OBSERVER = 8, COMMAND = 5, SIGNAL = 40, FREE = 6, SECOND = 1000000 };

static const struct message_rule rules[TAG_COUNT] = {
    [COMMAND] = {"AddItem", MESSAGE_COMMAND, CHAIR, false, 0, 2, 4, 100, false, false},
    [SIGNAL] = {"MovePointer", MESSAGE_SIGNAL, CHAIR, false, 0, 10, 1, 30, false, false},
    [FREE] = {"Hello", MESSAGE_REQUEST, 0, false, 0, 0, 0, 50, false, false},
};

static enum gate_verdict say(struct gate *gate, uint32_t actions, uint8_t tag, size_t size,
                             int64_t now, enum refusal *ret_reason) {
    return gate_admit(gate, 1, rules, actions, tag, size, now, ret_reason);
}

static void who_has_the_role_is_admitted(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, CHAIR, COMMAND, 100, 0, &reason), GATE_ADMIT);
    gate_finish(&gate);
}

static void a_command_without_the_role_is_refused_with_the_reason(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, OBSERVER, COMMAND, 10, 0, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_NOT_PERMITTED);
    gate_finish(&gate);
}

static void an_observers_pointer_is_dropped_without_a_word(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, OBSERVER, SIGNAL, 10, 0, &reason), GATE_DROP);
    gate_finish(&gate);
}

static void a_downward_tag_from_a_client_is_malformed(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, CHAIR, 72, 10, 0, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_MALFORMED);
    gate_finish(&gate);
}

static void a_tag_that_is_not_in_the_schema_is_malformed(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, CHAIR, 7, 10, 0, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_MALFORMED);
    gate_finish(&gate);
}

static void fields_larger_than_the_bounds_allow_are_refused_unread(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    assert_int_equal(say(&gate, CHAIR, COMMAND, 101, 0, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_MALFORMED);
    gate_finish(&gate);
}

static void a_burst_passes_and_what_is_over_it_is_too_fast(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(say(&gate, CHAIR, COMMAND, 10, 0, &reason), GATE_ADMIT);
    }
    assert_int_equal(say(&gate, CHAIR, COMMAND, 10, 0, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_TOO_FAST);
    gate_finish(&gate);
}

static void the_rate_is_earned_back_with_time(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    while (say(&gate, CHAIR, COMMAND, 10, 0, &reason) == GATE_ADMIT) {
    }
    assert_int_equal(say(&gate, CHAIR, COMMAND, 10, SECOND / 2, &reason), GATE_ADMIT);
    assert_int_equal(say(&gate, CHAIR, COMMAND, 10, SECOND / 2, &reason), GATE_REFUSE);
    gate_finish(&gate);
}

static void a_message_without_a_rate_is_never_too_fast(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(say(&gate, 0, FREE, 10, 0, &reason), GATE_ADMIT);
    }
    assert_int_equal(gate.count, 0);
    gate_finish(&gate);
}

static void who_only_breaks_rules_is_cut_in_the_end(void **state) {
    (void)state;
    struct gate gate = {0};
    enum refusal reason;
    enum gate_verdict verdict = GATE_REFUSE;
    int tries = 0;
    while (verdict == GATE_REFUSE && tries < 100000) {
        verdict = say(&gate, OBSERVER, COMMAND, 10, 0, &reason);
        tries++;
    }
    assert_int_equal(verdict, GATE_CUT);
    gate_finish(&gate);
}

static void a_session_may_say_everything_there_is_and_no_more_is_kept_of_it(void **state) {
    (void)state;
    static const struct message_rule *const tables[] = {session_rules, board_rules,
                                                        patient_case_rules, user_rules};
    struct gate gate = {0};
    enum refusal reason;
    for (uint8_t kind = 0; kind < 4; kind++) {
        for (uint8_t tag = 0; tag < TAG_DOWN; tag++) {
            const struct message_rule *rule = &tables[kind][tag];
            bool of_people = rule->actions != 0 || !rule->by_system;
            if (rule->name != NULL && of_people) {
                assert_int_equal(
                    gate_admit(&gate, kind, tables[kind], UINT32_MAX, tag, 1, SECOND, &reason),
                    GATE_ADMIT);
            }
        }
    }
    while (gate.count < GATE_BUCKETS_MAX) { /* kinds that nobody has */
        gate_admit(&gate, (uint8_t)(100 + gate.count), rules, CHAIR, COMMAND, 1, SECOND, &reason);
    }
    assert_int_equal(gate_admit(&gate, 99, rules, CHAIR, COMMAND, 1, SECOND, &reason), GATE_REFUSE);
    assert_int_equal(reason, REFUSAL_TOO_FAST);
    assert_int_equal(gate.count, GATE_BUCKETS_MAX);
    gate_finish(&gate);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_the_role_is_admitted),
        cmocka_unit_test(a_command_without_the_role_is_refused_with_the_reason),
        cmocka_unit_test(an_observers_pointer_is_dropped_without_a_word),
        cmocka_unit_test(a_downward_tag_from_a_client_is_malformed),
        cmocka_unit_test(a_tag_that_is_not_in_the_schema_is_malformed),
        cmocka_unit_test(fields_larger_than_the_bounds_allow_are_refused_unread),
        cmocka_unit_test(a_burst_passes_and_what_is_over_it_is_too_fast),
        cmocka_unit_test(the_rate_is_earned_back_with_time),
        cmocka_unit_test(a_message_without_a_rate_is_never_too_fast),
        cmocka_unit_test(who_only_breaks_rules_is_cut_in_the_end),
        cmocka_unit_test(a_session_may_say_everything_there_is_and_no_more_is_kept_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
