#include "server/archives/archive_fetch_state.h"

#include <stdlib.h>
#include <string.h>

/* Its end. */

static void on_timer_closed(uv_handle_t *handle) {
    struct archive_fetch *fetch = handle->data;
    void (*closed)(void *data) = fetch->closed;
    void *data = fetch->closed_data;
    bounded_output_finish(&fetch->page);
    fetch_plan_finish(&fetch->plan);
    free(fetch);
    closed(data);
}

static void tell_end(const struct archive_fetch *fetch) {
    imaging_sending_ended(fetch->config.imaging, fetch->config.patient_case, fetch->config.by,
                          fetch->config.id);
}

void archive_fetch_close(struct archive_fetch *fetch, void (*closed)(void *data), void *data) {
    fetch->closed = closed;
    fetch->closed_data = data;
    fetch->step = FETCH_ENDED;
    tell_end(fetch);
    archive_request_cancel(fetch->request);
    fetch->request = NULL;
    part_intake_free(fetch->intake);
    fetch->intake = NULL;
    fetch_take_step(fetch);
}

void fetch_end(struct archive_fetch *fetch, const char *why) {
    fetch->step = FETCH_ENDED;
    fetch->why = why;
    uv_timer_stop(&fetch->timer);
    fetch->config.ended(fetch->config.data, why);
}

/* Steps. */

static void on_rested(uv_timer_t *timer) {
    struct archive_fetch *fetch = timer->data;
    fetch->step = fetch->listed ? FETCH_COMPARING : FETCH_LISTING;
    fetch_take_step(fetch);
}

static uint32_t settled_count(const struct archive_fetch *fetch) {
    return fetch->plan.count - fetch->plan.tally[FETCH_PENDING];
}

static void rest(struct archive_fetch *fetch, const char *why) {
    uint64_t rest_ms = FETCH_REST_MS;
    for (unsigned i = 1; i < fetch->failures && rest_ms < FETCH_REST_MS_MAX; i++) {
        rest_ms *= 2;
    }
    fetch->step = FETCH_RESTING;
    fetch->why = why;
    uv_timer_start(&fetch->timer, on_rested,
                   rest_ms < FETCH_REST_MS_MAX ? rest_ms : FETCH_REST_MS_MAX, 0);
}

/* What is wrong with how it was asked is asked otherwise; what is wrong with the line, again. */
static void ask_otherwise(struct archive_fetch *fetch, enum archive_failure failure) {
    bool line = failure == ARCHIVE_BROKEN || failure == ARCHIVE_SLOW;
    if (failure == ARCHIVE_ANSWER || failure == ARCHIVE_STATUS) {
        fetch_plan_asked(&fetch->plan, &fetch->ask, archive_failure_word(failure));
    } else if (line && fetch->answer_bytes > 0) {
        fetch_plan_asked(&fetch->plan, &fetch->ask, NULL);
    }
}

/* Trying again would not help: somebody has to do something. */
static bool is_for_good(enum archive_failure failure) {
    return failure == ARCHIVE_TOKEN || failure == ARCHIVE_CERTIFICATE ||
           failure == ARCHIVE_ELSEWHERE;
}

void fetch_failed(struct archive_fetch *fetch, enum archive_failure failure) {
    const char *why = fetch->unavailable ? "unavailable" : archive_failure_word(failure);
    if (fetch->step == FETCH_ASKING && failure != ARCHIVE_OK) {
        ask_otherwise(fetch, failure);
    }
    if (settled_count(fetch) > fetch->settled) {
        fetch->failures = 0;
        fetch->settled = settled_count(fetch);
    }
    fetch->failures++;
    bool first = !fetch->answered && !fetch->config.resumed;
    unsigned tries = first ? FETCH_FIRST_TRIES : FETCH_TRIES_MAX;
    if (is_for_good(failure) || fetch->failures > tries) {
        fetch_end(fetch, why);
    } else {
        rest(fetch, why);
    }
}

void fetch_take_step(struct archive_fetch *fetch) {
    switch (fetch->step) {
    case FETCH_LISTING:
        if (!fetch->listed) {
            fetch_list(fetch);
            return;
        }
        fetch_compare(fetch);
        return;
    case FETCH_COMPARING:
        fetch_compare(fetch);
        return;
    case FETCH_ASKING:
        fetch_ask_next(fetch);
        return;
    case FETCH_RESTING:
        return;
    case FETCH_ENDED:
        if (fetch->closed != NULL && !fetch->querying) {
            uv_close((uv_handle_t *)&fetch->timer, on_timer_closed);
        }
        return;
    }
}

struct archive_fetch *archive_fetch_begin(const struct archive_fetch_config *config) {
    struct archive_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL) {
        return NULL;
    }
    fetch->config = *config;
    fetch->sending.id = config->id;
    uv_timer_init(config->loop, &fetch->timer);
    fetch->timer.data = fetch;
    bounded_output_init(&fetch->page, FETCH_PAGE_BYTES_MAX);
    fetch->step = FETCH_LISTING;
    uv_timer_start(&fetch->timer, on_rested, 0, 0);
    return fetch;
}

/* Telling. */

bool archive_fetch_rests(const struct archive_fetch *fetch) {
    return fetch->step == FETCH_RESTING;
}

static uint32_t count_of(const struct archive_fetch *fetch, enum fetch_state state) {
    return fetch->plan.tally[state] + fetch->extra[state];
}

static void tell_problems(const struct archive_fetch *fetch, struct bounded_output *json) {
    unsigned told = 0;
    for (uint32_t i = 0; i < fetch->plan.count && told < FETCH_PROBLEMS_MAX; i++) {
        const struct fetch_instance *each = &fetch->plan.all[i];
        if (each->state == FETCH_HELD || each->state == FETCH_REFUSED) {
            bounded_output_format(json,
                                  "%s{\"name\":\"%s\",\"outcome\":\"%s\",\"reason\":\"%s\","
                                  "\"message\":\"\"}",
                                  told++ > 0 ? "," : "", each->uids.sop_instance_uid,
                                  each->state == FETCH_HELD ? "held" : "refused", each->reason);
        }
    }
}

void archive_fetch_tell(const struct archive_fetch *fetch, struct bounded_output *json) {
    uint32_t done = 0;
    for (int state = FETCH_STORED; state <= FETCH_REFUSED; state++) {
        done += count_of(fetch, (enum fetch_state)state);
    }
    bounded_output_format(json,
                          ",\"bytes\":%llu,\"files\":{\"all\":%u,\"done\":%u,\"stored\":%u,"
                          "\"alreadyThere\":%u,\"held\":%u,\"kept\":0,\"refused\":%u}",
                          (unsigned long long)fetch->bytes, done + fetch->plan.tally[FETCH_PENDING],
                          done, count_of(fetch, FETCH_STORED), count_of(fetch, FETCH_KNOWN),
                          count_of(fetch, FETCH_HELD), count_of(fetch, FETCH_REFUSED));
    bounded_output_text(json, ",\"problems\":[");
    tell_problems(fetch, json);
    bounded_output_byte(json, ']');
    if (fetch->why != NULL && (fetch->step == FETCH_RESTING || fetch->step == FETCH_ENDED)) {
        bounded_output_format(json, ",\"why\":\"%s\"", fetch->why);
    }
}

void archive_fetch_tell_unbegun(const char *why, struct bounded_output *json) {
    const struct archive_fetch nothing = {.step = FETCH_ENDED, .why = why};
    archive_fetch_tell(&nothing, json);
}
