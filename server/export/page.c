#include "server/export/page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 64 };

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#14202b;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem;"
    "border-bottom:1px solid #9fb0c0}h3{font-size:1rem;margin:1.2rem 0 .3rem}"
    "p.fact{margin:.1rem 0}p.fact b{display:inline-block;min-width:12rem;font-weight:600}"
    "p.said{white-space:pre-wrap;margin:.3rem 0}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;"
    "border-bottom:1px solid #d5dee6;overflow-wrap:anywhere;white-space:pre-wrap}"
    "@media print{body{margin:0;max-width:none;font-size:11px}h2,h3{break-after:avoid}"
    "tr{break-inside:avoid}}";

static void put(struct page *page, const char *html) {
    bounded_output_text(&page->html, html);
}

static void put_escaped(struct page *page, struct text text) {
    uint32_t from = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        const char *instead = text.bytes[i] == '<'    ? "&lt;"
                              : text.bytes[i] == '>'  ? "&gt;"
                              : text.bytes[i] == '&'  ? "&amp;"
                              : text.bytes[i] == '"'  ? "&quot;"
                              : text.bytes[i] == '\'' ? "&#39;"
                                                      : NULL;
        if (instead != NULL) {
            bounded_output_write(&page->html, text.bytes + from, i - from);
            put(page, instead);
            from = i + 1;
        }
    }
    if (text.length > from) {
        bounded_output_write(&page->html, text.bytes + from, text.length - from);
    }
}

static struct text text_of(const char *words) {
    return (struct text){(uint32_t)strlen(words), words};
}

static void put_element(struct page *page, const char *open, struct text text, const char *close) {
    put(page, open);
    put_escaped(page, text);
    put(page, close);
}

static struct text time_words(const struct page *page, int64_t at, char space[TIME_TEXT]) {
    static const char *const forms[EXPORT_LANGUAGES] = {"%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC"};
    time_t seconds = (time_t)(at / 1000000);
    struct tm utc;
    if (at <= 0 || gmtime_r(&seconds, &utc) == NULL) {
        return (struct text){0, ""};
    }
    return (struct text){(uint32_t)strftime(space, TIME_TEXT, forms[page->language], &utc), space};
}

void page_begin(struct page *page, enum export_language language, size_t length_max,
                const char *title, const char *intro) {
    page->language = language;
    bounded_output_init(&page->html, length_max);
    put(page, language == EXPORT_GERMAN ? "<!doctype html>\n<html lang=\"de\">\n"
                                        : "<!doctype html>\n<html lang=\"en\">\n");
    put(page, "<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
              "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
              "<meta name=\"viewport\" content=\"width=device-width\">\n");
    put_element(page, "<title>", text_of(title), "</title>\n<style>");
    put(page, style);
    put_element(page, "</style>\n</head>\n<body>\n<h1>", text_of(title), "</h1>\n");
    page_words(page, intro);
}

void page_end(struct page *page) {
    put(page, "</body>\n</html>\n");
}

void page_finish(struct page *page) {
    bounded_output_finish(&page->html);
}

void page_section(struct page *page, const char *title) {
    put_element(page, "<h2>", text_of(title), "</h2>\n");
}

void page_heading(struct page *page, const char *title) {
    put_element(page, "<h3>", text_of(title), "</h3>\n");
}

void page_fact(struct page *page, const char *label, struct text value) {
    if (value.length > 0) {
        put_element(page, "<p class=\"fact\"><b>", text_of(label), "</b> ");
        put_element(page, "", value, "</p>\n");
    }
}

void page_fact_word(struct page *page, const char *label, const char *value) {
    page_fact(page, label, text_of(value));
}

void page_fact_time(struct page *page, const char *label, int64_t at) {
    char space[TIME_TEXT];
    page_fact(page, label, time_words(page, at, space));
}

void page_paragraph(struct page *page, struct text words) {
    put_element(page, "<p class=\"said\">", words, "</p>\n");
}

void page_words(struct page *page, const char *words) {
    put_element(page, "<p>", text_of(words), "</p>\n");
}

void page_table(struct page *page, const char *const *heads, size_t count) {
    put(page, "<table>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        put_element(page, "<th scope=\"col\">", text_of(heads[i]), "</th>");
    }
    put(page, "</tr></thead>\n<tbody>\n");
}

void page_row(struct page *page) {
    put(page, "<tr>");
}

void page_cell(struct page *page, struct text value) {
    put_element(page, "<td>", value, "</td>");
}

void page_cell_time(struct page *page, int64_t at) {
    char space[TIME_TEXT];
    page_cell(page, time_words(page, at, space));
}

void page_table_end(struct page *page) {
    put(page, "</tbody>\n</table>\n");
}
