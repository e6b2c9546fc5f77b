/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Decodes a file of tests/files as upstream's test_files.sh does with xz and xzdec: a good one in whole, a bad one never, an unsupported one
 * with that as the answer. Upstream's script compares no data; here what two ways of decoding give is compared. */
#include <lzma.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

enum { ROOM = 1 << 20 };

struct decoded {
  lzma_ret answer;
  bool unsupported_check;
  size_t size;
  uint8_t *bytes;
};

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && !strcmp(text + length - end_length, end);
}

/* In steps of `step` bytes; `tell` asks to be told of a check that is not supported, as xz does and xzdec does not. */
static struct decoded decode(const char *name, const uint8_t *in, size_t in_size, size_t step, bool tell, bool any_format) {
  lzma_stream stream = LZMA_STREAM_INIT;
  bool lzma = ends_with(name, ".lzma"), lzip = ends_with(name, ".lz");
  uint32_t flags = LZMA_CONCATENATED | (tell ? LZMA_TELL_UNSUPPORTED_CHECK : 0);
  lzma_ret answer = any_format ? lzma_auto_decoder(&stream, UINT64_MAX, lzma ? 0 : flags)
                    : lzma     ? lzma_alone_decoder(&stream, UINT64_MAX)
                    : lzip     ? lzma_lzip_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED)
                               : lzma_stream_decoder(&stream, UINT64_MAX, flags);
  if (answer != LZMA_OK) fail("the decoder does not start: %d", answer);
  struct decoded decoded = {.bytes = malloc(ROOM)};
  size_t given = 0;
  for (;;) {
    size_t left = in_size - given, room = ROOM - decoded.size;
    /* A .lzma file may have an end marker although its size is known, and nothing shows that before what follows is read. */
    size_t give = left < step || lzma ? left : step, take = room < step ? room : step;
    stream.next_in = in + given;
    stream.avail_in = give;
    stream.next_out = decoded.bytes + decoded.size;
    stream.avail_out = take;
    answer = lzma_code(&stream, give == left ? LZMA_FINISH : LZMA_RUN);
    given += give - stream.avail_in;
    decoded.size += take - stream.avail_out;
    if (answer == LZMA_UNSUPPORTED_CHECK) decoded.unsupported_check = true;
    else if (answer != LZMA_OK) break;
  }
  /* What follows a .lzma stream is an error; it is allowed after .lz members, and .xz streams take all that is there. */
  if (answer == LZMA_STREAM_END && lzma && given != in_size) answer = LZMA_DATA_ERROR;
  lzma_end(&stream);
  decoded.answer = answer;
  return decoded;
}

/* The index of the file, as `xz -l` reads it. */
static lzma_ret list(const uint8_t *in, size_t in_size) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_index *index = NULL;
  if (lzma_file_info_decoder(&stream, &index, UINT64_MAX, in_size) != LZMA_OK) fail("lzma_file_info_decoder");
  stream.next_in = in;
  stream.avail_in = in_size;
  lzma_ret answer;
  while ((answer = lzma_code(&stream, LZMA_RUN)) == LZMA_SEEK_NEEDED) {
    if (stream.seek_pos > in_size) fail("it wants byte %llu of %zu", (unsigned long long)stream.seek_pos, in_size);
    stream.next_in = in + stream.seek_pos;
    stream.avail_in = in_size - (size_t)stream.seek_pos;
  }
  lzma_end(&stream);
  lzma_index_end(index, NULL);
  return answer;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const char *kind = argv[1], *name = argv[2];
  static uint8_t bytes[ROOM];
  FILE *in = fopen(name, "rb");
  if (!in) fail("can't read %s", name);
  size_t size = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  bool xz = ends_with(name, ".xz");
  if (!strcmp(kind, "bad-index")) {
    lzma_ret answer = list(bytes, size);
    if (answer != LZMA_DATA_ERROR) fail("%s: the index is answered with %d", name, answer);
    return 0;
  }
  struct decoded whole = decode(name, bytes, size, SIZE_MAX, true, false);
  struct decoded steps = decode(name, bytes, size, 1, true, false);
  struct decoded untold = decode(name, bytes, size, 4096, false, xz);
  printf("%s: %d, %zu bytes\n", name, whole.answer, whole.size);
  if (whole.answer != steps.answer) fail("byte by byte the answer is %d", steps.answer);
  if (whole.size != steps.size || memcmp(whole.bytes, steps.bytes, whole.size)) fail("byte by byte the data are others");
  if (!strcmp(kind, "good")) {
    if (whole.answer != LZMA_STREAM_END || whole.unsupported_check) fail("a good file is refused");
    if (untold.answer != LZMA_STREAM_END) fail("a good file is refused with %d where unsupported checks are not told", untold.answer);
    if (untold.size != whole.size || memcmp(untold.bytes, whole.bytes, whole.size)) fail("in steps of 4096 bytes the data are others");
    if (xz && list(bytes, size) != LZMA_STREAM_END) fail("the index of a good file is refused");
  } else if (!strcmp(kind, "bad")) {
    /* LZMA_BUF_ERROR is that of a file that is cut off. */
    bool refused = whole.answer == LZMA_FORMAT_ERROR || whole.answer == LZMA_DATA_ERROR || whole.answer == LZMA_BUF_ERROR;
    if (!refused) fail("a bad file is answered with %d", whole.answer);
    if (untold.answer == LZMA_STREAM_END) fail("a bad file is decoded where unsupported checks are not told");
  } else if (!strcmp(kind, "unsupported")) {
    if (whole.answer != LZMA_OPTIONS_ERROR) fail("an unsupported file is answered with %d", whole.answer);
  } else if (!strcmp(kind, "unsupported-check")) {
    if (!whole.unsupported_check || !steps.unsupported_check) fail("it is not told that the check is not supported");
    if (untold.unsupported_check || untold.answer != LZMA_STREAM_END) fail("without being told of it, the answer is %d", untold.answer);
  } else {
    return 2;
  }
  return 0;
}
