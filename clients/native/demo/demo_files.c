#define _XOPEN_SOURCE 700 // nftw

#include "clients/native/demo/demo_files.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool join(char path[DEMO_PATH_MAX], const char *folder, const char *name) {
    if (snprintf(path, DEMO_PATH_MAX, "%s/%s", folder, name) < DEMO_PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static bool make_folder(const char *path) {
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

// Makes every folder of `path` up to its last slash.
static bool make_folders_above(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = make_folder(path);
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

FILE *demo_files_open(struct demo_files *files, const char *path) {
    char full[DEMO_PATH_MAX];
    if (!join(full, files->folder, path) || !make_folders_above(full))
        return NULL;
    files->count++;
    return fopen(full, "wb");
}

bool demo_files_begin(struct demo_files *files, const char *folder) {
    char manifest[DEMO_PATH_MAX];
    *files = (struct demo_files){.folder = folder};
    if (!join(manifest, folder, "manifest"))
        return false;
    // Whoever looks while we write must not take an old manifest for the new files.
    if (unlink(manifest) != 0 && errno != ENOENT && errno != ENOTDIR)
        return false;
    files->manifest = demo_files_open(files, "manifest.part");
    files->count = 0;
    return files->manifest != NULL;
}

bool demo_files_finish(struct demo_files *files) {
    char part[DEMO_PATH_MAX], manifest[DEMO_PATH_MAX];
    FILE *file = files->manifest;
    files->manifest = NULL;
    bool written = fflush(file) == 0 && ferror(file) == 0;
    written = fclose(file) == 0 && written;
    return written && join(part, files->folder, "manifest.part") &&
           join(manifest, files->folder, "manifest") && rename(part, manifest) == 0;
}

void demo_files_abandon(struct demo_files *files) {
    if (files->manifest != NULL)
        fclose(files->manifest);
    files->manifest = NULL;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void demo_files_remove(const char *folder) {
    enum { DESCRIPTORS = 8 };
    nftw(folder, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
