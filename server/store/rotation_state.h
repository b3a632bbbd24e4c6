/* A rotation as its own files see it: the steps (rotation.c) and what it lays beside the keys
 * (rotation_export.c). Nothing outside server/store includes this. */
#ifndef CONSILIUM_ROTATION_STATE_H
#define CONSILIUM_ROTATION_STATE_H

#include "server/store/key_export.h"
#include "server/store/postgres_array.h"
#include "server/store/rotation.h"

enum {
    RETRY_MS = 200,
    FORGET_MS = 10 * 1000, /* what was read before a destruction is used by then */
    GENERATIONS_MAX = 64,
    WAITERS_MAX = 64,
};

struct waiter {
    void (*done)(void *data);
    void *data;
};

struct rotation {
    /* Given. */
    struct rotation_config config;
    void (*closed)(void *data);
    void *closed_data;
    /* Owned. */
    enum rotation_step step;
    uv_timer_t timer;  /* the next try of a step */
    uv_timer_t forget; /* older generations in memory */
    struct key_export export;
    struct tenant_key_row tenants[GENERATIONS_MAX]; /* as they will stand */
    struct waiter waiting[WAITERS_MAX];             /* for the run after this one */
    struct waiter running[WAITERS_MAX];
    /* Derived. */
    size_t tenant_count, waiting_count, running_count;
    bool again, again_kek; /* another run is asked for */
    bool kek;              /* this run exchanges the key-encryption key */
    bool resuming;
    bool asked; /* a statement is under way */
    bool closing;
    bool found_some; /* this pass over the streams changed a row */
    int handles;
    uint32_t fresh;        /* generation of this run */
    uint32_t forget_below; /* of the last run that ended: the next one still needs its own */
    uint8_t fresh_wrapped[WRAPPED_KEY_BYTES];
    struct uuid after; /* last stream of the page before */
    struct uuid last;  /* of this one */
    bool told;         /* what stands in the way */
    struct rotation_view view;
};

/* rotation.c */
void rotation_take_step(struct rotation *rotation);
void rotation_go_on(struct rotation *rotation, enum rotation_step step);
void rotation_try_again(struct rotation *rotation); /* the same step, in a moment */
void rotation_report(struct rotation *rotation, const char *words);
void rotation_report_once(struct rotation *rotation, const char *words);
/* An answer came; true = the rotation is over instead. */
bool rotation_came_back(struct rotation *rotation);
void rotation_ask(struct rotation *rotation, const char *sql,
                  const struct postgres_parameter *parameters, int count, postgres_done done);
/* Of all streams (`below` beyond any generation), or of those that are not done. */
void rotation_ask_page(struct rotation *rotation, uint32_t below, postgres_done done);

/* rotation_export.c */
void rotation_list(struct rotation *rotation);
void rotation_export_page(struct rotation *rotation);

#endif
