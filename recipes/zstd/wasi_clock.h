/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* clock() for the dictionary builder, from what wasi-libc has without an emulation library: the time that has passed, in units of
 * CLOCKS_PER_SEC. A WASI program can't ask how much of a processor it has used.
 */
#ifndef WASI_CLOCK_H
#define WASI_CLOCK_H

#include <time.h>

static inline clock_t wasi_clock(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now)) return 0;
  return (clock_t)now.tv_sec * CLOCKS_PER_SEC + (clock_t)(now.tv_nsec / (1000000000 / CLOCKS_PER_SEC));
}

#define clock wasi_clock

#endif
