#include "server/audit/audit_command.h"

#include "server/audit/checkpoint.h"
#include "server/audit/record_verify.h"
#include "server/config.h"
#include "server/data_folder.h"
#include "server/store/cluster.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINDINGS_SHOWN = 50, PATH_SPACE = DATA_PATH_MAX + 64 };

struct audit {
    const struct config *config;
    const char *folder;
    struct cluster *cluster;
    bool owns_folder; /* no server runs there: what is started here is stopped here */
    uint64_t shown;
    int status;
};

static const char usage[] =
    "consilium audit verify [--data DIR] [--database-url URL] [--key-file FILE] [--anchor FILE]\n"
    "\n"
    "Reads every row of the record and says which is missing or is not as it was written. Nothing "
    "is\n"
    "changed, and a server may run meanwhile. Exit status: 0 all is whole, 1 something is not, 2 "
    "it\n"
    "could not be looked at.\n";

static void on_found(void *data, const char *words) {
    struct audit *audit = data;
    if (audit->shown++ < FINDINGS_SHOWN) {
        printf("%s\n", words);
    } else if (audit->shown == FINDINGS_SHOWN + 1) {
        printf("more is not as it was written; only counted from here\n");
    }
}

static void on_noted(void *data, const char *words) {
    (void)data;
    printf("%s\n", words);
}

static void print_verdict(const struct record_verdict *verdict) {
    uint64_t rows = verdict->rows + verdict->accesses;
    printf("%" PRIu64 " events and %" PRIu64 " accesses in %" PRIu64 " chains, %" PRIu64
           " checkpoints; %.1f s, %.0f rows/s: ",
           verdict->rows, verdict->accesses, verdict->streams, verdict->checkpoints,
           verdict->seconds, verdict->seconds > 0 ? (double)rows / verdict->seconds : 0);
    if (verdict->findings == 0) {
        printf("all are as they were written\n");
    } else {
        printf("%" PRIu64 " findings\n", verdict->findings);
    }
}

static void verify(struct audit *audit, const char *url) {
    char key[CHECKPOINT_KEY_PATH_MAX], anchor[PATH_SPACE];
    if (!checkpoint_key_path(audit->folder, audit->config->key_file, key)) {
        fprintf(stderr, "consilium: the path of the key file is too long\n");
        return;
    }
    snprintf(anchor, sizeof(anchor), "%s/checkpoints", audit->folder);
    struct record_verify_config config = {
        .key_path = key,
        .anchor_path = audit->config->anchor != NULL ? audit->config->anchor : anchor,
        .data_folder = audit->folder,
        .found = on_found,
        .noted = on_noted,
        .data = audit,
    };
    struct record_verdict verdict;
    const char *message = "";
    PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "consilium: %s", PQerrorMessage(connection));
    } else if (!record_verify(connection, &config, &verdict, &message)) {
        fprintf(stderr, "consilium: %s\n", message);
    } else {
        print_verdict(&verdict);
        audit->status = verdict.findings == 0 ? AUDIT_WHOLE : AUDIT_BROKEN;
    }
    PQfinish(connection);
}

/* The private database: one that runs is used and left as it is. */

static void on_ready(void *data, const char *url) {
    struct audit *audit = data;
    verify(audit, url);
    if (audit->owns_folder) {
        cluster_stop(audit->cluster, NULL, NULL);
    } else {
        cluster_leave(audit->cluster, NULL, NULL);
    }
}

static void on_failed(void *data, const char *words) {
    struct audit *audit = data;
    fprintf(stderr, "consilium: %s\n", words);
    cluster_stop(audit->cluster, NULL, NULL);
}

static void verify_private(struct audit *audit) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    audit->cluster = cluster_start(&(struct cluster_config){
        .loop = &loop,
        .data_folder = audit->folder,
        .ready = on_ready,
        .failed = on_failed,
        .data = audit,
    });
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

int audit_command(int argc, char **argv) {
    struct config config;
    struct data_folder folder;
    char message[CONFIG_MESSAGE_MAX];
    if (argc < 1 || strcmp(argv[0], "verify") != 0 ||
        (argc > 1 && strcmp(argv[1], "--help") == 0)) {
        fputs(usage, argc > 1 ? stdout : stderr);
        return argc > 1 ? AUDIT_WHOLE : AUDIT_IMPOSSIBLE;
    }
    if (config_read(&config, argc, argv, message) != CONFIG_RUN) {
        fprintf(stderr, "consilium: %s\n", message);
        return AUDIT_IMPOSSIBLE;
    }
    char path[PATH_MAX];
    if (realpath(config.data, path) == NULL) {
        fprintf(stderr, "consilium: there is no data folder %.200s: name it with --data\n",
                config.data);
        return AUDIT_IMPOSSIBLE;
    }
    struct audit audit = {.config = &config, .folder = path, .status = AUDIT_IMPOSSIBLE};
    if (config.database_url != NULL) {
        verify(&audit, config.database_url);
    } else {
        audit.owns_folder = data_folder_open(&folder, path, message, sizeof(message));
        verify_private(&audit);
    }
    return audit.status;
}
