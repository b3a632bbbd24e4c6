#include "server/metrics.h"

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

static void print(struct page *page, const char *name, const char *type, const char *help,
                  uint64_t value) {
    const char *suffix = type[0] == 'c' ? "_total" : "";
    int written = snprintf(page->text + page->length, page->space - page->length,
                           "# HELP consilium_%s%s %s.\n# TYPE consilium_%s%s %s\n"
                           "consilium_%s%s %" PRIu64 "\n",
                           name, suffix, help, name, suffix, type, name, suffix, value);
    if (written > 0 && (size_t)written < page->space - page->length) {
        page->length += (size_t)written;
    }
}

static void print_own(struct page *page, const struct metrics *metrics) {
#define PRINT_COUNTER(member, help) print(page, #member, "counter", help, metrics->member);
#define PRINT_GAUGE(member, help) print(page, #member, "gauge", help, metrics->member);
    METRICS(PRINT_COUNTER, PRINT_GAUGE)
#undef PRINT_COUNTER
#undef PRINT_GAUGE
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
    print(page, "node_resumed", "counter", "Channels resumed without a snapshot", counts.resumed);
    print(page, "node_snapshots", "counter", "Snapshots sent", counts.snapshots);
    print(page, "node_events_resumed", "counter", "Missed events sent", counts.events_resumed);
    print(page, "node_ephemera_frames", "counter", "Ephemeral frames sent", counts.ephemera_frames);
    print(page, "node_ephemera_encoded", "counter", "Ephemeral frames encoded",
          counts.ephemera_encoded);
    print(page, "node_lane_bytes", "gauge", "Bytes waiting for slow readers", counts.lane_bytes);
    print(page, "node_tick_us", "gauge", "Ephemeral tick, microseconds", counts.tick_us);
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
    print(page, "store_commit_us", "gauge", "Last group commit, microseconds",
          counts.commit_us_last);
    print(page, "store_batch_rows", "gauge", "Rows of the last group commit",
          counts.batch_rows_last);
}

size_t metrics_render(const struct metrics_sources *sources, char *text, size_t space) {
    struct page page = {text, space, 0};
    print_own(&page, sources->metrics);
    sources->metrics->loop_lag_us = 0;
    if (sources->node != NULL) {
        print_node(&page, sources->node);
    }
    if (sources->store != NULL) {
        print_store(&page, sources->store);
    }
    return page.length;
}
