/*
 * One line an event on standard error: time, level, area, what happened, then key=value pairs:
 *
 *     2026-11-23T09:30:00.125Z info gateway listening address=127.0.0.1 port=8080
 *
 * Only server/ logs; protocol/ and actors/ return what went wrong. Never in a line: names, dates,
 * numbers or words of patients and people, queries, tokens, SQL with values. Numbers of sessions
 * and ids of actors are fine. Control characters are written as '?', so that no text can forge a
 * line.
 */
#ifndef CONSILIUM_LOG_H
#define CONSILIUM_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_LINE_MAX = 1024 }; /* longer lines are cut */

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
bool log_level_of_word(const char *word, enum log_level *ret); /* "error", "warning", ... */

/* `area` is a word ("gateway"); the format gives the event and its key=value pairs. */
void log_line(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(area, ...) log_line(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_LEVEL_WARNING, area, __VA_ARGS__)
#define log_info(area, ...) log_line(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)                                                                       \
    do {                                                                                           \
        if (log_enabled(LOG_LEVEL_DEBUG)) {                                                        \
            log_line(LOG_LEVEL_DEBUG, area, __VA_ARGS__);                                          \
        }                                                                                          \
    } while (0)

/* For node_config.trace: a line for each hop of each frame, at the level debug. */
void log_trace(void *data, unsigned hop, uint64_t frame, const char *what, uint64_t value);

#endif
