/* JPEG-LS (ISO 14495-1), lossless and near-lossless, by CharLS. */
#ifndef CONSILIUM_CODECS_JPEG_LS_H
#define CONSILIUM_CODECS_JPEG_LS_H

#include "server/codecs/pixels.h"

/* Fills `pixels`, whose form and memory are given. */
enum codec_result jpeg_ls_decode(const uint8_t *bytes, size_t size, struct pixels *pixels);

#endif
