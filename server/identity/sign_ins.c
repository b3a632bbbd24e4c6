#include "server/identity/sign_ins.h"

#include "server/store/postgres_binary.h"

#include <stdlib.h>

enum { PLACES = 1 << 14 };

struct sign_ins {
    struct postgres *postgres;
    struct host_clock *clock;
    struct sign_in *places[PLACES];
    uint32_t count;
};

/* A question to the database. */
struct question {
    struct sign_ins *sign_ins;
    struct sign_in sign_in;
    sign_in_found found;
    void (*ended)(void *data, bool ended);
    void *data;
};

static const char insert_sql[] =
    "INSERT INTO sign_in (token_hash, user_id, made_at, used_at) VALUES ($1::bytea, $2::uuid, "
    "$3::bigint, $3::bigint)";
static const char select_sql[] =
    "SELECT user_id, made_at, used_at FROM sign_in WHERE token_hash = $1::bytea";
static const char touch_sql[] =
    "UPDATE sign_in SET used_at = $2::bigint WHERE token_hash = $1::bytea";
static const char delete_sql[] = "DELETE FROM sign_in WHERE token_hash = $1::bytea";
static const char delete_old_sql[] =
    "DELETE FROM sign_in WHERE used_at < $1::bigint OR made_at < $2::bigint";

struct sign_ins *sign_ins_create(struct postgres *postgres, struct host_clock *clock) {
    struct sign_ins *sign_ins = calloc(1, sizeof(*sign_ins));
    if (sign_ins != NULL) {
        sign_ins->postgres = postgres;
        sign_ins->clock = clock;
    }
    return sign_ins;
}

void sign_ins_destroy(struct sign_ins *sign_ins) {
    if (sign_ins == NULL) {
        return;
    }
    for (unsigned place = 0; place < PLACES; place++) {
        while (sign_ins->places[place] != NULL) {
            struct sign_in *next = sign_ins->places[place]->next;
            free(sign_ins->places[place]);
            sign_ins->places[place] = next;
        }
    }
    free(sign_ins);
}

static struct sign_in **place_of(struct sign_ins *sign_ins, uint64_t number) {
    return &sign_ins->places[number % PLACES];
}

static bool is_over(const struct sign_in *sign_in, int64_t now) {
    return now - sign_in->used_at > (int64_t)SIGN_IN_IDLE_S * 1000000 ||
           now - sign_in->made_at > (int64_t)SIGN_IN_ABSOLUTE_S * 1000000;
}

static struct sign_in *find(const struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in *each = sign_ins->places[number % PLACES];
    while (each != NULL && each->number != number) {
        each = each->next;
    }
    return each;
}

/* Without space or memory it works from the database each time. */
static const struct sign_in *remember(struct sign_ins *sign_ins, const struct sign_in *sign_in) {
    struct sign_in *known = find(sign_ins, sign_in->number);
    if (known != NULL) {
        return known;
    }
    struct sign_in *kept = sign_ins->count < SIGN_INS_MAX ? malloc(sizeof(*kept)) : NULL;
    if (kept == NULL) {
        return sign_in;
    }
    *kept = *sign_in;
    struct sign_in **place = place_of(sign_ins, kept->number);
    kept->next = *place;
    *place = kept;
    sign_ins->count++;
    return kept;
}

static void forget(struct sign_ins *sign_ins, uint64_t number) {
    struct sign_in **at = place_of(sign_ins, number);
    while (*at != NULL && (*at)->number != number) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        struct sign_in *gone = *at;
        *at = gone->next;
        free(gone);
        sign_ins->count--;
    }
}

static struct question *ask(struct sign_ins *sign_ins, const struct token_hash *hash, void *data) {
    struct question *question = calloc(1, sizeof(*question));
    if (question != NULL) {
        question->sign_ins = sign_ins;
        question->sign_in.hash = *hash;
        question->sign_in.number = token_number(hash);
        question->data = data;
    }
    return question;
}

static struct postgres_parameter hash_parameter(const struct token_hash *hash) {
    return parameter_bytes(hash->bytes, sizeof(hash->bytes));
}

static void on_made(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)rows;
    struct question *question = data;
    if (result == POSTGRES_OK) {
        question->found(question->data, SIGN_IN_VALID,
                        remember(question->sign_ins, &question->sign_in));
    } else {
        question->found(question->data, SIGN_IN_AWAY, NULL);
    }
    free(question);
}

void sign_ins_make(struct sign_ins *sign_ins, const struct token_hash *hash, struct uuid user,
                   sign_in_found done, void *data) {
    struct question *question = ask(sign_ins, hash, data);
    if (question == NULL) {
        done(data, SIGN_IN_AWAY, NULL);
        return;
    }
    int64_t now = sign_ins->clock->now(sign_ins->clock);
    question->found = done;
    question->sign_in.user = user;
    question->sign_in.made_at = question->sign_in.used_at = question->sign_in.written_at = now;
    struct binary_integer time = binary_integer(now);
    struct postgres_parameter parameters[] = {hash_parameter(hash), parameter_uuid(&user),
                                              parameter_int8(&time)};
    postgres_query(sign_ins->postgres, insert_sql, parameters, 3, on_made, question);
}

