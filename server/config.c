#include "server/config.h"

#include "server/evidence/evidence_service.h"
#include "server/gateway/gateway.h"
#include "server/gateway/listener.h"
#include "server/imaging/frame_cache.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PATIENCE_S_MAX = 600, FRAME_CACHE_MIB_MAX = 65536 };

static const char help[] =
    "consilium [OPTION...]\n"
    "\n"
    "Serves tumor boards: a web client, its WebSockets and images, from one data folder.\n"
    "\n"
    "  --data DIR               where everything is kept (default: data)\n"
    "  --listen ADDRESS         default: localhost, this machine only; any other address needs a\n"
    "                           certificate\n"
    "  --port N                 default: 8080; 0 takes a free one\n"
    "  --certificate FILE       PEM, with its chain; the server then speaks TLS\n"
    "  --key FILE               PEM, the certificate's key\n"
    "  --admin ADDRESS:PORT     /metrics, /healthz, /readyz (default: 127.0.0.1 and the port + 1)\n"
    "  --web DIR                the built web client (default: clients/web/dist)\n"
    "  --database-url URL       another PostgreSQL instead of the private one under the data "
    "folder\n"
    "  --database-owner-url URL it as the owner of the tables, for migrations\n"
    "  --key-file FILE          key-encryption key (default: DATA/keys/key-encryption-key)\n"
    "  --anchor FILE            checkpoints of the record are told there, by appending: put it "
    "where\n"
    "                           who keeps the database cannot write (default:\n"
    "                           DATA/checkpoints)\n"
    "  --archives FILE          other archives that studies may be fetched from, as JSON: see\n"
    "                           server/archives/README.md (default: none)\n"
    "  --user NAME              started by root: become this user for good, and PostgreSQL with "
    "it\n"
    "  --log-level WORD         error, warning, info or debug (default: info)\n"
    "  --connections-per-address N\n"
    "                           the most one address may have open (default: 2000)\n"
    "  --limit-loopback yes     count this machine's own connections too\n"
    "  --patience SECONDS       who sends less than 4 KiB of a body in that time is told so and\n"
    "                           cut; half as long for a first request to come, three times as "
    "long\n"
    "                           for the next one (default: 20)\n"
    "  --frame-cache MIB        memory for images that were just read and opened; 0 keeps none\n"
    "                           (default: 256)\n"
    "  --imaging-memory MIB     memory of answers about images that are on their way; beyond it "
    "who\n"
    "                           asks waits (default: 512, an eighth of the machine's at most)\n"
    "  --documents-after MS     a case that was quiet for so long has what was drawn, saved and\n"
    "                           marked in it written as DICOM (default: 3000)\n"
    "  --second-factor WORD     required: every person adds an authenticator app or a passkey at\n"
    "                           the next sign-in and can do nothing else before; offered: who\n"
    "                           wants one adds it (default: offered)\n"
    "  --check-config           say what would be done, and whether it can be, and end\n"
    "  --version, --help\n"
    "\n"
    "consilium audit verify     says whether the record is as it was written\n"
    "consilium backup           copies the record and the images, and keeps the copy up to date\n"
    "consilium restore          makes a new data folder of such a copy\n"
    "\n"
    "Each option is also read from the environment: --log-level is CONSILIUM_LOG_LEVEL.\n"
    "SIGTERM and SIGINT drain: sessions are told to come back, everything is written, then it\n"
    "ends; a second one ends it at once. SIGHUP loads the certificate again, as a change of its\n"
    "files does.\n";

struct option {
    const char *name;
    /* False = the value is none; `wanted` says what is. */
    bool (*take)(struct config *config, const char *value);
    const char *wanted;
};

static bool read_number(const char *value, unsigned long max, unsigned long *ret) {
    char *end;
    if (value[0] < '0' || value[0] > '9') {
        return false;
    }
    *ret = strtoul(value, &end, 10);
    return *end == 0 && *ret <= max;
}

static bool take_data(struct config *config, const char *value) {
    config->data = value;
    return value[0] != 0;
}

static bool take_listen(struct config *config, const char *value) {
    config->listen = value;
    return value[0] != 0;
}

static bool take_port(struct config *config, const char *value) {
    unsigned long port;
    if (!read_number(value, UINT16_MAX, &port)) {
        return false;
    }
    config->port = (uint16_t)port;
    return true;
}

static bool take_certificate(struct config *config, const char *value) {
    config->certificate = value;
    return value[0] != 0;
}

static bool take_key(struct config *config, const char *value) {
    config->key = value;
    return value[0] != 0;
}

