#include "server/store/rotation_state.h"

#include <assert.h>
#include <stdlib.h>

static const char look_sql[] = "SELECT generation, made_at, wrapped FROM tenant_key WHERE "
                               "tenant_id = $1::uuid ORDER BY generation";
static const char make_sql[] = "INSERT INTO tenant_key (tenant_id, generation, wrapped)"
                               " VALUES ($1::uuid, $2::int4, $3::bytea)";
static const char page_sql[] =
    "SELECT stream_id, generation, wrapped FROM stream_key WHERE tenant_id = $1::uuid"
    " AND stream_id > $2::uuid AND generation < $3::int4 ORDER BY stream_id LIMIT $4::int4";
static const char rewrap_sql[] =
    "UPDATE stream_key k SET generation = $1::int4, wrapped = fresh.wrapped"
    " FROM unnest($2::uuid[], $3::bytea[]) AS fresh (stream_id, wrapped)"
    " WHERE k.stream_id = fresh.stream_id AND k.generation < $1::int4";
static const char exchange_sql[] =
    "UPDATE tenant_key k SET wrapped = fresh.wrapped"
    " FROM unnest($2::int4[], $3::bytea[]) AS fresh (generation, wrapped)"
    " WHERE k.tenant_id = $1::uuid AND k.generation = fresh.generation";
static const char destroy_sql[] =
    "DELETE FROM tenant_key WHERE tenant_id = $1::uuid AND generation < $2::int4";
static const char foreign_key_violation[] = "23503";
static const char unique_violation[] = "23505";

void rotation_report(struct rotation *rotation, const char *words) {
    if (rotation->config.report != NULL)
        rotation->config.report(rotation->config.data, words);
}

void rotation_report_once(struct rotation *rotation, const char *words) {
    if (!rotation->told)
        rotation_report(rotation, words);
    rotation->told = true;
}

/* Closing */

static void on_handle_closed(uv_handle_t *handle) {
    struct rotation *rotation = handle->data;
    if (--rotation->handles > 0)
        return;
    void (*closed)(void *data) = rotation->closed;
    void *data = rotation->closed_data;
    free(rotation);
    if (closed != NULL)
        closed(data);
}

static void close_handles(struct rotation *rotation) {
    key_export_abort(&rotation->export);
    rotation->handles = 2;
    uv_close((uv_handle_t *)&rotation->timer, on_handle_closed);
    uv_close((uv_handle_t *)&rotation->forget, on_handle_closed);
}

/* Steps */

static void on_timer(uv_timer_t *timer) {
    rotation_take_step(timer->data);
}

void rotation_go_on(struct rotation *rotation, enum rotation_step step) {
    rotation->step = step;
    rotation_take_step(rotation);
}

void rotation_try_again(struct rotation *rotation) {
    uv_timer_start(&rotation->timer, on_timer, RETRY_MS, 0);
}

/* An answer came; true = the rotation is over instead. */
bool rotation_came_back(struct rotation *rotation) {
    rotation->asked = false;
    rotation->view.steps++;
    if (rotation->closing)
        close_handles(rotation);
    return rotation->closing;
}

void rotation_ask(struct rotation *rotation, const char *sql,
                  const struct postgres_parameter *parameters, int count, postgres_done done) {
    rotation->asked = true;
    postgres_query(rotation->config.postgres, sql, parameters, count, done, rotation);
}

static void rest(struct rotation *rotation) {
    struct waiter done[WAITERS_MAX];
    size_t count = rotation->running_count;
    memcpy(done, rotation->running, count * sizeof *done);
    rotation->running_count = 0;
    rotation->step = ROTATION_RESTING;
    rotation->kek = false;
    if (rotation->again) {
        rotation->again = false;
        rotation->kek = rotation->again_kek;
        rotation->again_kek = false;
        memcpy(rotation->running, rotation->waiting,
               rotation->waiting_count * sizeof *rotation->waiting);
        rotation->running_count = rotation->waiting_count;
        rotation->waiting_count = 0;
        rotation->resuming = false;
        rotation_go_on(rotation, ROTATION_LOOKING);
    }
    for (size_t i = 0; i < count; i++)
        if (done[i].done != NULL)
            done[i].done(done[i].data);
}

