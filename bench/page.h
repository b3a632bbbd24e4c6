/*
 * A Chromium on a page of the server, beside the native crowd: a script of this folder that drives
 * it and says what it finds on its standard output, line by line.
 */
#ifndef CONSILIUM_BENCH_PAGE_H
#define CONSILIUM_BENCH_PAGE_H

#include "tests/support/server_process.h"

#include <stdio.h>
#include <sys/types.h>

enum { PAGE_MORE_MAX = 4 };

struct page {
    pid_t script;
    FILE *lines;
};

/* The folder of the built web client, for the server's --web. */
const char *page_web(void);

/* Starts `node SCRIPT URL LOGIN PASSWORD BOARD MORE...`; `more` ends with NULL. `board` is a number
 * of tests/support/staff.h. */
struct page page_open(const struct server_process *server, const char *script, const char *login,
                      unsigned board, const char *const more[]);

/* It need not go on: nothing of it is waited for. */
void page_stop(const struct page *page);

/* Waits for its end; false when it ended badly. */
bool page_close(struct page *page);

#endif
