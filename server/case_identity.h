/*
 * What imaging has to know of cases, from their actors: who the patient is and what was decided of
 * images that say otherwise; and what the actors have to know of it: how much waits.
 */
#ifndef CONSILIUM_CASE_IDENTITY_H
#define CONSILIUM_CASE_IDENTITY_H

#include "server/case_images.h"

/* For imaging_service_config.identify and on_held; data is a struct case_images. */
void case_images_identify(void *data, struct uuid patient_case, imaging_identified answer,
                          void *answer_data);
void case_images_on_held(void *data, const struct held_count *held);
/* The node ends and may never answer: everybody who waits is told that it cannot be had. */
void case_images_answer_all(struct case_images *images);

#endif
