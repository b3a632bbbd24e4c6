#include "tests/support/server_process.h"

#include "clients/native/http.h"
#include "clients/native/json_text.h"
#include "tests/support/certificate.h"
#include "tests/support/server_guardian.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_BYTES = 1024,
    PASSWORD_BYTES = 128,
    ARGUMENT_COUNT_MAX = 24,
    LOOK_MS = 20,
    PORT_TRIES = 200,
    LOG_TAIL_BYTES = 4096,
};

struct server_process {
    struct server_options options;
    struct server_guardian guardian;
    char folder[PATH_BYTES], data[PATH_BYTES + 16], log[PATH_BYTES + 16];
    char certificate[PATH_BYTES + 32], key[PATH_BYTES + 32], key_file[PATH_BYTES + 64];
    char url[64], admin_url[64], port_text[8], admin_text[32], database[2 * PATH_BYTES];
    char app_database[2 * PATH_BYTES + 32]; /* as the role that works there */
    char password[PASSWORD_BYTES];
    uint16_t port;
    pid_t process;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

static bool port_is_free(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool is_free = bind(listener, (struct sockaddr *)&address, sizeof address) == 0;
    close(listener);
    return is_free;
}

/* The server takes a port and, for its operator, the next one. Below the range that the kernel
 * hands out to clients, or a client of another test might have it before the server is there. */
static uint16_t free_port(void) {
    unsigned begin = (unsigned)getpid() * 37;
    for (unsigned i = 0; i < PORT_TRIES; i++) {
        uint16_t port = (uint16_t)(10000 + (begin + i * 2) % 20000);
        if (port_is_free(port) && port_is_free((uint16_t)(port + 1)))
            return port;
    }
    return 0;
}

static bool make_folder(struct server_process *server) {
    const char *parent = server->options.parent;
    if (parent == NULL)
        parent = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    snprintf(server->folder, sizeof server->folder, "%.900s/consilium-test-XXXXXX", parent);
    /* The unprivileged user that PostgreSQL runs as must get to its own part of it. */
    if (mkdtemp(server->folder) == NULL || chmod(server->folder, 0755) != 0)
        return false;
    snprintf(server->data, sizeof server->data, "%s/data", server->folder);
    snprintf(server->log, sizeof server->log, "%s/log", server->folder);
    snprintf(server->certificate, sizeof server->certificate, "%s/certificate.pem", server->folder);
    snprintf(server->key, sizeof server->key, "%s/key.pem", server->folder);
    snprintf(server->database, sizeof server->database,
             "host='%s/postgres/socket' port=5432 user=consilium dbname=postgres", server->data);
    if (server->options.beside != NULL)
        snprintf(server->app_database, sizeof server->app_database, "%s user=consilium_app",
                 server->options.beside->database);
    if (server->options.beside != NULL)
        snprintf(server->key_file, sizeof server->key_file, "%s/keys/key-encryption-key",
                 server->options.beside->data);
    return !server->options.tls || certificate_make(server->certificate, server->key);
}

static bool becomes_another(const struct server_process *server) {
    for (size_t i = 0; server->options.arguments[i] != NULL; i++)
        if (strcmp(server->options.arguments[i], "--user") == 0)
            return true;
    return false;
}

/* The empty cluster that the server would make at its first start; without it the server makes it:
 * who becomes another user makes all of its data folder as that one. */
static void make_cluster(const struct server_process *server) {
    char command[4 * PATH_BYTES], folder[PATH_BYTES + 32];
    if (server->options.beside != NULL || server->options.parent != NULL || becomes_another(server))
        return;
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
    snprintf(folder, sizeof folder, "%s/postgres", server->data);
    if (user == NULL || mkdir(server->data, 0711) != 0 || mkdir(folder, 0700) != 0 ||
        chown(folder, user->pw_uid, user->pw_gid) != 0)
        return;
    snprintf(command, sizeof command,
             CONSILIUM_SOURCE_DIR "/tests/support/postgres/cluster_template.sh"
                                  " " CONSILIUM_BUILD_DIR "/cluster-template '%s/cluster'",
             folder);
    if (system(command) != 0)
        fprintf(stderr, "no empty cluster was copied: %s\n", command);
}

/* In the child, between fork and exec. */
static void become_server(struct server_process *server, char *const *arguments) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U,
            0); /* the guardian's line, the test's sockets */
    unsetenv("CONSILIUM_DATABASE_URL");
    execv(server->options.program, arguments);
    _exit(127);
}

