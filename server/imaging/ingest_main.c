/*
 * consilium-ingest: reads foreign files so that consilium does not have to.
 *
 * Started by consilium with a socket as descriptor 3. It gives up what it does not need, then takes
 * one file at a time as a descriptor, maps it, reads it in one pass and answers with its index row,
 * frame table and metadata, or with why not. It keeps nothing between files, writes
 * nothing anywhere, and says nothing on standard error about what was in a file. With a role as its
 * argument it decodes pixels (codecs/codec_worker.h) or unpacks one archive (ingest_unpack.h)
 * instead.
 */
#define _GNU_SOURCE /* close_range */
#include "protocol/frame.h"
#include "protocol/generated/ingest.h"
#include "server/codecs/codec_worker.h"
#include "server/imaging/document_reader.h"
#include "server/imaging/ingest_channel.h"
#include "server/imaging/ingest_sandbox.h"
#include "server/imaging/ingest_unpack.h"
#include "server/imaging/instance_reader.h"
#include "server/imaging/media_directory.h"
#include "server/imaging/metadata_json.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_SIZE_MAX ((uint64_t)4 << 30) // bytes mapped at once

struct ingest {
    struct character_sets *sets;
    struct arena arena; // of one answer
    uint8_t request[INGEST_REQUEST_MAX];
    uint8_t index[INSTANCE_ENCODED_MAX];
    struct file_refusal refusal;
};

static void answer_refusal(struct parsed *parsed, const struct file_refusal *refusal) {
    parsed->refusal = (enum ingest_refusal)refusal->kind;
    parsed->refused_at = refusal->offset;
    parsed->reason = (struct text){(uint32_t)strlen(refusal->reason), refusal->reason};
}

static void answer_frames(struct ingest *ingest, const struct frame_table *frames,
                          struct parsed *parsed) {
    if (frames->piece_count == 0) {
        return;
    }
    struct frame_range *ranges = arena_alloc(&ingest->arena, frames->piece_count * sizeof *ranges);
    for (uint32_t i = 0; ranges && i < frames->piece_count; i++) {
        ranges[i] = (struct frame_range){frames->pieces[i].offset, frames->pieces[i].length};
    }
    parsed->frames = (struct frame_range_list){ranges ? frames->piece_count : 0, ranges};
    if (frames->first_pieces) {
        parsed->frame_first = (struct u32_list){frames->frame_count, frames->first_pieces};
    }
}

static bool send_answer(struct ingest *ingest, const struct parsed *parsed) {
    struct encoded encoded = parsed_encode(&ingest->arena, parsed);
    struct writer writer;
    writer_init_arena(&writer, &ingest->arena, INGEST_ANSWER_MAX);
    struct frame frame = {.form = FRAME_NUMBERED,
                          .tag = encoded.tag,
                          .seq = (uint32_t)parsed->job,
                          .fields = encoded.fields};
    if (!encoded.fields.bytes) {
        return false;
    }
    frame_write(&writer, &frame);
    struct bytes bytes = writer_bytes(&writer);
    return bytes.bytes && ingest_send(INGEST_SOCKET, bytes.bytes, bytes.length);
}

/* False when it is none. */
static bool answer_directory(struct ingest *ingest, const uint8_t *bytes, size_t size,
                             struct parsed *parsed) {
    struct text *uids = arena_alloc(&ingest->arena, MEDIA_DIRECTORY_MAX * sizeof *uids);
    uint32_t count;
    if (!uids || !media_directory_read(bytes, size, uids, &count)) {
        return false;
    }
    parsed->is_directory = true;
    parsed->directory = (struct text_list){count, uids};
    return true;
}

