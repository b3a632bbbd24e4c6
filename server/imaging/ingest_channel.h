/*
 * Frames on the socketpair between consilium and consilium-ingest: a length (u32, big endian), then
 * the frame; a file travels as a descriptor beside the first byte of a frame (SCM_RIGHTS).
 * Blocking, for the child; the supervisor's side of the same wire is in ingest_child.c.
 */
#ifndef CONSILIUM_IMAGING_INGEST_CHANNEL_H
#define CONSILIUM_IMAGING_INGEST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INGEST_SOCKET 3                        // descriptor the child inherits
#define INGEST_REQUEST_MAX ((uint32_t)4 << 10) // bytes of a request's frame
#define INGEST_ANSWER_MAX ((uint32_t)48 << 20) // bytes of an answer's frame
#define INGEST_LENGTH_SIZE 4
#define INGEST_DESCRIPTORS_MAX 2 // beside one request

void ingest_put_length(uint8_t bytes[INGEST_LENGTH_SIZE], uint32_t length);
uint32_t ingest_get_length(const uint8_t bytes[INGEST_LENGTH_SIZE]);

/* Waits for a request. False when the supervisor is gone or broke the rules. The descriptors are
 * the caller's to close; -1 where none came. */
bool ingest_receive(int socket, uint8_t frame[INGEST_REQUEST_MAX], uint32_t *ret_length,
                    int ret_files[INGEST_DESCRIPTORS_MAX]);

/* Likewise, also without any descriptor. */
bool ingest_receive_any(int socket, uint8_t frame[INGEST_REQUEST_MAX], uint32_t *ret_length,
                        int ret_files[INGEST_DESCRIPTORS_MAX]);

bool ingest_send(int socket, const uint8_t *frame, uint32_t length);

#endif
