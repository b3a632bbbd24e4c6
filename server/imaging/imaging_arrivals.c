#include "server/imaging/imaging_arrivals.h"

#include "protocol/generated/stage.h"
#include "server/imaging/imaging_state.h"
#include "server/uuid_text.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define RATE_SHARE 0.15 // of the newest half second in the rate: about the last three seconds
#define RATE_FROM_MS 2000

struct imaging_arrival {
    /* Given. */
    struct imaging_arrivals *arrivals;
    struct uuid patient_case, by;
    struct uuid id;
    bool is_said; // what there will be was said: files_said, bytes_said
    uint32_t files_said;
    uint64_t bytes_said;
    /* Derived. */
    struct arrival_part *parts;
    uint32_t part_count;
    uint32_t begun;      // files that began, those that will not come taken off
    uint64_t begun_size; // their bytes
    bool is_open;        // the size of one of them was not known
    struct arrival_counts through;
    uint64_t bytes_through;
    uint32_t entries_done; // of archives that are being read, when it was looked at last
    bool is_ended;         // its sender says that no more comes
    bool is_left;          // its sender began another one instead
    bool is_silent;        // nothing is said of it, and who waits knows
    enum arrival_state state;
    uint64_t began_at, active_at, arrived_at; // ms of the loop
    uint64_t rate_bytes;                      // when the rate was looked at last
    uint64_t rate_at;                         // 0 = never
    double rate;                              // bytes in a ms
};

struct imaging_arrivals {
    struct imaging_service *service;
    uv_timer_t timer;
    struct imaging_arrival *all[ARRIVALS_MAX];
    size_t count;
    bool stopped;
    void (*closed)(void *data);
    void *closed_data;
};

static void on_time(uv_timer_t *timer);

/* Something happens to it: it is told of again. */
static void wake(struct imaging_arrival *arrival) {
    struct imaging_arrivals *arrivals = arrival->arrivals;
    arrival->active_at = uv_now(arrivals->service->config.loop);
    arrival->is_silent = false;
    if (!uv_is_active((uv_handle_t *)&arrivals->timer)) {
        uv_timer_start(&arrivals->timer, on_time, ARRIVALS_TELL_MS, ARRIVALS_TELL_MS);
    }
}

struct imaging_arrivals *imaging_arrivals_create(struct imaging_service *service) {
    struct imaging_arrivals *arrivals = calloc(1, sizeof *arrivals);
    if (arrivals) {
        arrivals->service = service;
        uv_timer_init(service->config.loop, &arrivals->timer);
        arrivals->timer.data = arrivals;
    }
    return arrivals;
}

/* Its parts go on uncounted. */
static void drop(struct imaging_arrivals *arrivals, size_t place) {
    struct imaging_arrival *arrival = arrivals->all[place];
    while (arrival->parts) {
        struct arrival_part *part = arrival->parts;
        arrival->parts = part->next;
        *part = (struct arrival_part){0};
    }
    free(arrival);
    arrivals->all[place] = arrivals->all[--arrivals->count];
}

void imaging_arrivals_stop(struct imaging_arrivals *arrivals) {
    arrivals->stopped = true;
    uv_timer_stop(&arrivals->timer);
    while (arrivals->count > 0) {
        drop(arrivals, arrivals->count - 1);
    }
}

static void on_timer_closed(uv_handle_t *handle) {
    struct imaging_arrivals *arrivals = handle->data;
    arrivals->closed(arrivals->closed_data);
    free(arrivals);
}

void imaging_arrivals_close(struct imaging_arrivals *arrivals, void (*closed)(void *data),
                            void *data) {
    imaging_arrivals_stop(arrivals);
    arrivals->closed = closed;
    arrivals->closed_data = data;
    uv_close((uv_handle_t *)&arrivals->timer, on_timer_closed);
}

void imaging_arrivals_forget(struct imaging_arrivals *arrivals, struct uuid patient_case) {
    for (size_t i = arrivals->count; i-- > 0;) {
        if (uuid_equal(arrivals->all[i]->patient_case, patient_case)) {
            drop(arrivals, i);
        }
    }
}

/* Joining and leaving. */

