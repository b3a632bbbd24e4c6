#include "server/audit/checkpoints.h"

#include "server/store/postgres_binary.h"
#include "server/uuid_text.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum checkpoints_state {
    CHECKPOINTS_FINDING, /* the last one of this node; until the database has said */
    CHECKPOINTS_WAITING, /* until there is something to write and its time has come */
    CHECKPOINTS_LOOKING, /* at streams, a page a time */
    CHECKPOINTS_WRITING, /* until the row is committed */
    CHECKPOINTS_TELLING, /* until the line is on the disk */
};

struct checkpoints {
    /* Given */
    struct checkpoints_config config;
    void (*stopped)(void *data); /* NULL until it is to stop */
    void *stopped_data;
    /* Owned */
    struct checkpoint_key *key;
    int anchor;
    uv_timer_t timer;
    uv_fs_t file;
    struct uuid_table moved; /* stream -> place in heads */
    struct chain_head *heads;
    size_t head_count, head_space;
    struct checkpoint next; /* the one under way, sent with the same bytes again and again */
    uint8_t next_heads[CHECKPOINT_HEADS_MAX * CHECKPOINT_HEAD_BYTES];
    char line[CHECKPOINT_LINE_MAX + 1];
    /* Derived */
    enum checkpoints_state state;
    uint64_t number; /* of the last that is committed */
    uint8_t hash[DATABASE_HASH_BYTES];
    uint64_t due_at_ms;  /* when the next one is to be written, on the loop's clock */
    const char *looking; /* through all streams, then all logs, from `looked_to` on; NULL = not */
    struct uuid looked_to;
};

static const char last_sql[] = "SELECT number, hash FROM checkpoint WHERE node = $1::uuid"
                               " ORDER BY number DESC LIMIT 1";
static const char heads_sql[] =
    "SELECT k.stream_id, e.version, e.hash FROM"
    " (SELECT stream_id FROM stream_key WHERE stream_id > $1::uuid AND of_stream IS NULL"
    "  ORDER BY stream_id"
    "  LIMIT $2::int) k"
    " CROSS JOIN LATERAL (SELECT version, hash FROM event WHERE stream_id = k.stream_id"
    "  ORDER BY version DESC LIMIT 1) e ORDER BY k.stream_id";
/* The logs of other lives, whose last rows nobody told us of: writer by writer, each found in the
 * primary key (there is no table of them). */
static const char logs_sql[] =
    "WITH RECURSIVE w AS ((SELECT writer FROM access_log WHERE writer > $1::uuid"
    "  ORDER BY writer LIMIT 1) UNION ALL SELECT (SELECT writer FROM access_log"
    "  WHERE writer > w.writer ORDER BY writer LIMIT 1) FROM w WHERE w.writer IS NOT NULL)"
    " SELECT w.writer, l.number, l.hash FROM w CROSS JOIN LATERAL (SELECT number, hash"
    "  FROM access_log WHERE writer = w.writer ORDER BY number DESC LIMIT 1) l LIMIT $2::int";
/* A second try after an unknown outcome meets its own row. */
static const char insert_sql[] =
    "INSERT INTO checkpoint (tenant_id, node, number, at, heads, hash, signature)"
    " VALUES ($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::bytea, $6::bytea, $7::bytea)"
    " ON CONFLICT DO NOTHING";

static void go_on(struct checkpoints *checkpoints);

static void on_timer(uv_timer_t *timer) {
    go_on(timer->data);
}

static void wait_ms(struct checkpoints *checkpoints, uint64_t milliseconds) {
    uv_timer_start(&checkpoints->timer, on_timer, milliseconds, 0);
}

/* Which chains moved */

void checkpoints_moved(struct checkpoints *checkpoints, struct uuid stream, uint64_t version,
                       const uint8_t hash[DATABASE_HASH_BYTES]) {
    const uint64_t *place = uuid_table_find(&checkpoints->moved, stream);
    if (place == NULL) {
        if (checkpoints->head_count == checkpoints->head_space) {
            size_t space = checkpoints->head_space == 0 ? 256 : 2 * checkpoints->head_space;
            checkpoints->heads = realloc(checkpoints->heads, space * sizeof *checkpoints->heads);
            assert(checkpoints->heads != NULL);
            checkpoints->head_space = space;
        }
        uuid_table_set(&checkpoints->moved, stream, checkpoints->head_count);
        checkpoints->head_count++;
        place = uuid_table_find(&checkpoints->moved, stream);
        checkpoints->heads[*place].version = 0;
    }
    struct chain_head *head = &checkpoints->heads[*place];
    if (version >= head->version) {
        head->stream = stream;
        head->version = version;
        memcpy(head->hash, hash, sizeof head->hash);
    }
}

void checkpoints_look_again(struct checkpoints *checkpoints) {
    checkpoints->looking = heads_sql;
    checkpoints->looked_to = (struct uuid){{0}};
    if (checkpoints->state == CHECKPOINTS_WAITING) {
        wait_ms(checkpoints, 0);
    }
}

/* Writing one */

static void finish(struct checkpoints *checkpoints);

