#include "server/identity/sign_ins.h"

#include "server/store/postgres_binary.h"

#include <stdlib.h>

enum { PLACES = 1 << 14 };

/* A token that was another one's predecessor. */
struct earlier {
    struct token_hash hash;
    uint64_t number;
    int64_t until;
};

struct sign_ins {
    struct postgres *postgres;
    struct host_clock *clock;
    struct sign_in *by_hash[PLACES];
    struct sign_in *by_number[PLACES];
    uint32_t count;
    struct earlier earlier[SIGN_INS_EARLIER_MAX]; /* a ring */
    uint32_t earlier_next;
    uint64_t changes; /* tokens that died: what was read meanwhile is read again */
};

/* A question to the database. */
struct question {
    struct sign_ins *sign_ins;
    struct sign_in sign_in;
    uint64_t changes; /* when it was asked */
    bool keep_earlier;
    sign_in_found found;
    void (*over)(void *data, uint64_t number);
    void (*each)(void *data, const struct sign_in *sign_in);
    void *data;
};

#define COLUMNS                                                                                    \
    "number, token_hash, user_id, kind, enrolling, made_at, used_at, address, browser, system, "   \
    "board, signs_until"
static const char insert_sql[] =
    "INSERT INTO sign_in (" COLUMNS ") VALUES ($1::bigint, $2::bytea, $3::uuid, $4::smallint, "
    "$5::boolean, $6::bigint, $6::bigint, $7::bytea, $8::smallint, $9::smallint, $10::uuid, "
    "$11::bigint)";
static const char select_sql[] = "SELECT " COLUMNS " FROM sign_in WHERE token_hash = $1::bytea";
static const char list_sql[] =
    "SELECT " COLUMNS " FROM sign_in WHERE user_id = $1::uuid ORDER BY made_at DESC LIMIT 100";
static const char touch_sql[] = "UPDATE sign_in SET used_at = $2::bigint WHERE number = $1::bigint";
static const char change_sql[] =
    "UPDATE sign_in SET token_hash = $2::bytea, enrolling = $3::boolean, board = $4::uuid, "
    "signs_until = $5::bigint, used_at = $6::bigint WHERE number = $1::bigint RETURNING number";
static const char delete_sql[] =
    "DELETE FROM sign_in WHERE number = $1::bigint AND user_id = $2::uuid RETURNING number";
static const char delete_others_sql[] =
    "DELETE FROM sign_in WHERE number <> $1::bigint AND user_id = $2::uuid RETURNING number";
static const char delete_old_sql[] = "DELETE FROM sign_in WHERE kind = $1::smallint AND "
                                     "(used_at < $2::bigint OR made_at < $3::bigint)";

struct sign_ins *sign_ins_create(struct postgres *postgres, struct host_clock *clock) {
    struct sign_ins *sign_ins = calloc(1, sizeof(*sign_ins));
    if (sign_ins != NULL) {
        sign_ins->postgres = postgres;
        sign_ins->clock = clock;
    }
    return sign_ins;
}

static int64_t now_of(struct sign_ins *sign_ins) {
    return sign_ins->clock->now(sign_ins->clock);
}

/* What is in memory */

static uint32_t place_of_hash(const struct token_hash *hash) {
    return ((uint32_t)hash->bytes[0] << 8 | hash->bytes[1]) % PLACES;
}

