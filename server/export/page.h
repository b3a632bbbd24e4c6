/*
 * A page to read and print: one HTML file that loads nothing and runs nothing. All text from
 * outside is escaped here, and nowhere else is HTML written.
 */
#ifndef CONSILIUM_EXPORT_PAGE_H
#define CONSILIUM_EXPORT_PAGE_H

#include "server/export/export_words.h"
#include "server/imaging/bounded_output.h"

struct page {
    struct bounded_output html; /* owned; failed once it is over its bound */
    enum export_language language;
};

void page_begin(struct page *page, enum export_language language, size_t length_max,
                const char *title, const char *intro);
void page_end(struct page *page);
void page_finish(struct page *page);

void page_section(struct page *page, const char *title);
void page_heading(struct page *page, const char *title); /* within a section */
/* A line of a list of facts; those with nothing to say are left out. */
void page_fact(struct page *page, const char *label, struct text value);
void page_fact_word(struct page *page, const char *label, const char *value);
void page_fact_time(struct page *page, const char *label, int64_t at);
void page_paragraph(struct page *page, struct text words); /* keeps its line breaks */
void page_words(struct page *page, const char *words);
/* A table: its head, then cells row by row. */
void page_table(struct page *page, const char *const *heads, size_t count);
void page_row(struct page *page);
void page_cell(struct page *page, struct text value);
void page_cell_time(struct page *page, int64_t at);
void page_table_end(struct page *page);

#endif
