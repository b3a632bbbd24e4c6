/*
 * Holds rows to their chain: versions from 1 without a gap, each hash over the one before, the
 * row's header and its payload (seal.h). Needs no key. No input or output.
 */
#ifndef CONSILIUM_CHAIN_CHECK_H
#define CONSILIUM_CHAIN_CHECK_H

#include "server/store/seal.h"
#include "server/store/uuid_table.h"

enum finding_kind {
    FINDING_MISSING,   /* rows up to and with this version are not there */
    FINDING_CHANGED,   /* it does not follow from the row before it */
    FINDING_NO_KEY,    /* the stream's key row is not there: nothing of it can be read */
    FINDING_CUT_SHORT, /* a checkpoint has seen this version, and it is not there */
    FINDING_REWRITTEN, /* a checkpoint has seen another row of this version */
};

struct finding {
    enum finding_kind kind;
    struct uuid stream;
    uint64_t version;
    int64_t at; /* of the row, 0 = there is none */
};

/* A row of a chain: an event of a stream, or an access in the log of one writer. */
struct chain_row {
    struct uuid stream;
    uint64_t version;
    int64_t at;
    const struct seal_header *header; /* NULL: the stream has no key row */
    struct bytes payload;
    const uint8_t *hash; /* as it stands in the row */
};

/* The last row of a stream that a checkpoint has seen. */
struct chain_head {
    struct uuid stream;
    uint64_t version;
    uint8_t hash[DATABASE_HASH_BYTES];
};

struct chain_check {
    /* Given */
    void (*found)(void *data, const struct finding *finding);
    void *data;
    /* Owned */
    struct seal *seal;
    struct uuid_table known; /* stream -> place in heads */
    struct chain_head *heads;
    size_t head_count, head_space;
    /* Where the check stands */
    struct uuid stream;
    uint64_t version; /* last of `stream`; 0 = none yet */
    uint8_t hash[DATABASE_HASH_BYTES];
    const struct chain_head *expected; /* of `stream`; NULL = no checkpoint has seen it */
    /* Counted */
    uint64_t rows, streams, findings;
};

void chain_check_init(struct chain_check *check,
                      void (*found)(void *data, const struct finding *finding), void *data);
void chain_check_finish(struct chain_check *check); /* frees */

/* Before the rows: what checkpoints have seen; of one stream the highest version counts. */
void chain_check_expect(struct chain_check *check, const struct chain_head *head);
/* In the order of stream and version. */
void chain_check_row(struct chain_check *check, const struct chain_row *row);
/* After the last row: streams that were seen and are gone. */
void chain_check_end(struct chain_check *check);

/* In words, without anything of a patient. Borrowed until the next call. */
const char *finding_words(const struct finding *finding);

#endif
