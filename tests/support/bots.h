/*
 * Many clients on one loop, each with one channel open, for load and for faults. They come in a few
 * at a time and come back by themselves; what they hear is counted here and told to the owner.
 */
#ifndef CONSILIUM_TESTS_BOTS_H
#define CONSILIUM_TESTS_BOTS_H

#include "clients/native/client.h"
#include "tests/support/staff.h"

enum { BOT_CHANNEL = 1, BOTS_ENTERING = 64 };

struct bots;

struct bot {
    struct bots *bots;
    struct client *client; /* owned; NULL before it has been started */
    unsigned index;
    bool open;           /* its channel is, and what it holds of it has come */
    bool stopped;        /* for good, by the server */
    int64_t welcomed_us; /* monotonic; of the last welcome */
    uint64_t opened, snapshots, events, losses;
    uint64_t version;               /* of the channel, with the last event or snapshot */
    uint32_t first_code, last_code; /* of closes by the server; 0 = the line broke */
    uint16_t participant, handle;
};

struct bots_plan {
    const struct staff *staff; /* borrowed, as all here */
    unsigned count;
    enum channel_kind kind; /* CHANNEL_KIND_SESSION: no channel; a welcome counts as open */
    /* Who bot `index` is, and where it goes. */
    unsigned (*person)(const struct bots *bots, unsigned index);
    struct uuid (*actor)(const struct bots *bots, unsigned index);
    /* Members may be NULL. Events, snapshots and notices of the channel; answers to what was asked.
     */
    void (*message)(struct bot *bot, const struct frame *frame);
    void (*answered)(struct bot *bot, const struct frame *frame);
    void (*opened)(struct bot *bot, const struct channel_opened *opened);
    void *data;
};

struct bots {
    struct bots_plan plan;
    struct client_loop *loop; /* owned */
    struct bot *list;         /* owned */
    unsigned started, open;   /* how many */
};

bool bots_init(struct bots *bots, const struct bots_plan *plan);
void bots_finish(struct bots *bots);

/* One turn of the loop; starts those who are still to come. */
void bots_turn(struct bots *bots, int timeout_ms);
void bots_run(struct bots *bots, int duration_ms);
/* Until all have their channel open. */
bool bots_all_open(struct bots *bots, int limit_ms);

/* Shows its pointer and asks for a handle in a space of `patient_case`, the one on the stage of the
 * channel; `bot->handle` when it is answered. */
void bot_begin_pointing(struct bot *bot, struct uuid patient_case);
void bot_point(struct bot *bot, float x, float y, float z);
/* Says `text` on a case, under a fresh command id; its seq, 0 when it could not be sent. */
uint32_t bot_post(struct bot *bot, struct uuid command_id, struct text text);

#endif
