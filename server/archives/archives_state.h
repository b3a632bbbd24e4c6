/*
 * What the files of the fetches of all cases share; included by archives*.c only.
 */
#ifndef CONSILIUM_ARCHIVES_ARCHIVES_STATE_H
#define CONSILIUM_ARCHIVES_ARCHIVES_STATE_H

#include "server/archives/archive_fetch.h"
#include "server/archives/archives.h"

/* A fetch as its row knows it, and what is under way of it. */
struct fetch_record {
    /* Given. */
    struct archives *archives;
    struct uuid id, patient_case, by;
    char archive[ARCHIVE_ID_MAX + 1];
    char study_uid[ARCHIVE_UID_MAX + 1];
    int64_t asked_at; /* microseconds since 1970 */
    bool resumed;
    /* Owned. */
    struct fetch_record *next;
    struct archive_fetch *running; /* NULL = it waits, or is over */
    char *outcome;                 /* JSON; NULL = it is not over */
    /* Derived. */
    bool gone; /* nobody finds it any more; freed when nothing of it runs */
};

struct archives {
    struct archives_config config;
    struct archive_list list;
    struct archive_client *client;
    struct fetch_record *records; /* oldest first */
    uint32_t running, searching;  /* fetches; searches */
    uint32_t pending;             /* operations that come back: running fetches, queries */
    bool loaded, loading, closing, client_closed;
    void (*closed)(void *data);
    void *closed_data;
};

/* archives.c */
struct fetch_record *archives_find(struct archives *archives, struct uuid id);
/* At the end of the list. NULL without memory. Copies. */
struct fetch_record *archives_add(struct archives *archives, const struct fetch_record *record);
void archives_remove(struct fetch_record *record);
void archives_start_next(struct archives *archives);
/* An operation came back: the last one lets a closing end. */
void archives_came_back(struct archives *archives);

/* archives_rows.c */
void archives_keep_outcome(struct fetch_record *record);

#endif