static bool same_hash(const struct token_hash *a, const struct token_hash *b) {
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static struct sign_in *find_number(const struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in *each = sign_ins->by_number[number % PLACES];
    while (each != NULL && each->number != number) {
        each = each->next_number;
    }
    return each;
}

static struct sign_in *find_hash(struct sign_ins *sign_ins, const struct token_hash *hash) {
    struct sign_in *each = sign_ins->by_hash[place_of_hash(hash)];
    while (each != NULL && !same_hash(&each->hash, hash)) {
        each = each->next_hash;
    }
    if (each != NULL) {
        return each;
    }
    int64_t now = now_of(sign_ins);
    for (uint32_t i = 0; i < SIGN_INS_EARLIER_MAX; i++) {
        const struct earlier *earlier = &sign_ins->earlier[i];
        if (earlier->until > now && same_hash(&earlier->hash, hash)) {
            return find_number(sign_ins, earlier->number);
        }
    }
    return NULL;
}

static void link_hash(struct sign_ins *sign_ins, struct sign_in *sign_in) {
    struct sign_in **place = &sign_ins->by_hash[place_of_hash(&sign_in->hash)];
    sign_in->next_hash = *place;
    *place = sign_in;
}

static void unlink_hash(struct sign_ins *sign_ins, struct sign_in *sign_in) {
    struct sign_in **at = &sign_ins->by_hash[place_of_hash(&sign_in->hash)];
    while (*at != sign_in) {
        at = &(*at)->next_hash;
    }
    *at = sign_in->next_hash;
}

/* Without space or memory it works from the database each time. */
static const struct sign_in *remember(struct sign_ins *sign_ins, const struct sign_in *sign_in) {
    struct sign_in *known = find_number(sign_ins, sign_in->number);
    if (known != NULL) {
        return known;
    }
    struct sign_in *kept = sign_ins->count < SIGN_INS_MAX ? malloc(sizeof(*kept)) : NULL;
    if (kept == NULL) {
        return sign_in;
    }
    *kept = *sign_in;
    struct sign_in **place = &sign_ins->by_number[kept->number % PLACES];
    kept->next_number = *place;
    *place = kept;
    link_hash(sign_ins, kept);
    sign_ins->count++;
    return kept;
}

static void forget(struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in **at = &sign_ins->by_number[number % PLACES];
    while (*at != NULL && (*at)->number != number) {
        at = &(*at)->next_number;
    }
    if (*at != NULL) {
        struct sign_in *gone = *at;
        *at = gone->next_number;
        unlink_hash(sign_ins, gone);
        free(gone);
        sign_ins->count--;
    }
}

void sign_ins_destroy(struct sign_ins *sign_ins) {
    if (sign_ins == NULL) {
        return;
    }
    for (unsigned place = 0; place < PLACES; place++) {
        while (sign_ins->by_number[place] != NULL) {
            forget(sign_ins, sign_ins->by_number[place]->number);
        }
    }
    free(sign_ins);
}

const struct sign_in *sign_ins_by_number(const struct sign_ins *sign_ins, uint64_t number) {
    return find_number(sign_ins, number);
}

/* What is in the database */

static struct question *ask(struct sign_ins *sign_ins, sign_in_found found, void *data) {
    struct question *question = calloc(1, sizeof(*question));
    if (question == NULL) {
        found(data, SIGN_IN_AWAY, NULL);
        return NULL;
    }
    question->sign_ins = sign_ins;
    question->found = found;
    question->data = data;
    return question;
}

static void answer(struct question *question, enum sign_in_answer answer,
                   const struct sign_in *sign_in) {
    question->found(question->data, answer, sign_in);
    free(question);
}

static struct postgres_parameter hash_parameter(const struct token_hash *hash) {
    return parameter_bytes(hash->bytes, sizeof(hash->bytes));
}

static bool read_row(const struct postgres_rows *rows, int row, struct sign_in *ret) {
    int64_t kind = value_integer(postgres_value(rows, row, 3));
    *ret = (struct sign_in){
        .number = (uint64_t)value_integer(postgres_value(rows, row, 0)),
        .user = value_uuid(postgres_value(rows, row, 2)),
        .enrolling = value_integer(postgres_value(rows, row, 4)) != 0,
        .made_at = value_integer(postgres_value(rows, row, 5)),
        .used_at = value_integer(postgres_value(rows, row, 6)),
        .browser = (enum browser_family)value_integer(postgres_value(rows, row, 8)),
        .system = (enum system_family)value_integer(postgres_value(rows, row, 9)),
        .board = value_uuid(postgres_value(rows, row, 10)),
        .signs_until = value_integer(postgres_value(rows, row, 11)),
    };
    ret->written_at = ret->token_at = ret->used_at;
    ret->kind = (enum sign_in_kind)kind;
    return kind >= 0 && kind < SIGN_IN_KINDS &&
           value_fixed(postgres_value(rows, row, 1), ret->hash.bytes, sizeof(ret->hash.bytes)) &&
           value_fixed(postgres_value(rows, row, 7), ret->address, sizeof(ret->address));
}

static void on_made(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)rows;
    struct question *question = data;
    bool made = result == POSTGRES_OK;
    answer(question, made ? SIGN_IN_VALID : SIGN_IN_AWAY,
           made ? remember(question->sign_ins, &question->sign_in) : NULL);
}

