/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What upstream's unit tests ask with GoogleTest, which no archive that can be had contains: checksums against a plain computation, round trips with each
   level, strategy, window and memory, streams in pieces, dictionaries, copies, raw bits, infback, gzip files, and what must be refused. zlib itself reads
   what zlib-ng writes, and the other way round. */
#include <zlib.h> /* zlib's own, compiled into this program */
#include "check-ng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                     \
  do {                                                         \
    if (!(condition)) {                                        \
      printf("line %d: not true: %s\n", __LINE__, #condition); \
      exit(1);                                                 \
    }                                                          \
  } while (0)

enum { SIZE = 300000, ROOM = SIZE + 40000 };

static unsigned char plain[SIZE], packed[ROOM], back[SIZE];

static unsigned state = 1;
static unsigned number(void) { return (state = state * 1103515245u + 12345u) >> 16; }

static void fill(int kind) {
  for (size_t i = 0; i < SIZE; i++) switch (kind) {
    case 0: plain[i] = number() % 7 == 0 ? (unsigned char)('a' + number() % 26) : (unsigned char)"zlib-ng on wasi, "[i % 17]; break;
    case 1: plain[i] = (unsigned char)number(); break;
    case 2: plain[i] = (unsigned char)(i / 5000); break;
    default: plain[i] = (unsigned char)(i % 300 < 200 ? i % 40 : number() % 4); break;
    }
}

static void checksums(void) {
  for (size_t size = 0; size < 3000; size += size < 70 ? 1 : 61)
    for (size_t at = 0; at < 9; at += 4) {
      REQUIRE(ng_crc32(0, plain + at, size) == (unsigned)crc32(0, plain + at, (uInt)size));
      REQUIRE(ng_adler32(1, plain + at, size) == (unsigned)adler32(1, plain + at, (uInt)size));
    }
  REQUIRE(ng_crc32(0, plain, SIZE) == (unsigned)crc32(0, plain, SIZE) && ng_adler32(1, plain, SIZE) == (unsigned)adler32(1, plain, SIZE));
  REQUIRE(ng_combines(plain, SIZE));
}

/* zlib reads what zlib-ng wrote. */
static void zlib_reads(size_t size, size_t length, int bits) {
  z_stream z = {.next_in = packed, .avail_in = (uInt)length, .next_out = back, .avail_out = SIZE};
  memset(back, 0, SIZE);
  REQUIRE(inflateInit2(&z, bits) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == size && inflateEnd(&z) == Z_OK);
  REQUIRE(memcmp(plain, back, size) == 0);
}

static void round_trips(int kind) {
  for (int level = 0; level <= 9; level++)
    for (int strategy = 0; strategy <= 4; strategy++) {
      int bits = 9 + (level + strategy) % 7, memory = 1 + (level + strategy * 2) % 9, wrap = (level + strategy) % 3;
      bits = wrap == 0 ? bits : wrap == 1 ? bits + 16 : -bits;
      size_t size = (size_t)(level * 5 + strategy) * 6000 % SIZE, length;
      length = ng_deflate(plain, size, packed, ROOM, level, bits, memory, strategy, 1 + number() % 5000, 1 + number() % 3000);
      memset(back, 0, SIZE);
      REQUIRE(ng_inflate(packed, length, back, SIZE, bits, 1 + number() % 3000, 1 + number() % 5000) == size);
      REQUIRE(memcmp(plain, back, size) == 0);
      zlib_reads(size, length, bits);
      if (kind == 2 && level > 0 && strategy == 0 && size > 100000) REQUIRE(length < size / 50);
    }
}

/* zlib-ng reads what zlib wrote, with each level and window. */
static void reads_zlib(void) {
  for (int level = 0; level <= 9; level++) {
    z_stream z = {.next_in = plain, .avail_in = SIZE, .next_out = packed, .avail_out = ROOM};
    int bits = 8 + level % 8;
    REQUIRE(deflateInit2(&z, level, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY) == Z_OK && deflate(&z, Z_FINISH) == Z_STREAM_END);
    size_t length = z.total_out;
    REQUIRE(deflateEnd(&z) == Z_OK && ng_inflate(packed, length, back, SIZE, 15, 777, 9999) == SIZE && memcmp(plain, back, SIZE) == 0);
  }
}

static void damaged(void) {
  size_t length = ng_deflate(plain, 20000, packed, ROOM, 6, 15, 8, 0, 20000, ROOM), refused = 0;
  for (size_t cut = 0; cut < length; cut += 13) REQUIRE(ng_inflate(packed, cut, back, SIZE, 15, 100, 1000) == (size_t)-1);
  for (size_t i = 0; i < length; i++) {
    packed[i] ^= 1u << i % 8;
    if (ng_inflate(packed, length, back, SIZE, 15, 100000, 100000) == (size_t)-1) refused++;
    packed[i] ^= 1u << i % 8;
  }
  REQUIRE(refused >= length - 1); /* a bit between the last block and the checksum says nothing */
}

int main(void) {
  for (int kind = 0; kind < 4; kind++) {
    fill(kind);
    checksums();
    round_trips(kind);
    reads_zlib();
  }
  fill(0);
  damaged();
  ng_more(plain, SIZE, packed, ROOM, back);
  puts("all right");
  return 0;
}