/* Looking: which generations there are. */

/* The store read them at its start; one may have been made since by a statement of the life before,
 * or by another node. */
static bool know_all(struct rotation *rotation, const struct postgres_rows *rows) {
    bool known = true;
    for (int row = 0; known && row < postgres_row_count(rows); row++) {
        uint8_t wrapped[WRAPPED_KEY_BYTES];
        known = value_fixed(postgres_value(rows, row, 2), wrapped, sizeof wrapped) &&
                keys_add_tenant(rotation->config.keys, rotation->config.tenant,
                                (uint32_t)value_integer(postgres_value(rows, row, 0)), wrapped);
    }
    return known;
}

static void on_looked(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    if (rotation_came_back(rotation))
        return;
    int count = result == POSTGRES_OK ? postgres_row_count(rows) : 0;
    if (count == 0 || !know_all(rotation, rows)) { /* the store has not made the first yet */
        rotation_try_again(rotation);
        return;
    }
    uint32_t oldest = (uint32_t)value_integer(postgres_value(rows, 0, 0));
    uint32_t newest = (uint32_t)value_integer(postgres_value(rows, count - 1, 0));
    rotation->view.generation = newest;
    rotation->view.made_at = value_integer(postgres_value(rows, count - 1, 1));
    rotation->view.rewrapped = 0;
    rotation->told = false;
    rotation->after = (struct uuid){{0}};
    rotation->found_some = false;
    if (!rotation->resuming) {
        rotation->fresh = newest + 1;
        if (!keys_make_generation(rotation->config.keys, rotation->config.tenant, rotation->fresh,
                                  rotation->fresh_wrapped)) {
            rotation_report_once(rotation, "a new key cannot be written to the folder of keys");
            rotation_try_again(rotation);
            return;
        }
        rotation_go_on(rotation, ROTATION_MAKING);
    } else if (count > 1) {
        rotation->fresh = newest;
        rotation_go_on(rotation, ROTATION_REWRAPPING);
    } else if (keys_destroy_secrets_below(rotation->config.keys, oldest)) {
        rest(rotation);
    } else {
        rotation_report_once(rotation, "an older key cannot be removed from the folder of keys");
        rotation_try_again(rotation);
    }
}

static void look(struct rotation *rotation) {
    struct postgres_parameter tenant = parameter_uuid(&rotation->config.tenant);
    rotation_ask(rotation, look_sql, &tenant, 1, on_looked);
}

/* Making: what is begun from then on is wrapped by it. */

static void on_made(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    if (rotation_came_back(rotation))
        return;
    if (result == POSTGRES_FAILED && strcmp(postgres_sqlstate(rows), unique_violation) == 0) {
        rotation->resuming = true; /* an earlier try, or another node's: what stands there counts */
        rotation_go_on(rotation, ROTATION_LOOKING);
        return;
    }
    if (result != POSTGRES_OK || !keys_add_tenant(rotation->config.keys, rotation->config.tenant,
                                                  rotation->fresh, rotation->fresh_wrapped)) {
        rotation_try_again(rotation);
        return;
    }
    rotation->view.generation = rotation->fresh;
    rotation_go_on(rotation, ROTATION_REWRAPPING);
}

static void make(struct rotation *rotation) {
    struct binary_integer generation = binary_integer(rotation->fresh);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&rotation->config.tenant), parameter_int4(&generation),
        parameter_bytes(rotation->fresh_wrapped, sizeof rotation->fresh_wrapped)};
    rotation_ask(rotation, make_sql, parameters, 3, on_made);
}

/* Rewrapping */

static void on_page_written(void *data, enum postgres_result result,
                            const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    (void)rows;
    if (rotation_came_back(rotation))
        return;
    if (result != POSTGRES_OK) {
        rotation_try_again(rotation);
        return;
    }
    rotation->after = rotation->last;
    rotation_take_step(rotation);
}

