#include "server/archives/archive_list.h"

#include "server/archives/json_squeeze.h"
#include "server/gateway/json.h"
#include "server/gateway/origin.h"
#include "server/imaging/json_scan.h"
#include "server/utf8.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is being read, for words about what is wrong with it. */
struct reading {
    const char *path;
    uint32_t number; /* of the archive, from 1; 0 = the file itself */
    char *message;
};

static bool refuse(const struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool refuse(const struct reading *reading, const char *format, ...) {
    char words[ARCHIVE_MESSAGE_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    if (reading->number > 0) {
        snprintf(reading->message, ARCHIVE_MESSAGE_MAX, "archive %u of %.200s: %s", reading->number,
                 reading->path, words);
    } else {
        snprintf(reading->message, ARCHIVE_MESSAGE_MAX, "the list of archives %.200s %s",
                 reading->path, words);
    }
    return false;
}

/* Whole files, small ones. -1 = see errno; EFBIG = larger than `space`. */
static ssize_t read_file(int file, char *bytes, size_t space) {
    size_t length = 0;
    for (;;) {
        ssize_t step = read(file, bytes + length, space - length);
        if (step < 0 && errno == EINTR) {
            continue;
        }
        if (step < 0) {
            return -1;
        }
        if (step == 0) {
            return (ssize_t)length;
        }
        length += (size_t)step;
        if (length == space) {
            errno = EFBIG;
            return -1;
        }
    }
}

/* Tokens */

/* RFC 6750 2.1: b68token. */
static bool is_token(const char *token) {
    size_t plain =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    return plain > 0 && token[plain + strspn(token + plain, "=")] == 0;
}

static bool take_token_file(const struct reading *reading, struct archive *archive, int file) {
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        return refuse(reading, "its tokenFile is not a file");
    }
    /* As systemd hands a credential over: of root and the group root, and ours to read. */
    bool credential = status.st_uid == 0 && status.st_gid == 0 && (status.st_mode & 0337) == 0;
    if ((status.st_mode & 077) != 0 && !credential) {
        return refuse(reading, "its tokenFile can be read by others: its mode must be 0600");
    }
    ssize_t length = read_file(file, archive->token, sizeof archive->token);
    if (length < 0) {
        return refuse(reading, "its tokenFile cannot be read: %s",
                      errno == EFBIG ? "it is larger than a token" : strerror(errno));
    }
    while (length > 0 && strchr(" \t\r\n", archive->token[length - 1]) != NULL) {
        length--;
    }
    archive->token[length] = 0;
    return is_token(archive->token) ||
           refuse(reading, "its tokenFile holds no bearer token (RFC 6750)");
}

static bool read_token(const struct reading *reading, struct archive *archive, const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return refuse(reading, "its tokenFile cannot be opened: %s", strerror(errno));
    }
    bool taken = take_token_file(reading, archive, file);
    close(file);
    return taken;
}

/* Addresses */

static bool has_part(CURLU *url, CURLUPart which) {
    char *part = NULL;
    bool has = curl_url_get(url, which, &part, 0) == CURLUE_OK;
    curl_free(part);
    return has;
}

static bool check_url(const struct reading *reading, struct archive *archive, CURLU *url) {
    char *scheme = NULL, *host = NULL;
    bool fine = curl_url_set(url, CURLUPART_URL, archive->url, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    archive->plain = fine && strcmp(scheme, "http") == 0;
    if (!fine || (!archive->plain && strcmp(scheme, "https") != 0)) {
        fine = refuse(reading, "its url is no address of https");
    } else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
               has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
        fine = refuse(reading, "its url has a user, a query or a fragment: give the root of its "
                               "DICOMweb alone");
    } else if (archive->plain && !host_is_loopback((struct text){(uint32_t)strlen(host), host})) {
        fine = refuse(reading, "its url must begin with https: patients' data and the token must "
                               "not travel in clear");
    }
    curl_free(scheme);
    curl_free(host);
    return fine;
}

static bool take_url(const struct reading *reading, struct archive *archive) {
    size_t length = strlen(archive->url);
    while (length > 0 && archive->url[length - 1] == '/') {
        archive->url[--length] = 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (archive->url[i] <= ' ' || archive->url[i] > '~') {
            return refuse(reading, "its url is no address of https");
        }
    }
    CURLU *url = curl_url();
    bool fine = url != NULL ? check_url(reading, archive, url) : refuse(reading, "no memory");
    curl_url_cleanup(url);
    return fine;
}

/* Fields */

static bool copy_text(const struct reading *reading, const struct json_fields *fields,
                      const char *name, char *to, size_t space) {
    struct text value = json_field_text(fields, name);
    if (value.length == 0) {
        return refuse(reading, "\"%s\" is missing", name);
    }
    if (value.length >= space || memchr(value.bytes, 0, value.length) != NULL) {
        return refuse(reading, "\"%s\" is longer than %zu bytes", name, space - 1);
    }
    if (!text_is_utf8(value)) {
        return refuse(reading, "\"%s\" is not UTF-8", name);
    }
    memcpy(to, value.bytes, value.length);
    to[value.length] = 0;
    return true;
}

static bool check_names(const struct reading *reading, const struct json_fields *fields) {
    static const char *const names[] = {"id",        "name",   "url",
                                        "tokenFile", "caFile", "instanceMaxMiB"};
    uint32_t seen = 0;
    for (uint32_t i = 0; i < fields->count; i++) {
        struct text name = fields->all[i].name;
        uint32_t at = 0;
        while (at < 6 && !text_equal(name, (struct text){(uint32_t)strlen(names[at]), names[at]})) {
            at++;
        }
        if (at == 6) {
            return refuse(reading, "there is no field \"%.*s\"", (int)name.length, name.bytes);
        }
        if ((seen & 1u << at) != 0) {
            return refuse(reading, "\"%s\" stands there twice", names[at]);
        }
        seen |= 1u << at;
    }
    return true;
}

