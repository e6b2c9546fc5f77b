/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What upstream tests through the program brotli and the Python module, with the libraries: decoding files of others, round trips at each quality and
   window, streams in pieces with flushes and limits, dictionaries, and what must be refused. */
#include <brotli/decode.h>
#include <brotli/encode.h>
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

typedef struct Bytes {
  uint8_t *at;
  size_t size;
} Bytes;

static Bytes read_all(const char *path) {
  FILE *file = fopen(path, "rb");
  REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0);
  Bytes bytes = {NULL, (size_t)ftell(file)};
  rewind(file);
  bytes.at = malloc(bytes.size + 1);
  REQUIRE(bytes.at != NULL && fread(bytes.at, 1, bytes.size, file) == bytes.size && fclose(file) == 0);
  return bytes;
}

typedef struct Way {
  int quality, window, large;
  BrotliEncoderMode mode;
  size_t piece, flush; /* bytes a call; flush after each so many calls, or never */
} Way;

static Bytes encode(Bytes plain, Way way, const BrotliEncoderPreparedDictionary *dictionary) {
  Bytes out = {malloc(plain.size * 2 + 200000), 0};
  size_t room = plain.size * 2 + 200000, in = 0, calls = 0;
  BrotliEncoderState *state = BrotliEncoderCreateInstance(NULL, NULL, NULL);
  REQUIRE(out.at != NULL && state != NULL);
  REQUIRE(BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, (uint32_t)way.quality));
  REQUIRE(BrotliEncoderSetParameter(state, BROTLI_PARAM_LARGE_WINDOW, (uint32_t)way.large));
  REQUIRE(BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, (uint32_t)way.window));
  REQUIRE(BrotliEncoderSetParameter(state, BROTLI_PARAM_MODE, (uint32_t)way.mode));
  if (dictionary) REQUIRE(BrotliEncoderAttachPreparedDictionary(state, dictionary));
  while (!BrotliEncoderIsFinished(state)) {
    size_t part = plain.size - in < way.piece ? plain.size - in : way.piece, left = part, space = room - out.size;
    int flush = way.flush && ++calls % way.flush == 0;
    const uint8_t *next = plain.at + in;
    uint8_t *to = out.at + out.size;
    BrotliEncoderOperation what = in + part == plain.size ? BROTLI_OPERATION_FINISH
                                  : flush                 ? BROTLI_OPERATION_FLUSH
                                                          : BROTLI_OPERATION_PROCESS;
    do {
      REQUIRE(BrotliEncoderCompressStream(state, what, &left, &next, &space, &to, NULL));
      REQUIRE(space > 0);
    } while (left > 0 || BrotliEncoderHasMoreOutput(state));
    in += part;
    out.size = room - space;
    /* What was flushed is all there. */
    if (what == BROTLI_OPERATION_FLUSH && !dictionary) {
      BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
      BrotliDecoderSetParameter(decoder, BROTLI_DECODER_PARAM_LARGE_WINDOW, (uint32_t)way.large);
      uint8_t *back = malloc(plain.size + 1), *end = back;
      size_t bytes = out.size, free_bytes = plain.size + 1;
      const uint8_t *from = out.at;
      REQUIRE(BrotliDecoderDecompressStream(decoder, &bytes, &from, &free_bytes, &end, NULL) == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT);
      REQUIRE((size_t)(end - back) == in && memcmp(back, plain.at, in) == 0);
      BrotliDecoderDestroyInstance(decoder);
      free(back);
    }
  }
  BrotliEncoderDestroyInstance(state);
  return out;
}

