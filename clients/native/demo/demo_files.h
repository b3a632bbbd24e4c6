#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_FILES_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_FILES_H

#include <stdbool.h>
#include <stdio.h>

/*
 * The folder the demonstration is written to, and its manifest, which comes last: a folder that
 * has one is complete. The manifest is tab-separated lines, in the order a reader needs them:
 *
 *     case     NAME  PATIENT-ID  PATIENT-NAME  BIRTH-DATE  SEX  TITLE
 *     study    NAME  UID  DATE  DESCRIPTION
 *     dicom    NAME  PATH
 *     pdf      NAME  PATH  TITLE
 *
 * NAME is the case's, PATH is relative to the folder. A case's lines follow its `case` line.
 */

enum { DEMO_PATH_MAX = 1024 };

struct demo_files {
    const char *folder; // borrowed
    FILE *manifest;     // owned: written beside its name and renamed to it when complete
    size_t count;
};

// Creates the folder and begins the manifest. False, with errno, when that fails.
bool demo_files_begin(struct demo_files *files, const char *folder);

// Opens FOLDER/PATH for writing, with the folders on the way. NULL with errno. The caller closes.
FILE *demo_files_open(struct demo_files *files, const char *path);

// Ends the manifest. False, with errno, when it could not be written.
bool demo_files_finish(struct demo_files *files);
// Gives the manifest up; the folder stays incomplete. Harmless after `demo_files_finish`.
void demo_files_abandon(struct demo_files *files);

// Removes a folder that was written here, with everything in it.
void demo_files_remove(const char *folder);

#endif
