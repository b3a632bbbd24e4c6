#include "clients/native/demo/pdf_report.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

// A4 in points, and where the text stands on it.
enum {
    PAGE_WIDTH = 595,
    PAGE_HEIGHT = 842,
    MARGIN = 64,
    COLUMN_WIDTH = 156,
    HEADING_SIZE = 18,
    SUBHEADING_SIZE = 12,
    BODY_SIZE = 10,
    LEADING = 15,
    FOOTER_Y = 36,
};

// Objects 1 to 5 are the catalog, the page tree, two fonts and the document information; then come
// a page and its content for each page.
enum { CATALOG = 1, PAGE_TREE, FONT_REGULAR, FONT_BOLD, INFORMATION, FIRST_PAGE };
enum { OBJECTS_MAX = FIRST_PAGE + 2 * PDF_PAGES_MAX };

struct content {
    char bytes[PDF_PAGE_BYTES_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct content *content, const char *format,
                                                      ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t left = sizeof(content->bytes) - content->length;
    int count = vsnprintf(content->bytes + content->length, left, format, arguments);
    va_end(arguments);
    assert(count >= 0 && (size_t)count < left);
    content->length += (size_t)count;
}

// Text up to a tab or the end, as a PDF string (ISO 32000-1 section 7.3.4.2).
static void put_text(struct content *content, const char *font, int size, int x, int y,
                     const char *text) {
    put(content, "BT /%s %d Tf %d %d Td (", font, size, x, y);
    for (; *text != '\0' && *text != '\t'; text++) {
        if (strchr("()\\", *text) != NULL)
            put(content, "\\");
        put(content, "%c", *text);
    }
    put(content, ") Tj ET\n");
}

static void put_table_row(struct content *content, int y, const char *line) {
    int x = MARGIN;
    for (const char *cell = line; cell != NULL; x += COLUMN_WIDTH) {
        put_text(content, "F1", BODY_SIZE, x, y, cell);
        cell = strchr(cell, '\t');
        if (cell != NULL)
            cell++;
    }
    put(content, "0.8 G 0.5 w %d %d m %d %d l S\n", MARGIN, y - 5, PAGE_WIDTH - MARGIN, y - 5);
}

static void put_page(struct content *content, const struct pdf_report *report, size_t number) {
    const struct pdf_page *page = &report->pages[number];
    int y = PAGE_HEIGHT - MARGIN;
    content->length = 0;
    put_text(content, "F2", HEADING_SIZE, MARGIN, y, page->heading);
    put(content, "0.3 G 1 w %d %d m %d %d l S\n", MARGIN, y - 10, PAGE_WIDTH - MARGIN, y - 10);
    y -= 3 * LEADING;
    for (const char *const *line = page->lines; *line != NULL; line++, y -= LEADING) {
        assert(y > FOOTER_Y + LEADING);
        if (**line == '#') {
            y -= LEADING / 2;
            put_text(content, "F2", SUBHEADING_SIZE, MARGIN, y, *line + 1);
        } else if (strchr(*line, '\t') != NULL) {
            put_table_row(content, y, *line);
        } else if (**line != '\0') {
            put_text(content, "F1", BODY_SIZE, MARGIN, y, *line);
        }
    }
    char footer[160];
    snprintf(footer, sizeof(footer), "%s     page %zu of %zu", report->footer, number + 1,
             report->page_count);
    put_text(content, "F1", BODY_SIZE - 2, MARGIN, FOOTER_Y, footer);
}

static void write_fixed_objects(const struct pdf_report *report, FILE *file, long *offsets) {
    offsets[CATALOG] = ftell(file);
    fprintf(file, "%d 0 obj\n<< /Type /Catalog /Pages %d 0 R /Lang (en) >>\nendobj\n", CATALOG,
            PAGE_TREE);
    offsets[PAGE_TREE] = ftell(file);
    fprintf(file, "%d 0 obj\n<< /Type /Pages /Count %zu /Kids [", PAGE_TREE, report->page_count);
    for (size_t i = 0; i < report->page_count; i++)
        fprintf(file, " %zu 0 R", FIRST_PAGE + 2 * i);
    fprintf(file, " ] >>\nendobj\n");
    const char *const fonts[] = {"Helvetica", "Helvetica-Bold"};
    for (int i = 0; i < 2; i++) {
        offsets[FONT_REGULAR + i] = ftell(file);
        fprintf(file,
                "%d 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /%s"
                " /Encoding /WinAnsiEncoding >>\nendobj\n",
                FONT_REGULAR + i, fonts[i]);
    }
    offsets[INFORMATION] = ftell(file);
    fprintf(file, "%d 0 obj\n<< /Title (%s) /Producer (Consilium demonstration) >>\nendobj\n",
            INFORMATION, report->title);
}

static void write_page(const struct pdf_report *report, size_t number, FILE *file, long *offsets) {
    struct content content;
    int object = FIRST_PAGE + 2 * (int)number;
    put_page(&content, report, number);
    offsets[object] = ftell(file);
    fprintf(file,
            "%d 0 obj\n<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R\n"
            "/Resources << /Font << /F1 %d 0 R /F2 %d 0 R >> >> >>\nendobj\n",
            object, PAGE_TREE, PAGE_WIDTH, PAGE_HEIGHT, object + 1, FONT_REGULAR, FONT_BOLD);
    offsets[object + 1] = ftell(file);
    fprintf(file, "%d 0 obj\n<< /Length %zu >>\nstream\n", object + 1, content.length);
    fwrite(content.bytes, 1, content.length, file);
    fprintf(file, "endstream\nendobj\n");
}

bool pdf_write(const struct pdf_report *report, FILE *file) {
    long offsets[OBJECTS_MAX] = {0};
    assert(report->page_count > 0 && report->page_count <= PDF_PAGES_MAX);
    assert(strpbrk(report->title, "()\\") == NULL);
    int objects = FIRST_PAGE + 2 * (int)report->page_count;
    // Four bytes above 127 tell transfer programs that the file is binary (section 7.5.2).
    fprintf(file, "%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n");
    write_fixed_objects(report, file, offsets);
    for (size_t i = 0; i < report->page_count; i++)
        write_page(report, i, file, offsets);
    long table = ftell(file);
    fprintf(file, "xref\n0 %d\n0000000000 65535 f \n", objects);
    for (int i = 1; i < objects; i++)
        fprintf(file, "%010ld 00000 n \n", offsets[i]);
    fprintf(file, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%ld\n%%%%EOF\n",
            objects, CATALOG, INFORMATION, table);
    return fflush(file) == 0 && ferror(file) == 0;
}