static void on_touched(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)data;
    (void)result; /* if it was not written, it will be at a later use */
    (void)rows;
}

static void touch(struct sign_ins *sign_ins, struct sign_in *sign_in, int64_t now) {
    sign_in->used_at = now;
    if (now - sign_in->written_at >= (int64_t)SIGN_IN_WRITE_S * 1000000) {
        sign_in->written_at = now;
        struct binary_integer time = binary_integer(now);
        struct postgres_parameter parameters[] = {hash_parameter(&sign_in->hash),
                                                  parameter_int8(&time)};
        postgres_query(sign_ins->postgres, touch_sql, parameters, 2, on_touched, NULL);
    }
}

static void on_found(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    struct question *question = data;
    struct sign_ins *sign_ins = question->sign_ins;
    if (result != POSTGRES_OK) {
        question->found(question->data, SIGN_IN_AWAY, NULL);
        free(question);
        return;
    }
    struct sign_in *sign_in = &question->sign_in;
    bool valid = postgres_row_count(rows) == 1;
    if (valid) {
        int64_t now = sign_ins->clock->now(sign_ins->clock);
        sign_in->user = value_uuid(postgres_value(rows, 0, 0));
        sign_in->made_at = value_integer(postgres_value(rows, 0, 1));
        sign_in->used_at = sign_in->written_at = value_integer(postgres_value(rows, 0, 2));
        valid = !is_over(sign_in, now);
        if (valid) {
            touch(sign_ins, sign_in, now);
        }
    }
    question->found(question->data, valid ? SIGN_IN_VALID : SIGN_IN_UNKNOWN,
                    valid ? remember(sign_ins, sign_in) : NULL);
    free(question);
}

void sign_ins_find(struct sign_ins *sign_ins, const struct token_hash *hash, sign_in_found done,
                   void *data) {
    int64_t now = sign_ins->clock->now(sign_ins->clock);
    struct sign_in *known = find(sign_ins, token_number(hash));
    if (known != NULL && memcmp(&known->hash, hash, sizeof(*hash)) == 0) {
        bool valid = !is_over(known, now);
        if (valid) {
            touch(sign_ins, known, now);
        }
        done(data, valid ? SIGN_IN_VALID : SIGN_IN_UNKNOWN, valid ? known : NULL);
        return;
    }
    struct question *question = ask(sign_ins, hash, data);
    if (question == NULL) {
        done(data, SIGN_IN_AWAY, NULL);
        return;
    }
    question->found = done;
    struct postgres_parameter parameters[] = {hash_parameter(hash)};
    postgres_query(sign_ins->postgres, select_sql, parameters, 1, on_found, question);
}

const struct sign_in *sign_ins_by_number(const struct sign_ins *sign_ins, uint64_t number) {
    return find(sign_ins, number);
}

static void on_ended(void *data, enum postgres_result result, const struct postgres_rows *rows) {
    (void)rows;
    struct question *question = data;
    if (result == POSTGRES_OK) {
        forget(question->sign_ins, question->sign_in.number);
    }
    question->ended(question->data, result == POSTGRES_OK);
    free(question);
}

void sign_ins_end(struct sign_ins *sign_ins, uint64_t number, void (*done)(void *data, bool ended),
                  void *data) {
    const struct sign_in *known = find(sign_ins, number);
    struct question *question = known != NULL ? ask(sign_ins, &known->hash, data) : NULL;
    if (question == NULL) {
        done(data, known == NULL);
        return;
    }
    question->ended = done;
    struct postgres_parameter parameters[] = {hash_parameter(&known->hash)};
    postgres_query(sign_ins->postgres, delete_sql, parameters, 1, on_ended, question);
}

void sign_ins_sweep(struct sign_ins *sign_ins, void (*over)(void *data, uint64_t number),
                    void *data) {
    int64_t now = sign_ins->clock->now(sign_ins->clock);
    for (unsigned place = 0; place < PLACES; place++) {
        struct sign_in *next;
        for (struct sign_in *each = sign_ins->places[place]; each != NULL; each = next) {
            next = each->next;
            if (is_over(each, now)) {
                uint64_t number = each->number;
                forget(sign_ins, number);
                over(data, number);
            }
        }
    }
    struct binary_integer idle = binary_integer(now - (int64_t)SIGN_IN_IDLE_S * 1000000);
    struct binary_integer absolute = binary_integer(now - (int64_t)SIGN_IN_ABSOLUTE_S * 1000000);
    struct postgres_parameter parameters[] = {parameter_int8(&idle), parameter_int8(&absolute)};
    postgres_query(sign_ins->postgres, delete_old_sql, parameters, 2, on_touched, NULL);
}