static struct imaging_arrival *find(const struct imaging_arrivals *arrivals,
                                    struct uuid patient_case, struct uuid by,
                                    const struct uuid *said) {
    for (size_t i = 0; i < arrivals->count; i++) {
        struct imaging_arrival *each = arrivals->all[i];
        bool same = uuid_equal(each->patient_case, patient_case) && uuid_equal(each->by, by);
        bool begins_anew = !each->is_said && each->state == ARRIVAL_STATE_ARRIVED;
        bool meant =
            said ? each->is_said && uuid_equal(each->id, *said) : !each->is_said && !begins_anew;
        if (same && meant) {
            return each;
        }
    }
    return NULL;
}

/* Of which nothing is said any more, for the longest time; `count` when there is none. */
static size_t longest_gone(const struct imaging_arrivals *arrivals) {
    size_t longest = arrivals->count;
    for (size_t i = 0; i < arrivals->count; i++) {
        const struct imaging_arrival *each = arrivals->all[i];
        bool longer =
            longest == arrivals->count || each->active_at < arrivals->all[longest]->active_at;
        if (each->state == ARRIVAL_STATE_GONE && longer) {
            longest = i;
        }
    }
    return longest;
}

static struct imaging_arrival *add(struct imaging_arrivals *arrivals) {
    if (arrivals->count == ARRIVALS_MAX) {
        size_t gone = longest_gone(arrivals);
        if (gone == arrivals->count) {
            return NULL;
        }
        drop(arrivals, gone);
    }
    struct imaging_arrival *arrival = calloc(1, sizeof *arrival);
    if (arrival) {
        arrivals->all[arrivals->count++] = arrival;
        arrival->arrivals = arrivals;
        arrival->began_at = uv_now(arrivals->service->config.loop);
    }
    return arrival;
}

/* Whoever comes back begins anew: what of theirs was waited for is not any more. */
static void leave_waiting(struct imaging_arrivals *arrivals, struct uuid patient_case,
                          struct uuid by) {
    for (size_t i = 0; i < arrivals->count; i++) {
        struct imaging_arrival *each = arrivals->all[i];
        if (uuid_equal(each->patient_case, patient_case) && uuid_equal(each->by, by) &&
            each->state == ARRIVAL_STATE_WAITING) {
            each->is_left = true;
        }
    }
}

static struct imaging_arrival *find_or_add(struct imaging_arrivals *arrivals,
                                           struct uuid patient_case, struct uuid by,
                                           const struct sending *sending) {
    bool is_said = sending && !uuid_is_zero(sending->id);
    struct imaging_arrival *arrival =
        find(arrivals, patient_case, by, is_said ? &sending->id : NULL);
    uint8_t random[sizeof(struct uuid)];
    if (arrival || RAND_bytes(random, sizeof random) != 1) {
        return arrival;
    }
    if (is_said) {
        leave_waiting(arrivals, patient_case, by);
    }
    arrival = add(arrivals);
    if (!arrival) {
        return NULL;
    }
    arrival->patient_case = patient_case;
    arrival->by = by;
    arrival->is_said = is_said;
    arrival->id = uuid_of_random(random);
    if (is_said) {
        // What came before is not counted here any more when the server was started anew.
        arrival->id = sending->id;
        arrival->files_said = sending->files;
        arrival->bytes_said = sending->bytes;
        arrival->through = (struct arrival_counts){sending->done, sending->images, sending->kept};
        arrival->bytes_through = sending->bytes_done;
    }
    return arrival;
}

void arrival_join(struct imaging_arrivals *arrivals, struct arrival_part *part,
                  struct uuid patient_case, struct uuid by, const struct sending *sending,
                  uint64_t size) {
    struct imaging_arrival *before = part->arrival;
    bool is_said = sending && !uuid_is_zero(sending->id);
    bool stays = before && (!is_said || (before->is_said && uuid_equal(before->id, sending->id)));
    if (stays || arrivals->stopped) {
        return;
    }
    arrival_leave(part, NULL);
    struct imaging_arrival *arrival = find_or_add(arrivals, patient_case, by, sending);
    if (!arrival) {
        return;
    }
    *part = (struct arrival_part){.arrival = arrival, .size = size, .next = arrival->parts};
    part->link = &arrival->parts;
    if (part->next) {
        part->next->link = &part->next;
    }
    arrival->parts = part;
    arrival->part_count++;
    arrival->begun++;
    arrival->begun_size += size;
    arrival->is_open = arrival->is_open || size == 0;
    arrival->is_ended = false;
    wake(arrival);
}

