#include "bench/figure.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, COMMIT_DIGITS = 12 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const char build[] = "sanitised: no measure of anything";
static const bool build_counts = false;
#elif !defined(__OPTIMIZE__)
static const char build[] = "not optimised: no measure of anything";
static const bool build_counts = false;
#else
static const char build[] = CONSILIUM_BUILD_TYPE;
static const bool build_counts = true;
#endif

static bool quick;

void figure_begin(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") != 0) {
            fprintf(stderr, "%s [--quick]\n", argv[0]);
            exit(2);
        }
        quick = true;
    }
    if (!build_counts)
        fprintf(stderr, "This build is %s. Measure with script/bench.\n", build);
}

bool figure_is_quick(void) {
    return quick;
}

unsigned figure_runs(unsigned usual) {
    return quick ? 1 : usual;
}

int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double median(double *values, size_t count) {
    assert(count > 0);
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}

double percentile(const double *sorted, size_t count, double share) {
    assert(count > 0 && share >= 0 && share <= 1);
    size_t place = (size_t)(share * (double)count);
    return sorted[place < count ? place : count - 1];
}

/* The first line of a file, without its end; false when there is none. */
static bool first_line(const char *path, char line[LINE_MAX_BYTES]) {
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(line, LINE_MAX_BYTES, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* Where .git/HEAD points to, through one branch name (gitrepository-layout(5)). */
static void find_commit(char commit[LINE_MAX_BYTES]) {
    char head[LINE_MAX_BYTES], path[LINE_MAX_BYTES + 64];
    static const char reference[] = "ref: ";
    snprintf(commit, LINE_MAX_BYTES, "unknown");
    if (!first_line(CONSILIUM_SOURCE_DIR "/.git/HEAD", head))
        return;
    if (strncmp(head, reference, sizeof reference - 1) == 0) {
        snprintf(path, sizeof path, CONSILIUM_SOURCE_DIR "/.git/%s", head + sizeof reference - 1);
        if (!first_line(path, head))
            return;
    }
    snprintf(commit, LINE_MAX_BYTES, "%.*s", COMMIT_DIGITS, head);
}

static void find_processor(char name[LINE_MAX_BYTES]) {
    char line[LINE_MAX_BYTES];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(name, LINE_MAX_BYTES, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(name, LINE_MAX_BYTES, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

static void print_text(const char *key, const char *text) {
    printf(",\"%s\":\"", key);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

/* Enough digits for small numbers, no false ones for large. */
static void print_number(const char *key, double value) {
    double size = value < 0 ? -value : value;
    printf(",\"%s\":%.*f", key, size >= 1000 ? 0 : size >= 10 ? 1 : 3, value);
}

static bool holds(const struct figure *figure, double ratio) {
    switch (figure->kind) {
    case BAR_AT_LEAST:
        return figure->value >= figure->bar;
    case BAR_AT_MOST:
        return figure->value <= figure->bar;
    case BAR_RATIO_AT_LEAST:
        return ratio >= figure->bar;
    case BAR_NONE:
        break;
    }
    return true;
}

bool figure_print(const struct figure *figure) {
    static const char *const bars[] = {"none", ">= %g", "<= %g", "ratio >= %g"};
    char text[LINE_MAX_BYTES], processor[LINE_MAX_BYTES], commit[LINE_MAX_BYTES];
    double ratio = figure->reference_value > 0 ? figure->value / figure->reference_value : 0;
    bool held = build_counts && !quick && holds(figure, ratio);
    find_processor(processor);
    find_commit(commit);
    printf("{\"figure\":\"%s\"", figure->name);
    print_number("value", figure->value);
    print_text("unit", figure->unit);
    print_text("reference", figure->reference == NULL ? "none" : figure->reference);
    print_number("reference_value", figure->reference_value);
    print_number("ratio", ratio);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, bars[figure->kind], figure->bar);
#pragma GCC diagnostic pop
    print_text("bar", text);
    printf(",\"holds\":%s", quick ? "null" : held ? "true" : "false");
    snprintf(text, sizeof text, "%.200s, %ld cores", processor, sysconf(_SC_NPROCESSORS_ONLN));
    print_text("box", text);
    print_text("commit", commit);
    print_text("build", quick ? "quick run: shows that it works" : build);
    printf(",\"runs\":%u", figure->runs);
    if (figure->circumstances != NULL)
        print_text("circumstances", figure->circumstances);
    printf("}\n");
    fflush(stdout);
    return held;
}