static void take_heads(struct checkpoints *checkpoints, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct chain_head *head = &checkpoints->heads[--checkpoints->head_count];
        chain_head_write(head, checkpoints->next_heads + i * CHECKPOINT_HEAD_BYTES);
        uuid_table_remove(&checkpoints->moved, head->stream);
    }
}

static void make_next(struct checkpoints *checkpoints) {
    size_t count = checkpoints->head_count < CHECKPOINT_HEADS_MAX ? checkpoints->head_count
                                                                  : CHECKPOINT_HEADS_MAX;
    take_heads(checkpoints, count);
    checkpoints->next = (struct checkpoint){
        .node = checkpoints->config.node,
        .number = checkpoints->number + 1,
        .at = checkpoints->config.clock->now(checkpoints->config.clock),
        .heads = {(uint32_t)(count * CHECKPOINT_HEAD_BYTES), checkpoints->next_heads},
    };
    checkpoint_hash(&checkpoints->next, checkpoints->hash, checkpoints->next.hash);
    checkpoint_sign(checkpoints->key, &checkpoints->next);
    checkpoints->due_at_ms = uv_now(checkpoints->config.loop) + CHECKPOINT_EVERY_MS;
}

static void write_hex(char *ret, const uint8_t *bytes, size_t length) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret[2 * length] = 0;
}

static int write_line(const struct checkpoint *checkpoint, char ret[CHECKPOINT_LINE_MAX + 1]) {
    char node[UUID_TEXT_LENGTH + 1] = {0}, hash[2 * DATABASE_HASH_BYTES + 1];
    char signature[2 * CHECKPOINT_SIGNATURE_BYTES + 1];
    uuid_to_text(checkpoint->node, node);
    write_hex(hash, checkpoint->hash, sizeof checkpoint->hash);
    write_hex(signature, checkpoint->signature, sizeof checkpoint->signature);
    return snprintf(ret, CHECKPOINT_LINE_MAX + 1, "%s %" PRIu64 " %" PRId64 " %s %s\n", node,
                    checkpoint->number, checkpoint->at, hash, signature);
}

static void on_told(uv_fs_t *file) {
    struct checkpoints *checkpoints = file->data;
    if (file->result < 0) {
        checkpoints->config.report(checkpoints->config.data,
                                   "a checkpoint could not be told outside the database: is the "
                                   "anchor's disk full?");
    }
    uv_fs_req_cleanup(file);
    checkpoints->state = CHECKPOINTS_WAITING;
    go_on(checkpoints);
}

static void on_line_written(uv_fs_t *file) {
    struct checkpoints *checkpoints = file->data;
    if (file->result < 0) {
        on_told(file);
        return;
    }
    uv_fs_req_cleanup(file);
    uv_fs_fdatasync(checkpoints->config.loop, file, checkpoints->anchor, on_told);
}

static void on_inserted(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct checkpoints *checkpoints = data;
    (void)rows;
    if (result != POSTGRES_OK) {
        if (checkpoints->stopped != NULL) {
            finish(checkpoints); /* the next start goes through all streams */
            return;
        }
        wait_ms(checkpoints, CHECKPOINT_RETRY_MS);
        return;
    }
    checkpoints->number = checkpoints->next.number;
    memcpy(checkpoints->hash, checkpoints->next.hash, sizeof checkpoints->hash);
    checkpoints->state = CHECKPOINTS_TELLING;
    int length = write_line(&checkpoints->next, checkpoints->line);
    uv_buf_t buffer = uv_buf_init(checkpoints->line, (unsigned)length);
    uv_fs_write(checkpoints->config.loop, &checkpoints->file, checkpoints->anchor, &buffer, 1, -1,
                on_line_written);
}

static void send_next(struct checkpoints *checkpoints) {
    const struct checkpoint *next = &checkpoints->next;
    struct binary_integer number = binary_integer((int64_t)next->number);
    struct binary_integer at = binary_integer(next->at);
    struct postgres_parameter parameters[] = {
        parameter_uuid(&checkpoints->config.tenant),
        parameter_uuid(&next->node),
        parameter_int8(&number),
        parameter_int8(&at),
        parameter_bytes(next->heads.bytes, next->heads.length),
        parameter_bytes(next->hash, sizeof next->hash),
        parameter_bytes(next->signature, sizeof next->signature),
    };
    checkpoints->state = CHECKPOINTS_WRITING;
    postgres_query(checkpoints->config.postgres, insert_sql, parameters,
                   sizeof parameters / sizeof parameters[0], on_inserted, checkpoints);
}

/* Looking through all streams, and for the last checkpoint */