static bool rewrap_page(struct rotation *rotation, const struct postgres_rows *rows,
                        struct postgres_array *streams, struct postgres_array *wrapped) {
    array_begin(streams, TYPE_UUID);
    array_begin(wrapped, TYPE_BYTEA);
    for (int row = 0; row < postgres_row_count(rows); row++) {
        struct uuid stream = value_uuid(postgres_value(rows, row, 0));
        uint32_t generation = (uint32_t)value_integer(postgres_value(rows, row, 1));
        uint8_t old[WRAPPED_KEY_BYTES], fresh[WRAPPED_KEY_BYTES];
        if (!value_fixed(postgres_value(rows, row, 2), old, sizeof old) ||
            !keys_rewrap_stream(rotation->config.keys, rotation->config.tenant, stream, generation,
                                old, fresh))
            return false;
        rotation->last = stream;
        array_add_uuid(streams, stream);
        array_add(wrapped, fresh, sizeof fresh);
    }
    return true;
}

static void on_page(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    if (rotation_came_back(rotation))
        return;
    if (result != POSTGRES_OK) {
        rotation_try_again(rotation);
        return;
    }
    int count = postgres_row_count(rows);
    if (count == 0) {
        bool whole = !rotation->found_some;
        rotation->found_some = false;
        rotation->after = (struct uuid){{0}};
        rotation_go_on(rotation, whole ? ROTATION_LISTING : ROTATION_REWRAPPING);
        return;
    }
    struct postgres_array streams = {0}, wrapped = {0};
    struct binary_integer generation = binary_integer(rotation->fresh);
    if (rewrap_page(rotation, rows, &streams, &wrapped)) {
        rotation->found_some = true;
        rotation->view.rewrapped += (uint64_t)count;
        struct postgres_parameter parameters[] = {
            parameter_int4(&generation), array_parameter(&streams), array_parameter(&wrapped)};
        rotation_ask(rotation, rewrap_sql, parameters, 3, on_page_written);
    } else {
        rotation_report_once(rotation, "a stream's key does not open: the older generations stay");
        rotation_try_again(rotation);
    }
    array_finish(&streams);
    array_finish(&wrapped);
}

/* Of all streams (`below` beyond any generation), or of those that are not done. */
void rotation_ask_page(struct rotation *rotation, uint32_t below, postgres_done done) {
    struct binary_integer generation = binary_integer(below);
    struct binary_integer limit = binary_integer(DATABASE_PAGE_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&rotation->config.tenant),
                                              parameter_uuid(&rotation->after),
                                              parameter_int4(&generation), parameter_int4(&limit)};
    rotation_ask(rotation, page_sql, parameters, 4, done);
}

/* Exchanging: all rows in one statement; keys_add_tenant opens them by either key until then. */

static void on_exchanged(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    (void)rows;
    if (rotation_came_back(rotation))
        return;
    if (result != POSTGRES_OK) {
        rotation_try_again(rotation);
        return;
    }
    if (!keys_take_next_kek(rotation->config.keys))
        rotation_report(rotation, "the old key-encryption key could not be removed");
    rotation->kek = false;
    rotation_go_on(rotation, ROTATION_DESTROYING);
}

static void exchange(struct rotation *rotation) {
    struct postgres_array generations = {0}, wrapped = {0};
    array_begin(&generations, TYPE_INT4);
    array_begin(&wrapped, TYPE_BYTEA);
    for (size_t i = 0; i < rotation->tenant_count; i++) {
        array_add_integer(&generations, rotation->tenants[i].generation);
        array_add(&wrapped, rotation->tenants[i].wrapped, WRAPPED_KEY_BYTES);
    }
    struct postgres_parameter parameters[] = {parameter_uuid(&rotation->config.tenant),
                                              array_parameter(&generations),
                                              array_parameter(&wrapped)};
    rotation_ask(rotation, exchange_sql, parameters, 3, on_exchanged);
    array_finish(&generations);
    array_finish(&wrapped);
}

