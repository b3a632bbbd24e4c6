/*
 * A real study in a case of a running server: the CT of a head that Debian's invesalius-examples
 * brought, as the demonstration writes it (clients/native/demo), and the paths of its frames.
 */
#ifndef CONSILIUM_BENCH_STUDY_H
#define CONSILIUM_BENCH_STUDY_H

#include "bench/images.h"

enum { STUDY_FRAMES_MAX = 512 };

struct study {
    char paths[STUDY_FRAMES_MAX][IMAGE_PATH_MAX];
    unsigned count;
};

/* Writes the demonstration's files into a new folder, which study_remove_files deletes. False with
 * the reason on standard error, also in what follows. */
bool study_make_files(char folder[64]);
void study_remove_files(const char *folder);
/* Sends the study's images into the case as person 0 of the staff, and lists their frames, in the
 * same order on every server. */
bool study_upload(const struct staff *staff, unsigned case_number, const char *folder,
                  struct study *ret);

#endif
