/* SPDX-License-Identifier: BSD-2-Clause */
/* opj_clock of opj_clock.h, for the times in OpenJPEG's messages. WASI has no times of a process but in an emulation that each program would
 * have to link; this is the time that goes by. */
#include <time.h>
#include "opj_includes.h"

OPJ_FLOAT64 opj_clock(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
  return (OPJ_FLOAT64)now.tv_sec + (OPJ_FLOAT64)now.tv_nsec * 1e-9;
}
