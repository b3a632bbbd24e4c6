#include "server/archives/archive_search.h"

#include "server/imaging/element_value.h"
#include "server/imaging/metadata_value.h"
#include "server/store/postgres_binary.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX ((size_t)512 << 10) // bytes of what we answer

struct archive_search {
    /* Given. */
    struct archive_search_config config; /* `done` NULL = nobody waits */
    /* Owned. */
    struct archive_request *request; /* under way, or NULL */
    struct bounded_output body;
    struct archive_study *studies; /* ARCHIVE_STUDIES_MAX */
    /* Derived. */
    uint32_t count;
    bool more;
    bool querying;
};

/* Keys */

static bool is_date(struct text text) {
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') {
            return false;
        }
    }
    return text.length == 8;
}

static bool is_range(struct text text) {
    const char *hyphen = text.length > 0 ? memchr(text.bytes, '-', text.length) : NULL;
    if (hyphen == NULL) {
        return is_date(text);
    }
    struct text from = {(uint32_t)(hyphen - text.bytes), text.bytes};
    struct text to = {text.length - from.length - 1, hyphen + 1};
    return (from.length == 0 || is_date(from)) && (to.length == 0 || is_date(to)) &&
           from.length + to.length > 0;
}

/* Something is known of it, so that not all that an archive holds is an answer: two letters beside
 * what may be anything, since there are names of two, and one would leaf through an archive in
 * twenty-six searches. Letters beyond ASCII are asked for as wildcards (put_name). */
static bool says_something(struct text text) {
    uint32_t said = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        bool open = memchr("*?^, =\\", text.bytes[i], 7) != NULL;
        said += !open && (unsigned char)text.bytes[i] < 0x80;
    }
    return said >= ARCHIVE_KEY_MIN || (said > 0 && said == text.length);
}

bool archive_keys_check(const struct archive_keys *keys, const char **ret_words) {
    const struct text all[] = {keys->patient_id, keys->patient_name,     keys->birth_date,
                               keys->study_date, keys->accession_number, keys->study_uid};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].length > ARCHIVE_KEY_MAX) {
            *ret_words = "A value is too long.";
            return false;
        }
    }
    if ((keys->birth_date.length > 0 && !is_date(keys->birth_date)) ||
        (keys->study_date.length > 0 && !is_range(keys->study_date))) {
        *ret_words = "Dates are YYYYMMDD; of a study also a range.";
        return false;
    }
    if (keys->study_uid.length > 0 && !element_is_uid(keys->study_uid)) {
        *ret_words = "This is no UID.";
        return false;
    }
    *ret_words = "Say whom to look for: a number, a name, an accession number or a study; beside"
                 " wildcards two letters or digits at least.";
    return says_something(keys->patient_id) || says_something(keys->patient_name) ||
           says_something(keys->accession_number) || keys->study_uid.length > 0;
}

/* RFC 3986 3.4: what may stand in a query as it is, but for what parts it. Wildcards stay
 * wildcards, also for who does not decode, as Orthanc 1.10 does not. */
static bool is_plain(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || memchr("-._~*?/:@", byte, 9) != NULL;
}

static void put_byte(char *path, size_t *length, char byte) {
    static const char digits[] = "0123456789ABCDEF";
    if (is_plain(byte)) {
        path[(*length)++] = byte;
        return;
    }
    path[(*length)++] = '%';
    path[(*length)++] = digits[(unsigned char)byte >> 4];
    path[(*length)++] = digits[(unsigned char)byte & 15];
}

static bool begin_key(char *path, size_t *length, const char *name, struct text value) {
    if (ARCHIVE_REQUEST_PATH_MAX - *length < strlen(name) + 3 + 3 * (size_t)value.length) {
        return false;
    }
    *length += (size_t)snprintf(path + *length, ARCHIVE_REQUEST_PATH_MAX - *length, "&%s=", name);
    return true;
}

static bool put_key(char *path, size_t *length, const char *name, struct text value) {
    if (value.length > 0 && !begin_key(path, length, name, value)) {
        return false;
    }
    for (uint32_t i = 0; i < value.length; i++) {
        put_byte(path, length, value.bytes[i]);
    }
    path[*length] = 0;
    return true;
}