/* In pieces of IN and OUT bytes; a text that is too long, too short or followed by others is an error. */
static Bytes decode(Bytes packed, size_t in, size_t out, int large, Bytes dictionary) {
  BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
  REQUIRE(state != NULL);
  REQUIRE(BrotliDecoderSetParameter(state, BROTLI_DECODER_PARAM_LARGE_WINDOW, (uint32_t)large));
  if (dictionary.at) REQUIRE(BrotliDecoderAttachDictionary(state, BROTLI_SHARED_DICTIONARY_RAW, dictionary.size, dictionary.at));
  Bytes plain = {malloc(1 << 16), 0};
  size_t room = 1 << 16, at = 0;
  for (;;) {
    size_t left = packed.size - at < in ? packed.size - at : in;
    const uint8_t *next = packed.at + at;
    if (room - plain.size < out) REQUIRE((plain.at = realloc(plain.at, room = room * 2 + out)) != NULL);
    size_t space = out;
    uint8_t *to = plain.at + plain.size;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &left, &next, &space, &to, NULL);
    if (result == BROTLI_DECODER_RESULT_ERROR) printf("%s\n", BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state)));
    REQUIRE(result != BROTLI_DECODER_RESULT_ERROR);
    plain.size = (size_t)(to - plain.at);
    at = (size_t)(next - packed.at);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) break;
    REQUIRE(result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT || at < packed.size);
  }
  REQUIRE(at == packed.size && BrotliDecoderIsFinished(state));
  BrotliDecoderDestroyInstance(state);
  return plain;
}

static const Bytes none;

static size_t both_ways(Bytes plain, Way way) {
  Bytes packed = encode(plain, way, NULL), back = decode(packed, 3000, 5000, way.large, none);
  REQUIRE(back.size == plain.size && (plain.size == 0 || memcmp(plain.at, back.at, plain.size) == 0));
  size_t size = packed.size;
  free(packed.at), free(back.at);
  return size;
}

static void round_trips(Bytes plain) {
  size_t least = 0;
  for (int quality = BROTLI_MIN_QUALITY; quality <= BROTLI_MAX_QUALITY; quality++) {
    static const BrotliEncoderMode modes[] = {BROTLI_MODE_GENERIC, BROTLI_MODE_TEXT, BROTLI_MODE_FONT};
    least = both_ways(plain, (Way){quality, 22, 0, modes[quality % 3], 1 << 20, 0});
    both_ways(plain, (Way){quality, BROTLI_MIN_WINDOW_BITS + quality, 0, modes[(quality + 1) % 3], 4097, 0});
    both_ways(plain, (Way){quality, 25, 1, BROTLI_MODE_GENERIC, 1 << 20, 0});
    size_t size = BrotliEncoderMaxCompressedSize(plain.size), back_size = plain.size + 1;
    uint8_t *packed = malloc(size), *back = malloc(plain.size + 1);
    REQUIRE(BrotliEncoderCompress(quality, 18, modes[quality % 3], plain.size, plain.at, &size, packed));
    REQUIRE(BrotliDecoderDecompress(size, packed, &back_size, back) == BROTLI_DECODER_RESULT_SUCCESS && back_size == plain.size);
    REQUIRE(memcmp(plain.at, back, plain.size) == 0);
    free(packed), free(back);
  }
  if (plain.size > 10000) REQUIRE(least * 2 < plain.size);
  printf("%zu bytes, the least is %zu\n", plain.size, least);
}