/* Destroying */

static void on_forget(uv_timer_t *timer) {
    struct rotation *rotation = timer->data;
    keys_forget_below(rotation->config.keys, rotation->config.tenant, rotation->forget_below);
}

static void on_destroyed(void *data, enum postgres_result result,
                         const struct postgres_rows *rows) {
    struct rotation *rotation = data;
    if (rotation_came_back(rotation))
        return;
    if (result == POSTGRES_FAILED && strcmp(postgres_sqlstate(rows), foreign_key_violation) == 0) {
        rotation->after = (struct uuid){{0}};
        rotation_go_on(rotation, ROTATION_REWRAPPING); /* a stream was begun with it meanwhile */
        return;
    }
    if (result != POSTGRES_OK) {
        rotation_try_again(rotation);
        return;
    }
    if (!keys_destroy_secrets_below(rotation->config.keys, rotation->fresh)) {
        rotation_report_once(rotation, "an older key cannot be removed from the folder of keys");
        rotation_try_again(rotation); /* nobody is told that it is gone before it is */
        return;
    }
    rotation->forget_below = rotation->fresh;
    uv_timer_start(&rotation->forget, on_forget, FORGET_MS, 0);
    rest(rotation);
}

static void destroy(struct rotation *rotation) {
    struct binary_integer generation = binary_integer(rotation->fresh);
    struct postgres_parameter parameters[] = {parameter_uuid(&rotation->config.tenant),
                                              parameter_int4(&generation)};
    rotation_ask(rotation, destroy_sql, parameters, 2, on_destroyed);
}

void rotation_take_step(struct rotation *rotation) {
    if (rotation->closing || rotation->asked)
        return;
    switch (rotation->step) {
    case ROTATION_RESTING:
        return;
    case ROTATION_LOOKING:
        look(rotation);
        return;
    case ROTATION_MAKING:
        make(rotation);
        return;
    case ROTATION_REWRAPPING:
        rotation_ask_page(rotation, rotation->fresh, on_page);
        return;
    case ROTATION_LISTING:
        rotation_list(rotation);
        return;
    case ROTATION_EXPORTING:
        rotation_export_page(rotation);
        return;
    case ROTATION_EXCHANGING:
        exchange(rotation);
        return;
    case ROTATION_DESTROYING:
        destroy(rotation);
    }
}

/* From outside */

struct rotation *rotation_create(const struct rotation_config *config) {
    struct rotation *rotation = calloc(1, sizeof *rotation);
    assert(rotation != NULL);
    rotation->config = *config;
    uv_timer_init(config->loop, &rotation->timer);
    uv_timer_init(config->loop, &rotation->forget);
    rotation->timer.data = rotation->forget.data = rotation;
    uv_unref((uv_handle_t *)&rotation->forget);
    return rotation;
}

void rotation_close(struct rotation *rotation, void (*closed)(void *data), void *data) {
    rotation->closing = true;
    rotation->closed = closed;
    rotation->closed_data = data;
    if (!rotation->asked)
        close_handles(rotation);
}

void rotation_resume(struct rotation *rotation) {
    if (rotation->step != ROTATION_RESTING)
        return;
    rotation->resuming = true;
    rotation_go_on(rotation, ROTATION_LOOKING);
}

bool rotation_start(struct rotation *rotation, bool kek, void (*done)(void *data), void *data) {
    if (rotation->closing || rotation->waiting_count == WAITERS_MAX ||
        (kek && !keys_make_next_kek(rotation->config.keys)))
        return false;
    rotation->waiting[rotation->waiting_count++] = (struct waiter){done, data};
    rotation->again = true;
    rotation->again_kek |= kek;
    if (rotation->step == ROTATION_RESTING)
        rest(rotation);
    return true;
}

struct rotation_view rotation_view(const struct rotation *rotation) {
    struct rotation_view view = rotation->view;
    view.step = rotation->step;
    return view;
}
