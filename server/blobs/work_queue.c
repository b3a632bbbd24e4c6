#define _GNU_SOURCE // gettid
#include "server/blobs/work_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct work_list {
    struct work *first;
    struct work *last;
};

struct work_queue {
    /* Given. */
    int niceness;
    /* Owned. */
    uv_async_t finished_signal;
    uv_mutex_t lock; // guards the two lists, waiting_count and closing
    uv_cond_t arrived;
    uv_thread_t threads[WORK_THREADS_MAX];
    /* Derived. */
    unsigned thread_count;
    struct work_list waiting;
    struct work_list finished;
    size_t waiting_count;
    size_t unfinished_count; // submitted and not yet done; touched on the loop only
    bool closing;
    void (*closed)(void *data);
    void *closed_data;
};

static void push(struct work_list *list, struct work *work) {
    work->next = NULL;
    if (list->last) {
        list->last->next = work;
    } else {
        list->first = work;
    }
    list->last = work;
}

static struct work *pop(struct work_list *list) {
    struct work *work = list->first;
    if (work) {
        list->first = work->next;
        if (!list->first) {
            list->last = NULL;
        }
    }
    return work;
}

static void run_thread(void *data) {
    struct work_queue *queue = data;
    if (queue->niceness > 0) {
        setpriority(PRIO_PROCESS, (id_t)gettid(), queue->niceness);
    }
    uv_mutex_lock(&queue->lock);
    while (true) {
        struct work *work = pop(&queue->waiting);
        if (!work) {
            if (queue->closing) {
                break;
            }
            uv_cond_wait(&queue->arrived, &queue->lock);
            continue;
        }
        queue->waiting_count--;
        uv_mutex_unlock(&queue->lock);
        work->run(work);
        uv_mutex_lock(&queue->lock);
        bool first = queue->finished.first == NULL;
        push(&queue->finished, work);
        if (first) {
            uv_async_send(&queue->finished_signal);
        }
    }
    uv_mutex_unlock(&queue->lock);
}

static void on_signal_closed(uv_handle_t *handle) {
    struct work_queue *queue = handle->data;
    uv_cond_destroy(&queue->arrived);
    uv_mutex_destroy(&queue->lock);
    if (queue->closed) {
        queue->closed(queue->closed_data);
    }
    free(queue);
}

/* Ends the threads once nothing is left to do. */
static void close_when_idle(struct work_queue *queue) {
    if (!queue->closing || queue->unfinished_count > 0 ||
        uv_is_closing((uv_handle_t *)&queue->finished_signal)) {
        return;
    }
    for (unsigned i = 0; i < queue->thread_count; i++) {
        uv_thread_join(&queue->threads[i]);
    }
    uv_close((uv_handle_t *)&queue->finished_signal, on_signal_closed);
}

static void on_finished(uv_async_t *signal) {
    struct work_queue *queue = signal->data;
    uv_mutex_lock(&queue->lock);
    struct work *work = queue->finished.first;
    queue->finished = (struct work_list){0};
    uv_mutex_unlock(&queue->lock);
    while (work) {
        struct work *next = work->next; // done may free the work
        queue->unfinished_count--;
        work->done(work);
        work = next;
    }
    close_when_idle(queue);
}

struct work_queue *work_queue_create(uv_loop_t *loop, unsigned threads, int niceness) {
    assert(threads > 0 && threads <= WORK_THREADS_MAX);
    struct work_queue *queue = calloc(1, sizeof *queue);
    if (!queue) {
        return NULL;
    }
    if (uv_async_init(loop, &queue->finished_signal, on_finished) != 0) {
        free(queue);
        return NULL;
    }
    queue->finished_signal.data = queue;
    queue->niceness = niceness;
    uv_mutex_init(&queue->lock);
    uv_cond_init(&queue->arrived);
    while (queue->thread_count < threads &&
           uv_thread_create(&queue->threads[queue->thread_count], run_thread, queue) == 0) {
        queue->thread_count++;
    }
    if (queue->thread_count == 0) {
        work_queue_close(queue, NULL, NULL);
        return NULL;
    }
    return queue;
}

bool work_submit(struct work_queue *queue, struct work *work) {
    uv_mutex_lock(&queue->lock);
    bool taken = !queue->closing && queue->waiting_count < WORK_WAITING_MAX;
    if (taken) {
        push(&queue->waiting, work);
        queue->waiting_count++;
        uv_cond_signal(&queue->arrived);
    }
    uv_mutex_unlock(&queue->lock);
    queue->unfinished_count += taken;
    return taken;
}

void work_queue_close(struct work_queue *queue, void (*closed)(void *data), void *data) {
    uv_mutex_lock(&queue->lock);
    queue->closing = true;
    uv_cond_broadcast(&queue->arrived);
    uv_mutex_unlock(&queue->lock);
    queue->closed = closed;
    queue->closed_data = data;
    close_when_idle(queue);
}
