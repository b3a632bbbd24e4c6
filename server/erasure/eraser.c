#include "server/erasure/eraser.h"

#include "actors/patient_case.h"
#include "protocol/generated/user.h"
#include "server/erasure/erasure_list.h"
#include "server/store/postgres_binary.h"
#include "server/store/uuid_table.h"

#include <assert.h>
#include <stdlib.h>

enum {
    RETRY_MS = 200,
    LOOK_MS = 10 * 1000,     /* for orders whose news was lost */
    MESSAGE_TRIES_MAX = 150, /* of RETRY_MS: who cannot be told by then learns it by looking */
    LATE_EVERY_MS = 60 * 60 * 1000, /* each turns the keys, and anybody can write a note */
};

enum step {
    STEP_RESTING,
    STEP_NOTING,     /* DATA/erasures; ends when it is on the disk */
    STEP_TELLING,    /* ends when nothing of the case's waits any more, or patience does */
    STEP_PARTING,    /* people forget what they have of it; ends when all have, or patience does */
    STEP_DELETING,   /* its files; ends when none is left */
    STEP_FORGETTING, /* its rows; ends with the transaction */
    STEP_ROTATING,   /* ends when the older generations are destroyed */
};

/* People who were told to forget a case; outlives the eraser that asked. */
struct parting {
    struct eraser *eraser; /* NULL = over */
    int waiting;
    bool again; /* somebody could not */
};

struct eraser {
    /* Given. */
    struct eraser_config config;
    void (*ready)(void *data);
    void *ready_data;
    void (*closed)(void *data);
    void *closed_data;
    /* Owned. */
    struct erasure_list list;
    struct uuid_table erased; /* ordered, under way or done */
    struct uuid *queue;
    uv_timer_t timer;
    uv_timer_t look;
    /* Derived. */
    size_t queue_count, queue_capacity;
    enum step step;
    unsigned tries;
    struct parting *parting; /* on its way */
    uint64_t late_at;        /* when something said of an erased case was last seen to */
    bool busy;               /* something comes back to us */
    bool looking;
    bool closing;
    int handles;
};

static const char tombstones_sql[] =
    "SELECT stream_id FROM erasure WHERE tenant_id = $1::uuid UNION ALL SELECT owner_stream FROM"
    " list_row WHERE tenant_id = $1::uuid AND list = '" CASE_ERASING_LIST "'";
/* And what somebody said of one after it was erased: a note that was on its way. */
static const char orders_sql[] =
    "SELECT owner_stream, false FROM list_row WHERE tenant_id = $1::uuid AND list ="
    " '" CASE_ERASING_LIST "' UNION SELECT k.about, true FROM stream_key k JOIN erasure e"
    " ON e.stream_id = k.about WHERE e.tenant_id = $1::uuid";
static const char people_sql[] = "SELECT of_stream FROM stream_key WHERE about = $1::uuid";
static const char waiting_sql[] = "SELECT count(*) FROM pending WHERE source_stream = $1::uuid AND"
                                  " target_stream <> $1::uuid";

static void take_step(struct eraser *eraser);

static void report(struct eraser *eraser, const char *words) {
    if (eraser->config.report != NULL)
        eraser->config.report(eraser->config.data, words);
}

/* Closing */

static void on_handle_closed(uv_handle_t *handle) {
    struct eraser *eraser = handle->data;
    if (--eraser->handles > 0)
        return;
    void (*closed)(void *data) = eraser->closed;
    void *data = eraser->closed_data;
    erasure_list_finish(&eraser->list);
    uuid_table_finish(&eraser->erased);
    free(eraser->queue);
    free(eraser);
    closed(data);
}

static void close_handles(struct eraser *eraser) {
    eraser->handles = 2;
    uv_close((uv_handle_t *)&eraser->timer, on_handle_closed);
    uv_close((uv_handle_t *)&eraser->look, on_handle_closed);
}

static void close_when_idle(struct eraser *eraser) {
    if (eraser->closing && !eraser->busy && !eraser->looking && eraser->handles == 0)
        close_handles(eraser);
}

