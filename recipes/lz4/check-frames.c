/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What upstream's scripts test through the program lz4, with the library's functions: frames one after another and to skip, dictionaries, the size of
   the contents, and blocks of any size, which upstream's checkFrame.c looks at. */
#undef main
#define LZ4F_STATIC_LINKING_ONLY
#include <lz4frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int upstream_main(int argc, const char **argv);

#define REQUIRE(condition)                                     \
  do {                                                         \
    if (!(condition)) {                                        \
      printf("line %d: not true: %s\n", __LINE__, #condition); \
      exit(1);                                                 \
    }                                                          \
  } while (0)

enum { SIZE = 10 << 20, ROOM = SIZE + (SIZE >> 3) + 4096, KIB = 1024 };

static char plain[SIZE], packed[ROOM], back[SIZE + 1];

static size_t fine(size_t result) {
  if (LZ4F_isError(result)) {
    printf("error: %s\n", LZ4F_getErrorName(result));
    exit(1);
  }
  return result;
}

/* Decodes all frames of the SIZE bytes at FROM into `back`. */
static size_t decode(const void *from, size_t size, const void *dictionary, size_t dictionary_size) {
  LZ4F_dctx *context;
  fine(LZ4F_createDecompressionContext(&context, LZ4F_VERSION));
  size_t in = 0, out = 0, more = 0;
  while (in < size) {
    size_t taken = size - in, given = sizeof back - out;
    more = fine(LZ4F_decompress_usingDict(context, back + out, &given, (const char *)from + in, &taken, dictionary, dictionary_size, NULL));
    REQUIRE(taken > 0 || given > 0);
    in += taken, out += given;
  }
  REQUIRE(more == 0);
  fine(LZ4F_freeDecompressionContext(context));
  return out;
}

static size_t encode(void *to, size_t room, const void *from, size_t size, const void *dictionary, size_t dictionary_size, int level) {
  LZ4F_cctx *context;
  fine(LZ4F_createCompressionContext(&context, LZ4F_VERSION));
  LZ4F_CDict *digested = dictionary ? LZ4F_createCDict(dictionary, dictionary_size) : NULL;
  LZ4F_preferences_t preferences = {.compressionLevel = level};
  size_t length = fine(LZ4F_compressFrame_usingCDict(context, to, room, from, size, digested, &preferences));
  LZ4F_freeCDict(digested);
  fine(LZ4F_freeCompressionContext(context));
  return length;
}

static void dictionaries(void) {
  static const size_t sizes[] = {0, 32 * KIB, 128 * KIB, 4 << 20}, tails[] = {0, 1, 1000, 64 * KIB, 64 * KIB + 1, 200000};
  const char *dictionary = plain + (5 << 20);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (size_t j = 0; j < sizeof tails / sizeof *tails; j++)
      for (int level = 0; level <= 9; level += 9) {
        size_t length = encode(packed, sizeof packed, plain, sizes[i], dictionary, tails[j], level);
        REQUIRE(decode(packed, length, dictionary, tails[j]) == sizes[i] && memcmp(back, plain, sizes[i]) == 0);
        /* Only the last 64 KiB of a dictionary count. */
        if (tails[j] > 64 * KIB) {
          const char *tail = dictionary + tails[j] - 64 * KIB;
          REQUIRE(decode(packed, length, tail, 64 * KIB) == sizes[i] && memcmp(back, plain, sizes[i]) == 0);
        }
      }
  REQUIRE(LZ4F_createCDict(NULL, 100) == NULL);
  size_t with = encode(packed, sizeof packed, plain, 32 * KIB, plain, 64 * KIB, 3);
  REQUIRE(with < encode(packed, sizeof packed, plain, 32 * KIB, NULL, 0, 3));
}

static void one_after_another(void) {
  FILE *file = fopen("tests/goldenSamples/skip.bin", "rb");
  REQUIRE(file != NULL);
  char skip[100];
  size_t skipped = fread(skip, 1, sizeof skip, file);
  REQUIRE(skipped > 8 && fclose(file) == 0);
  REQUIRE(decode(skip, skipped, NULL, 0) == 0);
  char all[400];
  size_t at = 0;
  memcpy(all, skip, at = skipped);
  at += encode(all + at, sizeof all - at, "hi\n", 3, NULL, 0, 0);
  at += encode(all + at, sizeof all - at, "", 0, NULL, 0, 0);
  memcpy(all + at, skip, skipped), at += skipped;
  at += encode(all + at, sizeof all - at, "hi\n", 3, NULL, 0, 9);
  REQUIRE(decode(all, at, NULL, 0) == 6 && memcmp(back, "hi\nhi\n", 6) == 0);
}

static void content_size(void) {
  LZ4F_preferences_t preferences = {.frameInfo = {.contentSize = 100000}};
  size_t with = fine(LZ4F_compressFrame(packed, sizeof packed, plain, 100000, &preferences));
  for (int part = 0; part < 2; part++) {
    LZ4F_dctx *context;
    fine(LZ4F_createDecompressionContext(&context, LZ4F_VERSION));
    LZ4F_frameInfo_t info;
    size_t taken = with;
    fine(LZ4F_getFrameInfo(context, &info, packed, &taken));
    REQUIRE(info.contentSize == (part == 0 ? 100000 : 0));
    fine(LZ4F_freeDecompressionContext(context));
    REQUIRE(decode(packed, with, NULL, 0) == 100000);
    if (part == 0) {
      size_t without = fine(LZ4F_compressFrame(packed, sizeof packed, plain, 100000, NULL));
      REQUIRE(without + 8 == with);
      with = without;
    }
  }
}

/* Each call with `autoFlush` makes a block. */
static void blocks(unsigned id, size_t block, int checksums) {
  LZ4F_preferences_t preferences = {.autoFlush = 1,
                                    .frameInfo = {.blockSizeID = (LZ4F_blockSizeID_t)id,
                                                  .contentChecksumFlag = LZ4F_contentChecksumEnabled,
                                                  .blockChecksumFlag = checksums ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum}};
  LZ4F_cctx *context;
  fine(LZ4F_createCompressionContext(&context, LZ4F_VERSION));
  size_t size = block < 1000 ? 100000 : SIZE, length = fine(LZ4F_compressBegin(context, packed, sizeof packed, &preferences));
  for (size_t at = 0; at < size; at += block) {
    size_t part = size - at < block ? size - at : block;
    length += fine(LZ4F_compressUpdate(context, packed + length, sizeof packed - length, plain + at, part, NULL));
  }
  length += fine(LZ4F_compressEnd(context, packed + length, sizeof packed - length, NULL));
  fine(LZ4F_freeCompressionContext(context));
  REQUIRE(decode(packed, length, NULL, 0) == size && memcmp(back, plain, size) == 0);
  FILE *file = fopen("blocks.lz4", "wb");
  REQUIRE(file != NULL && fwrite(packed, 1, length, file) == length && fclose(file) == 0);
  char b[20], B[20];
  snprintf(b, sizeof b, "-b%u", id);
  snprintf(B, sizeof B, "-B%zu", block);
  REQUIRE(upstream_main(4, (const char *[]){"checkFrame", b, B, "blocks.lz4", NULL}) == 0);
}

int main(void) {
  unsigned state = 1;
  for (size_t i = 0; i < SIZE; i++) {
    state = state * 1103515245u + 12345u;
    plain[i] = (state >> 16) % 5 == 0 ? (char)('a' + (state >> 20) % 26) : "frames of lz4, "[i % 15];
  }
  dictionaries();
  one_after_another();
  content_size();
  static const size_t sizes[] = {32, 65, 1000, 4096, 65535, 65536, 65537, 200000, 262143, 262144, 1 << 20, (4 << 20) - 1, 4 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (unsigned id = 4; id <= 7; id++)
      if (sizes[i] <= (size_t)64 * KIB << (id - 4) * 2) blocks(id, sizes[i], i & 1);
  puts("frames, dictionaries, content sizes and blocks are right");
  return 0;
}
