/*
 * What was being decided when the process died, kept across deaths. The marker lies in a mapped
 * page of DATA/crashes, so the kernel keeps it however the process ends. A command that was in hand
 * at QUARANTINE_CRASHES deaths puts its stream aside: the actor has no turn again until an operator
 * has looked and removed the file. Holds numbers only, no content.
 */
#ifndef CONSILIUM_QUARANTINE_H
#define CONSILIUM_QUARANTINE_H

#include "server/node/node.h"

enum { QUARANTINE_CRASHES = 3, QUARANTINE_COMMANDS = 128 };

struct quarantine;

/* Reads what the last life left. NULL = the file cannot be made; errno says why. */
struct quarantine *quarantine_open(const char *path);
void quarantine_close(
    struct quarantine *quarantine); /* NULL is fine; an orderly end leaves no mark */

struct crash_marker *quarantine_marker(struct quarantine *quarantine); /* borrows */
enum quarantined quarantine_holds(const struct quarantine *quarantine, struct uuid stream);
unsigned quarantine_count(const struct quarantine *quarantine); /* streams put aside */

#endif
