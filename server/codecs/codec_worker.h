/*
 * consilium-ingest in its second role: decodes frames, makes lossless copies and pictures of them.
 * A process of its own, apart from the one that reads files, so that a codec that crashes or loops
 * delays no upload. The same sandbox; it writes nowhere but into the memory it is handed.
 */
#ifndef CONSILIUM_CODECS_CODEC_WORKER_H
#define CONSILIUM_CODECS_CODEC_WORKER_H

#include <stdbool.h>

#define CODEC_ROLE "codec"
#define CODEC_ROLE_BACKGROUND "codec-background" // gives way to everything else on the machine

/* Enters the sandbox and serves until the supervisor is gone; returns when it cannot start. */
int codec_worker_run(bool background);

#endif
