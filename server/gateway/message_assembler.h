/*
 * Puts the pieces of one WebSocket message together. libwebsockets hands over pieces of at most its
 * read buffer and has no bound of its own; this has one. A message that comes in one piece is
 * passed on without a copy.
 */
#ifndef CONSILIUM_MESSAGE_ASSEMBLER_H
#define CONSILIUM_MESSAGE_ASSEMBLER_H

#include "protocol/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is an empty assembler. */
struct message_assembler {
    uint8_t *bytes; /* owned; NULL between messages */
    uint32_t length;
    uint32_t capacity;
};
void message_assembler_finish(struct message_assembler *assembler);

enum assembled {
    ASSEMBLED_MORE,     /* taken; the message goes on */
    ASSEMBLED_MESSAGE,  /* complete: ret_message, borrowed until the next call */
    ASSEMBLED_TOO_LONG, /* over `max`, or no memory; everything was let go */
};

/* `follows` = bytes of this frame that are still to come; `final` = its FIN bit. */
enum assembled message_assembler_push(struct message_assembler *assembler, const uint8_t *piece,
                                      size_t length, uint64_t follows, bool final, uint32_t max,
                                      struct bytes *ret_message);
/* After a message was used: gives its memory back. */
void message_assembler_clear(struct message_assembler *assembler);

#endif
