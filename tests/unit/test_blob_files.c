/* links: blobs */
#include "server/blobs/blob_files.h"
#include "server/blobs/work_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* What is asked of the disk, in its order: f = a file is synced, d = a folder is, r = renamed. They
 * stand in for libc's, since no test can take the power away. */
static char asked[16];

static void note(char what) {
    size_t length = strlen(asked);
    if (length + 1 < sizeof asked) {
        asked[length] = what;
    }
}

int fsync(int file) {
    struct stat status;
    note(fstat(file, &status) == 0 && S_ISDIR(status.st_mode) ? 'd' : 'f');
    return (int)syscall(SYS_fsync, file);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    note('r');
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

static const uint8_t key[BLOB_KEY_SIZE] = {1};
static const uint8_t name[BLOB_NAME_SIZE] = {0xAB, 2};

struct folder {
    char path[64];
    struct blob_files files;
};

static int make_folder(void **state) {
    struct folder *folder = calloc(1, sizeof *folder);
    snprintf(folder->path, sizeof folder->path, "/tmp/consilium-blobs-XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) && blob_files_open(&folder->files, folder->path) == BLOB_OK ? 0
                                                                                             : -1;
}

static int drop_folder(void **state) {
    struct folder *folder = *state;
    char command[128];
    blob_files_close(&folder->files);
    snprintf(command, sizeof command, "rm -rf %s", folder->path);
    int status = system(command);
    free(folder);
    return status;
}

static unsigned count_files(const struct folder *folder) {
    char command[128];
    snprintf(command, sizeof command, "find %s -type f | wc -l", folder->path);
    FILE *answer = popen(command, "r");
    unsigned count = 0;
    assert_int_equal(fscanf(answer, "%u", &count), 1);
    pclose(answer);
    return count;
}

static void write_blob(struct folder *folder, const void *bytes, size_t size) {
    struct blob_write writing;
    uint8_t digest[BLOB_DIGEST_SIZE];
    assert_int_equal(blob_write_begin(&writing, &folder->files, key, name), BLOB_OK);
    assert_int_equal(blob_write_bytes(&writing, bytes, size), BLOB_OK);
    assert_int_equal(blob_write_commit(&writing, digest), BLOB_OK);
}

static void a_committed_blob_is_read_back_in_ranges(void **state) {
    struct folder *folder = *state;
    write_blob(folder, "hello, blob", 11);
    uint8_t bytes[4];
    assert_int_equal(blob_read(&folder->files, key, name, 11, 7, 4, bytes), BLOB_OK);
    assert_memory_equal(bytes, "blob", 4);
}

static void
a_blob_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_said_to_be(void **state) {
    memset(asked, 0, sizeof asked);
    write_blob(*state, "hello", 5);
    assert_string_equal(asked, "frd");
}

static void nobody_sees_a_blob_before_its_commit(void **state) {
    struct folder *folder = *state;
    struct blob_write writing;
    uint8_t byte;
    assert_int_equal(blob_write_begin(&writing, &folder->files, key, name), BLOB_OK);
    assert_int_equal(blob_write_bytes(&writing, "x", 1), BLOB_OK);
    assert_int_equal(blob_read(&folder->files, key, name, 1, 0, 1, &byte), BLOB_ABSENT);
    blob_write_abort(&writing);
    assert_int_equal(count_files(folder), 0);
}

static void what_a_crash_left_is_deleted_at_the_next_start(void **state) {
    struct folder *folder = *state;
    char command[160];
    write_blob(folder, "kept", 4);
    snprintf(command, sizeof command, "echo half > %s/unfinished/0123456789abcdef", folder->path);
    assert_int_equal(system(command), 0);
    assert_int_equal(count_files(folder), 2);
    blob_files_close(&folder->files);
    assert_int_equal(blob_files_open(&folder->files, folder->path), BLOB_OK);
    assert_int_equal(count_files(folder), 1);
}

static void a_blob_of_another_size_than_known_is_damage(void **state) {
    struct folder *folder = *state;
    write_blob(folder, "hello", 5);
    uint8_t byte;
    assert_int_equal(blob_read(&folder->files, key, name, 6, 0, 1, &byte), BLOB_DAMAGED);
}

static void a_deleted_blob_is_absent(void **state) {
    struct folder *folder = *state;
    uint8_t byte;
    write_blob(folder, "x", 1);
    assert_int_equal(blob_delete(&folder->files, name), BLOB_OK);
    assert_int_equal(blob_read(&folder->files, key, name, 1, 0, 1, &byte), BLOB_ABSENT);
    assert_int_equal(blob_delete(&folder->files, name), BLOB_ABSENT);
}

/* Work that counts itself, on a thread and again on the loop. */
struct counted {
    struct work work;
    uv_mutex_t *lock;
    unsigned *ran;
    unsigned *done;
};

static void run_counted(struct work *work) {
    struct counted *counted = (struct counted *)work;
    uv_mutex_lock(counted->lock);
    ++*counted->ran;
    uv_mutex_unlock(counted->lock);
}

static void count_done(struct work *work) {
    ++*((struct counted *)work)->done;
}

static void note_closed(void *data) {
    *(bool *)data = true;
}

static void everything_submitted_is_done_before_the_queue_closes(void **state) {
    (void)state;
    enum { PIECES = 500 };
    uv_loop_t loop;
    uv_mutex_t lock;
    unsigned ran = 0;
    unsigned done = 0;
    bool closed = false;
    struct counted *pieces = calloc(PIECES, sizeof *pieces);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_mutex_init(&lock);
    struct work_queue *queue = work_queue_create(&loop, 4, 0);
    assert_non_null(queue);
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i] = (struct counted){{run_counted, count_done, NULL}, &lock, &ran, &done};
        assert_true(work_submit(queue, &pieces[i].work));
    }
    work_queue_close(queue, note_closed, &closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(ran, PIECES);
    assert_int_equal(done, PIECES);
    uv_mutex_destroy(&lock);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(pieces);
}

/* Holds the only thread until it is let go. */
struct blocker {
    struct work work;
    uv_sem_t gate;
};

static void run_blocker(struct work *work) {
    uv_sem_wait(&((struct blocker *)work)->gate);
}

static void do_nothing(struct work *work) {
    (void)work;
}

static void a_full_queue_refuses(void **state) {
    (void)state;
    uv_loop_t loop;
    bool closed = false;
    struct blocker blocker = {.work = {run_blocker, do_nothing, NULL}};
    struct work *pieces = calloc(WORK_WAITING_MAX + 1, sizeof *pieces);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_sem_init(&blocker.gate, 0);
    struct work_queue *queue = work_queue_create(&loop, 1, 0);
    assert_true(work_submit(queue, &blocker.work));
    unsigned taken = 0;
    for (unsigned i = 0; i <= WORK_WAITING_MAX; i++) {
        pieces[i] = (struct work){do_nothing, do_nothing, NULL};
        taken += work_submit(queue, &pieces[i]);
    }
    // The blocker itself may or may not have left the line by now.
    assert_true(taken >= WORK_WAITING_MAX - 1 && taken <= WORK_WAITING_MAX);
    uv_sem_post(&blocker.gate);
    work_queue_close(queue, note_closed, &closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    uv_sem_destroy(&blocker.gate);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(pieces);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_committed_blob_is_read_back_in_ranges, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(
            a_blob_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_said_to_be,
            make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(nobody_sees_a_blob_before_its_commit, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_deleted_at_the_next_start, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_blob_of_another_size_than_known_is_damage, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_deleted_blob_is_absent, make_folder, drop_folder),
        cmocka_unit_test(everything_submitted_is_done_before_the_queue_closes),
        cmocka_unit_test(a_full_queue_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
