/*
 * The private PostgreSQL of a deployment that has no other: made under DATA/postgres on the first
 * start, run as an unprivileged user, reachable through a Unix socket by this program's user only
 * (peer authentication), restarted with back-off when it dies, and adopted when it outlived us.
 * Everything happens on the loop.
 *
 *   DATA/postgres/cluster      PostgreSQL's data
 *   DATA/postgres/socket       its socket; elsewhere when the path would be too long for one
 * (unix(7): 107 bytes) DATA/postgres/server.log   what it says; no statements and no values
 *
 * When root calls, PostgreSQL runs as the user postgres. If that user cannot reach the data folder,
 * DATA/postgres is a link to a folder under /var/lib/consilium.
 */
#ifndef CONSILIUM_CLUSTER_H
#define CONSILIUM_CLUSTER_H

#include <uv.h>

struct cluster;

/* The role that adds to the record and cannot change it (0010_roles_and_erasure.sql): of a key
 * given twice libpq takes the last. */
#define CLUSTER_APP " user=consilium_app"

enum {
    CLUSTER_PATH_MAX = 4096,
    CLUSTER_BACKOFF_FIRST_MS = 100,
    CLUSTER_BACKOFF_LAST_MS = 5000,
    CLUSTER_STOP_MS = 30000, /* a fast stop that takes longer becomes an immediate one */
};

struct cluster_config {
    uv_loop_t *loop;         /* borrows */
    const char *data_folder; /* exists; copied */
    const char *programs;    /* folder of initdb and postgres; NULL: found; copied */
    void (*progress)(void *data, const char *words); /* for people; may be NULL */
    /* Once, when it first takes connections. The URL is the owner's; with CLUSTER_APP after it, it
     * is the one to work with. */
    void (*ready)(void *data, const char *url);
    /* It cannot be made or started, and why. Called at most once, instead of ready. */
    void (*failed)(void *data, const char *words);
    void *data;
};

struct cluster *cluster_start(const struct cluster_config *config);
/* Stops PostgreSQL in order (open transactions are ended), then frees. Also right after `failed`.
 */
void cluster_stop(struct cluster *cluster, void (*stopped)(void *data), void *data);
/* Frees and leaves PostgreSQL running, to be adopted later. */
void cluster_leave(struct cluster *cluster, void (*left)(void *data), void *data);

int cluster_pid(const struct cluster *cluster); /* of the postmaster; 0 = not running */

#endif
