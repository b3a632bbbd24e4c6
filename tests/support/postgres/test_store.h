/* A store over a real PostgreSQL as a node runs it: a loop, the connections, keys, and a tick after
 * each turn. */
#ifndef TEST_STORE_H
#define TEST_STORE_H

#include "server/store/keys.h"
#include "server/store/postgres.h"
#include "server/store/store.h"

enum { TEST_MESSAGES_MAX = 64 };

struct test_store {
    uv_loop_t loop;
    uv_timer_t timer;
    struct postgres *postgres;
    struct keys *keys;
    struct store *store;
    struct host_clock clock;
    int64_t ahead_us; /* of real time: a test that need not wait sets it forward */
    bool owned[1024];
    unsigned owned_count;
    unsigned shard_changes;
    bool frozen; /* no ticks: the process stands still */
    /* What was given as due. */
    struct uuid given[TEST_MESSAGES_MAX];
    unsigned given_count;
    char report[256];
};

/* As the role that a server works as. `node` makes the node's id; the tenant and the key-encryption
 * key are the same for all. */
void test_store_open(struct test_store *test, const char *url, uint8_t node);
/* With a key-encryption key and generations' secrets in files of a folder. */
void test_store_open_with(struct test_store *test, const char *url, uint8_t node,
                          const char *key_folder);
void test_store_close(struct test_store *test);
/* One turn of the loop with its tick; waits for at most 1 ms. */
void test_store_turn(struct test_store *test);
void test_store_until_owner(struct test_store *test); /* of at least one shard */

struct uuid test_uuid(uint8_t first, uint64_t number);

/* One append and what became of it. */
struct test_append {
    struct effects effects;
    struct append append;
    enum store_result result;
    bool ended;
};
/* `events` events of `size` bytes for the head, under a command id of their own; sent with the next
 * tick. */
void test_append_begin(struct test_store *test, struct test_append *pending,
                       struct stream_head *head, uint32_t events, uint32_t size);
enum store_result test_append_end(struct test_store *test, struct test_append *pending);
enum store_result test_append(struct test_store *test, struct stream_head *head, uint32_t events);

/* Loads the stream into head; ret_events = how many there were. */
enum store_result test_load(struct test_store *test, struct stream_head *head,
                            uint32_t *ret_events);

#endif
