/* Feeds every file of a corpus to a fuzz target, so that what a fuzzer once found is checked by any
 * compiler in every build, with no fuzzer at hand.
 *
 *     fuzz_NAME FOLDER_OR_FILE...
 *
 * Each input lies in a heap block of exactly its size, so that the address sanitizer sees a read of
 * one byte too many. A run without a single input fails: it would prove nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_SIZE_MAX ((size_t)16 << 20)
#define PATH_LENGTH_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static unsigned long replayed;

static void fail(const char *path, const char *why) {
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(1);
}

static void replay_file(const char *path, size_t size) {
    if (size > INPUT_SIZE_MAX) {
        fail(path, "larger than an input may be");
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail(path, "cannot be opened");
    }
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        fail(path, "cannot be read");
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    replayed++;
}

static size_t file_size(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        fail(path, "does not exist");
    }
    return S_ISREG(status.st_mode) ? (size_t)status.st_size : SIZE_MAX;
}

static void replay_folder(const char *folder) {
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        fail(folder, "cannot be opened as a folder");
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[PATH_LENGTH_MAX];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path) {
            fail(folder, "holds a name that is too long");
        }
        size_t size = file_size(path);
        if (size != SIZE_MAX) {
            replay_file(path, size);
        }
    }
    closedir(entries);
}

int main(int argument_count, char **arguments) {
    for (int i = 1; i < argument_count; i++) {
        size_t size = file_size(arguments[i]);
        if (size == SIZE_MAX) {
            replay_folder(arguments[i]);
        } else {
            replay_file(arguments[i], size);
        }
    }
    printf("%lu inputs replayed\n", replayed);
    return replayed == 0 ? 1 : 0;
}
