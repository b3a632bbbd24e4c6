#include "server/identity/password.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool password_hash(struct text password, const uint8_t salt[PASSWORD_SALT_BYTES],
                   char ret_verifier[VERIFIER_MAX]) {
    return argon2id_hash_encoded(PASSWORD_PASSES, PASSWORD_MEMORY_KIB, PASSWORD_LANES,
                                 password.bytes, password.length, salt, PASSWORD_SALT_BYTES,
                                 PASSWORD_HASH_BYTES, ret_verifier, VERIFIER_MAX) == ARGON2_OK;
}

bool password_matches(const char *verifier, struct text password) {
    return argon2id_verify(verifier, password.bytes, password.length) == ARGON2_OK;
}

bool password_is_current(const char *verifier) {
    char head[64];
    snprintf(head, sizeof(head), "$argon2id$v=19$m=%u,t=%u,p=%u$", PASSWORD_MEMORY_KIB,
             PASSWORD_PASSES, PASSWORD_LANES);
    return strncmp(verifier, head, strlen(head)) == 0;
}

struct job {
    struct job *next;
    bool hashing;
    uint32_t password_length;
    char password[PASSWORD_BYTES_MAX];
    char verifier[VERIFIER_MAX];
    uint8_t salt[PASSWORD_SALT_BYTES];
    bool result;
    void (*verified)(void *data, bool matches);
    void (*hashed)(void *data, const char *verifier);
    void *data;
};

struct job_list {
    struct job *first;
    struct job **end;
};

struct password_thread {
    uv_thread_t thread;
    uv_mutex_t mutex; /* guards everything below */
    uv_cond_t wake;
    uv_async_t answers;
    struct job_list waiting;
    struct job_list done;
    unsigned count; /* waiting, running and done */
    bool stopping;
};

static void append(struct job_list *list, struct job *job) {
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *take(struct job_list *list) {
    struct job *job = list->first;
    if (job != NULL) {
        list->first = job->next;
        if (list->first == NULL) {
            list->end = &list->first;
        }
    }
    return job;
}

static void work(struct job *job) {
    struct text password = {job->password_length, job->password};
    job->result = job->hashing ? password_hash(password, job->salt, job->verifier)
                               : password_matches(job->verifier, password);
    OPENSSL_cleanse(job->password, sizeof(job->password));
}

static void run(void *data) {
    struct password_thread *thread = data;
    uv_mutex_lock(&thread->mutex);
    for (;;) {
        while (thread->waiting.first == NULL && !thread->stopping) {
            uv_cond_wait(&thread->wake, &thread->mutex);
        }
        if (thread->stopping) {
            break;
        }
        struct job *job = take(&thread->waiting);
        uv_mutex_unlock(&thread->mutex);
        work(job);
        uv_mutex_lock(&thread->mutex);
        append(&thread->done, job);
        uv_async_send(&thread->answers);
    }
    uv_mutex_unlock(&thread->mutex);
}

static void answer(struct job *job) {
    if (job->hashing) {
        job->hashed(job->data, job->result ? job->verifier : NULL);
    } else {
        job->verified(job->data, job->result);
    }
    OPENSSL_cleanse(job, sizeof(*job));
    free(job);
}

static void on_answers(uv_async_t *async) {
    struct password_thread *thread = async->data;
    for (;;) {
        uv_mutex_lock(&thread->mutex);
        struct job *job = take(&thread->done);
        thread->count -= job != NULL;
        uv_mutex_unlock(&thread->mutex);
        if (job == NULL) {
            return;
        }
        answer(job);
    }
}

struct password_thread *password_thread_start(uv_loop_t *loop) {
    struct password_thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    thread->waiting.end = &thread->waiting.first;
    thread->done.end = &thread->done.first;
    uv_mutex_init(&thread->mutex);
    uv_cond_init(&thread->wake);
    uv_async_init(loop, &thread->answers, on_answers);
    thread->answers.data = thread;
    /* Argon2 keeps its memory on the heap; the default stack is plenty. */
    uv_thread_create(&thread->thread, run, thread);
    return thread;
}

static void on_freed(uv_handle_t *handle) {
    free(handle->data);
}

void password_thread_stop(struct password_thread *thread) {
    if (thread == NULL) {
        return;
    }
    uv_mutex_lock(&thread->mutex);
    thread->stopping = true;
    uv_cond_signal(&thread->wake);
    uv_mutex_unlock(&thread->mutex);
    uv_thread_join(&thread->thread);
    struct job *job;
    while ((job = take(&thread->waiting)) != NULL) {
        job->result = false;
        append(&thread->done, job);
    }
    on_answers(&thread->answers);
    uv_cond_destroy(&thread->wake);
    uv_mutex_destroy(&thread->mutex);
    uv_close((uv_handle_t *)&thread->answers, on_freed);
}

static bool push(struct password_thread *thread, struct job *job, struct text password) {
    memcpy(job->password, password.bytes == NULL ? "" : password.bytes, password.length);
    job->password_length = password.length;
    uv_mutex_lock(&thread->mutex);
    bool space = thread->count < PASSWORD_QUEUE_MAX && !thread->stopping;
    if (space) {
        thread->count++;
        append(&thread->waiting, job);
        uv_cond_signal(&thread->wake);
    }
    uv_mutex_unlock(&thread->mutex);
    if (!space) {
        OPENSSL_cleanse(job, sizeof(*job));
        free(job);
    }
    return space;
}

bool password_verify_later(struct password_thread *thread, const char *verifier,
                           struct text password, void (*done)(void *data, bool matches),
                           void *data) {
    struct job *job = password.length <= PASSWORD_BYTES_MAX ? calloc(1, sizeof(*job)) : NULL;
    if (job == NULL || strlen(verifier) >= VERIFIER_MAX) {
        free(job);
        return false;
    }
    memcpy(job->verifier, verifier, strlen(verifier) + 1);
    job->verified = done;
    job->data = data;
    return push(thread, job, password);
}

bool password_hash_later(struct password_thread *thread, struct text password,
                         const uint8_t salt[PASSWORD_SALT_BYTES],
                         void (*done)(void *data, const char *verifier), void *data) {
    struct job *job = password.length <= PASSWORD_BYTES_MAX ? calloc(1, sizeof(*job)) : NULL;
    if (job == NULL) {
        return false;
    }
    job->hashing = true;
    memcpy(job->salt, salt, PASSWORD_SALT_BYTES);
    job->hashed = done;
    job->data = data;
    return push(thread, job, password);
}
