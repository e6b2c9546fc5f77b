/* SPDX-License-Identifier: MIT */
/* check-decoder IMAGE.webp: the library that only decodes, whole and piece by piece. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

int main(int argc, char **argv) {
  static uint8_t bytes[65536];
  FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (f == NULL) return 2;
  size_t length = fread(bytes, 1, sizeof bytes, f);
  int width, height;
  uint8_t *rgb = WebPDecodeRGB(bytes, length, &width, &height);
  if (rgb == NULL || width != 128 || height != 128) return 1;
  uint32_t hash = 2166136261u;
  for (int i = 0; i < width * height * 3; i++) hash = (hash ^ rgb[i]) * 16777619u;
  if (hash != 0x39b7de55) return 1; /* check-webp.c */
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, length, &features) != VP8_STATUS_OK || features.has_alpha || features.has_animation) return 1;
  WebPIDecoder *decoder = WebPINewDecoder(NULL);
  if (WebPIAppend(decoder, bytes, length / 2) != VP8_STATUS_SUSPENDED) return 1;
  if (WebPIAppend(decoder, bytes + length / 2, length - length / 2) != VP8_STATUS_OK) return 1;
  WebPIDelete(decoder);
  WebPFree(rgb);
  if (WebPDecodeRGB((const uint8_t *)"no image at all", 15, &width, &height) != NULL) return 1;
  puts("done");
  return 0;
}
