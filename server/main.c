/*
 * consilium: options, data folder, loop, signals. What it does in between is service.h's.
 */
#include "server/archives/archive_list.h"
#include "server/audit/audit_command.h"
#include "server/backup/backup_command.h"
#include "server/hardening.h"
#include "server/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIGNALS = 3 };
_Static_assert((int)ARCHIVE_MESSAGE_MAX <= (int)CONFIG_MESSAGE_MAX, "one message holds either");
static uv_signal_t signals[SIGNALS];

/* The first asks to drain, the second does not ask. */
static void on_signal(uv_signal_t *handle, int number) {
    static bool asked;
    if (number == SIGHUP) {
        service_reload(handle->data);
        return;
    }
    if (asked) {
        log_warning("service", "ending at once");
        _exit(1);
    }
    asked = true;
    service_drain(handle->data);
}

static void watch_signals(uv_loop_t *loop, struct service *service) {
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (unsigned i = 0; i < SIGNALS; i++) {
        uv_signal_init(loop, &signals[i]);
        signals[i].data = service;
        uv_signal_start(&signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&signals[i]); /* they do not keep the loop running */
    }
}

/* One descriptor a connection: take what the system allows, within reason. */
static void raise_descriptor_limit(void) {
    enum { DESCRIPTORS = 65536 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Whether what is configured can be had; what it amounts to is printed when it is only looked at.
 */
static bool check(const struct config *config, bool print, char message[CONFIG_MESSAGE_MAX]) {
    struct archive_list archives = {NULL, 0};
    bool fine = config->archives == NULL || archive_list_read(&archives, config->archives, message);
    if (print) {
        config_print(config);
    }
    for (uint32_t i = 0; i < archives.count && print; i++) {
        printf("archive       %s: %s\n", archives.all[i].id, archives.all[i].url);
    }
    archive_list_finish(&archives);
    return fine;
}

static int run(const struct config *config, const struct data_folder *folder) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct service *service = service_start(&loop, config, folder);
    watch_signals(&loop, service);
    uv_run(&loop, UV_RUN_DEFAULT);
    int status = service_finish(service);
    for (unsigned i = 0; i < SIGNALS; i++) {
        uv_close((uv_handle_t *)&signals[i], NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    log_info("service", "stopped");
    return status;
}

/* The words that make this another program than a server. */
static const struct {
    const char *word;
    int (*run)(int argc, char **argv);
} commands[] = {{"audit", audit_command}, {"backup", backup_command}, {"restore", restore_command}};

int main(int argc, char **argv) {
    struct config config;
    struct data_folder folder;
    char message[CONFIG_MESSAGE_MAX];
    if (!harden_process(message, sizeof(message))) {
        fprintf(stderr, "consilium: %s\n", message);
        return 2;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && argc > 1; i++) {
        if (strcmp(argv[1], commands[i].word) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    enum config_result result = config_read(&config, argc, argv, message);
    if (result == CONFIG_SHOWN) {
        return 0;
    }
    if (result == CONFIG_WRONG ||
        (config.user != NULL &&
         !harden_become(config.user, config.data, message, sizeof(message))) ||
        !harden_bounding_set(message, sizeof(message)) ||
        !data_folder_open(&folder, config.data, message, sizeof(message)) ||
        !check(&config, result == CONFIG_CHECK, message)) {
        fprintf(stderr, "consilium: %s\n", message);
        return 2;
    }
    if (result == CONFIG_CHECK) {
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    log_set_level(config.log_level);
    return run(&config, &folder);
}