void eraser_close(struct eraser *eraser, void (*closed)(void *data), void *data) {
    if (eraser == NULL) {
        closed(data);
        return;
    }
    eraser->closing = true;
    eraser->closed = closed;
    eraser->closed_data = data;
    /* The rotation is closed already and will not answer. */
    eraser->busy = eraser->busy && eraser->step != STEP_ROTATING && eraser->parting == NULL;
    if (eraser->parting != NULL)
        eraser->parting->eraser = NULL; /* nor will the node */
    close_when_idle(eraser);
}

/* The queue */

static bool is_queued(const struct eraser *eraser, struct uuid id) {
    for (size_t i = 0; i < eraser->queue_count; i++)
        if (uuid_equal(eraser->queue[i], id))
            return true;
    return false;
}

static void mark(struct eraser *eraser, struct uuid id) {
    uuid_table_set(&eraser->erased, id, 1);
}

static void enqueue(struct eraser *eraser, struct uuid id) {
    mark(eraser, id);
    if (is_queued(eraser, id))
        return;
    if (eraser->queue_count == eraser->queue_capacity) {
        size_t capacity = eraser->queue_capacity == 0 ? 16 : 2 * eraser->queue_capacity;
        struct uuid *grown = realloc(eraser->queue, capacity * sizeof *grown);
        assert(grown != NULL);
        eraser->queue = grown;
        eraser->queue_capacity = capacity;
    }
    eraser->queue[eraser->queue_count++] = id;
}

bool eraser_holds(const struct eraser *eraser, struct uuid patient_case) {
    return uuid_table_find(&eraser->erased, patient_case) != NULL;
}

size_t eraser_waiting(const struct eraser *eraser) {
    return eraser->queue_count;
}

/* Steps */

static void on_timer(uv_timer_t *timer) {
    take_step(timer->data);
}

static void try_again(struct eraser *eraser) {
    uv_timer_start(&eraser->timer, on_timer, RETRY_MS, 0);
}

static void go_on(struct eraser *eraser, enum step step) {
    eraser->step = step;
    eraser->tries = 0;
    take_step(eraser);
}

/* True = the eraser is over instead. */
static bool came_back(struct eraser *eraser) {
    eraser->busy = false;
    bool closing = eraser->closing;
    close_when_idle(eraser);
    return closing;
}

static void note(struct eraser *eraser) {
    if (erasure_list_add(&eraser->list, eraser->queue[0], false)) {
        go_on(eraser, STEP_TELLING);
        return;
    }
    if (eraser->tries++ == 0)
        report(eraser, "DATA/erasures cannot be written: an erasure waits for it");
    try_again(eraser);
}

static void on_told(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct eraser *eraser = data;
    if (came_back(eraser))
        return;
    bool all = result == POSTGRES_OK && value_integer(postgres_value(rows, 0, 0)) == 0;
    if (all || (result == POSTGRES_OK && ++eraser->tries > MESSAGE_TRIES_MAX))
        go_on(eraser, STEP_PARTING);
    else
        try_again(eraser);
}

static void end_parting(struct parting *parting) {
    if (--parting->waiting > 0)
        return;
    struct eraser *eraser = parting->eraser;
    bool again = parting->again;
    free(parting);
    if (eraser == NULL)
        return;
    eraser->parting = NULL;
    if (came_back(eraser))
        return;
    if (again && ++eraser->tries <= MESSAGE_TRIES_MAX)
        try_again(eraser);
    else
        go_on(eraser, STEP_DELETING);
}

static void on_parted(void *data, bool accepted, enum refusal why, uint64_t version) {
    struct parting *parting = data;
    (void)version;
    parting->again |= !accepted && (why == REFUSAL_BUSY || why == REFUSAL_UNAVAILABLE);
    end_parting(parting);
}

/* While their keys are there: what they know in memory goes first, and pages that come back hear
 * of it. */
static void part(struct eraser *eraser, struct parting *parting, struct uuid user) {
    struct forget_topic command = {.about = eraser->queue[0]};
    struct arena arena;
    if (uv_random(NULL, NULL, command.command_id.bytes, sizeof command.command_id.bytes, 0, NULL) !=
        0) {
        parting->again = true;
        return;
    }
    arena_init(&arena, 1024);
    parting->waiting++;
    node_command(eraser->config.node, CHANNEL_KIND_USER, user, (struct uuid){{0}},
                 forget_topic_encode(&arena, &command), on_parted, parting);
    arena_finish(&arena);
}

