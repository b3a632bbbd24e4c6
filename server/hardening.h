/*
 * What this process gives up before it reads the first byte of anybody: files that others can read,
 * core dumps, rights that a program it starts could gain, and, asked to, being root.
 */
#ifndef CONSILIUM_HARDENING_H
#define CONSILIUM_HARDENING_H

#include <stdbool.h>
#include <stddef.h>

/* First of all in main: umask 077, no core dumps, no debugger of the same user, no new privileges.
 */
bool harden_process(char *message, size_t space);

/* Becomes `user` for good, with no capability left, and gives it the data folder, which is made
 * when it is absent. One that belongs to somebody else is refused: who moves from root to a user
 * says so with chown. Only root may become another. */
bool harden_become(const char *user, const char *data_folder, char *message, size_t space);

/* Empties the capability bounding set of a process that is not root: nothing it starts gets any. As
 * root it is left, because PostgreSQL is started as another user and backups read what is its. */
bool harden_bounding_set(char *message, size_t space);

#endif
