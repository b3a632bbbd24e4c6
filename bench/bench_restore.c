/* links: load consilium */
#define _GNU_SOURCE /* environ */
/*
 * How long it takes from an empty disk to a record that can be served: one gigabyte of images and
 * the database of a server that has worked, brought back from its backup. The reference of the same
 * run is `cp -r` of the same backup with its disk synced: what is copied without being looked at.
 */
#include "bench/figure.h"
#include "tests/support/staff.h"

#include <assert.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOB_BYTES = 1024 * 1024, BLOBS = 1000, BLOBS_QUICK = 50, CASES = 20, FINISH_MS = 30000 };

static void run(const char *format, const char *one, const char *two, const char *three) {
    char command[4096];
    snprintf(command, sizeof command, format, one, two, three);
    char *arguments[] = {"sh", "-c", command, NULL};
    pid_t process;
    int status = -1;
    if (posix_spawn(&process, "/bin/sh", NULL, NULL, arguments, environ) != 0 ||
        waitpid(process, &status, 0) != process || status != 0) {
        fprintf(stderr, "%s: status %d\n", command, status);
        exit(1);
    }
}

/* Noise, as sealed files are: neither sparse nor compressible. */
static void write_blobs(const char *data, unsigned count) {
    FILE *noise = fopen("/dev/urandom", "r");
    uint8_t *bytes = malloc(BLOB_BYTES);
    assert(noise != NULL && bytes != NULL);
    for (unsigned i = 0; i < count; i++) {
        char path[1200], name[65];
        size_t read = fread(bytes, 1, BLOB_BYTES, noise);
        assert(read == BLOB_BYTES);
        for (unsigned b = 0; b < 32; b++)
            snprintf(name + 2 * b, 3, "%02x", bytes[b]);
        snprintf(path, sizeof path, "%s/blobs/%.2s/%s", data, name, name);
        FILE *file = fopen(path, "w");
        assert(file != NULL);
        size_t written = fwrite(bytes, 1, BLOB_BYTES, file);
        assert(written == BLOB_BYTES);
        fclose(file);
    }
    free(bytes);
    fclose(noise);
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/consilium-bench-XXXXXX";
    struct staff staff;
    figure_begin(argc, argv);
    unsigned blobs = figure_is_quick() ? BLOBS_QUICK : BLOBS;
    struct server_options options = {.program = CONSILIUM_PATH};
    struct server_process *server = server_process_start(&options);
    bool ready = server != NULL && mkdtemp(folder) != NULL && chmod(folder, 0755) == 0 &&
                 staff_hire(&staff, server, 3) && staff_make_cases(&staff, 0, CASES);
    assert(ready);
    write_blobs(server_process_data(server), blobs);
    run("%s backup --data %s --to %s/backup >&2", CONSILIUM_PATH, server_process_data(server),
        folder);
    run("mkdir %s/keys && cp %s/keys/* %s/keys", folder, server_process_data(server), folder);
    int ended = server_process_finish(server, FINISH_MS);
    assert(ended == 0);
    run("sync; cp -r %s/backup %s/copy && sync -f %s", folder, folder, folder); /* in the cache */
    run("rm -r %s/copy; sync -f %s%s", folder, folder, "");
    int64_t begin = monotonic_us();
    run("cp -r %s/backup %s/copy && sync -f %s", folder, folder, folder);
    double copied = (double)(monotonic_us() - begin) / 1e6;
    run("rm -r %s/copy; sync -f %s%s", folder, folder, "");
    char words[256];
    snprintf(words, sizeof words, "%s restore --from %s/backup --keys-from %s/keys", CONSILIUM_PATH,
             folder, folder);
    begin = monotonic_us();
    run("%s --data %s/restored%s >&2", words, folder, "");
    double restored = (double)(monotonic_us() - begin) / 1e6;
    run("rm -r %s%s%s", folder, "", "");
    bool holds = figure_print(&(struct figure){
        .name = "restore of a data folder",
        .unit = "s/GB",
        .value = restored * 1e9 / ((double)blobs * BLOB_BYTES),
        .reference = "cp -r of the same backup, synced",
        .reference_value = copied * 1e9 / ((double)blobs * BLOB_BYTES),
        .kind = BAR_NONE,
        .runs = 1,
        .circumstances = "1,000 images of 1 MiB and the database of 20 cases; everything is "
                         "verified on the way, recovery and the signed statement included",
    });
    staff_finish(&staff);
    server_process_end(server);
    return holds ? 0 : 1;
}
