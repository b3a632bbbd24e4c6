#include "server/audit/record_verify.h"

#include "protocol/generated/patient_case.h"
#include "server/audit/checkpoints.h"
#include "server/audit/record_copy.h"
#include "server/audit/restoration.h"
#include "server/erasure/erasure_list.h"
#include "server/store/topic.h"
#include "server/uuid_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 512, ANCHORS_MAX = 8 * 1024 * 1024 };

/* One line of the anchor. */
struct anchor {
    struct uuid node;
    uint64_t number;
    int64_t at;
    uint8_t hash[DATABASE_HASH_BYTES];
};

struct verification {
    const struct record_verify_config *config;
    struct record_verdict *verdict;
    struct checkpoint_key *key;
    struct chain_check chain;
    struct anchor *anchors; /* in the order of node and number */
    size_t anchor_count;
    struct restoration *restorations; /* signed ones, in their order */
    size_t restoration_count;
};

static void say(struct verification *verification, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct verification *verification, const char *format, ...) {
    char words[WORDS_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    verification->verdict->findings++;
    verification->config->found(verification->config->data, words);
}

static void note(struct verification *verification, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct verification *verification, const char *format, ...) {
    char words[WORDS_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    verification->config->noted(verification->config->data, words);
}

/* Restorations */

static void write_moment(int64_t moment, char ret[32]) {
    time_t seconds = (time_t)(moment / 1000000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    strftime(ret, 32, "%Y-%m-%d %H:%M:%S UTC", &utc);
}

static bool is_explained(const struct verification *verification, const struct anchor *anchor) {
    for (size_t i = 0; i < verification->restoration_count; i++) {
        if (restoration_explains(&verification->restorations[i], anchor->at)) {
            return true;
        }
    }
    return false;
}

/* One that nobody signed explains nothing. */
static bool check_restorations(struct verification *verification, PGconn *connection) {
    struct restoration *rows = calloc(RESTORATIONS_MAX, sizeof *rows);
    size_t count = 0, kept = 0;
    verification->restorations = rows;
    if (rows == NULL || !restorations_read(connection, rows, &count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char at[32], to[32];
        write_moment(rows[i].at, at);
        write_moment(rows[i].restored_to, to);
        if (rows[i].number != i + 1 || !restoration_holds(verification->key, &rows[i])) {
            say(verification,
                "the statement that the record was restored on %s has another signature", at);
            continue;
        }
        note(verification,
             "the record was restored on %s by %s: whatever was recorded after %s until then is "
             "not in it",
             at, rows[i].operator, to);
        rows[kept++] = rows[i];
    }
    verification->restoration_count = kept;
    return true;
}

/* The lines that were told outside the database */

static bool read_hex(const char *text, uint8_t *ret, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
            return false;
        }
        ret[i] = (uint8_t)byte;
    }
    return true;
}

static bool read_anchor(const char *line, struct anchor *ret) {
    char node[UUID_TEXT_LENGTH + 1], hash[2 * DATABASE_HASH_BYTES + 1];
    return sscanf(line, "%36s %" SCNu64 " %" SCNd64 " %64[0-9a-f]", node, &ret->number, &ret->at,
                  hash) == 4 &&
           uuid_of_text((struct text){(uint32_t)strlen(node), node}, &ret->node) &&
           strlen(hash) == 2 * DATABASE_HASH_BYTES &&
           read_hex(hash, ret->hash, DATABASE_HASH_BYTES);
}

static int compare_anchors(const void *left, const void *right) {
    const struct anchor *a = left, *b = right;
    int by_node = memcmp(a->node.bytes, b->node.bytes, sizeof a->node.bytes);
    return by_node != 0 ? by_node : (a->number > b->number) - (a->number < b->number);
}

static bool read_anchors(struct verification *verification, const char **ret_message) {
    FILE *file = fopen(verification->config->anchor_path, "r");
    if (file == NULL) {
        *ret_message =
            "the file that checkpoints were told to cannot be read: name it with --anchor";
        return false;
    }
    char line[CHECKPOINT_LINE_MAX + 2];
    size_t space = 0;
    uint64_t number = 0;
    while (fgets(line, sizeof line, file) != NULL && verification->anchor_count < ANCHORS_MAX) {
        number++;
        if (verification->anchor_count == space) {
            space = space == 0 ? 1024 : 2 * space;
            verification->anchors = realloc(verification->anchors, space * sizeof(struct anchor));
            if (verification->anchors == NULL) {
                abort();
            }
        }
        struct anchor *anchor = &verification->anchors[verification->anchor_count];
        if (read_anchor(line, anchor)) {
            verification->anchor_count++;
        } else {
            say(verification, "line %" PRIu64 " of the anchor is none", number);
        }
    }
    fclose(file);
    if (verification->anchor_count > 0) { /* none is no array */
        qsort(verification->anchors, verification->anchor_count, sizeof(struct anchor),
              compare_anchors);
    }
    return true;
}

/* Who cuts checkpoints off and lets the server go on makes it give their numbers again, and of both
 * lines one would always fit. */
static void check_told_twice(struct verification *verification) {
    for (size_t i = 1; i < verification->anchor_count; i++) {
        const struct anchor *one = &verification->anchors[i - 1];
        const struct anchor *other = &verification->anchors[i];
        if (compare_anchors(one, other) != 0 ||
            memcmp(one->hash, other->hash, sizeof one->hash) == 0 ||
            is_explained(verification, one) || is_explained(verification, other)) {
            continue;
        }
        char node[UUID_TEXT_LENGTH + 1] = {0};
        uuid_to_text(one->node, node);
        say(verification,
            "checkpoint %" PRIu64 " of node %s was told outside twice, differently: the first one "
            "was taken away",
            one->number, node);
    }
}

static const struct anchor *anchor_of(const struct verification *verification,
                                      const struct checkpoint *checkpoint) {
    struct anchor wanted = {.node = checkpoint->node, .number = checkpoint->number};
    return verification->anchor_count == 0
               ? NULL
               : bsearch(&wanted, verification->anchors, verification->anchor_count,
                         sizeof(struct anchor), compare_anchors);
}

/* Checkpoints */

static void check_checkpoint(struct verification *verification, const struct checkpoint *checkpoint,
                             const uint8_t before[DATABASE_HASH_BYTES]) {
    char node[UUID_TEXT_LENGTH + 1] = {0};
    uint8_t hash[DATABASE_HASH_BYTES];
    uuid_to_text(checkpoint->node, node);
    checkpoint_hash(checkpoint, before, hash);
    const struct anchor *anchor = anchor_of(verification, checkpoint);
    if (memcmp(hash, checkpoint->hash, sizeof hash) != 0) {
        say(verification,
            "checkpoint %" PRIu64 " of node %s does not follow from the one before it",
            checkpoint->number, node);
    } else if (!checkpoint_is_signed(verification->key, checkpoint)) {
        say(verification, "checkpoint %" PRIu64 " of node %s has another signature",
            checkpoint->number, node);
    } else if (anchor != NULL && memcmp(anchor->hash, hash, sizeof hash) != 0) {
        say(verification, "checkpoint %" PRIu64 " of node %s is another one than was told outside",
            checkpoint->number, node);
    } else {
        for (size_t at = 0; at + CHECKPOINT_HEAD_BYTES <= checkpoint->heads.length;
             at += CHECKPOINT_HEAD_BYTES) {
            struct chain_head head = chain_head_read(checkpoint->heads.bytes + at);
            chain_check_expect(&verification->chain, &head);
        }
    }
}

static uint64_t integer_of(const PGresult *row, int column) {
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(row, 0, column);
    uint64_t value = 0;
    for (int i = 0; i < PQgetlength(row, 0, column); i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static bool take_checkpoint(const PGresult *row, struct checkpoint *ret) {
    if (PQgetlength(row, 0, 0) != 16 || PQgetlength(row, 0, 4) != DATABASE_HASH_BYTES ||
        PQgetlength(row, 0, 5) != CHECKPOINT_SIGNATURE_BYTES) {
        return false;
    }
    memcpy(ret->node.bytes, PQgetvalue(row, 0, 0), 16);
    ret->number = integer_of(row, 1);
    ret->at = (int64_t)integer_of(row, 2);
    ret->heads =
        (struct bytes){(uint32_t)PQgetlength(row, 0, 3), (const uint8_t *)PQgetvalue(row, 0, 3)};
    memcpy(ret->hash, PQgetvalue(row, 0, 4), DATABASE_HASH_BYTES);
    memcpy(ret->signature, PQgetvalue(row, 0, 5), CHECKPOINT_SIGNATURE_BYTES);
    return true;
}

/* The last one that is there of a node, and whether it is the last that was told. */
/* Told outside and not in the record: cut off, unless a restoration says why. */
static void check_last(struct verification *verification, struct uuid node, uint64_t last) {
    const struct anchor *told = NULL, *lost = NULL, *first = NULL;
    for (size_t i = 0; i < verification->anchor_count; i++) {
        const struct anchor *anchor = &verification->anchors[i];
        if (!uuid_equal(anchor->node, node) || anchor->number <= last) {
            continue;
        }
        if (is_explained(verification, anchor)) {
            first = first == NULL ? anchor : first;
            lost = anchor;
        } else {
            told = anchor;
        }
    }
    char text[UUID_TEXT_LENGTH + 1] = {0};
    uuid_to_text(node, text);
    if (lost != NULL) {
        note(verification,
             "checkpoints %" PRIu64 " to %" PRIu64 " of node %s were told outside and are missing: "
             "they lie in the time that the restoration says is missing",
             first->number, lost->number, text);
    }
    if (told != NULL) {
        say(verification, "checkpoint %" PRIu64 " of node %s was told outside and is missing",
            told->number, text);
    }
}

static void check_absent_nodes(struct verification *verification, const struct uuid_table *nodes) {
    struct uuid last = {{0}};
    for (size_t i = 0; i < verification->anchor_count; i++) {
        struct uuid node = verification->anchors[i].node;
        if (!uuid_equal(node, last) && uuid_table_find(nodes, node) == NULL) {
            check_last(verification, node, 0);
        }
        last = node;
    }
}

static const char checkpoints_sql[] = "SELECT node, number, at, heads, hash, signature"
                                      " FROM checkpoint ORDER BY node, number";

static bool check_checkpoints(struct verification *verification, PGconn *connection) {
    struct uuid node = {{0}};
    struct uuid_table nodes;
    uint64_t number = 0;
    uint8_t hash[DATABASE_HASH_BYTES] = {0};
    bool whole =
        PQsendQueryParams(connection, checkpoints_sql, 0, NULL, NULL, NULL, NULL, 1) == 1 &&
        PQsetSingleRowMode(connection) == 1;
    uuid_table_init(&nodes, 1);
    for (PGresult *row; (row = PQgetResult(connection)) != NULL; PQclear(row)) {
        struct checkpoint checkpoint;
        if (PQresultStatus(row) == PGRES_TUPLES_OK) {
            continue;
        }
        if (PQresultStatus(row) != PGRES_SINGLE_TUPLE || !take_checkpoint(row, &checkpoint)) {
            whole = false;
            continue;
        }
        if (!uuid_equal(checkpoint.node, node)) {
            check_last(verification, node, number);
            node = checkpoint.node;
            uuid_table_set(&nodes, node, 1);
            number = 0;
            memset(hash, 0, sizeof hash);
        }
        if (checkpoint.number != number + 1) {
            char text[UUID_TEXT_LENGTH + 1] = {0};
            uuid_to_text(node, text);
            say(verification, "checkpoint %" PRIu64 " of node %s is missing", checkpoint.number - 1,
                text);
        } else {
            check_checkpoint(verification, &checkpoint, hash);
        }
        number = checkpoint.number;
        memcpy(hash, checkpoint.hash, sizeof hash);
        verification->verdict->checkpoints++;
    }
    check_last(verification, node, number);
    check_absent_nodes(verification, &nodes);
    uuid_table_finish(&nodes);
    return whole;
}

/* Erasures */

/* A stream's own last word, or the list outside of the database when it was restored to before. */
static bool was_ordered(const PGresult *rows, int row, const struct erasure_list *list) {
    struct uuid id;
    return PQgetvalue(rows, row, 1)[0] == 't' ||
           (uuid_of_text((struct text){UUID_TEXT_LENGTH, PQgetvalue(rows, row, 0)}, &id) &&
            erasure_list_find(list, id) != NULL);
}

/* What others said of an erased case has lost its keys with it; a key that is missing otherwise was
 * taken away. A row says by its number what it is about (server/store/topic.h). */
static bool check_topics(struct verification *verification, PGconn *connection,
                         const struct erasure_list *list) {
    PGresult *rows = PQexec(
        connection,
        "SELECT DISTINCT e.key_id::text, e.stream_id::text FROM event e WHERE e.key_id <> 1 AND NOT"
        " EXISTS (SELECT FROM stream_key k WHERE k.of_stream = e.stream_id AND k.key_id ="
        " e.key_id)");
    PGresult *erased = PQexec(connection, "SELECT stream_id::text FROM erasure");
    bool read =
        PQresultStatus(rows) == PGRES_TUPLES_OK && PQresultStatus(erased) == PGRES_TUPLES_OK;
    for (int row = 0; read && row < PQntuples(rows); row++) {
        uint64_t number = strtoull(PQgetvalue(rows, row, 0), NULL, 10);
        bool known = false;
        for (int i = 0; i < PQntuples(erased) && !known; i++) {
            struct uuid id;
            known = uuid_of_text((struct text){UUID_TEXT_LENGTH, PQgetvalue(erased, i, 0)}, &id) &&
                    topic_number(id) == number;
        }
        for (size_t i = 0; i < list->count && !known; i++) {
            known = topic_number(list->entries[i].patient_case) == number;
        }
        if (!known) {
            say(verification, "stream %s lacks a key of what it says of something not erased",
                PQgetvalue(rows, row, 1));
        }
    }
    PQclear(rows);
    PQclear(erased);
    return read;
}

/* A tombstone that nobody ordered would pass off a stream whose key was taken away as erased. */
static bool check_erasures(struct verification *verification, PGconn *connection) {
    struct erasure_list list = {0};
    char order[8];
    const char *parameters[] = {order};
    snprintf(order, sizeof order, "%d", PATIENT_CASE_ERASURE_ORDERED);
    const char *folder = verification->config->data_folder;
    if (folder != NULL && !erasure_list_read(&list, folder)) {
        say(verification, "%s/" ERASURE_LIST_NAME " cannot be read", folder);
    }
    PGresult *rows = PQexecParams(
        connection,
        "SELECT stream_id::text, EXISTS (SELECT FROM event e WHERE e.stream_id = x.stream_id AND"
        " e.type = $1::smallint) FROM erasure x",
        1, NULL, parameters, NULL, NULL, 0);
    bool read = PQresultStatus(rows) == PGRES_TUPLES_OK;
    for (int row = 0; read && row < PQntuples(rows); row++) {
        if (!was_ordered(rows, row, &list)) {
            say(verification, "stream %s bears the sign of an erasure that nobody ordered",
                PQgetvalue(rows, row, 0));
        }
    }
    PQclear(rows);
    read = read && check_topics(verification, connection, &list);
    erasure_list_finish(&list);
    return read;
}

/* Rows */

static void on_finding(void *data, const struct finding *finding) {
    say(data, "%s", finding_words(finding));
}

static void on_event(void *data, const struct event_row *row, int kind) {
    struct verification *verification = data;
    struct seal_header header = seal_event_header(row, (uint8_t)kind);
    struct chain_row chained = {.stream = row->stream,
                                .version = row->version,
                                .at = row->at,
                                .header = kind < 0 ? NULL : &header,
                                .payload = row->payload,
                                .hash = row->hash};
    chain_check_row(&verification->chain, &chained);
}

static void on_access(void *data, const struct access_row *row) {
    struct verification *verification = data;
    struct seal_header header = access_row_header(row);
    struct chain_row chained = {.stream = row->writer,
                                .version = row->number,
                                .at = row->at,
                                .header = &header,
                                .payload = access_row_payload(row),
                                .hash = row->hash};
    verification->verdict->accesses++;
    chain_check_row(&verification->chain, &chained);
}

static bool command(PGconn *connection, const char *sql) {
    PGresult *result = PQexec(connection, sql);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return done;
}

static bool verify_all(struct verification *verification, PGconn *connection) {
    bool done = command(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") &&
                check_restorations(verification, connection);
    if (done) {
        check_told_twice(verification);
    }
    done = done && check_checkpoints(verification, connection) &&
           check_erasures(verification, connection) &&
           record_copy(connection, on_event, verification) &&
           access_copy(connection, on_access, verification);
    if (done) {
        chain_check_end(&verification->chain);
    }
    return command(connection, "COMMIT") && done;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool record_verify(PGconn *connection, const struct record_verify_config *config,
                   struct record_verdict *ret, const char **ret_message) {
    struct verification verification = {.config = config, .verdict = ret};
    *ret = (struct record_verdict){0};
    verification.key = checkpoint_key_open(config->key_path, false, ret_message);
    if (verification.key == NULL) {
        return false;
    }
    chain_check_init(&verification.chain, on_finding, &verification);
    double begin = seconds_now();
    bool done = read_anchors(&verification, ret_message);
    if (done && !verify_all(&verification, connection)) {
        *ret_message = PQerrorMessage(connection);
        done = false;
    }
    ret->seconds = seconds_now() - begin;
    ret->rows = verification.chain.rows - ret->accesses;
    ret->streams = verification.chain.streams;
    chain_check_finish(&verification.chain);
    checkpoint_key_close(verification.key);
    free(verification.anchors);
    free(verification.restorations);
    return done;
}