/* The reading must live until the answer is sent: the answer borrows from it. */
static bool answer_file(struct ingest *ingest, const uint8_t *bytes, size_t size,
                        const uint8_t digest[DOCUMENT_DIGEST_SIZE], struct parsed *parsed) {
    struct instance document;
    if (document_read(bytes, size, digest, &document)) {
        uint32_t length = (uint32_t)instance_encode(&document, ingest->index);
        parsed->index = (struct bytes){length, ingest->index};
        struct bounded_output metadata;
        bounded_output_init(&metadata, METADATA_SIZE_MAX);
        document_metadata(&document, &metadata);
        parsed->metadata = (struct bytes){(uint32_t)metadata.size, metadata.bytes};
        bool sent = send_answer(ingest, parsed);
        bounded_output_finish(&metadata);
        return sent;
    }
    struct instance_reading reading;
    if (instance_read(bytes, size, ingest->sets, &reading, &ingest->refusal) != FILE_REFUSAL_NONE) {
        if (ingest->refusal.kind == FILE_REFUSAL_NO_IDENTITY &&
            answer_directory(ingest, bytes, size, parsed)) {
            return send_answer(ingest, parsed);
        }
        answer_refusal(parsed, &ingest->refusal);
        return send_answer(ingest, parsed);
    }
    uint32_t length = (uint32_t)instance_encode(&reading.instance, ingest->index);
    parsed->index = (struct bytes){length, ingest->index};
    parsed->metadata = (struct bytes){(uint32_t)reading.metadata.size, reading.metadata.bytes};
    answer_frames(ingest, &reading.frames, parsed);
    bool sent = send_answer(ingest, parsed);
    instance_reading_finish(&reading);
    return sent;
}

static bool answer_request(struct ingest *ingest, const struct parse_file *request, int file) {
    struct parsed parsed = parsed_default;
    parsed.job = request->job;
    if (request->length == 0 || request->length > FILE_SIZE_MAX) {
        file_refuse(&ingest->refusal,
                    request->length ? FILE_REFUSAL_OVER_LIMIT : FILE_REFUSAL_NOT_DICOM, 0,
                    request->length ? "the file is larger than we read" : "the file is empty");
        answer_refusal(&parsed, &ingest->refusal);
        return send_answer(ingest, &parsed);
    }
    size_t size = (size_t)request->length;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        file_refuse(&ingest->refusal, FILE_REFUSAL_OVER_LIMIT, 0, "no memory to read the file");
        answer_refusal(&parsed, &ingest->refusal);
        return send_answer(ingest, &parsed);
    }
    bool sent = answer_file(ingest, bytes, size, request->digest.bytes, &parsed);
    munmap(bytes, size);
    return sent;
}

static bool serve_one(struct ingest *ingest) {
    uint32_t length;
    int files[INGEST_DESCRIPTORS_MAX];
    if (!ingest_receive(INGEST_SOCKET, ingest->request, &length, files)) {
        return false;
    }
    ingest_sandbox_renew_cpu();
    struct frame frame;
    bool served = false;
    if (frame_read((struct bytes){length, ingest->request}, &frame) &&
        frame.tag == INGEST_PARSE_FILE) {
        struct reader reader = reader_of(frame.fields);
        const struct parse_file *request = ingest_decode(frame.tag, &reader, &ingest->arena);
        served = request && request->digest.length == DOCUMENT_DIGEST_SIZE &&
                 answer_request(ingest, request, files[0]);
    }
    close(files[0]);
    if (files[1] >= 0) {
        close(files[1]);
    }
    arena_reset(&ingest->arena);
    return served;
}

static int read_files(void) {
    static struct ingest ingest;
    arena_init(&ingest.arena, (size_t)3 * INGEST_ANSWER_MAX);
    ingest.sets = character_sets_create();
    // Before the sandbox: with its first digest OpenSSL reads its configuration.
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(digest, 0, digest);
    if (!ingest.sets) {
        fprintf(stderr, "consilium-ingest: cannot start: memory\n");
        return 1;
    }
    const char *step;
    if (!ingest_sandbox_enter(&step)) {
        fprintf(stderr, "consilium-ingest: cannot start: the system refuses %s\n", step);
        return 1;
    }
    while (serve_one(&ingest)) {
    }
    // Ended by the supervisor closing the socket. Exit without handlers: they would want system
    // calls that are no longer allowed.
    _exit(0);
}

static int unpack_archive_for_supervisor(void) {
    const char *step;
    if (!ingest_sandbox_enter(&step)) {
        fprintf(stderr, "consilium-ingest: cannot start: the system refuses %s\n", step);
        return 1;
    }
    ingest_unpack();
    _exit(0); // as above
}

int main(int argument_count, char **arguments) {
    /* What a library of the server's opened without a word about its children is not for us. */
    close_range(INGEST_SOCKET + 1, ~0U, 0);
    if (argument_count < 2) {
        return read_files();
    }
    if (strcmp(arguments[1], "unpack") == 0) {
        return unpack_archive_for_supervisor();
    }
    return codec_worker_run(strcmp(arguments[1], CODEC_ROLE_BACKGROUND) == 0);
}
