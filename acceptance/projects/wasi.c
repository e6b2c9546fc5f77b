/* SPDX-License-Identifier: MIT */
/* What some programs ask for and WASI has not: processes, temporary files, a second descriptor. Each says that it failed, as its standard lets it. */
#include "wasi.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int dup(int descriptor) {
  (void)descriptor;
  errno = ENOSYS;
  return -1;
}

FILE *tmpfile(void) { return NULL; }

char *tmpnam(char *name) {
  (void)name;
  return NULL;
}

int system(const char *command) { return command == NULL ? 0 : -1; }
