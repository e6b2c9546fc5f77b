/* SPDX-License-Identifier: BSD-3-Clause */
/* Random bytes for libuuid on WASI, in place of util-linux's lib/randutils.c. That one reads /dev/urandom, mixes the bytes with
 * rand(), and makes do with rand() alone where there is no such file; here they come from the system's entropy or not at all.
 */
#include <stdlib.h>
#include <unistd.h>

#include "randutils.h"

/* The most that getentropy gives at a time. */
#define MOST 256

/* Fills `buf`, and returns 0: good quality. */
int ul_random_get_bytes(void *buf, size_t nbytes) {
  unsigned char *next = buf;

  while (nbytes > 0) {
    size_t length = nbytes < MOST ? nbytes : MOST;
    /* Most callers do not look at what is returned: a UUID that is not random must not leave the library. */
    if (getentropy(next, length) != 0) abort();
    next += length;
    nbytes -= length;
  }
  return 0;
}
