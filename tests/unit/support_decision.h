/* A case that a board has on its agenda, with what people say to decide about it. The board itself
 * is only said to list it. */
#ifndef CONSILIUM_SUPPORT_DECISION_H
#define CONSILIUM_SUPPORT_DECISION_H

#include "tests/unit/support_world.h"

enum { THE_BOARD = 10, ITEM = 7, DECISION = 500, TASK = 600, HOUR = 3600 };

extern struct world world;
extern struct arena arena; /* for what a test encodes */

struct patient_case *the_case(void);
uint32_t come(uint32_t person);
/* As the board does it, with CHAIR, COORDINATOR, MEMBER and SECOND_MEMBER; the last has no vote. */
void list(uint32_t item);
/* The case is on the board's agenda; gives its chair's session. */
uint32_t begin(void);
void end(void);

/* With recommendation, intent, side and one task; its memory is the support's. */
struct record_decision a_decision(uint32_t based);
enum refusal record(uint32_t slot, struct record_decision command);
enum refusal sign(uint32_t slot, uint32_t revision);
/* On revision 1. */
enum refusal vote(uint32_t slot, enum vote_choice choice, const char *reason);

#endif
