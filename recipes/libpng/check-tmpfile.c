/* SPDX-License-Identifier: MIT */
/* WASI has no tmpfile: one that makes a file of the test's own folder and takes its name away at once. */
#include <stdio.h>

FILE *tmpfile(void) {
  static unsigned count;
  char name[32];
  snprintf(name, sizeof name, "tmpfile-%u", count++);
  FILE *file = fopen(name, "w+b");
  if (file != NULL) remove(name);
  return file;
}
