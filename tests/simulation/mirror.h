/* What one person's window holds of a stage: the snapshot, and everything heard since, put together
 * as a client does. */
#ifndef SIMULATION_MIRROR_H
#define SIMULATION_MIRROR_H

#include "protocol/generated/stage.h"

#include <stddef.h>

struct mirror {
    struct arena arena; /* owns what the rest borrows; begun anew with each snapshot */
    bool known;
    struct layout layout;
    uint32_t stage_version;
    struct floor floor;
    bool quiet;
    struct participant participants[256];
    struct pointer pointers[256];
    size_t participant_count, pointer_count;
};

void mirror_init(struct mirror *mirror);
void mirror_finish(struct mirror *mirror);
void mirror_snapshot(struct mirror *mirror, const struct stage_state *state);
void mirror_ephemera(struct mirror *mirror, const struct ephemera *ephemera);
void mirror_floor(struct mirror *mirror, const struct floor *floor);
void mirror_settled(struct mirror *mirror, const struct stage_settled *settled);
/* Ephemera are void once the line was cut; what is durable stays. */
void mirror_forget_ephemera(struct mirror *mirror);

/* In words, what differs from the actor's own view; NULL = nothing. */
const char *mirror_differs(const struct mirror *mirror, const struct stage_state *state);

#endif
