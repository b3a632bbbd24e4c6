#include "server/imaging/imaging_copies.h"

#include "server/imaging/imaging_copying.h"
#include "server/log.h"
#include "server/store/postgres_binary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct waiting_copy {
    struct uuid patient_case;
    char sop_instance_uid[65];
};

struct imaging_copies {
    /* Given. */
    struct imaging_service *service;
    /* Owned. */
    struct codec_link *codec;
    struct work_queue *queue;
    uv_timer_t timer;
    /* Derived. */
    struct waiting_copy waiting[COPIES_ASKED];
    size_t waiting_first, waiting_count;
    struct copying *under_way[COPIES_AT_ONCE]; // NULL where there is none
    bool asking;                               // the database, for what is to be done
    bool again;                                // woken meanwhile
    bool went_on;                              // something of what was asked for was done
    bool stopped;
    bool has_barred;
    struct uuid barred_case;
    void (*barred)(void *data); // while copies of the case are under way
    void *barred_data;
    unsigned parts_open; // while closing
    void (*closed)(void *data);
    void *closed_data;
    struct imaging_copies_counts counts;
};

static void go_on(struct imaging_copies *copies);

struct imaging_copies *imaging_copies_create(struct imaging_service *service) {
    struct imaging_copies *copies = calloc(1, sizeof *copies);
    if (!copies) {
        return NULL;
    }
    uv_loop_t *loop = service->config.loop;
    copies->service = service;
    copies->codec = codec_link_create(loop, service->config.ingest_program, true);
    copies->queue = work_queue_create(loop, 2, 0);
    if (!copies->codec || !copies->queue) {
        return NULL; // the process does not start: what was made goes with it
    }
    uv_timer_init(loop, &copies->timer);
    copies->timer.data = copies;
    return copies;
}

static void on_part_closed(void *data) {
    struct imaging_copies *copies = data;
    if (--copies->parts_open == 0) {
        void (*closed)(void *closed_data) = copies->closed;
        void *closed_data = copies->closed_data;
        free(copies);
        closed(closed_data);
    }
}

static void on_timer_closed(uv_handle_t *handle) {
    on_part_closed(handle->data);
}

void imaging_copies_close(struct imaging_copies *copies, void (*closed)(void *data), void *data) {
    copies->stopped = true;
    copies->closed = closed;
    copies->closed_data = data;
    copies->parts_open = 3;
    uv_close((uv_handle_t *)&copies->timer, on_timer_closed);
    codec_link_close(copies->codec, on_part_closed, copies);
    work_queue_close(copies->queue, on_part_closed, copies);
}

struct imaging_copies_counts imaging_copies_count(const struct imaging_copies *copies) {
    struct imaging_copies_counts counts = copies->counts;
    counts.restarts = codec_link_restarts(copies->codec);
    return counts;
}

int imaging_copies_child(const struct imaging_copies *copies) {
    return codec_link_child(copies->codec);
}

static void on_time(uv_timer_t *timer) {
    go_on(timer->data);
}

static void go_on_in(struct imaging_copies *copies, uint64_t ms) {
    if (!copies->stopped) {
        uv_timer_start(&copies->timer, on_time, ms, 0);
    }
}

void imaging_copies_wake(struct imaging_copies *copies) {
    copies->again = true;
    // Put off by each file that comes: a series is copied when it is there.
    go_on_in(copies, COPIES_PAUSE_MS);
}

static void on_asked(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct imaging_copies *copies = data;
    copies->asking = false;
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    copies->waiting_first = 0;
    copies->waiting_count = 0;
    for (int row = 0; row < count && row < COPIES_ASKED; row++) {
        struct waiting_copy *waiting = &copies->waiting[copies->waiting_count];
        struct postgres_parameter uid = postgres_value(rows, row, 1);
        if (uid.length >= (int)sizeof waiting->sop_instance_uid) {
            continue;
        }
        memset(waiting, 0, sizeof *waiting);
        memcpy(waiting->patient_case.bytes, postgres_value(rows, row, 0).bytes,
               sizeof waiting->patient_case.bytes);
        memcpy(waiting->sop_instance_uid, uid.bytes, (size_t)uid.length);
        copies->waiting_count++;
    }
    if (result != POSTGRES_OK) {
        copies->again = true;
        go_on_in(copies, COPIES_RETRY_MS);
    } else {
        go_on(copies);
    }
    imaging_operation_ended(copies->service);
}

static void ask(struct imaging_copies *copies) {
    struct imaging_service *service = copies->service;
    copies->asking = true;
    copies->went_on = false;
    copies->again = false;
    imaging_operation_began(service);
    struct binary_integer limit = binary_integer(COPIES_ASKED);
    struct postgres_parameter parameters[] = {parameter_uuid(&service->config.tenant),
                                              parameter_int8(&limit)};
    postgres_query(service->config.postgres,
                   "SELECT case_id, sop_instance_uid FROM image_instance"
                   " WHERE tenant_id = $1::uuid AND copy_wanted AND NOT held"
                   " ORDER BY stored_at DESC LIMIT $2::bigint",
                   parameters, 2, on_asked, copies);
}

