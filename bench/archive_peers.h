/*
 * Debian's Orthanc with its DICOMweb plugin, and nginx with a folder of files: the other servers
 * that DICOMweb is measured beside. On loopback, each in a folder of its own, ended with the
 * caller.
 */
#ifndef CONSILIUM_BENCH_ARCHIVE_PEERS_H
#define CONSILIUM_BENCH_ARCHIVE_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct archive_peer {
    pid_t process; /* 0 = is not there; standard error says why */
    char folder[64];
    char url[64];     /* http://127.0.0.1:PORT */
    char tls_url[64]; /* of nginx: https:// */
};

/* Without sign-in, as it comes otherwise. */
bool orthanc_start(struct archive_peer *ret);
/* Serves folder/files, which exists then; one process, as one server of ours is one loop. The
 * certificate's file holds its key, too, or `key` names that. */
bool nginx_start(struct archive_peer *ret, const char *certificate, const char *key);
void archive_peer_end(struct archive_peer *peer);

#endif
