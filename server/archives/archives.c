#include "server/archives/archives_state.h"

#include "server/log.h"
#include "server/uuid_text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Records. */

struct fetch_record *archives_find(struct archives *archives, struct uuid id) {
    for (struct fetch_record *each = archives->records; each != NULL; each = each->next) {
        if (!each->gone && uuid_equal(each->id, id)) {
            return each;
        }
    }
    return NULL;
}

struct fetch_record *archives_add(struct archives *archives, const struct fetch_record *record) {
    struct fetch_record *added = malloc(sizeof *added);
    struct fetch_record **link = &archives->records;
    if (added == NULL) {
        return NULL;
    }
    *added = *record;
    added->archives = archives;
    added->next = NULL;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = added;
    return added;
}

static void free_record(struct fetch_record *record) {
    struct archives *archives = record->archives;
    struct fetch_record **link = &archives->records;
    while (*link != record) {
        link = &(*link)->next;
    }
    *link = record->next;
    free(record->outcome);
    free(record);
}

/* One fetch. */

static void end_closing(struct archives *archives) {
    if (archives->closing && archives->pending == 0 && archives->client_closed) {
        while (archives->records != NULL) {
            free_record(archives->records);
        }
        archives->closed(archives->closed_data);
    }
}

void archives_came_back(struct archives *archives) {
    archives->pending--;
    end_closing(archives);
}

static void on_fetch_closed(void *data) {
    struct fetch_record *record = data;
    struct archives *archives = record->archives;
    record->running = NULL;
    archives->running--;
    if (record->gone) {
        free_record(record);
    }
    archives_start_next(archives);
    archives_came_back(archives);
}

/* Up to what is known of its images. */
static void begin_telling(const struct fetch_record *record, const char *state,
                          struct bounded_output *json) {
    char id[UUID_TEXT_LENGTH + 1];
    uuid_to_text(record->id, id);
    bounded_output_format(json,
                          "{\"id\":\"%s\",\"archive\":\"%s\",\"studyUid\":\"%s\",\"askedAt\":%lld,"
                          "\"state\":\"%s\"",
                          id, record->archive, record->study_uid,
                          (long long)(record->asked_at / 1000), state);
}

static void tell(const struct fetch_record *record, const char *state,
                 struct bounded_output *json) {
    begin_telling(record, state, json);
    if (record->running != NULL) {
        archive_fetch_tell(record->running, json);
    }
    bounded_output_byte(json, '}');
}

static void set_outcome(struct fetch_record *record, struct bounded_output *json) {
    size_t size;
    bounded_output_byte(json, 0);
    record->outcome = json->failed ? NULL : (char *)bounded_output_take(json, &size);
    bounded_output_finish(json);
    if (record->outcome != NULL) {
        archives_keep_outcome(record);
    }
}

static void on_ended(void *data, const char *why) {
    struct fetch_record *record = data;
    struct bounded_output json;
    bounded_output_init(&json, FETCH_OUTCOME_MAX);
    tell(record, why == NULL ? "done" : "broken", &json);
    set_outcome(record, &json);
    log_info("archives", "a fetch is over archive=%s why=%s", record->archive,
             why == NULL ? "done" : why);
    archive_fetch_close(record->running, on_fetch_closed, record);
}

/* Its archive is not on the list any more, or there is no memory. */
static void cannot_begin(struct fetch_record *record, const char *why) {
    struct bounded_output json;
    bounded_output_init(&json, FETCH_OUTCOME_MAX);
    begin_telling(record, "broken", &json);
    archive_fetch_tell_unbegun(why, &json);
    bounded_output_byte(&json, '}');
    set_outcome(record, &json);
}

static void start(struct fetch_record *record) {
    struct archives *archives = record->archives;
    struct archive_fetch_config config = {
        .loop = archives->config.loop,
        .client = archives->client,
        .postgres = archives->config.postgres,
        .imaging = archives->config.imaging,
        .archive = archive_list_find(
            &archives->list, (struct text){(uint32_t)strlen(record->archive), record->archive}),
        .id = record->id,
        .patient_case = record->patient_case,
        .by = record->by,
        .resumed = record->resumed,
        .ended = on_ended,
        .data = record,
    };
    memcpy(config.study_uid, record->study_uid, sizeof config.study_uid);
    if (config.archive == NULL) {
        cannot_begin(record, "not_configured");
        return;
    }
    record->running = archive_fetch_begin(&config);
    if (record->running == NULL) {
        cannot_begin(record, "unavailable");
        return;
    }
    archives->running++;
    archives->pending++;
}