void sign_ins_make(struct sign_ins *sign_ins, const struct sign_in *fresh, sign_in_found done,
                   void *data) {
    struct question *question = ask(sign_ins, done, data);
    if (question == NULL) {
        return;
    }
    struct sign_in *made = &question->sign_in;
    int64_t now = now_of(sign_ins);
    *made = *fresh;
    made->made_at = made->used_at = made->written_at = made->token_at = now;
    struct binary_integer number = binary_integer((int64_t)made->number);
    struct binary_integer kind = binary_integer(made->kind);
    struct binary_integer time = binary_integer(now);
    struct binary_integer browser = binary_integer(made->browser);
    struct binary_integer system = binary_integer(made->system);
    struct binary_integer until = binary_integer(made->signs_until);
    struct postgres_parameter parameters[] = {
        parameter_int8(&number),
        hash_parameter(&made->hash),
        parameter_uuid(&made->user),
        parameter_int2(&kind),
        parameter_bool(&made->enrolling),
        parameter_int8(&time),
        parameter_bytes(made->address, sizeof(made->address)),
        parameter_int2(&browser),
        parameter_int2(&system),
        parameter_uuid(&made->board),
        parameter_int8(&until),
    };
    postgres_query(sign_ins->postgres, insert_sql, parameters,
                   sizeof(parameters) / sizeof(parameters[0]), on_made, question);
}

void sign_ins_proved(struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in *sign_in = find_number(sign_ins, number);
    if (sign_in != NULL) {
        sign_in->proved_until = now_of(sign_ins) + (int64_t)SIGN_IN_PROVED_S * 1000000;
    }
}

static void on_touched(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)data;
    (void)result; /* if it was not written, it will be at a later use */
    (void)rows;
}

void sign_ins_used(struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in *sign_in = find_number(sign_ins, number);
    int64_t now = now_of(sign_ins);
    if (sign_in == NULL || sign_in_is_over(sign_in, now)) {
        return; /* what is over does not come back */
    }
    sign_in->used_at = now;
    if (now - sign_in->written_at >= (int64_t)SIGN_IN_WRITE_S * 1000000) {
        sign_in->written_at = now;
        struct binary_integer which = binary_integer((int64_t)number);
        struct binary_integer time = binary_integer(now);
        struct postgres_parameter parameters[] = {parameter_int8(&which), parameter_int8(&time)};
        postgres_query(sign_ins->postgres, touch_sql, parameters, 2, on_touched, NULL);
    }
}

static void find_row(struct question *question);

static void on_found(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct question *question = data;
    struct sign_ins *sign_ins = question->sign_ins;
    if (result != POSTGRES_OK) {
        answer(question, SIGN_IN_AWAY, NULL);
        return;
    }
    if (question->changes != sign_ins->changes) {
        find_row(question); /* it may have been ended after this was read */
        return;
    }
    bool valid = postgres_row_count(rows) == 1 && read_row(rows, 0, &question->sign_in) &&
                 !sign_in_is_over(&question->sign_in, now_of(sign_ins));
    answer(question, valid ? SIGN_IN_VALID : SIGN_IN_UNKNOWN,
           valid ? remember(sign_ins, &question->sign_in) : NULL);
}

