#include "bench/page.h"

#include "tests/support/staff.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 48, PATH_MAX_HERE = 512, GIVEN = 6 };

const char *page_web(void) {
    const char *web = getenv("CONSILIUM_WEB");
    return web != NULL ? web : CONSILIUM_SOURCE_DIR "/clients/web/dist";
}

static void print_uuid(struct uuid id, char ret[TEXT_MAX]) {
    size_t length = 0;
    for (unsigned i = 0; i < sizeof id.bytes; i++)
        length += (size_t)snprintf(ret + length, TEXT_MAX - length, "%s%02x",
                                   i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id.bytes[i]);
}

/* In the child. */
static void become(const char *url, const char *script, const char *login, unsigned board,
                   const char *const more[]) {
    char id[TEXT_MAX], path[PATH_MAX_HERE];
    const char *arguments[GIVEN + PAGE_MORE_MAX + 1] = {"node", path,           url,
                                                        login,  STAFF_PASSWORD, id};
    print_uuid(staff_board_id(board), id);
    snprintf(path, sizeof path, "%s/bench/%s", CONSILIUM_SOURCE_DIR, script);
    for (unsigned i = 0; more[i] != NULL; i++) {
        assert(i < PAGE_MORE_MAX);
        arguments[GIVEN + i] = more[i];
    }
    execvp("node", (char *const *)arguments);
    perror("node");
    _exit(1);
}

struct page page_open(const struct server_process *server, const char *script, const char *login,
                      unsigned board, const char *const more[]) {
    int ends[2];
    int made = pipe(ends);
    assert(made == 0);
    pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        become(server_process_url(server), script, login, board, more);
    }
    close(ends[1]);
    struct page page = {.script = child, .lines = fdopen(ends[0], "r")};
    assert(page.lines != NULL);
    return page;
}

void page_stop(const struct page *page) {
    kill(page->script, SIGTERM);
}

bool page_close(struct page *page) {
    int status = 1;
    fclose(page->lines);
    return waitpid(page->script, &status, 0) == page->script && status == 0;
}
