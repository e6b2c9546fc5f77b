/* SPDX-License-Identifier: blessing */
/* Clocks of SQLite's VFS for WASI, in microseconds. Failures of the system's clocks are not looked for: WASI has both. */
#ifndef WASI_CLOCK_H
#define WASI_CLOCK_H

#include <time.h>

#pragma GCC visibility push(hidden)

typedef long long Micros;

#define SECOND ((Micros)1000000)

/* The time of CLOCK_REALTIME (since 1970) or CLOCK_MONOTONIC (since some moment). */
Micros sqlite3_wasi_clock(clockid_t id);

/* The time of CLOCK_MONOTONIC, which stands still while the machine sleeps. */
Micros sqlite3_wasi_monotonic(void);

/* What sqlite3_wasi_monotonic returned last, and so a time before now: for what may be early and is not worth a call. */
Micros sqlite3_wasi_last_monotonic(void);

/* Sleeps for `time`. */
void sqlite3_wasi_pause(Micros time);

#pragma GCC visibility pop

#endif
