#ifndef CONSILIUM_TESTS_CERTIFICATE_H
#define CONSILIUM_TESTS_CERTIFICATE_H

#include <stdbool.h>

/*
 * Writes a fresh key (P-256) and a certificate for localhost and 127.0.0.1, signed by itself and
 * good for a day, as PEM files. False when a file cannot be written.
 */
bool certificate_make(const char *certificate_path, const char *key_path);

#endif
