/*
 * One look at one case: its record read, its documents planned, those that are not there written.
 * Used by evidence_service alone.
 */
#ifndef CONSILIUM_EVIDENCE_EVIDENCE_JOB_H
#define CONSILIUM_EVIDENCE_EVIDENCE_JOB_H

#include "server/evidence/evidence_plan.h"
#include "server/evidence/evidence_service.h"

enum evidence_outcome {
    EVIDENCE_DONE,  // noted up to where the record was read
    EVIDENCE_LATER, // something is away or busy
};

struct evidence_job;
/* `done` comes once, maybe at once; `written` = documents. `ret_job` is set before, and NULL in
 * `done`. */
void evidence_job_begin(const struct evidence_service_config *config, struct uuid patient_case,
                        void (*done)(void *data, enum evidence_outcome outcome, unsigned written),
                        void *data, struct evidence_job **ret_job);
/* True when it waits for the case's actor, which may never answer once the node ends: it is given
 * up, and `done` does not come. */
bool evidence_job_abandon(struct evidence_job *job);

/* Types of events that evidence is made of. */
#define EVIDENCE_EVENT_TYPES "(74, 75, 76, 77, 86, 87, 89, 106, 121)"

#endif