static void find_row(struct question *question) {
    struct sign_ins *sign_ins = question->sign_ins;
    struct postgres_parameter parameters[] = {hash_parameter(&question->sign_in.hash)};
    question->changes = sign_ins->changes;
    postgres_query(sign_ins->postgres, select_sql, parameters, 1, on_found, question);
}

void sign_ins_find(struct sign_ins *sign_ins, const struct token_hash *hash, sign_in_found done,
                   void *data) {
    struct sign_in *known = find_hash(sign_ins, hash);
    if (known != NULL) {
        bool valid = !sign_in_is_over(known, now_of(sign_ins));
        done(data, valid ? SIGN_IN_VALID : SIGN_IN_UNKNOWN, valid ? known : NULL);
        return;
    }
    struct question *question = ask(sign_ins, done, data);
    if (question != NULL) {
        question->sign_in.hash = *hash;
        find_row(question);
    }
}

static void keep_earlier(struct sign_ins *sign_ins, const struct sign_in *sign_in, int64_t now) {
    sign_ins->earlier[sign_ins->earlier_next++ % SIGN_INS_EARLIER_MAX] = (struct earlier){
        sign_in->hash, sign_in->number, now + (int64_t)SIGN_IN_EARLIER_S * 1000000};
}

static void on_changed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct question *question = data;
    struct sign_ins *sign_ins = question->sign_ins;
    const struct sign_in *changed = &question->sign_in;
    if (result != POSTGRES_OK) {
        answer(question, SIGN_IN_AWAY, NULL);
        return;
    }
    sign_ins->changes++;
    bool there = postgres_row_count(rows) == 1;
    struct sign_in *known = there ? find_number(sign_ins, changed->number) : NULL;
    if (known != NULL) {
        if (question->keep_earlier) {
            keep_earlier(sign_ins, known, now_of(sign_ins));
        }
        unlink_hash(sign_ins, known);
        known->hash = changed->hash;
        known->enrolling = changed->enrolling;
        known->board = changed->board;
        known->signs_until = changed->signs_until;
        known->used_at = known->written_at = known->token_at = changed->used_at;
        link_hash(sign_ins, known);
    }
    answer(question, there ? SIGN_IN_VALID : SIGN_IN_UNKNOWN, there ? changed : NULL);
}

void sign_ins_change(struct sign_ins *sign_ins, const struct sign_in *changed, bool keep,
                     sign_in_found done, void *data) {
    struct question *question = ask(sign_ins, done, data);
    if (question == NULL) {
        return;
    }
    question->sign_in = *changed;
    question->keep_earlier = keep;
    question->sign_in.used_at = now_of(sign_ins);
    struct binary_integer number = binary_integer((int64_t)changed->number);
    struct binary_integer until = binary_integer(changed->signs_until);
    struct binary_integer time = binary_integer(question->sign_in.used_at);
    struct postgres_parameter parameters[] = {
        parameter_int8(&number),
        hash_parameter(&changed->hash),
        parameter_bool(&changed->enrolling),
        parameter_uuid(&changed->board),
        parameter_int8(&until),
        parameter_int8(&time),
    };
    postgres_query(sign_ins->postgres, change_sql, parameters, 6, on_changed, question);
}

static void on_ended(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct question *question = data;
    if (result != POSTGRES_OK) {
        answer(question, SIGN_IN_AWAY, NULL);
        return;
    }
    question->sign_ins->changes++;
    int count = postgres_row_count(rows);
    for (int row = 0; row < count; row++) {
        uint64_t number = (uint64_t)value_integer(postgres_value(rows, row, 0));
        forget(question->sign_ins, number);
        if (question->over != NULL) {
            question->over(question->data, number);
        }
    }
    answer(question, count > 0 ? SIGN_IN_VALID : SIGN_IN_UNKNOWN, NULL);
}

