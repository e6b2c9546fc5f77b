/* SPDX-License-Identifier: MIT */
/* check-images IMAGE...: a digest of the pixels of each directory of upstream's images, whole and as their rows or tiles are stored. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static uint32_t hash;

static void add(const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < length; i++) hash = (hash ^ at[i]) * 16777619u;
}

static void quiet(const char *module, const char *format, va_list arguments) { (void)module, (void)format, (void)arguments; }

static void stored(TIFF *tiff) {
  int tiled = TIFFIsTiled(tiff);
  tmsize_t size = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  uint32_t count = tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff), read = 0;
  unsigned char *buffer = malloc((size_t)size);
  hash = 2166136261u;
  for (uint32_t i = 0; i < count && buffer != NULL; i++) {
    memset(buffer, 0, (size_t)size);
    tmsize_t length = tiled ? TIFFReadEncodedTile(tiff, i, buffer, size) : TIFFReadEncodedStrip(tiff, i, buffer, size);
    if (length < 0) continue;
    add(buffer, (size_t)length);
    read++;
  }
  free(buffer);
  printf(", %u of %u %s %08x", (unsigned)read, (unsigned)count, tiled ? "tiles" : "strips", (unsigned)hash);
}

int main(int argc, char **argv) {
  TIFFSetWarningHandler(quiet);
  TIFFSetErrorHandler(quiet);
  for (int i = 1; i < argc; i++) {
    const char *name = strrchr(argv[i], '/');
    TIFF *tiff = TIFFOpen(argv[i], "r");
    name = name != NULL ? name + 1 : argv[i];
    if (tiff == NULL) {
      printf("%s: not opened\n", name);
      continue;
    }
    do {
      uint32_t width = 0, height = 0;
      uint16_t bits = 0, samples = 0, compression = 0;
      TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
      TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
      TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
      TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
      TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
      printf("%s: %u x %u, %u x %u bits, compression %u", name, (unsigned)width, (unsigned)height, samples, bits, compression);
      uint32_t *pixels = calloc((size_t)width * height + 1, 4);
      hash = 2166136261u;
      if (pixels != NULL && TIFFReadRGBAImageOriented(tiff, width, height, pixels, ORIENTATION_TOPLEFT, 1)) {
        add(pixels, (size_t)width * height * 4);
        printf(", RGBA %08x", (unsigned)hash);
      } else printf(", no RGBA");
      free(pixels);
      stored(tiff);
      putchar('\n');
    } while (TIFFReadDirectory(tiff));
    TIFFClose(tiff);
  }
  puts("done");
  return 0;
}
