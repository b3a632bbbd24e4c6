/* The clock and the randomness of a server that runs: the system's. */
#ifndef CONSILIUM_SYSTEM_CLOCK_H
#define CONSILIUM_SYSTEM_CLOCK_H

#include "server/store/store.h"

struct host_clock system_clock(void);

#endif
