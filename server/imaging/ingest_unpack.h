/* The role "unpack" of consilium-ingest: one archive, over its socket and a window of memory. */
#ifndef CONSILIUM_IMAGING_INGEST_UNPACK_H
#define CONSILIUM_IMAGING_INGEST_UNPACK_H

/* In the sandbox already; returns when the archive is over or the supervisor is gone. */
void ingest_unpack(void);

#endif
