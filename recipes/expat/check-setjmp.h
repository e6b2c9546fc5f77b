/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* <setjmp.h> for a test harness that leaves a test function by longjmp only when it failed or has to be skipped.
 * WebAssembly has no such jumps without the exceptions proposal, and those that SDKs up to 25 make run in none of today's runtimes. So the
 * first failure ends the program, with what the jump would have carried as its status. */
#ifndef CHECK_SETJMP_H
#define CHECK_SETJMP_H

#include <stdio.h>
#include <stdlib.h>

typedef int jmp_buf[1];

#define setjmp(place) ((void)(place), 0)

static inline _Noreturn void check_longjmp(int value) {
  fflush(stdout);
  fprintf(stderr, "longjmp(…, %d)\n", value);
  exit(value ? value : 1);
}

#define longjmp(place, value) ((void)(place), check_longjmp(value))

#endif
