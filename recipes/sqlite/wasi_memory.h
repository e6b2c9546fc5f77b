/* SPDX-License-Identifier: blessing */
/* Temporary files of SQLite's VFS for WASI, in memory: for a program that was given no folder to write. */
#ifndef WASI_MEMORY_H
#define WASI_MEMORY_H

#include "sqlite3.h"

#pragma GCC visibility push(hidden)

/* An open file. It is here for its size: the fields are wasi_memory.c's. */
typedef struct {
  sqlite3_file base;
  sqlite3_int64 size;
  int count;
  char **chunks;
} MemoryFile;

/* Opens an empty file at `base`, which has room for a MemoryFile. Its content is gone when it is closed. Always SQLITE_OK. */
int sqlite3_wasi_open_in_memory(sqlite3_file *base);

/* xLock, xUnlock and xCheckReservedLock of a file that nobody locks: SQLITE_OK, and no one holds RESERVED. */
int sqlite3_wasi_no_lock(sqlite3_file *base, int level);
int sqlite3_wasi_no_reserved(sqlite3_file *base, int *out);

#pragma GCC visibility pop

#endif
