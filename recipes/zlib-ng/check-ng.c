/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What check-ng.h declares: the native interface of zlib-ng. */
#include "check-ng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib-ng.h>

#define REQUIRE(condition)                                                 \
  do {                                                                     \
    if (!(condition)) {                                                    \
      printf("check-ng.c, line %d: not true: %s\n", __LINE__, #condition); \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

unsigned ng_crc32(unsigned crc, const unsigned char *bytes, size_t size) { return zng_crc32(crc, bytes, (uint32_t)size); }
unsigned ng_adler32(unsigned adler, const unsigned char *bytes, size_t size) { return zng_adler32(adler, bytes, (uint32_t)size); }

int ng_combines(const unsigned char *bytes, size_t size) {
  uint32_t crc = zng_crc32_z(0, bytes, size), adler = zng_adler32_z(1, bytes, size);
  for (size_t cut = 0; cut <= size; cut += 9973) {
    uint32_t a = zng_crc32_z(0, bytes, cut), b = zng_crc32_z(0, bytes + cut, size - cut);
    uint32_t c = zng_adler32_z(1, bytes, cut), d = zng_adler32_z(1, bytes + cut, size - cut);
    if (zng_crc32_combine(a, b, (z_off64_t)(size - cut)) != crc || zng_adler32_combine(c, d, (z_off64_t)(size - cut)) != adler) return 0;
    if (zng_crc32_combine_op(a, b, zng_crc32_combine_gen((z_off64_t)(size - cut))) != crc) return 0;
  }
  return 1;
}

size_t ng_deflate(const unsigned char *from, size_t size, unsigned char *to, size_t room, int level, int bits, int memory, int strategy,
                  size_t in, size_t out) {
  zng_stream s = {.next_in = from, .next_out = to};
  REQUIRE(zng_deflateInit2(&s, level, Z_DEFLATED, bits, memory, strategy) == Z_OK);
  REQUIRE(zng_deflateBound(&s, size) <= room);
  for (int rc = Z_OK; rc != Z_STREAM_END;) {
    if (s.avail_in == 0) s.avail_in = (uint32_t)(size - s.total_in < in ? size - s.total_in : in);
    if (s.avail_out == 0) s.avail_out = (uint32_t)(room - s.total_out < out ? room - s.total_out : out);
    rc = zng_deflate(&s, s.total_in + s.avail_in == size ? Z_FINISH : s.total_out % 7 == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    REQUIRE(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
  }
  REQUIRE(zng_deflateEnd(&s) == Z_OK);
  return s.total_out;
}

size_t ng_inflate(const unsigned char *from, size_t size, unsigned char *to, size_t room, int bits, size_t in, size_t out) {
  zng_stream s = {.next_in = from, .next_out = to};
  REQUIRE(zng_inflateInit2(&s, bits) == Z_OK);
  int rc = Z_OK;
  while (rc == Z_OK) {
    if (s.avail_in == 0) s.avail_in = (uint32_t)(size - s.total_in < in ? size - s.total_in : in);
    if (s.avail_out == 0) s.avail_out = (uint32_t)(room - s.total_out < out ? room - s.total_out : out);
    rc = zng_inflate(&s, Z_NO_FLUSH);
  }
  REQUIRE(zng_inflateEnd(&s) == Z_OK);
  return rc == Z_STREAM_END && s.total_in == size ? s.total_out : (size_t)-1;
}

typedef struct Source {
  const unsigned char *at;
  size_t left;
} Source;

static uint32_t give(void *source, const unsigned char **at) {
  Source *from = source;
  uint32_t part = from->left < 1000 ? (uint32_t)from->left : 1000;
  *at = from->at;
  from->at += part, from->left -= part;
  return part;
}

static int take(void *sink, unsigned char *bytes, uint32_t size) {
  unsigned char **to = sink;
  memcpy(*to, bytes, size);
  *to += size;
  return 0;
}

static void files(const unsigned char *plain, size_t size, unsigned char *back) {
  for (int level = 0; level <= 9; level += 3) {
    char mode[] = {'w', 'b', (char)('0' + level), 0};
    gzFile file = zng_gzopen("check.gz", mode);
    REQUIRE(file != NULL && zng_gzbuffer(file, 1000) == 0 && zng_gzputs(file, "first line\n") == 11 && zng_gzprintf(file, "%d\n", 42) == 3);
    REQUIRE((size_t)zng_gzwrite(file, plain, (uint32_t)size) == size && zng_gzseek(file, 100, SEEK_CUR) == (z_off64_t)size + 114);
    REQUIRE(zng_gzputc(file, '!') == '!' && zng_gzclose(file) == Z_OK);
    char line[20];
    REQUIRE((file = zng_gzopen("check.gz", "rb")) != NULL && zng_gzgets(file, line, sizeof line) == line &&
            strcmp(line, "first line\n") == 0);
    REQUIRE(zng_gzgetc(file) == '4' && zng_gzungetc('4', file) == '4' && zng_gzseek(file, 14, SEEK_SET) == 14);
    REQUIRE((size_t)zng_gzread(file, back, (uint32_t)size) == size && memcmp(plain, back, size) == 0 && !zng_gzeof(file));
    REQUIRE(zng_gzread(file, back, 1000) == 101 && back[0] == 0 && back[99] == 0 && back[100] == '!' && zng_gzeof(file));
    REQUIRE(zng_gzrewind(file) == 0 && zng_gztell(file) == 0 && zng_gzgetc(file) == 'f' && zng_gzclose(file) == Z_OK);
  }
  /* Two in one file are one; what follows is garbage. */
  gzFile file = zng_gzopen("check.gz", "ab");
  REQUIRE(file != NULL && zng_gzwrite(file, "more", 4) == 4 && zng_gzclose(file) == Z_OK);
  REQUIRE((file = zng_gzopen("check.gz", "rb")) != NULL && zng_gzseek(file, (z_off64_t)size + 115, SEEK_SET) == (z_off64_t)size + 115);
  REQUIRE(zng_gzread(file, back, 10) == 4 && memcmp(back, "more", 4) == 0 && zng_gzclose(file) == Z_OK);
  FILE *cut = fopen("check.gz", "r+b");
  REQUIRE(cut != NULL && fseek(cut, 200, SEEK_SET) == 0 && fputs("damaged, damaged, damaged", cut) >= 0 && fclose(cut) == 0);
  REQUIRE((file = zng_gzopen("check.gz", "rb")) != NULL && zng_gzread(file, back, (uint32_t)size) != (int32_t)size);
  int error;
  zng_gzerror(file, &error);
  REQUIRE(error == Z_DATA_ERROR || error == Z_BUF_ERROR);
  zng_gzclose(file);
  REQUIRE(zng_gzopen("nowhere/check.gz", "rb") == NULL && zng_gzopen("check.gz", "x?") == NULL);
}

void ng_more(const unsigned char *plain, size_t size, unsigned char *packed, size_t room, unsigned char *back) {
  for (int level = 1; level <= 9; level++) {
    /* A dictionary, a header, other parameters in the middle, and a copy that goes on alone. */
    zng_stream s = {.next_in = plain, .avail_in = (uint32_t)size / 2, .next_out = packed, .avail_out = (uint32_t)room}, copy, d = {0};
    REQUIRE(zng_deflateInit(&s, level) == Z_OK && zng_deflateSetDictionary(&s, plain + size - 30000, 30000) == Z_OK);
    REQUIRE(zng_deflateTune(&s, 8, 16, 32, 64) == Z_OK && zng_deflate(&s, Z_NO_FLUSH) == Z_OK);
    REQUIRE(zng_deflateParams(&s, 10 - level, level % 5) == Z_OK);
    s.avail_in = (uint32_t)(size - size / 2); /* total_in counts the dictionary too */
    unsigned char *other = malloc(room);
    REQUIRE(other != NULL && zng_deflateCopy(&copy, &s) == Z_OK);
    memcpy(other, packed, s.total_out);
    copy.next_out = other + s.total_out;
    REQUIRE(zng_deflate(&s, Z_FINISH) == Z_STREAM_END && zng_deflate(&copy, Z_FINISH) == Z_STREAM_END);
    REQUIRE(s.total_out == copy.total_out && memcmp(packed, other, s.total_out) == 0);
    size_t length = s.total_out;
    REQUIRE(zng_deflateEnd(&s) == Z_OK && zng_deflateEnd(&copy) == Z_OK);
    free(other);

    d.next_in = packed, d.avail_in = (uint32_t)length, d.next_out = back, d.avail_out = (uint32_t)size;
    REQUIRE(zng_inflateInit(&d) == Z_OK && zng_inflate(&d, Z_FINISH) == Z_NEED_DICT);
    REQUIRE(zng_inflateSetDictionary(&d, plain, 30000) == Z_DATA_ERROR);
    REQUIRE(zng_inflateSetDictionary(&d, plain + size - 30000, 30000) == Z_OK && zng_inflate(&d, Z_FINISH) == Z_STREAM_END);
    REQUIRE(d.total_out == size && memcmp(plain, back, size) == 0 && zng_inflateReset(&d) == Z_OK && zng_inflateEnd(&d) == Z_OK);
  }

  size_t length = ng_deflate(plain, size, packed, room, 6, -15, 8, 0, size, room);
  unsigned char window[32768], *to = back;
  zng_stream b = {0};
  Source source = {packed, length};
  memset(back, 0, size);
  REQUIRE(zng_inflateBackInit(&b, 15, window) == Z_OK && zng_inflateBack(&b, give, &source, take, &to) == Z_STREAM_END);
  REQUIRE((size_t)(to - back) == size && memcmp(plain, back, size) == 0 && zng_inflateBackEnd(&b) == Z_OK);

  /* Three bits first, which whoever decodes has to give by hand. */
  zng_stream s = {.next_in = plain, .avail_in = 1000, .next_out = packed, .avail_out = (uint32_t)room};
  REQUIRE(zng_deflateInit2(&s, 6, Z_DEFLATED, -15, 8, 0) == Z_OK && zng_deflatePrime(&s, 3, 5) == Z_OK);
  REQUIRE(zng_deflate(&s, Z_FINISH) == Z_STREAM_END && (packed[0] & 7) == 5);
  zng_stream d = {.next_in = packed + 1, .avail_in = (uint32_t)s.total_out - 1, .next_out = back, .avail_out = (uint32_t)size};
  REQUIRE(zng_inflateInit2(&d, -15) == Z_OK && zng_inflatePrime(&d, 5, packed[0] >> 3) == Z_OK);
  REQUIRE(zng_inflate(&d, Z_FINISH) == Z_STREAM_END && d.total_out == 1000 && memcmp(plain, back, 1000) == 0);
  REQUIRE(zng_inflateEnd(&d) == Z_OK && zng_deflateEnd(&s) == Z_OK);

  REQUIRE(zng_deflateInit2(&s, 10, Z_DEFLATED, 15, 8, 0) == Z_STREAM_ERROR &&
          zng_deflateInit2(&s, 6, Z_DEFLATED, 16, 10, 0) == Z_STREAM_ERROR);
  size_t fits = 100;
  REQUIRE(zng_compress2(packed, &fits, plain, size, 9) == Z_BUF_ERROR);
  fits = room;
  REQUIRE(zng_compress(packed, &fits, plain, size) == Z_OK && fits <= zng_compressBound(size));
  size_t given = size - 1, taken = fits;
  REQUIRE(zng_uncompress(back, &given, packed, fits) == Z_BUF_ERROR);
  given = size;
  REQUIRE(zng_uncompress2(back, &given, packed, &taken) == Z_OK && given == size && taken == fits && memcmp(plain, back, size) == 0);
  files(plain, size, back);
}
