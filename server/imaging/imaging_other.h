/*
 * Other files of a case: no image, no document. Kept sealed, named by their sender, and never
 * opened here; given out to be saved. On the loop's thread only.
 */
#ifndef CONSILIUM_IMAGING_OTHER_H
#define CONSILIUM_IMAGING_OTHER_H

#include "server/imaging/imaging_service.h"

#define OTHER_FILES_MAX 10000 // of a case

/* Each of them, the first kept first, borrowed for the call; then `done`, which may come at once.
 */
struct other_row {
    struct uuid id, by;
    uint64_t size;
    int64_t at; // microseconds since 1970
    struct text name;
};
void imaging_other_rows(struct imaging_service *service, struct uuid patient_case,
                        void (*each)(void *data, const struct other_row *row),
                        void (*done)(void *data, enum imaging_read_result result), void *data);

/* A list as JSON; borrowed for the call, empty when it cannot be had. */
void imaging_other_list(struct imaging_service *service, struct uuid patient_case,
                        void (*done)(void *data, enum imaging_read_result result,
                                     struct bytes json),
                        void *data);

/* One of them, read from front to back. Closed by the caller in every case. */
struct imaging_other;
struct other_facts {
    uint64_t size;
    char name[1025]; // clean UTF-8
};
typedef void (*other_opened)(void *data, enum imaging_read_result result,
                             const struct other_facts *facts);
/* False without memory. `ret_other` is set before `opened` can be called, which may be at once. */
bool imaging_other_open(struct imaging_service *service, struct uuid patient_case, struct uuid file,
                        other_opened opened, void *data, struct imaging_other **ret_other);
/* At most READ_STEP_MAX; borrowed until the next read or the close. */
void imaging_other_read(struct imaging_other *other, uint64_t offset, size_t length,
                        void (*read)(void *data, enum imaging_read_result result,
                                     struct bytes bytes));
void imaging_other_close(struct imaging_other *other);

#endif
