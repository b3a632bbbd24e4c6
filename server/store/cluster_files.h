/* Folders, users and files of the private cluster; nothing here waits for anything. Private to
 * cluster.c. */
#ifndef CONSILIUM_CLUSTER_FILES_H
#define CONSILIUM_CLUSTER_FILES_H

#include "server/store/cluster.h"

#include <stdbool.h>
#include <sys/types.h>

struct cluster_files {
    char programs[CLUSTER_PATH_MAX];
    char folder[CLUSTER_PATH_MAX];  /* DATA/postgres, links resolved */
    char cluster[CLUSTER_PATH_MAX]; /* PostgreSQL's data */
    char fresh[CLUSTER_PATH_MAX];   /* while it is being made */
    char socket[CLUSTER_PATH_MAX];  /* folder */
    char log[CLUSTER_PATH_MAX];
    char hba[CLUSTER_PATH_MAX];
    char ident[CLUSTER_PATH_MAX];
    bool other_user; /* run as uid and gid, because we are root */
    uid_t uid;
    gid_t gid;
    bool made; /* there is a cluster already */
};

/* Finds out everything above and makes the folders. NULL, or what stands in the way. */
const char *cluster_files_prepare(struct cluster_files *files, const char *data_folder,
                                  const char *programs);
/* Who may connect; written anew at each start. */
const char *cluster_files_write_access(const struct cluster_files *files);
/* Opens the log for appending; starts it anew when it is large. -1 = cannot. */
int cluster_files_open_log(const struct cluster_files *files);
bool cluster_files_remove_fresh(const struct cluster_files *files);

/* From postmaster.pid, when that process lives and stands in this cluster's folder; else 0. */
pid_t cluster_files_live_pid(const struct cluster_files *files);
/* postmaster.pid says that connections are taken, and by which socket folder. */
bool cluster_files_ready(const struct cluster_files *files, char socket[CLUSTER_PATH_MAX]);

#endif
