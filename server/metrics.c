#include "server/metrics.h"

#include "server/backup/backup_watch.h"
#include "server/imaging/imaging_service.h"
#include "server/node/node.h"
#include "server/store/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct page {
    char *text;
    size_t space;
    size_t length;
};

/* What does not fit is left out whole. */
static void add(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int written =
        vsnprintf(page->text + page->length, page->space - page->length, format, arguments);
    va_end(arguments);
    if (written > 0 && (size_t)written < page->space - page->length) {
        page->length += (size_t)written;
    }
}

static void announce(struct page *page, const char *name, const char *type, const char *help) {
    const char *suffix = type[0] == 'c' ? "_total" : "";
    add(page, "# HELP consilium_%s%s %s.\n# TYPE consilium_%s%s %s\n", name, suffix, help, name,
        suffix, type);
}

static void print(struct page *page, const char *name, const char *type, const char *help,
                  uint64_t value) {
    announce(page, name, type, help);
    add(page, "consilium_%s%s %" PRIu64 "\n", name, type[0] == 'c' ? "_total" : "", value);
}

static void print_result(struct page *page, const char *name, const char *result, uint64_t value) {
    add(page, "consilium_%s_total{result=\"%s\"} %" PRIu64 "\n", name, result, value);
}

/* Buckets are cumulative, and bounds in the base unit: `unit` is how much of it a value of 1 is. */
static void print_histogram(struct page *page, const char *name, const char *help,
                            const struct histogram *histogram, uint64_t first, double unit) {
    uint64_t below = 0;
    announce(page, name, "histogram", help);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += histogram->counts[i];
        add(page, "consilium_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)(first << i) * unit,
            below);
    }
    below += histogram->counts[HISTOGRAM_BUCKETS];
    add(page, "consilium_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, below);
    add(page, "consilium_%s_sum %g\n", name, (double)histogram->sum * unit);
    add(page, "consilium_%s_count %" PRIu64 "\n", name, below);
}

static void print_own(struct page *page, const struct metrics *metrics) {
#define PRINT_COUNTER(member, help) print(page, #member, "counter", help, metrics->member);
#define PRINT_GAUGE(member, help) print(page, #member, "gauge", help, metrics->member);
    METRICS(PRINT_COUNTER, PRINT_GAUGE)
#undef PRINT_COUNTER
#undef PRINT_GAUGE
    print_histogram(page, "loop_turn_seconds", "Time between two waits of the event loop",
                    &metrics->loop_turn_us, HISTOGRAM_TIME_FIRST, 1e-6);
}

static void print_node(struct page *page, const struct node *node) {
    struct node_counts counts;
    node_count(node, &counts);
    print(page, "node_sessions", "gauge", "Sessions of the node", counts.sessions);
    print(page, "node_channels", "gauge", "Open channels", counts.channels);
    print(page, "node_frames_in", "counter", "Frames taken from sessions", counts.frames_in);
    print(page, "node_frames_out", "counter", "Frames given to sessions", counts.frames_out);
    print(page, "node_bytes_out", "counter", "Bytes given to sessions", counts.bytes_out);
    print(page, "node_refused", "counter", "Messages refused", counts.refused);
    print(page, "node_cut_slow", "counter", "Sessions cut: slow", counts.cut_slow);
    print(page, "node_cut_heartbeat", "counter", "Sessions cut: silent", counts.cut_heartbeat);
    announce(page, "node_resumes", "counter", "Channels that came back with a version, by answer");
    print_result(page, "node_resumes", "missed_events", counts.resumed);
    print_result(page, "node_resumes", "snapshot", counts.resumed_anew);
    print(page, "node_snapshots", "counter", "Snapshots sent", counts.snapshots);
    print(page, "node_events_resumed", "counter", "Missed events sent", counts.events_resumed);
    print(page, "node_ephemera_frames", "counter", "Ephemeral frames sent", counts.ephemera_frames);
    print(page, "node_ephemera_encoded", "counter", "Ephemeral frames encoded",
          counts.ephemera_encoded);
    print(page, "node_lane_bytes", "gauge", "Bytes waiting for slow readers", counts.lane_bytes);
    print(page, "node_tick_us", "gauge", "Ephemeral tick, microseconds", counts.tick_us);
}

static void print_runtime(struct page *page, const struct node *node) {
    struct runtime_counts counts;
    node_count_runtime(node, &counts);
    print(page, "actors", "gauge", "Actors in memory", counts.activations);
    print(page, "actors_loading", "gauge", "Actors being read from the record", counts.loading);
    print(page, "actors_appending", "gauge", "Actors with an append in flight", counts.appending);
    print(page, "actor_turns", "counter", "Turns given to actors", counts.turns);
    print(page, "actor_messages", "counter", "Messages decided on", counts.messages);
    print(page, "actor_refused", "counter", "Commands and requests refused", counts.refused);
    print(page, "actor_dropped", "counter", "Messages dropped by full mailboxes", counts.dropped);
    print(page, "actor_muted", "counter", "Senders slowed by full mailboxes", counts.muted);
    print(page, "actors_passivated", "counter", "Actors that left memory", counts.passivated);
    print(page, "actors_reloaded", "counter", "Actors read again after a failure", counts.reloaded);
    print(page, "actors_quarantined", "counter", "Actors stopped", counts.quarantined);
    print(page, "actor_mailbox_peak", "gauge", "Longest mailbox so far", counts.mailbox_peak);
    print(page, "actor_timers", "gauge", "Volatile timers", counts.timers);
}