static bool take_instance_max(const struct reading *reading, struct archive *archive,
                              const struct json_fields *fields) {
    uint64_t mebibytes = ARCHIVE_INSTANCE_MIB;
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct json_field *field = &fields->all[i];
        if (!text_equal(field->name, TEXT("instanceMaxMiB"))) {
            continue;
        }
        bool digits = field->kind == JSON_NUMBER && field->value.length < 6;
        mebibytes = 0;
        for (uint32_t at = 0; digits && at < field->value.length; at++) {
            char digit = field->value.bytes[at];
            digits = digit >= '0' && digit <= '9';
            mebibytes = 10 * mebibytes + (uint64_t)(digit - '0');
        }
        if (!digits || mebibytes == 0 || mebibytes > ARCHIVE_INSTANCE_MIB_MAX) {
            return refuse(reading, "\"instanceMaxMiB\" is a number from 1 to %d",
                          ARCHIVE_INSTANCE_MIB_MAX);
        }
    }
    archive->instance_max = mebibytes << 20;
    return true;
}

static bool take_ca_file(const struct reading *reading, struct archive *archive,
                         const struct json_fields *fields) {
    if (json_field_text(fields, "caFile").length == 0) {
        return true;
    }
    if (!copy_text(reading, fields, "caFile", archive->ca_file, sizeof archive->ca_file)) {
        return false;
    }
    return access(archive->ca_file, R_OK) == 0 ||
           refuse(reading, "its caFile cannot be read: %s", strerror(errno));
}

static bool take_archive(const struct reading *reading, struct archive *archive, char *object,
                         size_t length) {
    struct json_fields fields;
    char token_file[ARCHIVE_PATH_MAX + 1];
    if (!json_read_object(object, length, &fields)) {
        return refuse(reading, "it is no object of texts and numbers");
    }
    if (!check_names(reading, &fields) ||
        !copy_text(reading, &fields, "id", archive->id, sizeof archive->id) ||
        !copy_text(reading, &fields, "name", archive->name, sizeof archive->name) ||
        !copy_text(reading, &fields, "url", archive->url, sizeof archive->url) ||
        !copy_text(reading, &fields, "tokenFile", token_file, sizeof token_file)) {
        return false;
    }
    if (archive->id[strspn(archive->id, "abcdefghijklmnopqrstuvwxyz0123456789-")] != 0) {
        return refuse(reading, "\"id\" is made of small letters, digits and hyphens");
    }
    return take_url(reading, archive) && take_instance_max(reading, archive, &fields) &&
           take_ca_file(reading, archive, &fields) && read_token(reading, archive, token_file);
}

/* The list */

static bool take_list(struct reading *reading, struct archive_list *list, char *bytes,
                      size_t length) {
    struct text text = json_squeeze(bytes, length);
    struct json_members items = json_items_of(text);
    struct text item;
    if (items.at == NULL) {
        return refuse(reading, "is no JSON array");
    }
    while (items.at < items.end) {
        reading->number = list->count + 1;
        if (!json_items_next(&items, &item)) {
            return refuse(reading, "the array is malformed here");
        }
        if (list->count == ARCHIVES_MAX) {
            return refuse(reading, "there are more than %d", ARCHIVES_MAX);
        }
        struct archive *archive = &list->all[list->count];
        if (!take_archive(reading, archive, bytes + (item.bytes - text.bytes), item.length)) {
            return false;
        }
        if (archive_list_find(list, (struct text){(uint32_t)strlen(archive->id), archive->id})) {
            return refuse(reading, "its id is another's, too");
        }
        list->count++;
    }
    return true;
}

static bool read_list(struct reading *reading, struct archive_list *list, char *bytes) {
    int file = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return refuse(reading, "cannot be opened: %s", strerror(errno));
    }
    ssize_t length = read_file(file, bytes, ARCHIVE_LIST_BYTES_MAX);
    int error = errno;
    close(file);
    if (length < 0) {
        return refuse(reading, "cannot be read: %s",
                      error == EFBIG ? "it is larger than 64 KiB" : strerror(error));
    }
    return take_list(reading, list, bytes, (size_t)length);
}

bool archive_list_read(struct archive_list *ret, const char *path,
                       char message[ARCHIVE_MESSAGE_MAX]) {
    struct reading reading = {.path = path, .message = message};
    struct archive_list list = {.all = calloc(ARCHIVES_MAX + 1, sizeof *list.all)};
    char *bytes = malloc(ARCHIVE_LIST_BYTES_MAX);
    bool fine = list.all != NULL && bytes != NULL ? read_list(&reading, &list, bytes)
                                                  : refuse(&reading, "finds no memory");
    free(bytes);
    if (!fine) {
        archive_list_finish(&list);
        return false;
    }
    *ret = list;
    return true;
}

void archive_list_finish(struct archive_list *list) {
    if (list->all != NULL) {
        OPENSSL_cleanse(list->all, (ARCHIVES_MAX + 1) * sizeof *list->all);
    }
    free(list->all);
    *list = (struct archive_list){NULL, 0};
}

const struct archive *archive_list_find(const struct archive_list *list, struct text id) {
    for (uint32_t i = 0; i < list->count; i++) {
        const struct archive *archive = &list->all[i];
        if (text_equal(id, (struct text){(uint32_t)strlen(archive->id), archive->id})) {
            return archive;
        }
    }
    return NULL;
}
