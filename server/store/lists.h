/* List rows are read once the tenant's keys are known; what is asked for earlier waits here, as
 * long as an append would. */
#ifndef CONSILIUM_LISTS_H
#define CONSILIUM_LISTS_H

#include <stdbool.h>
#include <stdint.h>

struct store;
struct list_wait;

struct lists {
    struct list_wait *first, *last;
    bool ready; /* the keys are there; for ever */
};

void lists_become_ready(struct lists *lists);
/* Tells those that waited too long, and all of them while draining. */
int64_t lists_tick(struct store *store, int64_t now);
void lists_finish(struct lists *lists); /* tells nobody */

#endif
