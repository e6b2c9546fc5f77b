/* SPDX-License-Identifier: MIT */
/* check-raqm NAME.test: what upstream's runtest.py does: fonts, text and options of the test go to its program, whose output must be the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define main raqm_test_main
#include "raqm-test.c"
#undef main

static char *load(const char *path) {
  static char text[2][65536];
  static int which;
  char *to = text[which++ % 2];
  FILE *f = fopen(path, "rb");
  if (f == NULL) exit(2);
  to[fread(to, 1, sizeof text[0] - 1, f)] = 0;
  fclose(f);
  return to;
}

static char *strip(char *text) {
  while (*text == '\n' || *text == ' ') text++;
  char *end = text + strlen(text);
  while (end > text && (end[-1] == '\n' || end[-1] == ' ')) *--end = 0;
  return text;
}

static char *line(char **rest) {
  char *start = *rest, *end = strchr(start, '\n');
  if (end == NULL) exit(2);
  *end = 0;
  *rest = end + 1;
  return start;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  static char bytes[4096], fonts[4096];
  char *rest = load(argv[1]), *font = line(&rest), *text = line(&rest), *options = line(&rest);
  char *words[64] = {"raqm-test", "--bytes", bytes};
  int count = 3;
  for (size_t at = 0; *text != 0; text++) {
    unsigned char byte = (unsigned char)*text;
    if (text[0] == '\\' && (text[1] == 'n' || text[1] == 'r')) byte = *++text == 'n' ? '\n' : '\r';
    at += (size_t)snprintf(bytes + at, sizeof bytes - at, at == 0 ? "%04X" : " %04X", byte);
  }
  for (char *word = strtok(options, " "); word != NULL && count < 60; word = strtok(NULL, " ")) words[count++] = word;
  words[count++] = strchr(font, ',') != NULL ? "--fonts" : "--font";
  for (char *word = strtok(font, ","); word != NULL; word = strtok(NULL, ",")) {
    size_t length = strlen(word), at = strlen(fonts);
    int file = strcmp(words[count - 1], "--font") == 0 || (length > 4 && strcmp(word + length - 4, ".ttf") == 0);
    snprintf(fonts + at, sizeof fonts - at, "%s%s%s", at > 0 ? "," : "", file ? "tests/" : "", word);
  }
  words[count++] = fonts;
  words[count] = NULL;
  if (freopen("output", "w", stdout) == NULL) return 2;
  int status = raqm_test_main(count, words);
  fclose(stdout);
  if (status != 0) return status;
  char *found = strip(load("output")), *wanted = strip(rest);
  if (strcmp(found, wanted) == 0) return 0;
  fprintf(stderr, "printed:\n%s\n", found);
  return 1;
}
