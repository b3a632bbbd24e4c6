#include "tests/support/authors.h"

#include "protocol/generated/patient_case.h"

#include <assert.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SNAPSHOT_BYTES = 64 * 1024 * 1024,
    MESSAGE_BYTES = 64 * 1024,
    PAUSE_MS = 300, /* a session may post 3 a second */
    TURN_MS = 10,
    FRESH_LIMIT_MS = 20000,
    DATABASE_LIMIT_MS = 10000,
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct authors *authors_of(struct bot *bot) {
    return bot->bots->plan.data;
}

static unsigned case_of_index(const struct authors *authors, unsigned index) {
    return authors->first_case + index % authors->case_count;
}

static void hear(struct author *author, struct uuid message) {
    if (author->heard_count == author->heard_capacity) {
        author->heard_capacity = author->heard_capacity == 0 ? 256 : author->heard_capacity * 2;
        author->heard = realloc(author->heard, author->heard_capacity * sizeof *author->heard);
        assert(author->heard != NULL);
    }
    author->heard[author->heard_count++] = message;
}

static void hear_snapshot(struct author *author, const struct frame *frame) {
    struct arena arena;
    struct reader reader = reader_of(frame->fields);
    struct case_snapshot snapshot;
    arena_init(&arena, SNAPSHOT_BYTES);
    bool read = case_snapshot_read(&reader, &arena, &snapshot);
    assert(read);
    author->heard_count = 0;
    for (uint32_t i = 0; i < snapshot.messages.count; i++)
        hear(author, snapshot.messages.items[i].message);
    arena_finish(&arena);
}

static void on_message(struct bot *bot, const struct frame *frame) {
    struct author *author = &authors_of(bot)->list[bot->index];
    if (frame->tag == PATIENT_CASE_CASE_SNAPSHOT) {
        hear_snapshot(author, frame);
    } else if (frame->tag == PATIENT_CASE_MESSAGE_POSTED) {
        struct arena arena;
        struct reader reader = reader_of(frame->fields);
        struct message_posted posted;
        arena_init(&arena, MESSAGE_BYTES);
        bool read = message_posted_read(&reader, &arena, &posted);
        assert(read);
        hear(author, posted.message);
        arena_finish(&arena);
    }
}

static void on_answered(struct bot *bot, const struct frame *frame) {
    struct authors *authors = authors_of(bot);
    struct author *author = &authors->list[bot->index];
    if (frame->channel != BOT_CHANNEL || author->entry == UINT_MAX || frame->seq != author->seq)
        return;
    author->seq = 0;
    author->again_ms = now_ms() + PAUSE_MS;
    if (frame->tag != REPLY_ACCEPTED) {
        authors->refused++;
        return; /* the same entry again */
    }
    authors->entries[author->entry].accepted = true;
    authors->accepted++;
    author->entry = UINT_MAX;
}

static struct uuid case_of(const struct bots *bots, unsigned index) {
    return staff_case_id(case_of_index(bots->plan.data, index));
}

static unsigned person_of(const struct bots *bots, unsigned index) {
    const struct authors *authors = bots->plan.data;
    return index / authors->case_count % bots->plan.staff->count;
}

bool authors_init(struct authors *authors, const struct staff *staff, unsigned count,
                  unsigned first_case, unsigned case_count) {
    *authors = (struct authors){.case_count = case_count, .first_case = first_case};
    authors->list = calloc(count, sizeof *authors->list);
    if (authors->list == NULL)
        return false;
    for (unsigned i = 0; i < count; i++)
        authors->list[i].entry = UINT_MAX;
    struct bots_plan plan = {.staff = staff,
                             .count = count,
                             .kind = CHANNEL_KIND_PATIENT_CASE,
                             .person = person_of,
                             .actor = case_of,
                             .message = on_message,
                             .answered = on_answered,
                             .data = authors};
    return bots_init(&authors->bots, &plan);
}

void authors_finish(struct authors *authors) {
    unsigned count = authors->bots.plan.count;
    if (authors->bots.loop != NULL)
        bots_finish(&authors->bots);
    for (unsigned i = 0; i < count; i++)
        free(authors->list[i].heard);
    free(authors->list);
    free(authors->entries);
}

static unsigned new_entry(struct authors *authors, unsigned index) {
    if (authors->count == authors->capacity) {
        authors->capacity = authors->capacity == 0 ? 256 : authors->capacity * 2;
        authors->entries = realloc(authors->entries, authors->capacity * sizeof *authors->entries);
        assert(authors->entries != NULL);
    }
    authors->entries[authors->count] =
        (struct ledger_entry){.id = fresh_id(), .case_number = case_of_index(authors, index)};
    return authors->count++;
}

static void write_one(struct authors *authors, struct bot *bot, int64_t now) {
    struct author *author = &authors->list[bot->index];
    if (!bot->open || author->seq != 0 || now < author->again_ms)
        return;
    if (author->entry == UINT_MAX) {
        if (authors->resting)
            return;
        author->entry = new_entry(authors, bot->index);
    }
    author->seq = bot_post(bot, authors->entries[author->entry].id, TEXT("What was said."));
}

