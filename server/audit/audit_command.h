/*
 * consilium audit verify: is the record as it was written? Works beside a running server and
 * without one; the private database is started for it when nothing else runs it.
 */
#ifndef CONSILIUM_AUDIT_COMMAND_H
#define CONSILIUM_AUDIT_COMMAND_H

enum {
    AUDIT_WHOLE = 0,
    AUDIT_BROKEN = 1,    /* findings were printed */
    AUDIT_IMPOSSIBLE = 2 /* it could not be looked at; standard error says why */
};

/* Arguments after `audit`. Gives the process's exit status. */
int audit_command(int argc, char **argv);

#endif