static void print_imaging(struct page *page, const struct imaging_service *imaging) {
    struct imaging_counts counts;
    imaging_count(imaging, &counts);
    announce(page, "imaging_uploads", "counter", "Files sent in, by outcome");
    print_result(page, "imaging_uploads", "stored", counts.stored);
    print_result(page, "imaging_uploads", "already_there", counts.already_there);
    print_result(page, "imaging_uploads", "held", counts.held);
    print_result(page, "imaging_uploads", "refused", counts.refused);
    print(page, "imaging_uploads_now", "gauge", "Uploads under way", counts.uploads_now);
    print(page, "imaging_downloads_now", "gauge", "Downloads under way", counts.downloads_now);
    print(page, "imaging_frames_read", "counter", "Frames given out", counts.frames_read);
    print(page, "imaging_bytes_read", "counter", "Bytes of pictures given out", counts.bytes_read);
    print(page, "frame_cache_hits", "counter", "Frames found in memory", counts.cache_hits);
    print(page, "frame_cache_misses", "counter", "Frames not found in memory", counts.cache_misses);
    print(page, "frame_cache_bytes", "gauge", "Bytes of memory that frames are kept in",
          counts.cache_bytes);
    print(page, "frame_cache_bound_bytes", "gauge", "The most that may be", counts.cache_bound);
    print(page, "imaging_memory_bytes", "gauge", "Memory of answers about images",
          counts.memory_bytes);
    print(page, "imaging_memory_bound_bytes", "gauge", "Beyond which who asks waits",
          counts.memory_bound);
    print(page, "imaging_memory_most_bytes", "gauge", "The most so far", counts.memory_most);
    print(page, "imaging_memory_waiting", "gauge", "Who waits for it", counts.memory_waiting);
    print(page, "imaging_memory_waited", "counter", "Who had to", counts.memory_waited);
    print(page, "imaging_memory_turned_away", "counter", "Who was told that it is busy",
          counts.memory_turned_away);
    print(page, "imaging_damaged", "counter", "Files whose seal does not verify", counts.damaged);
    print(page, "imaging_ingest_restarts", "counter", "Times the parser died and was restarted",
          counts.ingest_restarts);
    print(page, "imaging_copies_made", "counter", "Lossless copies", counts.copies_made);
    print(page, "imaging_copies_refused", "counter", "Images that none can be made of",
          counts.copies_refused);
    print(page, "imaging_codec_restarts", "counter", "Times a codec died and was restarted",
          counts.codec_restarts);
}

static void print_store(struct page *page, const struct store *store) {
    struct store_counts counts;
    store_count(store, &counts);
    print(page, "store_batches", "counter", "Group commits", counts.batches);
    print(page, "store_rows", "counter", "Rows committed", counts.rows);
    print(page, "store_in_flight", "gauge", "Appends in the batch being committed",
          counts.in_flight);
    print(page, "store_waiting", "gauge", "Appends waiting for the next batch", counts.waiting);
    print(page, "store_failed", "counter", "Appends that failed", counts.failed);
    print(page, "store_retried", "counter", "Batches tried again", counts.retried);
    print(page, "store_pending_due", "gauge", "Durable messages that are due", counts.pending_due);
    print_histogram(page, "store_commit_seconds", "Group commits, from sending to answer",
                    &counts.commit_us, HISTOGRAM_TIME_FIRST, 1e-6);
    print_histogram(page, "store_batch_rows", "Events of a group commit", &counts.batch_rows,
                    HISTOGRAM_NUMBER_FIRST, 1);
}

static void print_backup(struct page *page, const struct backup_watch *backup) {
    struct backup_counts counts;
    backup_watch_count(backup, &counts);
    print(page, "backup_configured", "gauge", "1 when there is a backup to keep up to date",
          counts.configured);
    print(page, "backup_well", "gauge", "1 while the backup is up to date", counts.well);
    print(page, "backup_behind_seconds", "gauge", "Seconds since the backup was up to date",
          counts.behind_s);
    print(page, "backup_held_bytes", "gauge",
          "Bytes of the database's log that are not in the backup yet", counts.held_bytes);
    print(page, "backup_restarts", "counter", "Times the process that copies has ended",
          counts.restarts);
}

size_t metrics_render(const struct metrics_sources *sources, char *text, size_t space) {
    struct page page = {text, space, 0};
    print_own(&page, sources->metrics);
    sources->metrics->loop_lag_us = 0;
    if (sources->node != NULL) {
        print_node(&page, sources->node);
        print_runtime(&page, sources->node);
    }
    if (sources->store != NULL) {
        print_store(&page, sources->store);
    }
    if (sources->imaging != NULL) {
        print_imaging(&page, sources->imaging);
    }
    if (sources->backup != NULL) {
        print_backup(&page, sources->backup);
    }
    return page.length;
}