static void on_people(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct eraser *eraser = data;
    if (eraser->closing || result != POSTGRES_OK) {
        if (!came_back(eraser))
            try_again(eraser);
        return;
    }
    struct parting *parting = calloc(1, sizeof *parting);
    assert(parting != NULL);
    *parting = (struct parting){.eraser = eraser, .waiting = 1};
    eraser->parting = parting;
    for (int row = 0; row < postgres_row_count(rows); row++)
        part(eraser, parting, value_uuid(postgres_value(rows, row, 0)));
    end_parting(parting);
}

static void on_deleted(void *data, bool erased) {
    struct eraser *eraser = data;
    if (came_back(eraser))
        return;
    if (erased)
        go_on(eraser, STEP_FORGETTING);
    else
        try_again(eraser);
}

static void on_forgotten(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct eraser *eraser = data;
    if (came_back(eraser))
        return;
    if (result != POSTGRES_OK) {
        eraser->step = STEP_DELETING; /* an upload may have come to its end meanwhile */
        try_again(eraser);
        return;
    }
    keys_forget_stream(eraser->config.keys, eraser->queue[0]);
    for (int row = 0; row < postgres_row_count(rows); row++)
        keys_forget_topic(eraser->config.keys, value_uuid(postgres_value(rows, row, 0)),
                          value_uuid(postgres_value(rows, row, 1)));
    go_on(eraser, STEP_ROTATING);
}

static void forget(struct eraser *eraser) {
    struct postgres_parameter id = parameter_uuid(&eraser->queue[0]);
    struct postgres_parameter both[] = {id, parameter_uuid(&eraser->config.tenant)};
    struct postgres_statement statements[] = {
        {"DELETE FROM image_instance WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM other_file WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM held_decision WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM held_mark WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM resumable_upload WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM archive_fetch WHERE case_id = $1::uuid", &id, 1},
        {"DELETE FROM pending WHERE source_stream = $1::uuid", &id, 1},
        {"DELETE FROM list_row WHERE owner_stream = $1::uuid", &id, 1},
        {"DELETE FROM snapshot WHERE stream_id = $1::uuid", &id, 1},
        {"DELETE FROM stream_key WHERE stream_id = $1::uuid", &id, 1},
        {"INSERT INTO erasure VALUES ($1::uuid, $2::uuid,"
         " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) ON CONFLICT DO NOTHING",
         both, 2},
        {"DELETE FROM stream_key WHERE about = $1::uuid RETURNING of_stream, stream_id", &id, 1},
    };
    postgres_transaction(eraser->config.postgres, statements,
                         sizeof statements / sizeof statements[0], on_forgotten, eraser);
}

static void on_rotated(void *data) {
    struct eraser *eraser = data;
    if (came_back(eraser))
        return;
    if (!erasure_list_add(&eraser->list, eraser->queue[0], true)) {
        try_again(eraser); /* rotates once more, which does no harm */
        return;
    }
    eraser->queue_count--;
    memmove(eraser->queue, eraser->queue + 1, eraser->queue_count * sizeof *eraser->queue);
    report(eraser, "a case is erased and the keys that opened it are destroyed");
    go_on(eraser, eraser->queue_count == 0 ? STEP_RESTING : STEP_NOTING);
}

static void take_step(struct eraser *eraser) {
    if (eraser->closing || eraser->busy || eraser->queue_count == 0)
        return;
    struct postgres_parameter id = parameter_uuid(&eraser->queue[0]);
    switch (eraser->step) {
    case STEP_RESTING:
        go_on(eraser, STEP_NOTING);
        return;
    case STEP_NOTING:
        note(eraser);
        return;
    case STEP_TELLING:
        eraser->busy = true;
        postgres_query(eraser->config.postgres, waiting_sql, &id, 1, on_told, eraser);
        return;
    case STEP_PARTING:
        eraser->busy = true;
        postgres_query(eraser->config.postgres, people_sql, &id, 1, on_people, eraser);
        return;
    case STEP_DELETING:
        eraser->busy = true;
        imaging_erase_case(eraser->config.imaging, eraser->queue[0], on_deleted, eraser);
        return;
    case STEP_FORGETTING:
        eraser->busy = true;
        forget(eraser);
        return;
    case STEP_ROTATING:
        eraser->busy = true;
        if (!rotation_start(eraser->config.rotation, false, on_rotated, eraser)) {
            eraser->busy = false;
            try_again(eraser);
        }
    }
}

