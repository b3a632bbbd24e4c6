#include "server/gateway/static_files.h"

#include "server/log.h"

#include <fts.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct static_files {
    struct static_file all[STATIC_FILES_MAX];
    uint32_t count;
    uint64_t bytes;
    uv_work_t work;
    bool packing;
    bool abandoned; /* freed by its owner while packing */
};

static const struct {
    const char *ending;
    const char *type;
    bool packs;
} types[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".webmanifest", "application/manifest+json", true},
    {".wasm", "application/wasm", true},
    {".svg", "image/svg+xml", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".png", "image/png", false},
    {".jpg", "image/jpeg", false},
    {".webp", "image/webp", false},
    {".ico", "image/x-icon", false},
    {".woff2", "font/woff2", false},
    {".pdf", "application/pdf", false},
    {".bcmap", "application/octet-stream", true},
};

static int type_of(const char *path) {
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t ending = strlen(types[i].ending);
        if (length > ending && strcmp(path + length - ending, types[i].ending) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static uint8_t *read_whole(const char *path, uint32_t length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    uint8_t *bytes = malloc(length + 1u);
    if (bytes != NULL && fread(bytes, 1, length, file) != length) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static void add(struct static_files *files, const char *full, const char *path, int64_t size) {
    if (files->count == STATIC_FILES_MAX || size > STATIC_FILE_BYTES_MAX ||
        files->bytes + (uint64_t)size > STATIC_BYTES_MAX || strlen(path) >= STATIC_PATH_MAX) {
        log_warning("gateway", "a file of the web client is over a bound and left out");
        return;
    }
    struct static_file *file = &files->all[files->count];
    *file = (struct static_file){.length = (uint32_t)size};
    file->path = strdup(path);
    file->bytes = read_whole(full, file->length);
    if (file->path == NULL || file->bytes == NULL) {
        free(file->path);
        free(file->bytes);
        log_warning("gateway", "a file of the web client cannot be read");
        return;
    }
    int type = type_of(path);
    file->content_type = type < 0 ? "application/octet-stream" : types[type].type;
    /* The bundler puts a hash of the content into the names under assets/. */
    bool hashed = strncmp(path, "/assets/", 8) == 0;
    file->caching = hashed ? "public, max-age=31536000, immutable" : "no-cache";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(file->bytes, file->length, digest);
    int at = snprintf(file->etag, sizeof(file->etag), "\"");
    for (unsigned i = 0; i < 12; i++) {
        at += snprintf(file->etag + at, sizeof(file->etag) - (size_t)at, "%02x", digest[i]);
    }
    snprintf(file->etag + at, sizeof(file->etag) - (size_t)at, "\"");
    files->bytes += file->length;
    files->count++;
}

static int by_path(const void *a, const void *b) {
    const struct static_file *left = a;
    const struct static_file *right = b;
    return strcmp(left->path, right->path);
}

struct static_files *static_files_load(const char *folder) {
    struct static_files *files = calloc(1, sizeof(*files));
    if (files == NULL) {
        return NULL;
    }
    char *roots[] = {(char *)(uintptr_t)folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    while (walk != NULL && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_info == FTS_F) {
            add(files, entry->fts_path, entry->fts_path + strlen(folder),
                entry->fts_statp->st_size);
        }
    }
    if (walk != NULL) {
        fts_close(walk);
    }
    if (files->count == 0) {
        free(files);
        return NULL;
    }
    qsort(files->all, files->count, sizeof(files->all[0]), by_path);
    return files;
}

static void pack(struct static_file *file) {
    enum { GZIP_WINDOW = 15 + 16, LEVEL = 6, MEMORY = 8 };
    int type = type_of(file->path);
    if (type < 0 || !types[type].packs || file->length < STATIC_COMPRESS_MIN) {
        return;
    }
    z_stream stream = {0};
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return;
    }
    /* Only worth keeping when a tenth is saved. */
    uint32_t space = file->length - file->length / 10;
    uint8_t *packed = malloc(space);
    stream.next_in = file->bytes;
    stream.avail_in = file->length;
    stream.next_out = packed;
    stream.avail_out = packed != NULL ? space : 0;
    if (packed != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        file->packed_length = space - stream.avail_out;
        file->packed = packed;
    } else {
        free(packed);
    }
    deflateEnd(&stream);
}

/* On a thread. The loop reads `packed` only after on_packed, which the work queue orders after
 * this. */
static void on_work(uv_work_t *work) {
    struct static_files *files = work->data;
    for (uint32_t i = 0; i < files->count; i++) {
        pack(&files->all[i]);
    }
}

static void on_packed(uv_work_t *work, int status) {
    (void)status;
    struct static_files *files = work->data;
    files->packing = false;
    if (files->abandoned) {
        static_files_free(files);
    }
}

void static_files_pack(struct static_files *files, uv_loop_t *loop) {
    if (files != NULL) {
        files->work.data = files;
        files->packing = uv_queue_work(loop, &files->work, on_work, on_packed) == 0;
    }
}

bool static_files_packed(const struct static_files *files) {
    return !files->packing;
}

void static_files_free(struct static_files *files) {
    if (files == NULL) {
        return;
    }
    if (files->packing) {
        files->abandoned = true;
        return;
    }
    for (uint32_t i = 0; i < files->count; i++) {
        free(files->all[i].path);
        free(files->all[i].bytes);
        free(files->all[i].packed);
    }
    free(files);
}

const struct static_file *static_files_find(const struct static_files *files, struct text path) {
    uint32_t low = 0;
    uint32_t high = files->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct static_file *file = &files->all[middle];
        size_t length = strlen(file->path);
        size_t shorter = length < path.length ? length : path.length;
        int order = memcmp(file->path, path.bytes, shorter);
        if (order == 0 && length == path.length) {
            return file;
        }
        if (order < 0 || (order == 0 && length < path.length)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct static_file *static_files_page(const struct static_files *files, struct text path) {
    for (uint32_t i = path.length; i > 0 && path.bytes[i - 1] != '/'; i--) {
        if (path.bytes[i - 1] == '.') {
            return NULL;
        }
    }
    return static_files_find(files, TEXT("/index.html"));
}