/* A name as widely as it may be written: between its parts any character, for one beyond ASCII any
 * number of them, so that Müller is found as Mueller, too. People choose from what is found. */
static bool put_name(char *path, size_t *length, struct text name) {
    if (name.length > 0 && !begin_key(path, length, "PatientName", name)) {
        return false;
    }
    for (uint32_t i = 0; i < name.length; i++) {
        char byte = name.bytes[i];
        if ((unsigned char)byte >= 0x80) {
            if (path[*length - 1] != '*') {
                path[(*length)++] = '*';
            }
        } else {
            put_byte(path, length, memchr("^, =\\", byte, 5) != NULL ? '?' : byte);
        }
    }
    path[*length] = 0;
    return true;
}

bool archive_keys_path(const struct archive_keys *keys, char path[ARCHIVE_REQUEST_PATH_MAX]) {
    /* Description, modalities, numbers of series and instances: PS3.18 table 10.6.3-3 lets an
     * archive leave them out unless they are asked for. */
    size_t length = (size_t)snprintf(path, ARCHIVE_REQUEST_PATH_MAX,
                                     "/studies?limit=%d&includefield=00081030&includefield=00080061"
                                     "&includefield=00201206&includefield=00201208",
                                     ARCHIVE_STUDIES_MAX + 1);
    return put_key(path, &length, "PatientID", keys->patient_id) &&
           put_name(path, &length, keys->patient_name) &&
           put_key(path, &length, "PatientBirthDate", keys->birth_date) &&
           put_key(path, &length, "AccessionNumber", keys->accession_number) &&
           put_key(path, &length, "StudyDate", keys->study_date) &&
           put_key(path, &length, "StudyInstanceUID", keys->study_uid);
}

/* Its end. */

static void free_search(struct archive_search *search) {
    if (search->body.bytes != NULL) {
        OPENSSL_cleanse(search->body.bytes, search->body.size);
    }
    bounded_output_finish(&search->body);
    if (search->studies != NULL) {
        OPENSSL_cleanse(search->studies, ARCHIVE_STUDIES_MAX * sizeof *search->studies);
    }
    free(search->studies);
    (*search->config.under_way)--;
    free(search);
}

static void answer(struct archive_search *search, enum archive_failure failure, bool away,
                   struct bytes json) {
    if (search->config.done != NULL) {
        search->config.done(search->config.data, failure, away, json);
    }
    free_search(search);
}

static const struct bytes nothing = {0, NULL};

void archive_search_cancel(struct archive_search *search) {
    search->config.done = NULL;
    if (!search->querying) {
        archive_request_cancel(search->request);
        free_search(search);
    }
}

/* Telling. */

static void tell_text(struct bounded_output *json, const char *name, const char *value) {
    if (value[0] != 0) {
        bounded_output_format(json, ",\"%s\":", name);
        json_write_string(json, value, strlen(value));
    }
}

static uint32_t here(const struct postgres_rows *rows, const char *study_uid) {
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct bytes uid = value_bytes(postgres_value(rows, row, 0));
        if (uid.length == strlen(study_uid) && memcmp(uid.bytes, study_uid, uid.length) == 0) {
            return (uint32_t)value_integer(postgres_value(rows, row, 1));
        }
    }
    return 0;
}

static void tell_study(struct bounded_output *json, const struct archive_study *study,
                       uint32_t here_count) {
    bounded_output_format(json, "{\"studyUid\":\"%s\"", study->study_uid);
    tell_text(json, "patientName", study->patient_name);
    tell_text(json, "patientId", study->patient_id);
    tell_text(json, "birthDate", study->birth_date);
    tell_text(json, "studyDate", study->study_date);
    tell_text(json, "accessionNumber", study->accession_number);
    tell_text(json, "description", study->description);
    bounded_output_text(json, ",\"modalities\":[");
    for (uint32_t i = 0; i < study->modality_count; i++) {
        bounded_output_format(json, "%s\"%s\"", i > 0 ? "," : "", study->modalities[i]);
    }
    bounded_output_format(json, "],\"series\":%u,\"images\":%u,\"here\":%u}", study->series,
                          study->instances, here_count);
}

