/*
 * The rows of the record in the order of their streams, as fast as PostgreSQL gives them: COPY in
 * its binary format. Blocking: for the audit command, which is a program of its own.
 */
#ifndef CONSILIUM_RECORD_COPY_H
#define CONSILIUM_RECORD_COPY_H

#include "server/audit/access_row.h"

#include <libpq-fe.h>

/* Rows are borrowed for the call; `kind` of the stream's key, negative without one. False: the
 * connection says what happened, or a row had another shape than this program writes. */
bool record_copy(PGconn *connection, void (*row)(void *data, const struct event_row *row, int kind),
                 void *data);

/* The same for the rows of `access_log`, in the order of their writers. */
bool access_copy(PGconn *connection, void (*row)(void *data, const struct access_row *row),
                 void *data);

#endif
