/*
 * Promise 9: no word of a patient or a person in what a process tells its operator, in what a crash
 * would leave behind, or in the clear on the database's disk. Everything that is said in this world
 * holds CANARY; nothing that is looked at here may.
 */
#define _GNU_SOURCE // memmem
#include "tests/simulation/world.h"

#include "server/backup/backup_watch.h"
#include "server/imaging/imaging_service.h"
#include "server/metrics.h"

#include <stdio.h>
#include <string.h>

static bool sings(const void *bytes, size_t length) {
    return length >= sizeof CANARY - 1 && memmem(bytes, length, CANARY, sizeof CANARY - 1) != NULL;
}

static void look_at(struct world *world, const char *what, const void *bytes, size_t length) {
    if (sings(bytes, length)) {
        world_fault(world, "%s holds a word of a person", what);
    }
}

void watch_report(void *data, const char *words) {
    struct process *process = data;
    struct world *world = process->world;
    look_at(world, "a log line", words, strlen(words));
    if (world->damage[0] == '\0' && strstr(words, "damaged") != NULL) {
        snprintf(world->damage, sizeof world->damage, "%s", words);
    }
}

/* As server/service.c puts it into a line. */
void watch_trace(void *data, unsigned hop, uint64_t frame, const char *what, uint64_t value) {
    struct process *process = data;
    char line[WORDS_MAX];
    snprintf(line, sizeof line, "hop=%u frame=%llu %s=%llu", hop, (unsigned long long)frame, what,
             (unsigned long long)value);
    look_at(process->world, "a log line", line, strlen(line));
    look_at(process->world, "what a crash would leave", &process->marker, sizeof process->marker);
}

/* There are no images in this world, so the page is never asked for them. */
void imaging_count(const struct imaging_service *service, struct imaging_counts *ret) {
    (void)service;
    *ret = (struct imaging_counts){0};
}

/* Nor is there a backup. */
void backup_watch_count(const struct backup_watch *watch, struct backup_counts *ret) {
    (void)watch;
    *ret = (struct backup_counts){0};
}

void watch_metrics(struct process *process) {
    static char text[METRICS_TEXT_MAX];
    struct metrics metrics = {0};
    struct metrics_sources sources = {
        .metrics = &metrics, .node = process->node, .store = process->store};
    size_t length = metrics_render(&sources, text, sizeof text);
    look_at(process->world, "a metric", text, length);
}

void watch_sealed(struct world *world, const struct database_batch *batch) {
    for (size_t i = 0; i < batch->event_count; i++) {
        look_at(world, "a row of the record", batch->events[i].payload.bytes,
                batch->events[i].payload.length);
    }
    for (size_t i = 0; i < batch->pending_count; i++) {
        look_at(world, "a pending row", batch->pending[i].payload.bytes,
                batch->pending[i].payload.length);
    }
    for (size_t i = 0; i < batch->list_row_count; i++) {
        look_at(world, "a row of a list", batch->list_rows[i].payload.bytes,
                batch->list_rows[i].payload.length);
    }
}
