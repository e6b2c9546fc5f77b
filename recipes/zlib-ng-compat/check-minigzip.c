/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs upstream's minigzip there and back. A program of WASI can't start another one: minigzip's main is compiled in, under the name minigzip. */
#undef main
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int minigzip(int argc, char **argv);

static char *program;

static void fail(const char *what, const char *file) {
  fprintf(stderr, "check-minigzip: %s %s\n", what, file);
  exit(2);
}

/* The whole of `file`; the caller frees it. */
static char *content(const char *file, size_t *size) {
  FILE *in = fopen(file, "rb");
  if (!in || fseek(in, 0, SEEK_END)) fail("can't read", file);
  *size = (size_t)ftell(in);
  rewind(in);
  char *bytes = malloc(*size + 1);
  if (!bytes || fread(bytes, 1, *size, in) != *size) fail("can't read", file);
  fclose(in);
  return bytes;
}

static void write_content(const char *file, const char *bytes, size_t size) {
  FILE *out = fopen(file, "wb");
  if (!out || fwrite(bytes, 1, size, out) != size || fclose(out)) fail("can't write", file);
}

static void copy(const char *from, const char *to) {
  size_t size;
  char *bytes = content(from, &size);
  write_content(to, bytes, size);
  free(bytes);
}

static void same(const char *one, const char *other) {
  size_t size, other_size;
  char *bytes = content(one, &size), *other_bytes = content(other, &other_size);
  if (size != other_size || memcmp(bytes, other_bytes, size)) fail("came back as something else:", one);
  free(bytes);
  free(other_bytes);
}

static void exists(const char *file, int wanted) {
  FILE *in = fopen(file, "rb");
  if ((in != NULL) != wanted) fail(wanted ? "is not there:" : "is still there:", file);
  if (in) fclose(in);
}

/* minigzip with `options`, which end with a null, and then `file` where it is not null. */
static void run(char **options, char *file) {
  char *argv[16] = {program};
  int argc = 1;
  while (*options && argc < 14) argv[argc++] = *options++;
  if (file) argv[argc++] = file;
  if (minigzip(argc, argv)) fail("minigzip did not succeed on", file ? file : "the standard streams");
}

static char *none[] = {NULL}, *unpack[] = {"-d", NULL};

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  program = argv[0];
  const char *mode = argv[1], *original = argv[2];
  if (!strcmp(mode, "from-stdin")) {
    if (!freopen("packed.gz", "wb", stdout)) fail("can't write", "packed.gz");
    run(none, NULL);
    run(unpack, "packed.gz");
    same("packed", original);
    return 0;
  }
  copy(original, "packed");
  run(argv + 3, "packed");
  exists("packed", 0);
  exists("packed.gz", 1);
  if (!strcmp(mode, "files")) {
    size_t size, packed_size;
    free(content(original, &size));
    free(content("packed.gz", &packed_size));
    if (packed_size >= size) fail("did not get smaller:", original);
    run(unpack, "packed.gz");
    exists("packed.gz", 0);
    same("packed", original);
    return 0;
  }
  if (!strcmp(mode, "to-stdout")) {
    if (!freopen("packed.gz", "rb", stdin)) fail("can't read", "packed.gz");
    run(unpack, NULL);
    return 0;
  }
  if (strcmp(mode, "damaged")) return 2;
  size_t size;
  char *bytes = content("packed.gz", &size);
  bytes[size - 6] ^= 1;
  write_content("packed.gz", bytes, size);
  run(unpack, "packed.gz"); /* ends the program with status 1, as it must */
  return 0;
}