static void on_here(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct archive_search *search = data;
    struct bounded_output json;
    search->querying = false;
    if (result != POSTGRES_OK) {
        answer(search, ARCHIVE_OK, true, nothing);
        return;
    }
    bounded_output_init(&json, JSON_MAX);
    bounded_output_text(&json, "{\"studies\":[");
    for (uint32_t i = 0; i < search->count; i++) {
        const struct archive_study *study = &search->studies[i];
        bounded_output_text(&json, i > 0 ? "," : "");
        tell_study(&json, study, here(rows, study->study_uid));
    }
    bounded_output_format(&json, "],\"more\":%s}", search->more ? "true" : "false");
    if (json.failed) {
        answer(search, ARCHIVE_ANSWER, false, nothing);
    } else {
        answer(search, ARCHIVE_OK, false, (struct bytes){(uint32_t)json.size, json.bytes});
    }
    if (json.bytes != NULL) {
        OPENSSL_cleanse(json.bytes, json.size);
    }
    bounded_output_finish(&json);
}

/* Asking. */

static bool on_begun(void *data, struct text content_type) {
    (void)data;
    (void)content_type; /* application/dicom+json, or what calls itself JSON: it is read anyway */
    return true;
}

static enum archive_taking on_bytes(void *data, struct bytes bytes) {
    struct archive_search *search = data;
    bounded_output_write(&search->body, bytes.bytes, bytes.length);
    return search->body.failed ? ARCHIVE_REFUSED : ARCHIVE_TAKEN;
}

static bool read_studies(struct archive_search *search) {
    struct archive_study study;
    struct archive_results results =
        archive_results_of((char *)search->body.bytes, search->body.size);
    while (!search->more && archive_results_study(&results, &study)) {
        search->more = search->count == ARCHIVE_STUDIES_MAX;
        if (!search->more) {
            search->studies[search->count++] = study;
        }
    }
    return !results.malformed;
}

static void on_done(void *data, enum archive_failure failure) {
    struct archive_search *search = data;
    search->request = NULL;
    if (failure == ARCHIVE_OK && search->body.size > 0 && !read_studies(search)) {
        failure = ARCHIVE_ANSWER;
    }
    if (failure != ARCHIVE_OK) {
        answer(search, failure, false, nothing);
        return;
    }
    struct postgres_parameter patient_case = parameter_uuid(&search->config.patient_case);
    search->querying = true;
    postgres_query(search->config.postgres,
                   "SELECT study_uid, count(*) FROM image_instance WHERE case_id = $1::uuid"
                   " AND NOT held GROUP BY study_uid LIMIT 10000",
                   &patient_case, 1, on_here, search);
}

struct archive_search *archive_search_begin(const struct archive_search_config *config,
                                            const struct archive_keys *keys) {
    char path[ARCHIVE_REQUEST_PATH_MAX];
    struct archive_search *search = calloc(1, sizeof *search);
    if (search == NULL) {
        return NULL;
    }
    search->config = *config;
    (*config->under_way)++;
    bounded_output_init(&search->body, ARCHIVE_SEARCH_ANSWER_MAX);
    search->studies = calloc(ARCHIVE_STUDIES_MAX, sizeof *search->studies);
    if (search->studies != NULL && archive_keys_path(keys, path)) {
        search->request =
            archive_request_begin(config->client, &(struct archive_wanted){
                                                      .archive = config->archive,
                                                      .path = path,
                                                      .accept = "application/dicom+json",
                                                      .body_max = ARCHIVE_SEARCH_ANSWER_MAX,
                                                      .seconds_max = ARCHIVE_SEARCH_S,
                                                      .begun = on_begun,
                                                      .bytes = on_bytes,
                                                      .done = on_done,
                                                      .data = search,
                                                  });
    }
    OPENSSL_cleanse(path, sizeof path);
    if (search->request == NULL) {
        free_search(search);
        return NULL;
    }
    return search;
}
