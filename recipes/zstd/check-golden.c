/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Upstream's golden files, as its playTests.sh goes through them with the program zstd: frames to decode, frames to refuse, and data that were
 * once compressed wrongly, with and without a dictionary. */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

static char *content(const char *file, size_t *size) {
  FILE *in = fopen(file, "rb");
  if (!in || fseek(in, 0, SEEK_END)) fail("can't read %s", file);
  *size = (size_t)ftell(in);
  rewind(in);
  char *bytes = malloc(*size + 1);
  if (!bytes || fread(bytes, 1, *size, in) != *size) fail("can't read %s", file);
  fclose(in);
  return bytes;
}

static size_t good(size_t answer, const char *what) {
  if (ZSTD_isError(answer)) fail("%s: %s", what, ZSTD_getErrorName(answer));
  return answer;
}

/* Decodes in steps of `step` bytes; an error code, also where the frame is cut off. */
static size_t stream(ZSTD_DCtx *context, const char *in, size_t in_size, char *out, size_t room, size_t step) {
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_outBuffer to = {out, 0, 0};
  ZSTD_inBuffer from = {in, 0, 0};
  size_t answer = 1;
  while (from.pos < in_size || answer) {
    size_t before = from.pos + to.pos;
    from.size = in_size - from.pos < step ? in_size : from.pos + step;
    to.size = room - to.pos < step ? room : to.pos + step;
    answer = ZSTD_decompressStream(context, &to, &from);
    if (ZSTD_isError(answer)) return answer;
    if (from.pos + to.pos == before) return (size_t)-ZSTD_error_srcSize_wrong;
  }
  return to.pos;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *mode = argv[1], *file = argv[2];
  size_t size, room = 4 << 20;
  char *bytes = content(file, &size), *out = malloc(room), *other = malloc(room);
  ZSTD_DCtx *decoder = ZSTD_createDCtx();
  if (!strcmp(mode, "decode")) {
    size_t whole = good(ZSTD_decompressDCtx(decoder, out, room, bytes, size), file);
    for (size_t step = 1; step <= 4096; step *= 16) {
      size_t steps = good(stream(decoder, bytes, size, other, room, step), file);
      if (steps != whole || memcmp(out, other, whole)) fail("in steps of %zu bytes the data are others", step);
    }
    fwrite(out, 1, whole, stdout);
    return 0;
  }
  if (!strcmp(mode, "refuse")) {
    size_t whole = ZSTD_decompressDCtx(decoder, out, room, bytes, size);
    if (!ZSTD_isError(whole)) fail("%s is decoded, to %zu bytes", file, whole);
    size_t steps = stream(decoder, bytes, size, out, room, 1000);
    if (!ZSTD_isError(steps)) fail("%s is decoded in steps, to %zu bytes", file, steps);
    printf("%s; %s\n", ZSTD_getErrorName(whole), ZSTD_getErrorName(steps));
    return 0;
  }
  if (strcmp(mode, "back")) return 2;
  size_t dictionary_size = 0;
  char *dictionary = argc > 3 ? content(argv[3], &dictionary_size) : NULL;
  ZSTD_CCtx *encoder = ZSTD_createCCtx();
  size_t packed_room = ZSTD_compressBound(size);
  char *packed = malloc(packed_room);
  if (size > room) fail("%s is too large", file);
  for (int level = -5; level <= 22; level++) {
    size_t packed_size = good(ZSTD_compress_usingDict(encoder, packed, packed_room, bytes, size, dictionary, dictionary_size, level), file);
    size_t back = good(ZSTD_decompress_usingDict(decoder, out, room, packed, packed_size, dictionary, dictionary_size), file);
    if (back != size || memcmp(bytes, out, size)) fail("level %d: other data", level);
    printf("level %d: %zu of %zu\n", level, packed_size, size);
  }
  return 0;
}
