/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Streams that are cut off, damaged or fed in small steps: libbz2 has to refuse the first two, and never to give other data as good. */
#include <bzlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

static char *content(const char *file, unsigned *size) {
  FILE *in = fopen(file, "rb");
  if (!in || fseek(in, 0, SEEK_END)) fail("can't read %s", file);
  *size = (unsigned)ftell(in);
  rewind(in);
  char *bytes = malloc(*size + 1);
  if (!bytes || fread(bytes, 1, *size, in) != *size) fail("can't read %s", file);
  fclose(in);
  return bytes;
}

/* Unpacks `in`, handing over `step` bytes at a time in both directions; at most `room` bytes. Gives bzlib's last answer. */
static int unpack(char *in, unsigned in_size, char *out, unsigned room, unsigned *out_size, unsigned step, int small) {
  bz_stream stream = {0};
  if (BZ2_bzDecompressInit(&stream, 0, small) != BZ_OK) fail("BZ2_bzDecompressInit");
  unsigned given = 0, made = 0;
  int answer;
  do {
    unsigned left = in_size - given, space = room - made;
    stream.next_in = in + given;
    stream.avail_in = left < step ? left : step;
    stream.next_out = out + made;
    stream.avail_out = space < step ? space : step;
    unsigned before_in = stream.avail_in, before_out = stream.avail_out;
    answer = BZ2_bzDecompress(&stream);
    given += before_in - stream.avail_in;
    made += before_out - stream.avail_out;
    /* It neither takes nor makes anything: the stream is not complete, or there is no more room. */
    if (answer == BZ_OK && before_in == stream.avail_in && before_out == stream.avail_out) break;
  } while (answer == BZ_OK);
  BZ2_bzDecompressEnd(&stream);
  *out_size = made;
  return answer;
}

static unsigned pack(char *in, unsigned in_size, char *out, unsigned room, unsigned step, int level, int factor) {
  bz_stream stream = {0};
  if (BZ2_bzCompressInit(&stream, level, 0, factor) != BZ_OK) fail("BZ2_bzCompressInit");
  unsigned given = 0, made = 0;
  int answer;
  do {
    unsigned left = in_size - given;
    stream.next_in = in + given;
    stream.avail_in = left < step ? left : step;
    stream.next_out = out + made;
    stream.avail_out = room - made < step ? room - made : step;
    if (!stream.avail_out) fail("more than %u bytes", room);
    int last = left <= step;
    unsigned before_in = stream.avail_in, before_out = stream.avail_out;
    answer = BZ2_bzCompress(&stream, last ? BZ_FINISH : BZ_RUN);
    given += before_in - stream.avail_in;
    made += before_out - stream.avail_out;
    if (answer < 0) fail("BZ2_bzCompress: %d", answer);
  } while (answer != BZ_STREAM_END);
  BZ2_bzCompressEnd(&stream);
  return made;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  unsigned size, full_size, out_size, room = 1 << 20;
  char *bytes = content(argv[2], &size), *full = malloc(room), *out = malloc(room);
  if (!strcmp(argv[1], "back")) {
    for (int level = 1; level <= 9; level++)
      for (unsigned step = 1; step < 2048; step = step * 3 + 1) {
        unsigned packed = pack(bytes, size, full, room, step, level, level * 25);
        if (unpack(full, packed, out, room, &out_size, step, level % 2) != BZ_STREAM_END) fail("level %d, step %u: refused", level, step);
        if (out_size != size || memcmp(out, bytes, size)) fail("level %d, step %u: other data", level, step);
      }
    return 0;
  }
  if (unpack(bytes, size, full, room, &full_size, room, 0) != BZ_STREAM_END) fail("%s: refused", argv[2]);
  if (!strcmp(argv[1], "cut-off")) {
    /* One stream that gets byte after byte: before the last one it must not be at its end, nor give anything else than the data. */
    bz_stream stream = {0};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) fail("BZ2_bzDecompressInit");
    stream.next_out = out;
    stream.avail_out = room;
    for (unsigned cut = 0; cut < size; cut++) {
      stream.next_in = bytes + cut;
      stream.avail_in = 1;
      int answer = BZ2_bzDecompress(&stream);
      unsigned made = room - stream.avail_out;
      if (answer != (cut + 1 < size ? BZ_OK : BZ_STREAM_END)) fail("after %u bytes: %d", cut + 1, answer);
      if (made > full_size || memcmp(out, full, made)) fail("after %u bytes: other data", cut + 1);
    }
    BZ2_bzDecompressEnd(&stream);
    /* And in one go. */
    for (unsigned cut = 0; cut < size; cut += 1 + size / 500) {
      unsigned given = room;
      int answer = BZ2_bzBuffToBuffDecompress(out, &given, bytes, cut, 0, 0);
      if (answer != BZ_UNEXPECTED_EOF) fail("%u bytes in one go: %d", cut, answer);
    }
    return 0;
  }
  unsigned wanted = argc > 3 ? (unsigned)atoi(argv[3]) : 1000, bits = size * 8, refused = 0, all = 0;
  for (unsigned bit = 0; bit < bits; bit += 1 + bits / wanted, all++) {
    bytes[bit / 8] ^= 1 << bit % 8;
    int answer = unpack(bytes, size, out, room, &out_size, 4096, bit % 2);
    if (answer == BZ_STREAM_END && (out_size != full_size || memcmp(out, full, full_size))) fail("bit %u: other data, as good", bit);
    refused += answer != BZ_STREAM_END;
    bytes[bit / 8] ^= 1 << bit % 8;
  }
  printf("%u of %u refused\n", refused, all);
  /* Some bits may mean nothing: those that fill the last byte, and the spare ones of a table. */
  return refused * 100 < all * 95;
}
