/* Memory for keys: pages that are never swapped (as far as the system lets us), never in a core
 * dump, wiped when given back. Pieces are of one size. Private to keys.c. */
#ifndef CONSILIUM_KEY_PAGES_H
#define CONSILIUM_KEY_PAGES_H

#include <stddef.h>

struct key_page;

struct key_pages {
    struct key_page *pages; /* owned */
    void *free;             /* pieces, each holding the address of the next */
    size_t piece;           /* bytes */
};

void key_pages_init(struct key_pages *pages, size_t piece);
void *key_pages_take(struct key_pages *pages); /* zeroed; never NULL */
void key_pages_give(struct key_pages *pages, void *piece);
void key_pages_finish(struct key_pages *pages);

#endif
