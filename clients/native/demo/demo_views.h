#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_VIEWS_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_VIEWS_H

#include "clients/native/conversation.h"
#include "clients/native/demo/demo_manifest.h"

// The views that are prepared before the meeting: saved on the cases by their coordinator, in whose
// name `conversation` and `http` speak. `channel` is open to the case. A view whose images are not
// on the server is left out. False with a reason in words.
bool demo_save_views(struct conversation *conversation, uint16_t channel, struct http_client *http,
                     const struct demo_case *patient_case, const char **ret_reason);

#endif
