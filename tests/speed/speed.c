/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Does one operation of a library on 8 MiB of words, so often that it takes a while: `speed OPERATION ROUNDS`. It checks what comes back. */

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
static void make_words(void)
{
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

static size_t deflated(int level)
{
  uLongf size = ROOM;
  return compress2(packed, &size, words, SIZE, level) == Z_OK ? size : 0;
}

static size_t inflated(size_t size)
{
  uLongf length = SIZE;
  return uncompress(back, &length, packed, size) == Z_OK ? length : 0;
}

static size_t xz(void)
{
  size_t size = 0;
  return lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, words, SIZE, packed, &size, ROOM) == LZMA_OK ? size : 0;
}

static size_t unxz(size_t size)
{
  uint64_t limit = UINT64_MAX;
  size_t from = 0, length = 0;
  lzma_ret done = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &from, size, back, &length, SIZE);
  return done == LZMA_OK ? length : 0;
}

static size_t zstd(void)
{
  size_t size = ZSTD_compress(packed, ROOM, words, SIZE, 3);
  return ZSTD_isError(size) ? 0 : size;
}

static size_t unzstd(size_t size)
{
  size_t length = ZSTD_decompress(back, SIZE, packed, size);
  return ZSTD_isError(length) ? 0 : length;
}

static size_t once(const char *operation, size_t packed_size)
{
  if (!strcmp(operation, "deflate")) return deflated(6);
  if (!strcmp(operation, "inflate")) return inflated(packed_size);
  if (!strcmp(operation, "xz")) return xz();
  if (!strcmp(operation, "unxz")) return unxz(packed_size);
  if (!strcmp(operation, "zstd")) return zstd();
  if (!strcmp(operation, "unzstd")) return unzstd(packed_size);
  if (!strcmp(operation, "crc32")) return crc32(0, words, SIZE);
  return 0;
}

int main(int count, char **arguments)
{
  if (count != 3) return 2;
  const char *operation = arguments[1];
  words = malloc(SIZE);
  packed = malloc(ROOM);
  back = malloc(SIZE);
  if (!words || !packed || !back) return 3;
  make_words();
  size_t size = 0;
  if (!strcmp(operation, "inflate")) size = deflated(6);
  if (!strcmp(operation, "unxz")) size = xz();
  if (!strcmp(operation, "unzstd")) size = zstd();
  int rounds = atoi(arguments[2]);
  for (int round = 0; round < rounds; round++)
    if (!once(operation, size)) return 1;
  if (size && rounds > 0 && memcmp(words, back, SIZE)) return 1;
  return 0;
}