void arrival_came(struct arrival_part *part, uint64_t bytes) {
    if (part->arrival) {
        part->bytes = bytes;
        wake(part->arrival);
    }
}

void arrival_is_whole(struct arrival_part *part) {
    part->is_whole = true;
}

void arrival_leave(struct arrival_part *part, const struct arrival_counts *counts) {
    struct imaging_arrival *arrival = part->arrival;
    if (!arrival) {
        return;
    }
    if (counts) {
        arrival->through.files += counts->files;
        arrival->through.images += counts->images;
        arrival->through.kept += counts->kept;
        arrival->bytes_through += part->bytes;
        arrival->files_said += counts->files - 1; // an archive was said to be one
        arrival->begun += counts->files - 1;
        wake(arrival);
    } else {
        arrival->begun--;
        arrival->begun_size -= part->size;
    }
    *part->link = part->next;
    if (part->next) {
        part->next->link = part->link;
    }
    arrival->part_count--;
    *part = (struct arrival_part){0};
}

void imaging_sending_ended(struct imaging_service *service, struct uuid patient_case,
                           struct uuid by, struct uuid sending) {
    struct imaging_arrival *arrival = find(service->arrivals, patient_case, by, &sending);
    if (arrival) {
        arrival->is_ended = true;
        wake(arrival);
    }
}

/* Telling. */

struct sum {
    uint64_t bytes;
    uint32_t whole, entries_more, done, images, kept;
};

static struct sum sum_of(const struct imaging_arrival *arrival) {
    struct sum sum = {.bytes = arrival->bytes_through,
                      .done = arrival->through.files,
                      .images = arrival->through.images,
                      .kept = arrival->through.kept};
    for (const struct arrival_part *part = arrival->parts; part; part = part->next) {
        sum.bytes += part->bytes;
        sum.whole += part->is_whole;
        sum.entries_more += part->entries > 0 ? part->entries - 1 : 0;
        sum.done += part->entries_done;
        sum.images += part->images;
        sum.kept += part->kept;
    }
    return sum;
}

static uint64_t quiet_of(const struct imaging_arrivals *arrivals) {
    unsigned quiet_ms = arrivals->service->config.quiet_ms;
    return quiet_ms ? quiet_ms : ARRIVAL_QUIET_MS;
}

static uint64_t patience_of(const struct imaging_arrivals *arrivals) {
    unsigned quiet_ms = arrivals->service->config.quiet_ms;
    return quiet_ms ? 3 * (uint64_t)quiet_ms : ARRIVAL_PATIENCE_MS;
}

static enum arrival_state state_of(const struct imaging_arrival *arrival, const struct sum *sum,
                                   uint64_t now) {
    uint64_t quiet = now - arrival->active_at;
    if (arrival->is_left) {
        return ARRIVAL_STATE_GONE;
    }
    bool more = arrival->is_said && !arrival->is_ended &&
                arrival->through.files + arrival->part_count < arrival->files_said;
    bool through =
        arrival->is_ended || arrival->is_said ? !more : quiet >= quiet_of(arrival->arrivals);
    bool none_comes = arrival->part_count == 0 || (arrival->is_ended && sum->whole == 0);
    if (none_comes && through) {
        bool something = sum->images > 0 || sum->kept > 0;
        bool over = arrival->arrived_at > 0 && now - arrival->arrived_at >= ARRIVAL_STAYS_MS;
        return something && !over ? ARRIVAL_STATE_ARRIVED : ARRIVAL_STATE_GONE;
    }
    bool all_read = sum->whole == arrival->part_count || arrival->is_ended;
    if (sum->whole > 0 && all_read && !more) {
        return ARRIVAL_STATE_READING;
    }
    return quiet < quiet_of(arrival->arrivals)      ? ARRIVAL_STATE_RECEIVING
           : quiet < patience_of(arrival->arrivals) ? ARRIVAL_STATE_WAITING
                                                    : ARRIVAL_STATE_GONE;
}

