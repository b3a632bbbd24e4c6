#include "protocol/policy_line.h"

struct allowance policy_union(const struct policy_line *lines, size_t count, uint8_t exclusive,
                              uint16_t roles, uint8_t conditions) {
    struct allowance allowed = {0};
    for (size_t i = 0; i < count; i++) {
        const struct policy_line *line = &lines[i];
        if ((line->roles & roles) != 0 && (line->conditions & ~conditions) == 0 &&
            ((line->conditions ^ conditions) & exclusive) == 0) {
            allowed.audiences |= line->allows.audiences;
            allowed.actions |= line->allows.actions;
        }
    }
    return allowed;
}