void archives_start_next(struct archives *archives) {
    struct fetch_record *next;
    for (struct fetch_record *each = archives->records; each != NULL; each = next) {
        next = each->next;
        if (archives->closing || archives->running >= FETCHES_RUNNING_MAX) {
            return;
        }
        if (!each->gone && each->running == NULL && each->outcome == NULL) {
            start(each);
        }
    }
}

/* The record is freed now or when nothing of it runs any more. */
void archives_remove(struct fetch_record *record) {
    bool ended = record->outcome != NULL && record->running != NULL; /* closes by itself */
    record->gone = true;
    if (record->running == NULL) {
        free_record(record);
    } else if (!ended) {
        archive_fetch_close(record->running, on_fetch_closed, record);
    }
}

void archives_forget_case(struct archives *archives, struct uuid patient_case) {
    struct fetch_record *next;
    for (struct fetch_record *each = archives != NULL ? archives->records : NULL; each != NULL;
         each = next) {
        next = each->next;
        if (!each->gone && uuid_equal(each->patient_case, patient_case)) {
            archives_remove(each);
        }
    }
}

/* Telling. */

static void tell_record(const struct fetch_record *record, struct bounded_output *json) {
    if (record->outcome != NULL) {
        bounded_output_text(json, record->outcome);
    } else if (record->running == NULL) {
        tell(record, "waiting", json);
    } else {
        tell(record, archive_fetch_rests(record->running) ? "resting" : "fetching", json);
    }
}

enum archives_result archives_tell(struct archives *archives, struct uuid patient_case,
                                   struct uuid fetch, struct bounded_output *json) {
    const struct fetch_record *record = archives_find(archives, fetch);
    if (!archives->loaded) {
        return ARCHIVES_UNAVAILABLE;
    }
    if (record == NULL || !uuid_equal(record->patient_case, patient_case)) {
        return ARCHIVES_ABSENT;
    }
    tell_record(record, json);
    return json->failed ? ARCHIVES_UNAVAILABLE : ARCHIVES_OK;
}

void archives_tell_all(struct archives *archives, struct uuid patient_case,
                       struct bounded_output *json) {
    const struct fetch_record *newest[FETCHES_OPEN_MAX + FETCHES_OVER_MAX];
    uint32_t count = 0;
    for (const struct fetch_record *each = archives->records; each != NULL; each = each->next) {
        if (!each->gone && uuid_equal(each->patient_case, patient_case) &&
            count < sizeof newest / sizeof newest[0]) {
            newest[count++] = each;
        }
    }
    for (uint32_t i = count; i > 0; i--) {
        bounded_output_text(json, i < count ? "," : "");
        tell_record(newest[i - 1], json);
    }
}

/* Searches. */

struct archive_search *archives_search(struct archives *archives, const struct archive *archive,
                                       struct uuid patient_case, const struct archive_keys *keys,
                                       archive_search_done done, void *data) {
    if (archives->closing || archives->searching == SEARCHES_MAX) {
        return NULL;
    }
    return archive_search_begin(
        &(struct archive_search_config){.client = archives->client,
                                        .postgres = archives->config.postgres,
                                        .archive = archive,
                                        .patient_case = patient_case,
                                        .under_way = &archives->searching,
                                        .done = done,
                                        .data = data},
        keys);
}

/* Their life. */

struct archives *archives_create(const struct archives_config *config,
                                 char message[ARCHIVE_MESSAGE_MAX]) {
    struct archives *archives = calloc(1, sizeof *archives);
    assert(archives != NULL);
    archives->config = *config;
    if (config->list_file != NULL &&
        !archive_list_read(&archives->list, config->list_file, message)) {
        free(archives);
        return NULL;
    }
    archives->client = archive_client_create(config->loop);
    if (archives->client == NULL) {
        snprintf(message, ARCHIVE_MESSAGE_MAX, "libcurl cannot be started");
        archive_list_finish(&archives->list);
        free(archives);
        return NULL;
    }
    return archives;
}

static void on_client_closed(void *data) {
    struct archives *archives = data;
    archives->client_closed = true;
    end_closing(archives);
}

void archives_close(struct archives *archives, void (*closed)(void *data), void *data) {
    if (archives == NULL) {
        closed(data);
        return;
    }
    archives->closing = true;
    archives->closed = closed;
    archives->closed_data = data;
    for (struct fetch_record *each = archives->records; each != NULL; each = each->next) {
        if (each->running != NULL && each->outcome == NULL && !each->gone) {
            archive_fetch_close(each->running, on_fetch_closed, each);
        }
    }
    archive_client_close(archives->client, on_client_closed, archives);
}

void archives_destroy(struct archives *archives) {
    if (archives != NULL) {
        archive_list_finish(&archives->list);
        free(archives);
    }
}

const struct archive_list *archives_list(const struct archives *archives) {
    return &archives->list;
}