static void turn(struct authors *authors) {
    int64_t now = now_ms();
    for (unsigned i = 0; i < authors->bots.started; i++)
        write_one(authors, &authors->bots.list[i], now);
    bots_turn(&authors->bots, TURN_MS);
}

void authors_run(struct authors *authors, int duration_ms) {
    authors->resting = false;
    for (int64_t end = now_ms() + duration_ms; now_ms() < end;)
        turn(authors);
}

bool authors_settle(struct authors *authors, int limit_ms) {
    authors->resting = true;
    for (int64_t end = now_ms() + limit_ms; now_ms() < end;) {
        turn(authors);
        if (authors->accepted == authors->count && authors->bots.open == authors->bots.plan.count)
            return true;
    }
    fprintf(stderr, "%u of %u messages accepted, %u of %u people there\n", authors->accepted,
            authors->count, authors->bots.open, authors->bots.plan.count);
    return false;
}

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct uuid));
}

/* It may be recovering from having been killed. */
static PGconn *connect_to(const char *database) {
    int64_t end = now_ms() + DATABASE_LIMIT_MS;
    for (;;) {
        PGconn *link = PQconnectdb(database);
        if (PQstatus(link) == CONNECTION_OK || now_ms() > end)
            return link;
        PQfinish(link);
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    }
}

/* The command ids of all messages in the record, in binary, sorted. */
static struct uuid *messages_in_record(const char *database, unsigned *ret_count) {
    char query[256];
    struct uuid *ids = NULL;
    /* Types are numbered by kind of actor, and staff_case_id() makes the ids of cases. */
    snprintf(query, sizeof query,
             "SELECT command_id FROM event WHERE type = %d AND "
             "stream_id::text LIKE 'c0020000-0000-4000-8000-%%'",
             PATIENT_CASE_MESSAGE_POSTED);
    PGconn *link = connect_to(database);
    PGresult *rows = PQexecParams(link, query, 0, NULL, NULL, NULL, NULL, 1);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK) {
        *ret_count = (unsigned)PQntuples(rows);
        ids = calloc(*ret_count + 1, sizeof *ids);
        assert(ids != NULL);
        for (unsigned i = 0; i < *ret_count; i++)
            memcpy(&ids[i], PQgetvalue(rows, (int)i, 0), sizeof *ids);
        qsort(ids, *ret_count, sizeof *ids, by_bytes);
    } else {
        fprintf(stderr, "The record could not be read: %s\n", PQerrorMessage(link));
    }
    PQclear(rows);
    PQfinish(link);
    return ids;
}

bool authors_check_record(const struct authors *authors, const char *database, unsigned *ret_lost,
                          unsigned *ret_doubled, unsigned *ret_rows) {
    struct uuid *ids = messages_in_record(database, ret_rows);
    if (ids == NULL)
        return false;
    *ret_lost = *ret_doubled = 0;
    for (unsigned i = 1; i < *ret_rows; i++)
        *ret_doubled += by_bytes(&ids[i - 1], &ids[i]) == 0;
    for (unsigned i = 0; i < authors->count; i++) {
        const struct ledger_entry *entry = &authors->entries[i];
        if (entry->accepted && bsearch(&entry->id, ids, *ret_rows, sizeof *ids, by_bytes) == NULL)
            ++*ret_lost;
    }
    free(ids);
    return true;
}

static bool heard_alike(const struct author *a, const struct author *b) {
    return a->heard_count == b->heard_count &&
           (a->heard_count == 0 ||
            memcmp(a->heard, b->heard, a->heard_count * sizeof *a->heard) == 0);
}

static unsigned count_otherwise(const struct authors *authors, const struct authors *fresh) {
    unsigned different = 0;
    for (unsigned i = 0; i < authors->bots.plan.count; i++)
        different += !heard_alike(&authors->list[i], &fresh->list[i % fresh->case_count]);
    return different;
}

static void show_otherwise(const struct authors *authors, const struct authors *fresh) {
    for (unsigned i = 0; i < authors->bots.plan.count; i++) {
        const struct author *newcomer = &fresh->list[i % fresh->case_count];
        if (!heard_alike(&authors->list[i], newcomer))
            fprintf(stderr, "author %u heard %u messages, a newcomer %u\n", i,
                    authors->list[i].heard_count, newcomer->heard_count);
    }
}

unsigned authors_who_heard_otherwise(struct authors *authors) {
    struct authors fresh;
    bool came = authors_init(&fresh, authors->bots.plan.staff, authors->case_count,
                             authors->first_case, authors->case_count);
    assert(came);
    fresh.resting = authors->resting = true;
    /* What was said last may still be under way to some. */
    for (int64_t end = now_ms() + FRESH_LIMIT_MS; now_ms() < end;) {
        turn(authors);
        turn(&fresh);
        if (fresh.bots.open == fresh.case_count && count_otherwise(authors, &fresh) == 0)
            break;
    }
    unsigned different = count_otherwise(authors, &fresh);
    if (different > 0)
        show_otherwise(authors, &fresh);
    authors_finish(&fresh);
    return different;
}
