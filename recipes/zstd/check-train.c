/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trains dictionaries on pieces of the files in `lib`, as playTests.sh trains the program zstd on source files: by each of the library's
 * methods. A dictionary has to be the same the second time, to be read again, and to be worth having: with it, pieces that it was not trained
 * on are packed smaller, and come back whole. */
#define ZDICT_STATIC_LINKING_ONLY
#define ZSTD_STATIC_LINKING_ONLY
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

enum { PIECE = 1000, PIECES = 1500, ROOM = 32 << 10 };

static char samples[PIECE * PIECES];
static size_t sizes[PIECES];
static unsigned count;

static int by_name(const void *one, const void *other) { return strcmp(*(char *const *)one, *(char *const *)other); }

/* In the order of names: that of the folder is another on each system. */
static void read_folder(const char *path) {
  char *names[512];
  int found = 0;
  DIR *folder = opendir(path);
  if (!folder) fail("can't read %s", path);
  for (struct dirent *entry; (entry = readdir(folder)) && found < 512;)
    if (entry->d_name[0] != '.') names[found++] = strdup(entry->d_name);
  closedir(folder);
  qsort(names, (size_t)found, sizeof *names, by_name);
  for (int each = 0; each < found; each++) {
    char file[512];
    snprintf(file, sizeof file, "%s/%s", path, names[each]);
    size_t length = strlen(file);
    if (strcmp(file + length - 2, ".c") && strcmp(file + length - 2, ".h")) {
      read_folder(file);
      continue;
    }
    FILE *in = fopen(file, "rb");
    if (!in) fail("can't read %s", file);
    while (count < PIECES && fread(samples + (size_t)count * PIECE, 1, PIECE, in) == PIECE) sizes[count++] = PIECE;
    fclose(in);
  }
}

static size_t train(const char *method, void *dictionary, unsigned samples_count) {
  if (!strcmp(method, "default")) return ZDICT_trainFromBuffer(dictionary, ROOM, samples, sizes, samples_count);
  if (!strcmp(method, "cover")) {
    ZDICT_cover_params_t params = {.k = 500, .d = 8};
    return ZDICT_trainFromBuffer_cover(dictionary, ROOM, samples, sizes, samples_count, params);
  }
  if (!strcmp(method, "optimized-cover")) {
    ZDICT_cover_params_t params = {.d = 8, .steps = 4};
    return ZDICT_optimizeTrainFromBuffer_cover(dictionary, ROOM, samples, sizes, samples_count, &params);
  }
  if (!strcmp(method, "fast-cover")) {
    ZDICT_fastCover_params_t params = {.k = 500, .d = 8, .f = 18, .accel = 1};
    return ZDICT_trainFromBuffer_fastCover(dictionary, ROOM, samples, sizes, samples_count, params);
  }
  if (!strcmp(method, "legacy")) {
    ZDICT_legacy_params_t params = {0};
    return ZDICT_trainFromBuffer_legacy(dictionary, ROOM, samples, sizes, samples_count, params);
  }
  exit(2);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  static char dictionary[ROOM], again[ROOM];
  read_folder("lib");
  unsigned trained = count * 3 / 4;
  if (trained < 500) fail("only %u pieces", count);
  size_t size = train(argv[1], dictionary, trained);
  if (ZDICT_isError(size)) fail("%s", ZDICT_getErrorName(size));
  size_t size_again = train(argv[1], again, trained);
  if (size != size_again || memcmp(dictionary, again, size)) fail("the second time the dictionary is another");
  if (!ZDICT_getDictID(dictionary, size)) fail("the dictionary has no number");
  if (ZDICT_isError(ZDICT_getDictHeaderSize(dictionary, size))) fail("its header can't be read");
  ZSTD_CDict *to_encode = ZSTD_createCDict(dictionary, size, 3);
  ZSTD_DDict *to_decode = ZSTD_createDDict(dictionary, size);
  if (!to_encode || !to_decode) fail("it is refused as a dictionary");
  ZSTD_CCtx *encoder = ZSTD_createCCtx();
  ZSTD_DCtx *decoder = ZSTD_createDCtx();
  size_t without = 0, with = 0;
  for (unsigned each = trained; each < count; each++) {
    const char *piece = samples + (size_t)each * PIECE;
    char packed[2 * PIECE], back[PIECE];
    size_t plain = ZSTD_compressCCtx(encoder, packed, sizeof packed, piece, PIECE, 3);
    size_t packed_size = ZSTD_compress_usingCDict(encoder, packed, sizeof packed, piece, PIECE, to_encode);
    if (ZSTD_isError(plain) || ZSTD_isError(packed_size)) fail("piece %u is not packed", each);
    if (ZSTD_getDictID_fromFrame(packed, packed_size) != ZDICT_getDictID(dictionary, size)) fail("piece %u names another dictionary", each);
    size_t back_size = ZSTD_decompress_usingDDict(decoder, back, sizeof back, packed, packed_size, to_decode);
    if (back_size != PIECE || memcmp(piece, back, PIECE)) fail("piece %u came back as something else", each);
    without += plain;
    with += packed_size;
  }
  printf("%u pieces, a dictionary of %zu bytes: %zu bytes with it, %zu without\n", count, size, with, without);
  return with >= without;
}
