/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Does one operation on 8 MiB of words, so often that it takes a while: `speed CODEC pack|unpack ROUNDS`, or `speed CHECKSUM sum ROUNDS`. It checks what
   comes back, and prints how large the packed words are. */

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <bzlib.h>
#include <libdeflate.h>
#include <lz4.h>
#include <lzma.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { SIZE = 8 << 20, ROOM = SIZE + (SIZE >> 3) + 4096 };

static unsigned char *words, *packed, *back;

/* Words of one to eight letters, the short ones often: they compress as text does. */
static void make_words(void) {
  uint32_t state = 1;
  char vocabulary[4096][9];
  for (int i = 0; i < 4096; i++) {
    state = state * 1664525 + 1013904223;
    int length = 1 + (int)(state >> 29);
    for (int j = 0; j < length; j++) {
      state = state * 1664525 + 1013904223;
      vocabulary[i][j] = (char)('a' + (state >> 24) % 26);
    }
    vocabulary[i][length] = 0;
  }
  for (size_t at = 0; at < SIZE;) {
    state = state * 1664525 + 1013904223;
    uint32_t a = state >> 20;
    state = state * 1664525 + 1013904223;
    uint32_t b = state >> 20;
    const char *word = vocabulary[a < b ? a : b];
    for (; *word && at < SIZE; word++) words[at++] = (unsigned char)*word;
    if (at < SIZE) words[at++] = ' ';
  }
}

/* Each packs all words into `packed`, or takes that many bytes of it apart into `back`: how many came out, or 0. */

static size_t deflated(int level) {
  uLongf size = ROOM;
  return compress2(packed, &size, words, SIZE, level) == Z_OK ? size : 0;
}

static size_t inflated(size_t size) {
  uLongf length = SIZE;
  return uncompress(back, &length, packed, size) == Z_OK ? length : 0;
}

static size_t libdeflated(int level) {
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
  size_t size = compressor ? libdeflate_zlib_compress(compressor, words, SIZE, packed, ROOM) : 0;
  libdeflate_free_compressor(compressor);
  return size;
}

static size_t libinflated(size_t size) {
  struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
  size_t length = 0;
  enum libdeflate_result done = libdeflate_zlib_decompress(decompressor, packed, size, back, SIZE, &length);
  libdeflate_free_decompressor(decompressor);
  return done == LIBDEFLATE_SUCCESS ? length : 0;
}

static size_t bzip2(int level) {
  unsigned size = ROOM;
  return BZ2_bzBuffToBuffCompress((char *)packed, &size, (char *)words, SIZE, level, 0, 0) == BZ_OK ? size : 0;
}

static size_t bunzip2(size_t size) {
  unsigned length = SIZE;
  return BZ2_bzBuffToBuffDecompress((char *)back, &length, (char *)packed, (unsigned)size, 0, 0) == BZ_OK ? length : 0;
}

static size_t xz(int level) {
  size_t size = 0;
  uint32_t preset = (uint32_t)level;
  return lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC32, NULL, words, SIZE, packed, &size, ROOM) == LZMA_OK ? size : 0;
}

static size_t unxz(size_t size) {
  uint64_t limit = UINT64_MAX;
  size_t from = 0, length = 0;
  lzma_ret done = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &from, size, back, &length, SIZE);
  return done == LZMA_OK ? length : 0;
}

static size_t zstd(int level) {
  size_t size = ZSTD_compress(packed, ROOM, words, SIZE, level);
  return ZSTD_isError(size) ? 0 : size;
}

static size_t unzstd(size_t size) {
  size_t length = ZSTD_decompress(back, SIZE, packed, size);
  return ZSTD_isError(length) ? 0 : length;
}

static size_t lz4(int level) {
  int size = LZ4_compress_fast((char *)words, (char *)packed, SIZE, ROOM, level);
  return size > 0 ? (size_t)size : 0;
}

static size_t unlz4(size_t size) {
  int length = LZ4_decompress_safe((char *)packed, (char *)back, (int)size, SIZE);
  return length > 0 ? (size_t)length : 0;
}

static size_t brotli(int level) {
  size_t size = ROOM;
  BROTLI_BOOL done = BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, SIZE, words, &size, packed);
  return done ? size : 0;
}

static size_t unbrotli(size_t size) {
  size_t length = SIZE;
  return BrotliDecoderDecompress(size, packed, &length, back) == BROTLI_DECODER_RESULT_SUCCESS ? length : 0;
}

static const struct codec {
  const char *name;
  size_t (*pack)(int level);
  int level;
  size_t (*unpack)(size_t size);
} codecs[] = {
    {"zlib-1", deflated, 1, inflated},
    {"zlib-6", deflated, 6, inflated},
    {"zlib-9", deflated, 9, inflated},
    {"libdeflate-1", libdeflated, 1, libinflated},
    {"libdeflate-6", libdeflated, 6, libinflated},
    {"libdeflate-9", libdeflated, 9, libinflated},
    {"bzip2", bzip2, 9, bunzip2},
    {"xz-1", xz, 1, unxz},
    {"zstd-3", zstd, 3, unzstd},
    {"lz4", lz4, 1, unlz4},
    {"brotli-5", brotli, 5, unbrotli},
};

/* Keeps a compiler from leaving a checksum out. */
static volatile uint32_t seen;

static int sum(const char *name, int rounds) {
  for (int round = 0; round < rounds; round++) {
    if (!strcmp(name, "zlib")) seen = (uint32_t)crc32(0, words, SIZE);
    else if (!strcmp(name, "libdeflate")) seen = libdeflate_crc32(0, words, SIZE);
    else return 2;
  }
  return 0;
}

static int code(const struct codec *codec, int unpacks, int rounds) {
  size_t size = unpacks ? codec->pack(codec->level) : 0;
  for (int round = 0; round < rounds; round++) {
    if (unpacks) {
      if (codec->unpack(size) != SIZE) return 1;
    } else {
      size = codec->pack(codec->level);
      if (!size) return 1;
    }
  }
  if (rounds > 0) {
    if (codec->unpack(size) != SIZE || memcmp(words, back, SIZE) != 0) return 1;
    printf("%zu\n", size);
  }
  return 0;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  const char *name = arguments[1], *what = arguments[2];
  int rounds = atoi(arguments[3]);
  words = malloc(SIZE);
  packed = malloc(ROOM);
  back = malloc(SIZE);
  if (!words || !packed || !back) return 3;
  make_words();
  if (!strcmp(what, "sum")) return sum(name, rounds);
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
    if (!strcmp(codecs[i].name, name)) return code(&codecs[i], !strcmp(what, "unpack"), rounds);
  return 2;
}
