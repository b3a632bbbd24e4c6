/*
 * New keys while the server runs. A rotation makes a new generation of the tenant's key, wraps
 * every stream's key by it, and destroys the older generations once nothing is wrapped by them any
 * more; asked for, it exchanges the key-encryption key too. Nothing but wrapped keys is written
 * anew.
 *
 * Each step is one statement or one file, and each can be the last of a process: the next one goes
 * on with rotation_resume. The record is read and written all the while.
 */
#ifndef CONSILIUM_ROTATION_H
#define CONSILIUM_ROTATION_H

#include "server/store/keys.h"
#include "server/store/postgres.h"

enum rotation_step {
    ROTATION_RESTING,
    ROTATION_LOOKING,    /* which generations there are; ends with the answer */
    ROTATION_MAKING,     /* the new generation's row; ends when it stands */
    ROTATION_REWRAPPING, /* pages of streams; ends when none is left below the newest */
    ROTATION_LISTING,    /* the export's tenant keys; ends with the answer */
    ROTATION_EXPORTING,  /* pages of streams; ends when the file is in place */
    ROTATION_EXCHANGING, /* the key-encryption key; ends when the rows are written */
    ROTATION_DESTROYING, /* older generations; back to rewrapping if a stream still needs one */
};

struct rotation_config {
    uv_loop_t *loop; /* borrows, as all here */
    struct postgres *postgres;
    struct keys *keys;
    struct uuid tenant;
    void (*report)(void *data, const char *words); /* for the log; may be NULL */
    void *data;
};

struct rotation_view {
    enum rotation_step step;
    uint32_t generation; /* the newest; 0 = not known yet */
    int64_t made_at;     /* microseconds since 1970; 0 = not known */
    uint64_t rewrapped;  /* streams, since the start of this one */
    uint64_t steps;      /* answers of the database so far */
};

struct rotation;

struct rotation *rotation_create(const struct rotation_config *config);
/* `closed` is called when the memory is gone. What is under way goes on with the next start. */
void rotation_close(struct rotation *rotation, void (*closed)(void *data), void *data);

/* Finishes one that was cut short, if there is one. */
void rotation_resume(struct rotation *rotation);
/* `done` is called once everything that stood when this was called is wrapped anew and the older
 * generations are destroyed; never if it is closed before. One that runs already is waited for and
 * followed by another. kek: with a new key-encryption key; false then = its file cannot be
 * replaced. done may be NULL. */
bool rotation_start(struct rotation *rotation, bool kek, void (*done)(void *data), void *data);
struct rotation_view rotation_view(const struct rotation *rotation);

#endif
