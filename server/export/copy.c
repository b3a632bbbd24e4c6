#include "server/export/copy.h"

#include "server/gateway/exchange_access.h"

#include <stdlib.h>
#include <string.h>

/* Who holds one, so that nobody takes them all; one gateway in a process. */
static struct uuid holders[COPIES_MAX];

static struct uuid *holder_of(struct uuid user) {
    for (size_t i = 0; i < COPIES_MAX; i++) {
        if (uuid_equal(holders[i], user)) {
            return &holders[i];
        }
    }
    return NULL;
}

static void free_copy(struct copy *copy) {
    if (copy->download != NULL) {
        imaging_download_close(copy->download);
    }
    if (copy->other != NULL) {
        imaging_other_close(copy->other);
    }
    zip_plan_finish(&copy->plan);
    page_finish(&copy->page);
    json_writer_finish(&copy->json);
    free(copy->accesses);
    free(copy->files);
    arena_finish(&copy->arena);
    *holder_of(copy->user) = (struct uuid){{0}};
    free(copy);
}

static void on_gone(struct http_exchange *exchange, void *data) {
    struct copy *copy = data;
    (void)exchange;
    copy->exchange = NULL;
    if (!copy->waiting) {
        free_copy(copy);
    }
}

static bool is_german(struct text language) {
    return language.length >= 2 && (language.bytes[0] | 0x20) == 'd' &&
           (language.bytes[1] | 0x20) == 'e';
}

struct copy *copy_begin(const struct export_desk *desk, struct http_exchange *exchange) {
    struct uuid *free_place = holder_of((struct uuid){{0}});
    bool holds = holder_of(http_who(exchange)->user) != NULL;
    struct copy *copy = free_place != NULL && !holds ? calloc(1, sizeof *copy) : NULL;
    if (copy == NULL) {
        http_answer_error(exchange, 503, "busy",
                          holds ? "A copy is on its way to you already: let it end first."
                                : "Other copies are being made: try again.");
        return NULL;
    }
    *free_place = http_who(exchange)->user;
    struct text asked = http_query(exchange, "language");
    bool german = is_german(asked.length > 0 ? asked : http_header(exchange, "accept-language"));
    copy->desk = desk;
    copy->exchange = exchange;
    copy->user = http_who(exchange)->user;
    copy->sign_in = http_who(exchange)->sign_in;
    copy->language = german ? EXPORT_GERMAN : EXPORT_ENGLISH;
    copy->now = desk->clock->now(desk->clock);
    arena_init(&copy->arena, COPY_ARENA_MAX);
    json_writer_init(&copy->json, COPY_DATA_MAX);
    zip_plan_init(&copy->plan, copy->now);
    http_on_closed(exchange, on_gone, copy);
    return copy;
}

void copy_end(struct copy *copy) {
    if (copy->exchange != NULL) {
        http_on_closed(copy->exchange, NULL, NULL);
        copy->exchange = NULL;
    }
    if (!copy->waiting) {
        free_copy(copy);
    }
}

void copy_wait(struct copy *copy) {
    copy->waiting = true;
}

bool copy_came_back(struct copy *copy) {
    copy->waiting = false;
    if (copy->exchange == NULL) {
        free_copy(copy);
        return false;
    }
    return true;
}

static struct access access_of(const struct copy *copy, enum access_result result) {
    struct access access = exchange_access(copy->exchange, ACCESS_EXPORT, result);
    access.patient_case = copy->patient_case;
    return access;
}

void copy_refuse(struct copy *copy) {
    struct access access = access_of(copy, ACCESS_REFUSED);
    access_log_write(copy->desk->access_log, &access, NULL, NULL);
    http_answer_error(copy->exchange, 404, "not_found",
                      "There is nothing here, or it is not yours to see.");
    copy_end(copy);
}

void copy_answer_away(struct copy *copy) {
    http_answer_error(copy->exchange, 503, "unavailable",
                      "The copy cannot be made just now: try again.");
    copy_end(copy);
}

bool copy_is_proved(struct copy *copy) {
    if (identity_is_proved(copy->desk->identity, copy->sign_in)) {
        return true;
    }
    http_answer_error(copy->exchange, 403, "proof_needed", "Prove who you are first.");
    copy_end(copy);
    return false;
}

static void on_logged(void *data, bool written) {
    struct copy *copy = data;
    if (!copy_came_back(copy)) {
        return;
    }
    if (written) {
        copy->gather(copy);
    } else {
        copy_answer_away(copy);
    }
}

/* Each copy has a row of its own: one that was written minutes ago does not cover another. */
void copy_log(struct copy *copy, void (*gather)(struct copy *copy)) {
    struct access access = access_of(copy, ACCESS_ALLOWED);
    copy->gather = gather;
    copy_wait(copy);
    access_log_write(copy->desk->access_log, &access, on_logged, copy);
}
