/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of ours for gzip files: writes that fail keep nothing of the caller's memory (CVE-2026-85091), and no seek leads out of range. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

static int failures;

#define CHECK(condition)                             \
  do {                                               \
    if (!(condition)) {                              \
      failures++;                                    \
      printf("line %d: %s\n", __LINE__, #condition); \
    }                                                \
  } while (0)

enum { BUFFER = 8192, LARGE = 1 << 20, GUARD = 1 << 20 };

static unsigned char *noise(size_t size) {
  unsigned char *bytes = malloc(size);
  unsigned state = 1;
  for (size_t i = 0; i < size; i++) {
    state = state * 1103515245u + 12345;
    bytes[i] = (unsigned char)(state >> 16);
  }
  return bytes;
}

static size_t overwritten(const unsigned char *guard) {
  size_t count = 0;
  for (size_t i = 0; i < GUARD; i++) count += guard[i] != 0x5a;
  return count;
}

/* A gzFile that can't write, as its descriptor is for reading. */
static gzFile unwritable(const char *mode) {
  FILE *made = fopen("unwritable", "wb");
  CHECK(made && fclose(made) == 0);
  gzFile file = gzdopen(open("unwritable", O_RDONLY), mode);
  CHECK(file && gzbuffer(file, BUFFER) == 0);
  return file;
}

/* Direct writes that fail, then each function that goes on with what the state holds; a block of the heap lies behind the caller's. */
static void failed_writes(const char *mode) {
  static char text[BUFFER / 2];
  memset(text, 'A', sizeof text - 1);
  for (int after = 0; after < 5; after++) {
    gzFile file = unwritable(mode);
    unsigned char *large = noise(LARGE), *guard = malloc(GUARD);
    memset(guard, 0x5a, GUARD);
    CHECK(gzwrite(file, large, LARGE) == 0);
    int error;
    gzerror(file, &error);
    CHECK(error == Z_ERRNO);
    /* Were it read again, these would be written to the file. */
    memset(large, 'X', LARGE);
    gzclearerr(file);
    switch (after) {
    case 0: CHECK(gzprintf(file, "%s", text) == (int)sizeof text - 1); break;
    case 1: CHECK(gzputc(file, 'c') == 'c'); break;
    case 2: CHECK(gzwrite(file, "small", 5) == 5); break;
    case 3: /* again and again, until the buffer is full and the write fails: never further */
      for (int i = 0; i < 64; i++) {
        gzprintf(file, "%s", text);
        gzclearerr(file);
        gzwrite(file, text, sizeof text - 1);
        gzclearerr(file);
        gzputs(file, text);
        gzclearerr(file);
      }
      break;
    default: break;
    }
    CHECK(overwritten(guard) == 0);
    /* Closing fails as well, unless there is nothing left to write. */
    CHECK((gzclose(file) == Z_OK) == (after == 4 && strchr(mode, 'T') != NULL));
    free(large);
    free(guard);
  }
}

#if ZLIB_VERNUM >= 0x1320 /* the patch that these hold is of this version */

/* The header declares them only where the C library has off64_t. */
z_off64_t gzseek64(gzFile, z_off64_t, int);
z_off64_t gztell64(gzFile);

/* What seeks must refuse, at `file`'s position `at`, and that it stays there. */
static void refused(gzFile file, z_off64_t at) {
  CHECK(gztell64(file) == at);
  if (at > 0) {
    CHECK(gzseek(file, INT64_MAX, SEEK_CUR) == -1 && gztell(file) == at);
    CHECK(gzseek64(file, INT64_MAX - at + 1, SEEK_CUR) == -1 && gztell64(file) == at);
  }
  CHECK(gzseek(file, INT64_MIN, SEEK_CUR) == -1 && gztell(file) == at);
  CHECK(gzseek(file, -at - 1, SEEK_CUR) == -1 && gztell(file) == at);
  CHECK(gzseek(file, -1, SEEK_SET) == -1 && gztell(file) == at);
  CHECK(gzseek(file, INT64_MIN, SEEK_SET) == -1 && gztell(file) == at);
  CHECK(gzseek64(file, INT64_MIN + 1, SEEK_SET) == -1 && gztell64(file) == at);
  CHECK(gzseek(file, 0, SEEK_END) == -1 && gztell(file) == at);
}

static void seeks(void) {
  char bytes[8];
  gzFile file = gzopen("seek.gz", "wb");
  CHECK(gzwrite(file, "ab", 2) == 2);
  refused(file, 2);
  CHECK(gzseek(file, 1, SEEK_SET) == -1 && gztell(file) == 2); /* backwards, which writing can't */
  /* Two seeks in a row, with a refused one between them, and what they skip is zeros. */
  CHECK(gzseek(file, 3, SEEK_CUR) == 5);
  refused(file, 5);
  CHECK(gzseek(file, 2, SEEK_CUR) == 7 && gzwrite(file, "h", 1) == 1);
  CHECK(gzclose(file) == Z_OK);

  file = gzopen("seek.gz", "rb");
  CHECK(gzread(file, bytes, 2) == 2);
  refused(file, 2);
  CHECK(gzseek(file, 1, SEEK_CUR) == 3);
  refused(file, 3);
  CHECK(gzseek(file, 0, SEEK_SET) == 0 && gzread(file, bytes, 8) == 8 && memcmp(bytes, "ab\0\0\0\0\0h", 8) == 0);
  /* As far as can be said, which is past the end, and back. */
  CHECK(gzseek(file, INT64_MAX, SEEK_SET) == INT64_MAX);
  CHECK(gzseek(file, 1, SEEK_CUR) == -1 && gztell(file) == INT64_MAX);
  CHECK(gzseek(file, 7, SEEK_SET) == 7 && gzgetc(file) == 'h' && gztell(file) == 8);
  CHECK(gzoffset(file) > 0 && gzclose(file) == Z_OK);

  /* The same of a file that is not compressed, in which zlib seeks itself. */
  FILE *plain = fopen("plain", "wb");
  CHECK(plain && fwrite("abcdefgh", 1, 8, plain) == 8 && fclose(plain) == 0);
  file = gzopen("plain", "rb");
  CHECK(gzread(file, bytes, 2) == 2);
  refused(file, 2);
  CHECK(gzseek(file, 3, SEEK_CUR) == 5 && gzgetc(file) == 'f' && gzclose(file) == Z_OK);
}

#else

static void seeks(void) {}

#endif

int main(void) {
  failed_writes("wb1"); /* compressed */
  failed_writes("wbT"); /* as it is */
  seeks();
  printf("%d failures\n", failures);
  return failures != 0;
}