static void on_page(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct checkpoints *checkpoints = data;
    checkpoints->state = CHECKPOINTS_WAITING;
    if (result != POSTGRES_OK) {
        wait_ms(checkpoints, CHECKPOINT_RETRY_MS);
        return;
    }
    int count = postgres_row_count(rows);
    for (int row = 0; row < count; row++) {
        uint8_t hash[DATABASE_HASH_BYTES];
        checkpoints->looked_to = value_uuid(postgres_value(rows, row, 0));
        if (value_fixed(postgres_value(rows, row, 2), hash, sizeof hash)) {
            checkpoints_moved(checkpoints, checkpoints->looked_to,
                              (uint64_t)value_integer(postgres_value(rows, row, 1)), hash);
        }
    }
    if (count == 0) {
        checkpoints->looking = checkpoints->looking == heads_sql ? logs_sql : NULL;
        checkpoints->looked_to = (struct uuid){{0}};
    }
    go_on(checkpoints);
}

static void look(struct checkpoints *checkpoints) {
    struct binary_integer limit = binary_integer(CHECKPOINT_HEADS_MAX);
    struct postgres_parameter parameters[] = {parameter_uuid(&checkpoints->looked_to),
                                              parameter_int4(&limit)};
    checkpoints->state = CHECKPOINTS_LOOKING;
    postgres_query(checkpoints->config.postgres, checkpoints->looking, parameters, 2, on_page,
                   checkpoints);
}

static void on_last(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct checkpoints *checkpoints = data;
    if (result == POSTGRES_OK) {
        if (postgres_row_count(rows) == 1) {
            checkpoints->number = (uint64_t)value_integer(postgres_value(rows, 0, 0));
            value_fixed(postgres_value(rows, 0, 1), checkpoints->hash, DATABASE_HASH_BYTES);
        }
        checkpoints->state = CHECKPOINTS_WAITING;
        go_on(checkpoints);
    } else if (checkpoints->stopped != NULL) {
        finish(checkpoints);
    } else {
        wait_ms(checkpoints, CHECKPOINT_RETRY_MS);
    }
}

static void find_last(struct checkpoints *checkpoints) {
    struct postgres_parameter node = parameter_uuid(&checkpoints->config.node);
    postgres_query(checkpoints->config.postgres, last_sql, &node, 1, on_last, checkpoints);
}

/* Called when something has ended or its time has come. */
static void go_on(struct checkpoints *checkpoints) {
    switch (checkpoints->state) {
    case CHECKPOINTS_FINDING:
        find_last(checkpoints); /* once more when it stops: a life may be shorter than a retry */
        return;
    case CHECKPOINTS_WRITING:
        send_next(checkpoints);
        return;
    case CHECKPOINTS_WAITING:
        break;
    default:
        return; /* its own end goes on */
    }
    bool full = checkpoints->head_count >= CHECKPOINT_HEADS_MAX;
    bool stops = checkpoints->stopped != NULL;
    uint64_t now = uv_now(checkpoints->config.loop);
    bool due = now >= checkpoints->due_at_ms || full || stops;
    checkpoints->looking = stops ? NULL : checkpoints->looking;
    if (checkpoints->looking != NULL && !full) {
        look(checkpoints);
    } else if (checkpoints->head_count > 0 && due) {
        make_next(checkpoints);
        send_next(checkpoints);
    } else if (stops) {
        finish(checkpoints);
    } else {
        wait_ms(checkpoints, due ? CHECKPOINT_EVERY_MS : checkpoints->due_at_ms - now);
    }
}

/* Its life */

struct checkpoints *checkpoints_start(const struct checkpoints_config *config,
                                      const char **ret_message) {
    struct checkpoint_key *key = checkpoint_key_open(config->key_path, true, ret_message);
    if (key == NULL) {
        return NULL;
    }
    int anchor = open(config->anchor_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (anchor < 0) {
        *ret_message = "the file that checkpoints are told to cannot be written";
        checkpoint_key_close(key);
        return NULL;
    }
    struct checkpoints *checkpoints = calloc(1, sizeof *checkpoints);
    assert(checkpoints != NULL);
    checkpoints->config = *config;
    checkpoints->key = key;
    checkpoints->anchor = anchor;
    checkpoints->looking = heads_sql;
    checkpoints->file.data = checkpoints;
    uint64_t seed;
    config->clock->random(config->clock, &seed, sizeof seed);
    uuid_table_init(&checkpoints->moved, seed);
    uv_timer_init(config->loop, &checkpoints->timer);
    checkpoints->timer.data = checkpoints;
    find_last(checkpoints);
    return checkpoints;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct checkpoints *checkpoints = handle->data;
    void (*stopped)(void *data) = checkpoints->stopped;
    void *data = checkpoints->stopped_data;
    close(checkpoints->anchor);
    checkpoint_key_close(checkpoints->key);
    uuid_table_finish(&checkpoints->moved);
    free(checkpoints->heads);
    free(checkpoints);
    stopped(data);
}

static void finish(struct checkpoints *checkpoints) {
    uv_close((uv_handle_t *)&checkpoints->timer, on_timer_closed);
}

void checkpoints_stop(struct checkpoints *checkpoints, void (*stopped)(void *data), void *data) {
    checkpoints->stopped = stopped;
    checkpoints->stopped_data = data;
    if (checkpoints->state == CHECKPOINTS_WAITING ||
        uv_is_active((uv_handle_t *)&checkpoints->timer)) {
        uv_timer_stop(&checkpoints->timer);
        go_on(checkpoints);
    }
}
