/*
 * What a file that somebody named may be called in an archive: unpacked anywhere it is a file below
 * `files/`, takes no other's place, and reads as what it is.
 */
#ifndef CONSILIUM_EXPORT_FILE_NAME_H
#define CONSILIUM_EXPORT_FILE_NAME_H

#include "protocol/values.h"
#include "server/export/zip_plan.h"

enum { FILE_NAME_KEPT = 150 }; /* bytes of what it was called; of a longer one beginning and end */

/* "files/0007-report.docx": its number among the others, from 1, then its name without folders.
 * What is no letter in some system, ends a line or turns letters around becomes "_". `name` is
 * UTF-8. */
void export_file_path(uint32_t number, struct text name, char ret_path[ZIP_NAME_MAX + 1]);

#endif
