/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Compresses a file that upstream's create_compress_files makes, as upstream's test_compress.sh does with xz: with four presets, and with each
 * filter before LZMA2; within the same bounds on memory. A program of WASI can't start another one: the main of create_compress_files is
 * compiled in, under the name create_files. */
#undef main
#include <lzma.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

int create_files(int argc, char **argv);

enum { ROOM = 4 << 20, ENCODER_LIMIT = 48 << 20, DECODER_LIMIT = 5 << 20 };

static uint8_t original[ROOM], packed[ROOM], unpacked[ROOM];

/* All of `in` through `stream`, handed over in steps; the size of what came out. */
static size_t code(lzma_stream *stream, const uint8_t *in, size_t in_size, uint8_t *out, const char *what) {
  const size_t step = 8192;
  size_t given = 0, made = 0;
  lzma_ret answer;
  do {
    size_t give = in_size - given < step ? in_size - given : step, take = ROOM - made < step ? ROOM - made : step;
    stream->next_in = in + given;
    stream->avail_in = give;
    stream->next_out = out + made;
    stream->avail_out = take;
    answer = lzma_code(stream, given + give == in_size ? LZMA_FINISH : LZMA_RUN);
    given += give - stream->avail_in;
    made += take - stream->avail_out;
  } while (answer == LZMA_OK);
  if (answer != LZMA_STREAM_END || given != in_size) fail("%s: answered with %d after %zu of %zu bytes", what, answer, given, in_size);
  lzma_end(stream);
  return made;
}

int main(int argc, char **argv) {
  static const char *const chains[] = {
      "1",       "2",    "3",   "4",        "delta:dist=1", "delta:dist=4", "delta:dist=256", "x86",
      "powerpc", "ia64", "arm", "armthumb", "arm64",        "sparc",        "riscv",
  };
  if (argc != 2 || create_files(argc, argv)) return 2;
  FILE *in = fopen(argv[1], "rb");
  if (!in) fail("%s was not made", argv[1]);
  size_t size = fread(original, 1, sizeof original, in);
  fclose(in);
  for (size_t each = 0; each < sizeof chains / sizeof *chains; each++) {
    char text[128];
    const char *chain = chains[each];
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    snprintf(text, sizeof text, strlen(chain) > 1 ? "%s lzma2:dict=64KiB,nice=32,mode=fast" : "%s", chain);
    int place = 0;
    const char *problem = lzma_str_to_filters(text, &place, filters, 0, NULL);
    if (problem) fail("%s: %s at %d", text, problem, place);
    uint64_t memory = lzma_raw_encoder_memusage(filters);
    if (memory > ENCODER_LIMIT) fail("%s: the encoder wants %llu bytes", text, (unsigned long long)memory);
    if (lzma_stream_encoder(&stream, filters, LZMA_CHECK_CRC64) != LZMA_OK) fail("%s: the encoder does not start", text);
    size_t packed_size = code(&stream, original, size, packed, text);
    lzma_filters_free(filters, NULL);
    stream = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, DECODER_LIMIT, LZMA_CONCATENATED) != LZMA_OK) fail("%s: the decoder does not start", text);
    size_t unpacked_size = code(&stream, packed, packed_size, unpacked, text);
    if (unpacked_size != size || memcmp(original, unpacked, size)) fail("%s: other data came back", text);
    printf("%s: %zu bytes, packed %zu\n", text, size, packed_size);
  }
  return 0;
}