static bool take_admin(struct config *config, const char *value) {
    const char *colon = strrchr(value, ':');
    unsigned long port;
    if (colon == NULL || !read_number(colon + 1, UINT16_MAX, &port)) {
        return false;
    }
    size_t length = (size_t)(colon - value);
    if (length >= 2 && value[0] == '[' && value[length - 1] == ']') {
        value++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof(config->admin_address)) {
        return false;
    }
    memcpy(config->admin_address, value, length);
    config->admin_address[length] = 0;
    config->admin_port = (uint16_t)port;
    return true;
}

static bool take_web(struct config *config, const char *value) {
    config->web = value;
    return value[0] != 0;
}

static bool take_database_url(struct config *config, const char *value) {
    config->database_url = value;
    return value[0] != 0;
}

static bool take_database_owner_url(struct config *config, const char *value) {
    config->database_owner_url = value;
    return value[0] != 0;
}

static bool take_key_file(struct config *config, const char *value) {
    config->key_file = value;
    return value[0] != 0;
}

static bool take_anchor(struct config *config, const char *value) {
    config->anchor = value;
    return value[0] != 0;
}

static bool take_archives(struct config *config, const char *value) {
    config->archives = value;
    return value[0] != 0;
}

static bool take_user(struct config *config, const char *value) {
    config->user = value;
    return value[0] != 0;
}

static bool take_log_level(struct config *config, const char *value) {
    return log_level_of_word(value, &config->log_level);
}

static bool take_connections(struct config *config, const char *value) {
    unsigned long count;
    if (!read_number(value, GATEWAY_CONNECTIONS_MAX, &count) || count == 0) {
        return false;
    }
    config->connections_per_address = (uint32_t)count;
    return true;
}

static bool take_limit_loopback(struct config *config, const char *value) {
    config->limit_loopback = strcmp(value, "yes") == 0;
    return config->limit_loopback || strcmp(value, "no") == 0;
}

static bool take_patience(struct config *config, const char *value) {
    unsigned long seconds;
    if (!read_number(value, PATIENCE_S_MAX, &seconds) || seconds == 0) {
        return false;
    }
    config->patience_s = (uint32_t)seconds;
    return true;
}

static bool take_frame_cache(struct config *config, const char *value) {
    unsigned long mebibytes;
    if (!read_number(value, FRAME_CACHE_MIB_MAX, &mebibytes)) {
        return false;
    }
    config->frame_cache_bytes = (size_t)mebibytes << 20;
    return true;
}

static bool take_imaging_memory(struct config *config, const char *value) {
    unsigned long mebibytes;
    if (!read_number(value, FRAME_CACHE_MIB_MAX, &mebibytes) || mebibytes == 0) {
        return false;
    }
    config->imaging_memory_bytes = (uint64_t)mebibytes << 20;
    return true;
}

static bool take_documents_after(struct config *config, const char *value) {
    unsigned long ms;
    if (!read_number(value, EVIDENCE_QUIET_MS_MAX, &ms)) {
        return false;
    }
    config->documents_after_ms = (uint32_t)ms;
    return true;
}

static bool take_second_factor(struct config *config, const char *value) {
    config->second_factor_required = strcmp(value, "required") == 0;
    return config->second_factor_required || strcmp(value, "offered") == 0;
}

static const struct option options[] = {
    {"data", take_data, "a folder"},
    {"listen", take_listen, "an address or name"},
    {"port", take_port, "a number from 0 to 65535"},
    {"certificate", take_certificate, "a PEM file"},
    {"key", take_key, "a PEM file"},
    {"admin", take_admin, "ADDRESS:PORT"},
    {"web", take_web, "a folder"},
    {"database-url", take_database_url, "a PostgreSQL URL"},
    {"database-owner-url", take_database_owner_url, "a PostgreSQL URL"},
    {"key-file", take_key_file, "a file"},
    {"anchor", take_anchor, "a file"},
    {"archives", take_archives, "a file"},
    {"user", take_user, "a user's name"},
    {"log-level", take_log_level, "error, warning, info or debug"},
    {"connections-per-address", take_connections, "a number from 1 to 24000"},
    {"limit-loopback", take_limit_loopback, "yes or no"},
    {"patience", take_patience, "a number from 1 to 600"},
    {"frame-cache", take_frame_cache, "a number from 0 to 65536"},
    {"imaging-memory", take_imaging_memory, "a number from 1 to 65536"},
    {"documents-after", take_documents_after, "a number from 0 to 60000"},
    {"second-factor", take_second_factor, "required or offered"},
};
enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

static const struct option *option_named(const char *name, size_t length) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static bool read_environment(struct config *config, char message[CONFIG_MESSAGE_MAX]) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof(name), "CONSILIUM_%s", options[i].name);
        for (char *c = name; *c != 0; c++) {
            *c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
        }
        const char *value = getenv(name);
        if (value != NULL && !options[i].take(config, value)) {
            snprintf(message, CONFIG_MESSAGE_MAX, "%s must be %s", name, options[i].wanted);
            return false;
        }
    }
    return true;
}

