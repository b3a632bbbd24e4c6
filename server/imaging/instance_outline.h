/*
 * The part of an index row that identifies nobody: UIDs, sizes, numbers, geometry. It may lie in
 * clear, so that lists and frames are found without opening anything.
 */
#ifndef CONSILIUM_IMAGING_INSTANCE_OUTLINE_H
#define CONSILIUM_IMAGING_INSTANCE_OUTLINE_H

#include "server/imaging/instance.h"

void instance_outline(const struct instance *instance, struct instance *ret_outline);

#endif
