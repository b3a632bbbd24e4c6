#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_BOARD_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_BOARD_H

#include "clients/native/conversation.h"
#include "clients/native/demo/demo_manifest.h"

// The demonstration's cases, its series of boards, a board and the agenda. Channels are numbered
// here.

enum { DEMO_BOARD_CHANNEL = 100, DEMO_SERIES_CHANNEL = 101, DEMO_CASE_CHANNEL_FIRST = 1 };

// Makes the cases, the series and its board; `conversation` speaks for the administrator. Again
// changes nothing. False with a reason in words.
bool demo_board_make(struct conversation *conversation, const struct demo_manifest *manifest,
                     const char **ret_reason);

// Puts the cases on the agenda, in the manifest's order; `conversation` speaks for the coordinator.
bool demo_agenda_make(struct conversation *conversation, const struct demo_manifest *manifest,
                      const char **ret_reason);

#endif
