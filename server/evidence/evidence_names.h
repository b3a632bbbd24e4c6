/*
 * UIDs and times of evidence: names that follow from what they name, so that a retry finds what was
 * written before.
 */
#ifndef CONSILIUM_EVIDENCE_NAMES_H
#define CONSILIUM_EVIDENCE_NAMES_H

#include "protocol/values.h"

#define EVIDENCE_UID_SIZE 65

/* 2.25 and a UUID (PS3.5 B.2) of version 8 (RFC 9562): SHA-256 over `kind` and the parts. */
struct name_part {
    const void *bytes;
    size_t size;
};
void evidence_uid(const char *kind, const struct name_part *parts, size_t count,
                  char ret_uid[EVIDENCE_UID_SIZE]);
/* 2.25 and this UUID. */
void evidence_uid_of_uuid(struct uuid uuid, char ret_uid[EVIDENCE_UID_SIZE]);

/* UTC. DA, TM and DT (PS3.5 6.2); DT says that it is UTC. */
struct evidence_time {
    char date[9];
    char time[14];
    char date_time[27];
};
struct evidence_time evidence_time(int64_t at); // microseconds since 1970

#endif