void server_process_use(struct server_process *server, const char *program) {
    server->options.program = program;
}

bool server_process_launch(struct server_process *server) {
    char *arguments[ARGUMENT_COUNT_MAX] = {(char *)(uintptr_t)server->options.program,
                                           "--data",
                                           server->data,
                                           "--port",
                                           server->port_text,
                                           "--listen",
                                           "127.0.0.1",
                                           "--admin",
                                           server->admin_text};
    size_t count = 9;
    if (server->options.tls) {
        arguments[count++] = "--certificate";
        arguments[count++] = server->certificate;
        arguments[count++] = "--key";
        arguments[count++] = server->key;
    }
    if (server->options.beside != NULL) {
        arguments[count++] = "--database-url";
        arguments[count++] = server->app_database;
        arguments[count++] = "--database-owner-url";
        arguments[count++] = (char *)(uintptr_t)server->options.beside->database;
        arguments[count++] = "--key-file";
        arguments[count++] = server->key_file;
    }
    for (size_t i = 0; i < SERVER_ARGUMENTS_MAX && server->options.arguments[i] != NULL; i++)
        arguments[count++] = (char *)(uintptr_t)server->options.arguments[i];
    pid_t process = fork();
    if (process == 0)
        become_server(server, arguments);
    server->process = process > 0 ? process : 0;
    return process > 0;
}

bool server_process_runs(struct server_process *server) {
    if (server->process != 0 && waitpid(server->process, NULL, WNOHANG) == server->process)
        server->process = 0;
    return server->process != 0;
}

/* Asks the admin address; the answer borrows from `http`. */
static bool ask_admin(const struct server_process *server, const char *path,
                      struct server_address *address, struct http_client *http,
                      struct http_response *ret_response) {
    const char *reason;
    http_client_init(http, address);
    return server_address_init(address, server->admin_url, NULL, &reason) &&
           http_client_request(http, "GET", path, NULL, NULL, 0, ret_response);
}

unsigned server_process_readiness(const struct server_process *server) {
    struct server_address address = {0};
    struct http_client http;
    struct http_response response;
    bool asked = ask_admin(server, "/readyz", &address, &http, &response);
    unsigned status = asked ? response.status : 0;
    http_client_finish(&http);
    server_address_finish(&address);
    return status;
}

/* Prometheus text: a line "NAME VALUE". */
static double find_metric(const char *text, size_t length, const char *name) {
    size_t name_length = strlen(name);
    for (const char *line = text, *end = text + length; line != NULL && line < end;) {
        if ((size_t)(end - line) > name_length && memcmp(line, name, name_length) == 0 &&
            line[name_length] == ' ')
            return strtod(line + name_length, NULL);
        line = memchr(line, '\n', (size_t)(end - line));
        line = line == NULL ? NULL : line + 1;
    }
    return -1;
}

double server_process_metric(const struct server_process *server, const char *name) {
    struct server_address address = {0};
    struct http_client http;
    struct http_response response;
    double value = -1;
    if (ask_admin(server, "/metrics", &address, &http, &response) && response.status == 200)
        value = find_metric((const char *)response.body, response.body_length, name);
    http_client_finish(&http);
    server_address_finish(&address);
    return value;
}

static bool wait_for_answer(struct server_process *server, int limit_ms, bool any) {
    int64_t limit = now_ms() + limit_ms;
    while (server_process_runs(server) && now_ms() < limit) {
        unsigned status =
            port_is_free((uint16_t)(server->port + 1)) ? 0 : server_process_readiness(server);
        if (status == 200 || (status != 0 && any))
            return true;
        rest();
    }
    return false;
}

