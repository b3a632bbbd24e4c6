#include "server/archives/fetch_plan.h"

#include <stdlib.h>
#include <string.h>

void fetch_plan_finish(struct fetch_plan *plan) {
    free(plan->all);
    *plan = (struct fetch_plan){.all = NULL};
}

bool fetch_plan_add(struct fetch_plan *plan, const struct archive_instance *instance) {
    if (plan->count == FETCH_INSTANCES_MAX) {
        return false;
    }
    if (plan->count == plan->capacity) {
        uint32_t capacity = plan->capacity == 0 ? 256 : 2 * plan->capacity;
        struct fetch_instance *grown = realloc(plan->all, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        plan->all = grown;
        plan->capacity = capacity;
    }
    plan->all[plan->count++] = (struct fetch_instance){.uids = *instance};
    plan->tally[FETCH_PENDING]++;
    return true;
}

static int compare(const void *left, const void *right) {
    const struct fetch_instance *a = left, *b = right;
    return strcmp(a->uids.sop_instance_uid, b->uids.sop_instance_uid);
}

void fetch_plan_sort(struct fetch_plan *plan) {
    uint32_t kept = 0;
    if (plan->count == 0) {
        return;
    }
    qsort(plan->all, plan->count, sizeof *plan->all, compare);
    for (uint32_t i = 0; i < plan->count; i++) {
        bool again = kept > 0 && compare(&plan->all[kept - 1], &plan->all[i]) == 0;
        if (again) {
            plan->tally[plan->all[i].state]--;
        } else {
            plan->all[kept++] = plan->all[i];
        }
    }
    plan->count = kept;
}

static void set_state(struct fetch_plan *plan, struct fetch_instance *instance,
                      enum fetch_state state, const char *reason) {
    plan->tally[instance->state]--;
    plan->tally[state]++;
    instance->state = (uint8_t)state;
    instance->reason = reason;
}

bool fetch_plan_settle(struct fetch_plan *plan, const char *sop_instance_uid,
                       enum fetch_state state, const char *reason) {
    struct fetch_instance wanted = {.state = FETCH_PENDING};
    size_t length = strlen(sop_instance_uid);
    if (length > ARCHIVE_UID_MAX || plan->count == 0) {
        return false;
    }
    memcpy(wanted.uids.sop_instance_uid, sop_instance_uid, length);
    struct fetch_instance *found =
        bsearch(&wanted, plan->all, plan->count, sizeof *plan->all, compare);
    if (found != NULL && found->state == FETCH_PENDING) {
        set_state(plan, found, state, reason);
    }
    return found != NULL;
}

static bool is_of_series(const struct fetch_instance *instance, const char *series_uid) {
    return strcmp(instance->uids.series_uid, series_uid) == 0;
}

/* Most of the series is missing, and it was not asked for yet. */
static bool wants_series(const struct fetch_plan *plan, const char *series_uid) {
    uint32_t all = 0, pending = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct fetch_instance *each = &plan->all[i];
        if (is_of_series(each, series_uid)) {
            all++;
            pending += each->state == FETCH_PENDING && each->asked < FETCH_ASK_SERIES;
        }
    }
    return 2 * pending > all;
}

struct fetch_ask fetch_plan_next(const struct fetch_plan *plan) {
    const struct fetch_instance *first = NULL;
    bool whole_study = true;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct fetch_instance *each = &plan->all[i];
        if (first == NULL && each->state == FETCH_PENDING) {
            first = each;
        }
        whole_study = whole_study && each->state == FETCH_PENDING && each->asked == 0;
    }
    if (first == NULL) {
        return (struct fetch_ask){.kind = FETCH_ASK_NOTHING};
    }
    enum fetch_ask_kind kind = whole_study                                  ? FETCH_ASK_STUDY
                               : wants_series(plan, first->uids.series_uid) ? FETCH_ASK_SERIES
                                                                            : FETCH_ASK_INSTANCE;
    return (struct fetch_ask){kind, first->uids};
}

static bool is_asked(const struct fetch_instance *instance, const struct fetch_ask *ask) {
    switch (ask->kind) {
    case FETCH_ASK_STUDY:
        return true;
    case FETCH_ASK_SERIES:
        return is_of_series(instance, ask->uids.series_uid);
    case FETCH_ASK_INSTANCE:
        return strcmp(instance->uids.sop_instance_uid, ask->uids.sop_instance_uid) == 0;
    case FETCH_ASK_NOTHING:
        break;
    }
    return false;
}

void fetch_plan_asked(struct fetch_plan *plan, const struct fetch_ask *ask, const char *reason) {
    for (uint32_t i = 0; i < plan->count; i++) {
        struct fetch_instance *each = &plan->all[i];
        if (each->state != FETCH_PENDING || !is_asked(each, ask)) {
            continue;
        }
        if (ask->kind == FETCH_ASK_INSTANCE && reason != NULL) {
            set_state(plan, each, FETCH_REFUSED, reason);
        } else if (ask->kind != FETCH_ASK_INSTANCE && each->asked < ask->kind) {
            each->asked = (uint8_t)ask->kind;
        }
    }
}
