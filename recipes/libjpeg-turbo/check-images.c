/* SPDX-License-Identifier: MIT */
/* check-images LIST: runs upstream's tests, one a line of LIST: a tool with its arguments, or `md5cmp DIGEST FILE` for what it made. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "check-tools.h"
#include "md5/md5.h"

static jmp_buf caller;
static int status_of_tool;

void end_tool(int status) {
  status_of_tool = status;
  longjmp(caller, 1);
}

typedef int (*Tool)(int argc, char **argv);

static int run(Tool tool, int argc, char **argv) {
  /* Not in a variable of this function: a jump makes those uncertain. */
  if (setjmp(caller) == 0) status_of_tool = tool(argc, argv);
  return status_of_tool;
}

static int md5cmp(const char *digest, char *file) {
  char found[33];
  if (MD5File(file, found) == NULL) return 1;
  if (strcmp(found, digest) == 0) return 0;
  printf("%s has the digest %s\n", file, found);
  return 1;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    Tool tool;
  } tools[] = {
#ifdef CHECK_TJBENCH
      {"tjbench", tjbench_main},
#else
      {"cjpeg", cjpeg_main},
      {"djpeg", djpeg_main},
      {"jpegtran", jpegtran_main},
      {"example", example_main},
#endif
  };
  FILE *list = argc > 1 ? fopen(argv[1], "r") : NULL;
  if (list == NULL) return 2;
  char line[1024], shown[1024];
  unsigned tests = 0, failures = 0;
  while (fgets(line, sizeof line, list) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == 0 || line[0] == '#') continue;
    strcpy(shown, line);
    char *words[64];
    int count = 0;
    for (char *word = strtok(line, " "); word != NULL && count < 63; word = strtok(NULL, " ")) words[count++] = word;
    words[count] = NULL;
    int status = 127;
    if (strcmp(words[0], "md5cmp") == 0 && count == 3) status = md5cmp(words[1], words[2]);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
      if (strcmp(words[0], tools[i].name) == 0) status = run(tools[i].tool, count, words);
    tests++;
    if (status != 0) {
      failures++;
      printf("%s: status %d\n", shown, status);
    }
  }
  fclose(list);
  printf("%u tests, %u failures\n", tests, failures);
  return failures != 0;
}