bool server_process_wait_ready(struct server_process *server, int limit_ms) {
    return wait_for_answer(server, limit_ms, false);
}

static bool read_password(struct server_process *server) {
    if (server->options.beside != NULL) {
        memcpy(server->password, server->options.beside->password, sizeof server->password);
        return true;
    }
    char path[PATH_BYTES + 64];
    uint8_t json[1024];
    snprintf(path, sizeof path, "%s/bootstrap.json", server->data);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t length = fread(json, 1, sizeof json, file);
    fclose(file);
    return json_find_text(json, length, "password", server->password, sizeof server->password);
}

/* The end of what the server said, for whoever looks at a failed test. */
static void show_log(const struct server_process *server) {
    char tail[LOG_TAIL_BYTES];
    FILE *file = fopen(server->log, "r");
    if (file == NULL)
        return;
    if (fseek(file, -LOG_TAIL_BYTES, SEEK_END) != 0)
        rewind(file);
    size_t length = fread(tail, 1, sizeof tail, file);
    fclose(file);
    fprintf(stderr, "The server said:\n%.*s\n", (int)length, tail);
}

struct server_process *server_process_start(const struct server_options *options) {
    struct server_process *server = calloc(1, sizeof *server);
    if (server == NULL)
        return NULL;
    server->options = *options;
    server->port = free_port();
    snprintf(server->port_text, sizeof server->port_text, "%u", server->port);
    snprintf(server->admin_text, sizeof server->admin_text, "127.0.0.1:%u", server->port + 1u);
    snprintf(server->admin_url, sizeof server->admin_url, "http://%s", server->admin_text);
    snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%u", options->tls ? "https" : "http",
             server->port);
    if (server->port != 0 && make_folder(server) &&
        server_guardian_start(&server->guardian, server->folder, server->data) &&
        (make_cluster(server), server_process_launch(server)) &&
        wait_for_answer(server, SERVER_READY_MS, server->options.beside != NULL) &&
        read_password(server))
        return server;
    fprintf(stderr, "The server did not become ready: %s\n", options->program);
    show_log(server);
    server_process_end(server);
    return NULL;
}

void server_process_end(struct server_process *server) {
    if (server == NULL)
        return;
    server_process_kill(server);
    if (getenv("CONSILIUM_TEST_SHOW_LOG") != NULL)
        show_log(server);
    server_guardian_end(&server->guardian);
    free(server);
}

const char *server_process_url(const struct server_process *server) {
    return server->url;
}

uint16_t server_process_port(const struct server_process *server) {
    return server->port;
}

uint16_t server_process_admin_port(const struct server_process *server) {
    return (uint16_t)(server->port + 1);
}

const char *server_process_certificate(const struct server_process *server) {
    return server->certificate;
}

const char *server_process_data(const struct server_process *server) {
    return server->data;
}

const char *server_process_database(const struct server_process *server) {
    return server->options.beside != NULL ? server->options.beside->database : server->database;
}

pid_t server_process_id(const struct server_process *server) {
    return server->process;
}

const char *server_process_password(const struct server_process *server) {
    return server->password;
}

void server_process_signal(struct server_process *server, int signal_number) {
    if (server->process != 0)
        kill(server->process, signal_number);
}

void server_process_kill(struct server_process *server) {
    if (server->process == 0)
        return;
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
    server->process = 0;
}

int server_process_finish(struct server_process *server, int limit_ms) {
    int status = 0;
    int64_t limit = now_ms() + limit_ms;
    server_process_signal(server, SIGTERM);
    while (server->process != 0 && now_ms() < limit) {
        if (waitpid(server->process, &status, WNOHANG) == server->process) {
            server->process = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        rest();
    }
    return -1;
}

pid_t server_process_postmaster(const struct server_process *server) {
    return postmaster_of(server->data);
}

void server_process_kill_postmaster(struct server_process *server) {
    pid_t postmaster = server_process_postmaster(server);
    if (postmaster != 0)
        kill(postmaster, SIGKILL);
}
