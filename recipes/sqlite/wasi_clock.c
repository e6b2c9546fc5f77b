/* SPDX-License-Identifier: blessing */
/* Clocks of SQLite's VFS for WASI: see wasi_clock.h. */
#include "wasi_clock.h"

static Micros last_monotonic;

Micros sqlite3_wasi_clock(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

Micros sqlite3_wasi_monotonic(void) { return last_monotonic = sqlite3_wasi_clock(CLOCK_MONOTONIC); }

Micros sqlite3_wasi_last_monotonic(void) { return last_monotonic; }

void sqlite3_wasi_pause(Micros time) {
  struct timespec t = {time / SECOND, (long)(time % SECOND) * 1000};
  nanosleep(&t, 0);
}
