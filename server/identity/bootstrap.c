/*
 * The first start: with nobody there, `administrator` is made with a random password, which is
 * written to DATA/bootstrap.json before anything else, so that a start that is cut short can be
 * done again with the same one.
 */
#include "server/gateway/json.h"
#include "server/identity/identity_state.h"
#include "server/log.h"
#include "server/uuid_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 1024, PATH_LENGTH_MAX = 4096 };

struct first_person {
    struct uuid id;
    char password[TOKEN_TEXT_LENGTH + 1];
};

static bool read_first(const char *path, struct first_person *ret) {
    char text[FILE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, text, sizeof(text));
    close(fd);
    struct json_fields fields;
    if (length <= 0 || !json_read_object(text, (size_t)length, &fields)) {
        return false;
    }
    struct text password = json_field_text(&fields, "password");
    if (!uuid_of_text(json_field_text(&fields, "id"), &ret->id) || password.length == 0 ||
        password.length > TOKEN_TEXT_LENGTH) {
        return false;
    }
    memcpy(ret->password, password.bytes, password.length);
    ret->password[password.length] = 0;
    return true;
}

static bool write_all(int fd, const char *text, size_t length) {
    return write(fd, text, length) == (ssize_t)length && fsync(fd) == 0;
}

/* Under another name first: the file is there whole or not at all. */
static bool write_first(const char *path, const struct first_person *first) {
    char text[FILE_MAX];
    struct json json;
    json_begin(&json, text, sizeof(text) - 1);
    json_open(&json, NULL);
    json_uuid(&json, "id", first->id);
    json_text(&json, "login", TEXT("administrator"));
    json_text(&json, "password", (struct text){(uint32_t)strlen(first->password), first->password});
    json_close(&json);
    size_t length = json_end(&json);
    text[length++] = '\n';
    char fresh[PATH_LENGTH_MAX];
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = write_all(fd, text, length);
    close(fd);
    return written && rename(fresh, path) == 0;
}

static void on_registered(void *data, enum registration_result result) {
    struct identity *identity = data;
    if (result == REGISTRATION_MADE) {
        log_info("identity", "first start: the administrator's password is in bootstrap.json");
    }
    bootstrap_retry(identity); /* looks again, and finds them */
}

void bootstrap(struct identity *identity) {
    struct host_clock *clock = identity->config.clock;
    char path[PATH_LENGTH_MAX - 8];
    snprintf(path, sizeof(path), "%s/bootstrap.json", identity->config.data_folder);
    struct first_person first;
    if (!read_first(path, &first)) {
        uint8_t random[TOKEN_RANDOM_BYTES];
        clock->random(clock, random, sizeof(random));
        token_write(random, first.password);
        first.password[20] = 0; /* 120 bits are plenty, and can be typed */
        clock->random(clock, random, sizeof(random));
        first.id = uuid_of_random(random);
        if (!write_first(path, &first)) {
            log_error("identity", "bootstrap.json cannot be written error=%d", errno);
            bootstrap_retry(identity);
            return;
        }
    }
    struct new_person person = {
        .id = first.id,
        .login = "administrator",
        .name = "Administrator",
        .rights = RIGHT_ADMINISTRATOR,
    };
    struct text password = {(uint32_t)strlen(first.password), first.password};
    register_person(identity, &person, password, on_registered, identity);
}
