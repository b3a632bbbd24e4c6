/*
 * One archive, unpacked by a consilium-ingest of its own that never has more of it than it asks
 * for: it wants ranges of the archive and gives entries piece by piece, both through a window of
 * shared memory. It is no more trusted than the archive. Callbacks come on the loop, one at a time,
 * and each is answered by the call named with it, at once or later.
 */
#ifndef CONSILIUM_IMAGING_UNPACK_H
#define CONSILIUM_IMAGING_UNPACK_H

#include "server/imaging/unpack_archive.h"

#include <uv.h>

#define UNPACK_STALL_MS 30000 // of silence; then the archive is refused

struct unpack;

struct unpack_config {
    uv_loop_t *loop;     // borrowed
    const char *program; // path of consilium-ingest
    uint64_t size;       // bytes of the archive
    uint64_t entry_size_max;
    void (*opened)(void *data, uint32_t entries);
    /* Fill unpack_window and call unpack_give. */
    void (*wanted)(void *data, uint64_t offset, size_t length);
    /* Call unpack_take or unpack_skip. The name is cut and clean UTF-8. */
    void (*entry)(void *data, struct text name, uint64_t size);
    /* Borrowed until unpack_go_on. */
    void (*bytes)(void *data, struct bytes bytes);
    /* The entry is whole, or why it is not; it may not have begun. Then unpack_go_on. */
    void (*entry_ended)(void *data, struct text name, enum unpack_refusal refusal,
                        struct text reason);
    /* The archive is over, or why it is not read on: unpack_close. */
    void (*ended)(void *data, enum unpack_refusal refusal, struct text reason);
    void *data;
};

/* NULL when the program cannot be started. */
struct unpack *unpack_start(const struct unpack_config *config);
uint8_t *unpack_window(struct unpack *unpack);
void unpack_give(struct unpack *unpack, size_t length);
void unpack_take(struct unpack *unpack);
void unpack_skip(struct unpack *unpack);
void unpack_go_on(struct unpack *unpack);
/* Ends the child; nothing is called any more. */
void unpack_close(struct unpack *unpack);

#endif
