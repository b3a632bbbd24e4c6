#include "server/audit/chain_check.h"

#include "server/uuid_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void chain_check_init(struct chain_check *check,
                      void (*found)(void *data, const struct finding *finding), void *data) {
    *check = (struct chain_check){.found = found, .data = data, .seal = seal_create()};
    uuid_table_init(&check->known, 0x9e3779b97f4a7c15u);
}

void chain_check_finish(struct chain_check *check) {
    seal_destroy(check->seal);
    uuid_table_finish(&check->known);
    free(check->heads);
}

void chain_check_expect(struct chain_check *check, const struct chain_head *head) {
    const uint64_t *place = uuid_table_find(&check->known, head->stream);
    if (place != NULL) {
        if (check->heads[*place].version <= head->version) {
            check->heads[*place] = *head;
        }
        return;
    }
    if (check->head_count == check->head_space) {
        check->head_space = check->head_space == 0 ? 1024 : 2 * check->head_space;
        check->heads = realloc(check->heads, check->head_space * sizeof *check->heads);
        assert(check->heads != NULL);
    }
    uuid_table_set(&check->known, head->stream, check->head_count);
    check->heads[check->head_count++] = *head;
}

static void report(struct chain_check *check, enum finding_kind kind, struct uuid stream,
                   uint64_t version, int64_t at) {
    struct finding finding = {.kind = kind, .stream = stream, .version = version, .at = at};
    check->findings++;
    check->found(check->data, &finding);
}

static void leave_stream(struct chain_check *check) {
    if (check->version == 0) {
        return;
    }
    if (check->expected != NULL && check->expected->version > check->version) {
        report(check, FINDING_CUT_SHORT, check->stream, check->expected->version, 0);
    }
    uuid_table_remove(&check->known, check->stream);
}

static void enter_stream(struct chain_check *check, const struct chain_row *row) {
    leave_stream(check);
    check->stream = row->stream;
    check->version = 0;
    check->streams++;
    memset(check->hash, 0, sizeof check->hash);
    const uint64_t *place = uuid_table_find(&check->known, row->stream);
    check->expected = place == NULL ? NULL : &check->heads[*place];
    if (row->header == NULL) {
        report(check, FINDING_NO_KEY, row->stream, row->version, row->at);
    }
}

static bool follows(struct chain_check *check, const struct chain_row *row) {
    uint8_t hash[DATABASE_HASH_BYTES];
    seal_chain(check->seal, check->hash, row->header, row->payload, hash);
    return memcmp(hash, row->hash, sizeof hash) == 0;
}

/* After a finding the row is taken as it stands, so that one change is one finding. */
void chain_check_row(struct chain_check *check, const struct chain_row *row) {
    check->rows++;
    if (check->version == 0 || !uuid_equal(check->stream, row->stream)) {
        enter_stream(check, row);
    }
    if (row->version != check->version + 1) {
        report(check, FINDING_MISSING, row->stream, row->version - 1, 0);
    } else if (row->header != NULL && !follows(check, row)) {
        report(check, FINDING_CHANGED, row->stream, row->version, row->at);
    }
    const struct chain_head *seen = check->expected;
    if (seen != NULL && seen->version == row->version &&
        memcmp(seen->hash, row->hash, sizeof seen->hash) != 0) {
        report(check, FINDING_REWRITTEN, row->stream, row->version, row->at);
    }
    check->version = row->version;
    memcpy(check->hash, row->hash, sizeof check->hash);
}

void chain_check_end(struct chain_check *check) {
    leave_stream(check);
    for (size_t i = 0; i < check->head_count; i++) {
        const struct chain_head *head = &check->heads[i];
        if (uuid_table_find(&check->known, head->stream) != NULL) {
            report(check, FINDING_CUT_SHORT, head->stream, head->version, 0);
        }
    }
}

const char *finding_words(const struct finding *finding) {
    static const char *const words[] = {
        [FINDING_MISSING] = "is missing",
        [FINDING_CHANGED] = "does not follow from the row before it: one of the two was changed",
        [FINDING_NO_KEY] = "cannot be read: the key row of its stream is missing",
        [FINDING_CUT_SHORT] = "is missing; a checkpoint has seen it",
        [FINDING_REWRITTEN] = "is another one than a checkpoint has seen",
    };
    static char text[256];
    char stream[UUID_TEXT_LENGTH + 1] = {0}, at[48] = {0};
    uuid_to_text(finding->stream, stream);
    if (finding->at != 0) {
        time_t seconds = (time_t)(finding->at / 1000000);
        struct tm utc;
        if (gmtime_r(&seconds, &utc) != NULL) {
            strftime(at, sizeof at, " of %Y-%m-%d %H:%M:%S UTC", &utc);
        }
    }
    snprintf(text, sizeof text, "stream %s version %" PRIu64 "%s %s", stream, finding->version, at,
             words[finding->kind]);
    return text;
}
