#include "server/store/key_export.h"

#include "server/uuid_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "consilium wrapped keys 1\n"

enum {
    HEX_BYTES = 2 * DATABASE_WRAPPED_KEY_BYTES,
    LINE_MAX_BYTES = 256,
    UUID_HEX = UUID_TEXT_LENGTH
};

static void put_hex(FILE *file, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        fprintf(file, "%02x", bytes[i]);
}

static void put_uuid(FILE *file, struct uuid uuid) {
    char text[UUID_TEXT_LENGTH + 1];
    uuid_to_text(uuid, text);
    fprintf(file, "%s ", text);
}

bool key_export_begin(struct key_export *export, const char *folder) {
    char fresh[sizeof(export->path) + 8];
    *export = (struct key_export){0};
    snprintf(export->path, sizeof(export->path), "%s/" KEY_EXPORT_NAME, folder);
    snprintf(fresh, sizeof fresh, "%s.new", export->path);
    (void)unlink(fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    export->file = file < 0 ? NULL : fdopen(file, "w");
    if (export->file == NULL && file >= 0)
        close(file);
    return export->file != NULL && fputs(FIRST_LINE, export->file) >= 0;
}

void key_export_tenant(struct key_export *export, const struct tenant_key_row *row) {
    fputs("tenant ", export->file);
    put_uuid(export->file, row->tenant);
    fprintf(export->file, "%" PRIu32 " ", row->generation);
    put_hex(export->file, row->wrapped, sizeof row->wrapped);
    fputc('\n', export->file);
}

void key_export_stream(struct key_export *export, const struct stream_key_row *row) {
    fputs("stream ", export->file);
    put_uuid(export->file, row->stream);
    put_uuid(export->file, row->tenant);
    fprintf(export->file, "%" PRIu32 " ", row->generation);
    put_hex(export->file, row->wrapped, sizeof row->wrapped);
    fputc('\n', export->file);
    export->streams++;
}

static bool sync_folder_of(const char *path) {
    char folder[sizeof((struct key_export *)0)->path];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = 0;
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return synced;
}

bool key_export_end(struct key_export *export) {
    char fresh[sizeof(export->path) + 8];
    snprintf(fresh, sizeof fresh, "%s.new", export->path);
    fprintf(export->file, "end %" PRIu64 "\n", export->streams);
    bool written =
        fflush(export->file) == 0 && fsync(fileno(export->file)) == 0 && ferror(export->file) == 0;
    written = fclose(export->file) == 0 && written;
    export->file = NULL;
    return written && rename(fresh, export->path) == 0 && sync_folder_of(export->path);
}

void key_export_abort(struct key_export *export) {
    char fresh[sizeof(export->path) + 8];
    if (export->file == NULL)
        return;
    fclose(export->file);
    export->file = NULL;
    snprintf(fresh, sizeof fresh, "%s.new", export->path);
    (void)unlink(fresh);
}

/* Reading */

static bool take_hex(const char *text, uint8_t *ret, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return false;
        ret[i] = (uint8_t)value;
    }
    return true;
}

static bool take_uuid(const char *text, struct uuid *ret) {
    return uuid_of_text((struct text){UUID_HEX, text}, ret);
}

static bool read_tenant(const char *line, const struct key_import *import) {
    struct tenant_key_row row = {.generation = 0};
    char tenant[UUID_HEX + 1], wrapped[HEX_BYTES + 1];
    return sscanf(line, "tenant %36s %" SCNu32 " %120s", tenant, &row.generation, wrapped) == 3 &&
           strlen(tenant) == UUID_HEX && strlen(wrapped) == HEX_BYTES &&
           take_uuid(tenant, &row.tenant) && take_hex(wrapped, row.wrapped, sizeof row.wrapped) &&
           import->tenant(import->data, &row);
}

static bool read_stream(const char *line, const struct key_import *import) {
    struct stream_key_row row = {.generation = 0};
    char stream[UUID_HEX + 1], tenant[UUID_HEX + 1], wrapped[HEX_BYTES + 1];
    return sscanf(line, "stream %36s %36s %" SCNu32 " %120s", stream, tenant, &row.generation,
                  wrapped) == 4 &&
           strlen(stream) == UUID_HEX && strlen(tenant) == UUID_HEX &&
           strlen(wrapped) == HEX_BYTES && take_uuid(stream, &row.stream) &&
           take_uuid(tenant, &row.tenant) && take_hex(wrapped, row.wrapped, sizeof row.wrapped) &&
           import->stream(import->data, &row);
}

bool key_export_read(const char *folder, const struct key_import *import) {
    char path[sizeof((struct key_export *)0)->path], line[LINE_MAX_BYTES];
    snprintf(path, sizeof path, "%s/" KEY_EXPORT_NAME, folder);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    uint64_t streams = 0, said = UINT64_MAX;
    bool well = fgets(line, sizeof line, file) != NULL && strcmp(line, FIRST_LINE) == 0;
    while (well && said == UINT64_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "end %" SCNu64, &said) == 1)
            break;
        bool is_stream = line[0] == 's';
        well = is_stream ? read_stream(line, import) : read_tenant(line, import);
        streams += is_stream;
    }
    fclose(file);
    return well && said == streams;
}