static void streams(Bytes plain) {
  plain.size = plain.size < 60000 ? plain.size : 60000;
  for (int quality = 0; quality <= 11; quality++) {
    both_ways(plain, (Way){quality, 22, 0, BROTLI_MODE_TEXT, 1999, 5});
    both_ways((Bytes){plain.at, 3000}, (Way){quality, 22, 0, BROTLI_MODE_TEXT, 1, 100});
  }
  Bytes packed = encode(plain, (Way){5, 22, 0, BROTLI_MODE_TEXT, 60000, 0}, NULL);
  for (size_t in = 1; in <= 10000; in *= 100)
    for (size_t out = 1; out <= 10000; out *= 100) {
      Bytes back = decode(packed, in, out, 0, none);
      REQUIRE(back.size == plain.size && memcmp(plain.at, back.at, plain.size) == 0);
      free(back.at);
    }
  /* Each shorter text is too short; a byte behind it stays. */
  uint8_t *back = malloc(plain.size);
  for (size_t size = 0; size < packed.size; size += 97) {
    size_t bytes = plain.size;
    REQUIRE(BrotliDecoderDecompress(size, packed.at, &bytes, back) == BROTLI_DECODER_RESULT_ERROR);
  }
  BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
  packed.at[packed.size] = 'a';
  size_t left = packed.size + 1, space = plain.size;
  const uint8_t *next = packed.at;
  uint8_t *to = back;
  REQUIRE(BrotliDecoderDecompressStream(state, &left, &next, &space, &to, NULL) == BROTLI_DECODER_RESULT_SUCCESS && left == 1);
  BrotliDecoderDestroyInstance(state);
  /* A damaged text is refused, or is another one; nothing is read or written elsewhere. */
  size_t refused = 0;
  for (size_t i = 0; i < packed.size; i += 13) {
    packed.at[i] ^= 0x55;
    size_t bytes = plain.size;
    if (BrotliDecoderDecompress(packed.size, packed.at, &bytes, back) != BROTLI_DECODER_RESULT_SUCCESS) refused++;
    packed.at[i] ^= 0x55;
  }
  REQUIRE(refused > packed.size / 13 / 2);
  /* decompressor_test.py, test_too_much_input: 128 KiB of zeros out of a few bytes, of which all but the last are taken while output is left. */
  Bytes zeros = read_all("tests/testdata/zerosukkanooa.compressed"), long_one = decode(zeros, 1, 10240, 0, none);
  REQUIRE(long_one.size > 100000);
  printf("zerosukkanooa has %zu bytes\n", long_one.size);
}

static void dictionaries(Bytes plain, Bytes dictionary) {
  for (int quality = 2; quality <= 11; quality++) {
    BrotliEncoderPreparedDictionary *prepared =
        BrotliEncoderPrepareDictionary(BROTLI_SHARED_DICTIONARY_RAW, dictionary.size, dictionary.at, BROTLI_MAX_QUALITY, NULL, NULL, NULL);
    REQUIRE(prepared != NULL);
    Way way = {quality, 22, 0, BROTLI_MODE_TEXT, 1 << 20, 0};
    Bytes packed = encode(plain, way, prepared), without = encode(plain, way, NULL);
    Bytes back = decode(packed, 5000, 5000, 0, dictionary);
    REQUIRE(back.size == plain.size && memcmp(plain.at, back.at, plain.size) == 0);
    if (quality >= 5) REQUIRE(packed.size < without.size);
    BrotliEncoderDestroyPreparedDictionary(prepared);
    free(packed.at), free(without.at), free(back.at);
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc >= 3);
  Bytes file = read_all(argv[2]);
  if (strcmp(argv[1], "decode") == 0) {
    char name[4096];
    snprintf(name, sizeof name, "%.*s", (int)(strstr(argv[2], ".compressed") - argv[2]), argv[2]);
    Bytes back = decode(file, file.size, 1 << 16, 0, none), slowly = decode(file, 1, 10922, 0, none);
    REQUIRE(back.size == slowly.size && memcmp(back.at, slowly.at, back.size) == 0);
    FILE *there = fopen(name, "rb");
    REQUIRE(there != NULL || strcmp(name, "tests/testdata/zerosukkanooa") == 0); /* upstream does not ship this one */
    if (there) {
      Bytes plain = read_all(name);
      REQUIRE(back.size == plain.size && memcmp(plain.at, back.at, plain.size) == 0);
    }
  } else if (strcmp(argv[1], "back") == 0) round_trips(file);
  else if (strcmp(argv[1], "streams") == 0) streams(file);
  else dictionaries(file, read_all(argv[3]));
  return 0;
}