static void end(struct sign_ins *sign_ins, const char *sql, uint64_t number, struct uuid user,
                struct question *question) {
    if (question != NULL) {
        struct binary_integer which = binary_integer((int64_t)number);
        struct postgres_parameter parameters[] = {parameter_int8(&which), parameter_uuid(&user)};
        postgres_query(sign_ins->postgres, sql, parameters, 2, on_ended, question);
    }
}

void sign_ins_end(struct sign_ins *sign_ins, uint64_t number, struct uuid user, sign_in_found done,
                  void *data) {
    end(sign_ins, delete_sql, number, user, ask(sign_ins, done, data));
}

void sign_ins_end_others(struct sign_ins *sign_ins, uint64_t number, struct uuid user,
                         void (*over)(void *data, uint64_t number), sign_in_found done,
                         void *data) {
    struct question *question = ask(sign_ins, done, data);
    if (question != NULL) {
        question->over = over;
    }
    end(sign_ins, delete_others_sql, number, user, question);
}

static void on_listed(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct question *question = data;
    int64_t now = now_of(question->sign_ins);
    if (result != POSTGRES_OK) {
        answer(question, SIGN_IN_AWAY, NULL);
        return;
    }
    int count = postgres_row_count(rows);
    for (int row = 0; row < count && row < SIGN_INS_LISTED_MAX; row++) {
        struct sign_in listed;
        if (!read_row(rows, row, &listed)) {
            continue;
        }
        const struct sign_in *known = find_number(question->sign_ins, listed.number);
        const struct sign_in *newest = known != NULL ? known : &listed;
        if (!sign_in_is_over(newest, now)) {
            question->each(question->data, newest);
        }
    }
    answer(question, SIGN_IN_VALID, NULL);
}

void sign_ins_list(struct sign_ins *sign_ins, struct uuid user,
                   void (*each)(void *data, const struct sign_in *sign_in), sign_in_found done,
                   void *data) {
    struct question *question = ask(sign_ins, done, data);
    if (question != NULL) {
        question->each = each;
        struct postgres_parameter parameters[] = {parameter_uuid(&user)};
        postgres_query(sign_ins->postgres, list_sql, parameters, 1, on_listed, question);
    }
}

static void delete_old(struct sign_ins *sign_ins, unsigned kind, int64_t now) {
    const struct sign_in_limits *limits = &sign_in_limits[kind];
    /* What was done since it was last written is not known there. */
    int64_t idle_s = (int64_t)limits->idle_s + SIGN_IN_WRITE_S;
    struct binary_integer which = binary_integer(kind);
    struct binary_integer idle = binary_integer(now - idle_s * 1000000);
    struct binary_integer absolute = binary_integer(now - (int64_t)limits->absolute_s * 1000000);
    struct postgres_parameter parameters[] = {parameter_int2(&which), parameter_int8(&idle),
                                              parameter_int8(&absolute)};
    postgres_query(sign_ins->postgres, delete_old_sql, parameters, 3, on_touched, NULL);
}

void sign_ins_sweep(struct sign_ins *sign_ins, void (*over)(void *data, uint64_t number),
                    void *data) {
    int64_t now = now_of(sign_ins);
    for (unsigned place = 0; place < PLACES; place++) {
        struct sign_in *next;
        for (struct sign_in *each = sign_ins->by_number[place]; each != NULL; each = next) {
            next = each->next_number;
            if (sign_in_is_over(each, now)) {
                uint64_t number = each->number;
                forget(sign_ins, number);
                over(data, number);
            }
        }
    }
    for (unsigned kind = 0; kind < SIGN_IN_KINDS; kind++) {
        delete_old(sign_ins, kind, now);
    }
}
