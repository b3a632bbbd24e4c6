#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */

#include "server/store/key_pages.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 16 * 1024 };

struct key_page {
    struct key_page *next;
};

void key_pages_init(struct key_pages *pages, size_t piece) {
    size_t aligned = (piece + 15) / 16 * 16;
    *pages = (struct key_pages){.piece = aligned < sizeof(void *) ? sizeof(void *) : aligned};
}

static void add_page(struct key_pages *pages) {
    char *memory =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(memory != MAP_FAILED);
    /* RLIMIT_MEMLOCK may be small: then the keys are in ordinary memory, which is no reason not to
     * run. */
    (void)mlock(memory, PAGE_BYTES);
    (void)madvise(memory, PAGE_BYTES, MADV_DONTDUMP);
    struct key_page *page = (struct key_page *)memory;
    page->next = pages->pages;
    pages->pages = page;
    for (size_t at = 16; at + pages->piece <= PAGE_BYTES; at += pages->piece)
        key_pages_give(pages, memory + at);
}

void *key_pages_take(struct key_pages *pages) {
    if (pages->free == NULL)
        add_page(pages);
    void *piece = pages->free;
    memcpy(&pages->free, piece, sizeof pages->free);
    memset(piece, 0, pages->piece);
    return piece;
}

void key_pages_give(struct key_pages *pages, void *piece) {
    OPENSSL_cleanse(piece, pages->piece);
    memcpy(piece, &pages->free, sizeof pages->free);
    pages->free = piece;
}

void key_pages_finish(struct key_pages *pages) {
    while (pages->pages != NULL) {
        struct key_page *page = pages->pages;
        pages->pages = page->next;
        OPENSSL_cleanse(page, PAGE_BYTES);
        munmap(page, PAGE_BYTES);
    }
    pages->free = NULL;
}