static enum config_result read_arguments(struct config *config, int argc, char **argv,
                                         char message[CONFIG_MESSAGE_MAX]) {
    enum config_result result = CONFIG_RUN;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            fputs(help, stdout);
            return CONFIG_SHOWN;
        }
        if (strcmp(argument, "--version") == 0) {
            puts("consilium " CONSILIUM_VERSION);
            return CONFIG_SHOWN;
        }
        if (strcmp(argument, "--check-config") == 0) {
            result = CONFIG_CHECK;
            continue;
        }
        const char *equals = strchr(argument, '=');
        size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
        const struct option *option = length > 2 && memcmp(argument, "--", 2) == 0
                                          ? option_named(argument + 2, length - 2)
                                          : NULL;
        if (option == NULL) {
            snprintf(message, CONFIG_MESSAGE_MAX, "there is no option %.100s; see --help",
                     argument);
            return CONFIG_WRONG;
        }
        const char *value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL || !option->take(config, value)) {
            snprintf(message, CONFIG_MESSAGE_MAX, "--%s must be %s", option->name, option->wanted);
            return CONFIG_WRONG;
        }
    }
    return result;
}

static bool check_readable(const char *what, const char *path, char message[CONFIG_MESSAGE_MAX]) {
    if (path != NULL && access(path, R_OK) != 0) {
        snprintf(message, CONFIG_MESSAGE_MAX, "the %s %.300s cannot be read", what, path);
        return false;
    }
    return true;
}

static bool check_together(struct config *config, char message[CONFIG_MESSAGE_MAX]) {
    if ((config->certificate == NULL) != (config->key == NULL)) {
        snprintf(message, CONFIG_MESSAGE_MAX, "--certificate and --key belong together: give both");
        return false;
    }
    int error = 0;
    bool loopback = listener_name_is_loopback(config->listen, &error);
    if (error != 0) {
        snprintf(message, CONFIG_MESSAGE_MAX, "--listen %.100s is no address here: %s",
                 config->listen, gai_strerror(error));
        return false;
    }
    if (!loopback && config->certificate == NULL) {
        snprintf(message, CONFIG_MESSAGE_MAX,
                 "%.100s can be reached from other machines, and patients' data must not travel in "
                 "clear: give --certificate FILE and --key FILE, or listen on localhost",
                 config->listen);
        return false;
    }
    if (config->admin_port == 0) {
        config->admin_port =
            config->port == 0 || config->port == UINT16_MAX ? 0 : (uint16_t)(config->port + 1);
    }
    return check_readable("certificate", config->certificate, message) &&
           check_readable("key", config->key, message);
}

enum config_result config_read(struct config *ret, int argc, char **argv,
                               char message[CONFIG_MESSAGE_MAX]) {
    *ret = (struct config){
        .data = "data",
        .listen = "localhost",
        .port = 8080,
        .admin_address = "127.0.0.1",
        .web = "clients/web/dist",
        .log_level = LOG_LEVEL_INFO,
        .connections_per_address = GATEWAY_CONNECTIONS_PER_ADDRESS_MAX,
        .patience_s = GATEWAY_PATIENCE_S,
        .frame_cache_bytes = FRAME_CACHE_BYTES,
        .documents_after_ms = EVIDENCE_QUIET_MS,
    };
    message[0] = 0;
    if (!read_environment(ret, message)) {
        return CONFIG_WRONG;
    }
    enum config_result result = read_arguments(ret, argc, argv, message);
    if (result == CONFIG_SHOWN || result == CONFIG_WRONG) {
        return result;
    }
    return check_together(ret, message) ? result : CONFIG_WRONG;
}

void config_print(const struct config *config) {
    printf("data folder   %s\n", config->data);
    printf("address       %s://%s:%u\n", config->certificate != NULL ? "https" : "http",
           config->listen, config->port);
    printf("admin         http://%s:%u/metrics\n", config->admin_address, config->admin_port);
    printf("database      %s\n", config->database_url != NULL ? "the one of --database-url"
                                                              : "a private one in the data folder");
    printf("web client    %s%s\n", config->web,
           access(config->web, R_OK) == 0 ? "" : " (not built: script/server builds it)");
}

void config_fill_gateway(const struct config *config, struct gateway_config *gateway) {
    gateway->address = config->listen;
    gateway->port = config->port;
    gateway->certificate = config->certificate;
    gateway->key = config->key;
    gateway->admin_address = config->admin_address;
    gateway->admin_port = config->admin_port;
    gateway->web_folder = config->web;
    gateway->connections_per_address_max = config->connections_per_address;
    gateway->limit_loopback = config->limit_loopback;
    gateway->patience_s = config->patience_s;
}
