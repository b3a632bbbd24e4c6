#define _GNU_SOURCE /* nftw */
#include "bench/archive_peers.h"

#include "clients/native/http.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ORTHANC "/usr/sbin/Orthanc"
#define ORTHANC_DICOMWEB "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
#define NGINX "/usr/sbin/nginx"

enum { START_TRIES = 300 };

/* One that is free now. */
static uint16_t free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &length) == 0;
    if (fd >= 0)
        close(fd);
    return bound ? ntohs(address.sin_port) : 0;
}

static bool begin(struct archive_peer *peer, const char *program, const char *package) {
    memset(peer, 0, sizeof *peer);
    if (access(program, X_OK) != 0) {
        fprintf(stderr, "%s is missing: install Debian's %s\n", program, package);
        return false;
    }
    snprintf(peer->folder, sizeof peer->folder, "/tmp/consilium-peer-XXXXXX");
    return mkdtemp(peer->folder) != NULL && chmod(peer->folder, 0755) == 0;
}

static FILE *open_file(const struct archive_peer *peer, const char *name, char path[128]) {
    snprintf(path, 128, "%s/%s", peer->folder, name);
    return fopen(path, "w");
}

static void launch(struct archive_peer *peer, char *const arguments[]) {
    pid_t parent = getpid();
    peer->process = fork();
    if (peer->process != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    char path[128];
    FILE *log = open_file(peer, "log", path);
    if (log != NULL) {
        dup2(fileno(log), STDOUT_FILENO);
        dup2(fileno(log), STDERR_FILENO);
    }
    if (getppid() == parent)
        execv(arguments[0], arguments);
    _exit(127);
}

static bool wait_until_answers(struct archive_peer *peer, const char *path) {
    struct server_address address;
    const char *reason;
    bool answers = false;
    if (!server_address_init(&address, peer->url, NULL, &reason))
        return false;
    for (unsigned i = 0; i < START_TRIES && !answers; i++) {
        struct http_client http;
        struct http_response response;
        http_client_init(&http, &address);
        answers = http_client_request(&http, "GET", path, NULL, NULL, 0, &response);
        http_client_finish(&http);
        if (!answers)
            nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    server_address_finish(&address);
    if (!answers)
        fprintf(stderr, "It does not answer at %s\n", peer->url);
    return answers;
}

bool orthanc_start(struct archive_peer *peer) {
    char path[128];
    if (!begin(peer, ORTHANC, "orthanc and orthanc-dicomweb"))
        return false;
    uint16_t port = free_port();
    FILE *file = open_file(peer, "orthanc.json", path);
    if (file == NULL)
        return false;
    fprintf(file,
            "{\"HttpPort\":%u,\"RemoteAccessAllowed\":false,\"AuthenticationEnabled\":false,"
            "\"DicomServerEnabled\":false,\"StorageDirectory\":\"%s/storage\","
            "\"IndexDirectory\":\"%s/index\",\"Plugins\":[\"%s\"],\"KeepAlive\":true,"
            "\"DicomWeb\":{\"Enable\":true}}",
            port, peer->folder, peer->folder, ORTHANC_DICOMWEB);
    fclose(file);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%u", port);
    launch(peer, (char *[]){ORTHANC, path, NULL});
    return wait_until_answers(peer, "/dicom-web/studies");
}

bool nginx_start(struct archive_peer *peer, const char *certificate, const char *key) {
    char path[128], files[96];
    if (!begin(peer, NGINX, "nginx-light"))
        return false;
    snprintf(files, sizeof files, "%s/files", peer->folder);
    uint16_t port = free_port(), secure = free_port();
    FILE *file = open_file(peer, "nginx.conf", path);
    if (file == NULL || mkdir(files, 0755) != 0)
        return false;
    fprintf(file,
            "daemon off; master_process off; worker_processes 1; pid %s/pid; error_log stderr;\n"
            "events { worker_connections 256; }\n"
            "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n"
            " open_file_cache max=4096 inactive=600s; default_type application/octet-stream;\n"
            " client_body_temp_path %s/a; proxy_temp_path %s/b; fastcgi_temp_path %s/c;\n"
            " uwsgi_temp_path %s/d; scgi_temp_path %s/e;\n"
            " ssl_protocols TLSv1.3; ssl_buffer_size 16k;\n"
            " server { listen 127.0.0.1:%u; listen 127.0.0.1:%u ssl; root %s;\n"
            "  ssl_certificate %s; ssl_certificate_key %s; } }\n",
            peer->folder, peer->folder, peer->folder, peer->folder, peer->folder, peer->folder,
            port, secure, files, certificate, key);
    fclose(file);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%u", port);
    snprintf(peer->tls_url, sizeof peer->tls_url, "https://127.0.0.1:%u", secure);
    launch(peer, (char *[]){NGINX, "-p", peer->folder, "-c", path, NULL});
    return wait_until_answers(peer, "/");
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

void archive_peer_end(struct archive_peer *peer) {
    int status;
    if (peer->process > 0) {
        kill(peer->process, SIGTERM);
        waitpid(peer->process, &status, 0);
        peer->process = 0;
    }
    if (peer->folder[0] != 0) {
        if (nftw(peer->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
            fprintf(stderr, "%s stays\n", peer->folder);
        peer->folder[0] = 0;
    }
}
