#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_UPLOAD_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_UPLOAD_H

#include "clients/native/demo/demo_manifest.h"
#include "clients/native/http.h"

// Files of a case to the server, and what the server made of them.

enum { DISPLAY_SET_ID_MAX = 64 };

// Uploads what of the case is not there yet, with progress on standard error; `http` is signed in
// as one who may. False with a reason in words.
bool demo_upload_case(struct http_client *http, const char *folder,
                      const struct demo_manifest *manifest, const struct demo_case *patient_case,
                      const char **ret_reason);

// The display set of a series, or with `series_uid` NULL the first document. The answer of an
// earlier request of `http` is forgotten. False when there is none.
bool demo_find_display_set(struct http_client *http, const char *case_name, const char *series_uid,
                           char ret_id[DISPLAY_SET_ID_MAX + 1]);

#endif