static bool is_barred(const struct imaging_copies *copies, struct uuid patient_case) {
    return copies->has_barred && uuid_equal(copies->barred_case, patient_case);
}

static bool has_under_way(const struct imaging_copies *copies, const struct uuid *patient_case) {
    for (size_t i = 0; i < COPIES_AT_ONCE; i++) {
        const struct copying *copying = copies->under_way[i];
        if (copying && (!patient_case || uuid_equal(copying_case(copying), *patient_case))) {
            return true;
        }
    }
    return false;
}

static void tell_barred(struct imaging_copies *copies) {
    if (copies->barred && !has_under_way(copies, &copies->barred_case)) {
        void (*barred)(void *data) = copies->barred;
        copies->barred = NULL;
        barred(copies->barred_data);
    }
}

static void on_over(void *data, struct copying *copying, enum copying_end end) {
    struct imaging_copies *copies = data;
    for (size_t i = 0; i < COPIES_AT_ONCE; i++) {
        if (copies->under_way[i] == copying) {
            copies->under_way[i] = NULL;
        }
    }
    copies->counts.made += end == COPYING_MADE;
    copies->counts.refused += end == COPYING_REFUSED;
    copies->went_on = copies->went_on || end == COPYING_MADE || end == COPYING_REFUSED;
    tell_barred(copies);
    if (end == COPYING_LATER) {
        // The database or the disk: what waits would end the same way just now.
        copies->waiting_count = 0;
        copies->again = true;
        go_on_in(copies, COPIES_RETRY_MS);
    } else {
        go_on(copies);
    }
}

/* Begins the next one in this place; false when there is none. */
static bool begin_next(struct imaging_copies *copies, size_t place) {
    while (copies->waiting_count > 0) {
        struct waiting_copy next = copies->waiting[copies->waiting_first++];
        copies->waiting_count--;
        if (is_barred(copies, next.patient_case)) {
            continue;
        }
        struct copying_start start = {.service = copies->service,
                                      .codec = copies->codec,
                                      .queue = copies->queue,
                                      .patient_case = next.patient_case,
                                      .over = on_over,
                                      .data = copies};
        memcpy(start.sop_instance_uid, next.sop_instance_uid, sizeof start.sop_instance_uid);
        copies->under_way[place] = copying_create(&start);
        if (copies->under_way[place]) {
            copying_begin(copies->under_way[place]);
            return true;
        }
    }
    return false;
}

static void go_on(struct imaging_copies *copies) {
    if (copies->stopped || copies->asking) {
        return;
    }
    if (copies->service->uploads_count > 0) {
        go_on_in(copies, COPIES_PAUSE_MS);
        return;
    }
    for (size_t i = 0; i < COPIES_AT_ONCE && copies->waiting_count > 0; i++) {
        if (!copies->under_way[i]) {
            begin_next(copies, i);
        }
    }
    // What was asked for is asked for again until it is done: only when nothing is under way does
    // the answer say what is left.
    bool done = copies->waiting_count == 0 && !has_under_way(copies, NULL);
    if (done && (copies->again || copies->went_on)) {
        ask(copies);
    } else if (done && copies->waiting_first > 0) {
        // Barred, or ended without an answer: the same would come at once, again and again.
        copies->waiting_first = 0;
        copies->again = true;
        go_on_in(copies, COPIES_RETRY_MS);
    }
}

void imaging_copies_stop(struct imaging_copies *copies) {
    copies->stopped = true;
    copies->waiting_count = 0;
    uv_timer_stop(&copies->timer);
    for (size_t i = 0; i < COPIES_AT_ONCE; i++) {
        if (copies->under_way[i]) {
            copying_doom(copies->under_way[i]);
        }
    }
}

bool imaging_copies_bar(struct imaging_copies *copies, struct uuid patient_case,
                        void (*barred)(void *data), void *data) {
    if (copies->has_barred) {
        return false;
    }
    copies->has_barred = true;
    copies->barred_case = patient_case;
    copies->barred = barred;
    copies->barred_data = data;
    for (size_t i = 0; i < COPIES_AT_ONCE; i++) {
        if (copies->under_way[i] && uuid_equal(copying_case(copies->under_way[i]), patient_case)) {
            copying_doom(copies->under_way[i]);
        }
    }
    tell_barred(copies);
    return true;
}

void imaging_copies_unbar(struct imaging_copies *copies) {
    assert(copies->has_barred);
    copies->has_barred = false;
}