static void measure(struct imaging_arrival *arrival, uint64_t bytes, uint64_t now) {
    if (arrival->rate_at > 0 && now > arrival->rate_at) {
        double came = bytes > arrival->rate_bytes ? (double)(bytes - arrival->rate_bytes) : 0;
        double rate = came / (double)(now - arrival->rate_at);
        arrival->rate =
            arrival->rate > 0 ? (1 - RATE_SHARE) * arrival->rate + RATE_SHARE * rate : rate;
    }
    arrival->rate_bytes = bytes;
    arrival->rate_at = now;
}

static uint32_t left_s(const struct imaging_arrival *arrival, uint64_t bytes, uint64_t all,
                       uint64_t now) {
    bool known = arrival->state == ARRIVAL_STATE_RECEIVING && arrival->rate > 0 && all > bytes &&
                 now - arrival->began_at >= RATE_FROM_MS;
    double left = known ? (double)(all - bytes) / arrival->rate / 1000 : 0;
    if (!known || left > 7 * 24 * 60 * 60) {
        return 0;
    }
    return (uint32_t)(((uint64_t)left / ARRIVAL_LEFT_STEP_S + 1) * ARRIVAL_LEFT_STEP_S);
}

static uint64_t bytes_of(const struct imaging_arrival *arrival) {
    return arrival->is_said ? arrival->bytes_said : arrival->is_open ? 0 : arrival->begun_size;
}

static void move_on(struct imaging_arrival *arrival, const struct sum *sum, uint64_t now) {
    uint32_t entries_done = sum->done - arrival->through.files;
    if (entries_done != arrival->entries_done) {
        arrival->active_at = now;
    }
    arrival->entries_done = entries_done;
    arrival->state = state_of(arrival, sum, now);
    if (arrival->state < ARRIVAL_STATE_ARRIVED) {
        arrival->arrived_at = 0;
    } else if (arrival->arrived_at == 0) {
        arrival->arrived_at = now;
    }
    measure(arrival, sum->bytes, now);
}

static struct arrival look(struct imaging_arrival *arrival, uint64_t now) {
    struct sum sum = sum_of(arrival);
    move_on(arrival, &sum, now);
    enum arrival_state state = arrival->state;
    bool is_counted =
        arrival->is_said || state == ARRIVAL_STATE_READING || state == ARRIVAL_STATE_ARRIVED;
    uint32_t files = arrival->is_said ? arrival->files_said : arrival->begun;
    uint64_t all = bytes_of(arrival);
    struct arrival told = {
        .arrival = arrival->id,
        .by = arrival->by,
        .state = state,
        .files = is_counted ? files + sum.entries_more : 0,
        .done = sum.done,
        .images = sum.images,
        .kept = sum.kept,
        .has_percent = all > 0,
        .left_s = left_s(arrival, sum.bytes, all, now),
    };
    if (all > 0) {
        told.percent = (uint8_t)(sum.bytes >= all ? 100 : sum.bytes * 100 / all);
    }
    return told;
}

static void on_time(uv_timer_t *timer) {
    struct imaging_arrivals *arrivals = timer->data;
    struct imaging_service *service = arrivals->service;
    uint64_t now = uv_now(service->config.loop);
    bool busy = false;
    imaging_resumables_count(service);
    for (size_t i = arrivals->count; i-- > 0;) {
        struct imaging_arrival *arrival = arrivals->all[i];
        if (arrival->is_silent) {
            continue;
        }
        struct arrival told = look(arrival, now);
        bool taken = service->config.on_arrival == NULL ||
                     service->config.on_arrival(service->config.data, arrival->patient_case, &told);
        arrival->is_silent = taken && arrival->state == ARRIVAL_STATE_GONE;
        busy = busy || !arrival->is_silent;
        if (arrival->is_silent && arrival->part_count == 0) {
            drop(arrivals, i);
        }
    }
    if (!busy) {
        uv_timer_stop(timer);
    }
}
