#include "server/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level level_shown = LOG_LEVEL_INFO;

static const char *const level_words[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level) {
    level_shown = level;
}

bool log_enabled(enum log_level level) {
    return level <= level_shown;
}

bool log_level_of_word(const char *word, enum log_level *ret) {
    for (unsigned level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        if (strcmp(word, level_words[level]) == 0) {
            *ret = (enum log_level)level;
            return true;
        }
    }
    return false;
}

static size_t write_time(char *line, size_t space) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(line, space, "%Y-%m-%dT%H:%M:%S", &utc);
    length += (size_t)snprintf(line + length, space - length, ".%03ldZ", now.tv_nsec / 1000000);
    return length;
}

void log_line(enum log_level level, const char *area, const char *format, ...) {
    if (!log_enabled(level)) {
        return;
    }
    char line[LOG_LINE_MAX];
    size_t space = sizeof(line) - 1; /* one byte for the newline */
    size_t length = write_time(line, space);
    length += (size_t)snprintf(line + length, space - length, " %s %s ", level_words[level], area);

    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(line + length, space - length, format, arguments);
    va_end(arguments);
    if (wanted > 0) {
        size_t left = space - length - 1;
        length += (size_t)wanted < left ? (size_t)wanted : left;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[length++] = '\n';
    /* One write, so that lines of several threads do not mix. A lost line is no reason to stop. */
    ssize_t ignored = write(STDERR_FILENO, line, length);
    (void)ignored;
}

void log_trace(void *data, unsigned hop, uint64_t frame, const char *what, uint64_t value) {
    (void)data;
    log_debug("trace", "hop=%u frame=%" PRIu64 " %s=%" PRIu64, hop, frame, what, value);
}
