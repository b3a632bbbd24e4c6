/*
 * `consilium backup`: a base of the private cluster with everything that is referred to in it, and
 * from then on its log, its blobs and its anchor as they come, copied by a process that the server
 * starts (backup_watch.h). It runs while the server serves. `consilium restore` is its other half.
 */
#ifndef CONSILIUM_BACKUP_COMMAND_H
#define CONSILIUM_BACKUP_COMMAND_H

enum { BACKUP_DONE = 0, BACKUP_DAMAGED = 1, BACKUP_IMPOSSIBLE = 2 };

/* Arguments after the word itself. */
int backup_command(int argc, char **argv);
int restore_command(int argc, char **argv);

#endif
