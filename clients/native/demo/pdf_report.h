#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_PDF_REPORT_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_PDF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A small PDF 1.4 (ISO 32000-1) of A4 pages with Helvetica: the demonstration's written report.
 * Text is WinAnsi; parentheses and backslashes are escaped here. Nothing is embedded, nothing is
 * compressed, every page carries the words that say it is a demonstration.
 */

enum { PDF_PAGES_MAX = 16, PDF_PAGE_BYTES_MAX = 16 * 1024 };

struct pdf_page {
    const char *heading;
    // Lines of the body; one that begins with '#' is a heading, an empty one is a gap, one with
    // tabs is a row of a table. Long lines are not broken. Ends with NULL.
    const char *const *lines;
};

struct pdf_report {
    const char *title;
    const char *footer; // on every page
    const struct pdf_page *pages;
    size_t page_count;
};

// False when `file` fails. A page that does not fit is a bug of ours and asserts.
bool pdf_write(const struct pdf_report *report, FILE *file);

#endif