void eraser_order(struct eraser *eraser, struct uuid patient_case) {
    enqueue(eraser, patient_case);
    if (eraser->step == STEP_RESTING)
        take_step(eraser);
}

/* Looking */

static void on_orders(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct eraser *eraser = data;
    eraser->looking = false;
    if (eraser->closing) {
        close_when_idle(eraser);
        return;
    }
    bool may_be_late =
        eraser->late_at == 0 || uv_now(eraser->config.loop) - eraser->late_at >= LATE_EVERY_MS;
    for (int row = 0; result == POSTGRES_OK && row < postgres_row_count(rows); row++) {
        bool late = value_bytes(postgres_value(rows, row, 1)).bytes[0] != 0;
        if (late && !may_be_late)
            continue;
        if (late)
            eraser->late_at = uv_now(eraser->config.loop);
        enqueue(eraser, value_uuid(postgres_value(rows, row, 0)));
    }
    if (eraser->step == STEP_RESTING)
        take_step(eraser);
}

static void on_look(uv_timer_t *timer) {
    struct eraser *eraser = timer->data;
    struct postgres_parameter tenant = parameter_uuid(&eraser->config.tenant);
    if (eraser->looking || eraser->closing)
        return;
    eraser->looking = true;
    postgres_query(eraser->config.postgres, orders_sql, &tenant, 1, on_orders, eraser);
}

/* Starting */

static void ask_tombstones(struct eraser *eraser);

static void on_start_timer(uv_timer_t *timer) {
    ask_tombstones(timer->data);
}

/* What the list names and the database does not know comes of a copy that was restored. */
static void on_tombstones(void *data, enum postgres_result result,
                          const struct postgres_rows *rows) {
    struct eraser *eraser = data;
    if (came_back(eraser))
        return;
    if (result != POSTGRES_OK) {
        uv_timer_start(&eraser->timer, on_start_timer, RETRY_MS, 0);
        return;
    }
    for (int row = 0; row < postgres_row_count(rows); row++)
        mark(eraser, value_uuid(postgres_value(rows, row, 0)));
    for (size_t i = 0; i < eraser->list.count; i++) {
        struct erasure_entry entry = eraser->list.entries[i];
        if (!entry.gone || !eraser_holds(eraser, entry.patient_case))
            enqueue(eraser, entry.patient_case);
    }
    uv_timer_start(&eraser->look, on_look, 0, LOOK_MS);
    eraser->ready(eraser->ready_data);
    take_step(eraser);
}

static void ask_tombstones(struct eraser *eraser) {
    struct postgres_parameter tenant = parameter_uuid(&eraser->config.tenant);
    eraser->busy = true;
    postgres_query(eraser->config.postgres, tombstones_sql, &tenant, 1, on_tombstones, eraser);
}

struct eraser *eraser_create(const struct eraser_config *config) {
    struct eraser *eraser = calloc(1, sizeof *eraser);
    assert(eraser != NULL);
    eraser->config = *config;
    if (!erasure_list_read(&eraser->list, config->data_folder)) {
        erasure_list_finish(&eraser->list);
        free(eraser);
        return NULL;
    }
    uuid_table_init(&eraser->erased, 0x9E3779B97F4A7C15u ^ uv_hrtime());
    uv_timer_init(config->loop, &eraser->timer);
    uv_timer_init(config->loop, &eraser->look);
    eraser->timer.data = eraser->look.data = eraser;
    return eraser;
}

void eraser_start(struct eraser *eraser, void (*ready)(void *data), void *data) {
    eraser->ready = ready;
    eraser->ready_data = data;
    ask_tombstones(eraser);
}
