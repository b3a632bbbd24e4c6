#include "server/backup/backup_options.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 64 };

/* Of our own options; NULL = it is not one. */
static const char **place_of(struct backup_options *options, const char *word) {
    const struct {
        const char *name;
        const char **place;
    } places[] = {
        {"--to", &options->to},           {"--from", &options->from},
        {"--keys-to", &options->keys_to}, {"--keys-from", &options->keys_from},
        {"--at", &options->at},           {"--verify", &options->verify},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(places[i].name, word) == 0) {
            return places[i].place;
        }
    }
    return NULL;
}

bool backup_options_read(struct backup_options *ret, int argc, char **argv,
                         char message[CONFIG_MESSAGE_MAX]) {
    static char name[] = "consilium";
    char *rest[WORDS_MAX] = {name};
    int count = 1;
    *ret = (struct backup_options){0};
    for (int i = 0; i < argc && count < WORDS_MAX; i++) {
        const char **place = place_of(ret, argv[i]);
        if (strcmp(argv[i], "--follow") == 0) {
            ret->follow = true;
        } else if (strcmp(argv[i], "--blobs-only") == 0) {
            ret->blobs_only = true;
        } else if (place == NULL) {
            rest[count++] = argv[i];
        } else if (i + 1 < argc && argv[i + 1][0] != 0) {
            *place = argv[++i];
        } else {
            snprintf(message, CONFIG_MESSAGE_MAX, "%s must be followed by a value", argv[i]);
            return false;
        }
    }
    enum config_result result = config_read(&ret->config, count, rest, message);
    if (result != CONFIG_RUN && result != CONFIG_WRONG) {
        snprintf(message, CONFIG_MESSAGE_MAX, "that option is the server's");
    }
    ret->blobs_only = ret->blobs_only || ret->config.database_url != NULL;
    return result == CONFIG_RUN;
}
