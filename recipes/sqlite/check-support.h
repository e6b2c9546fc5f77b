/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of SQLite share. Each prints what it sees; the file .expected beside it says what that must be. */
#ifndef CHECK_SUPPORT_H
#define CHECK_SUPPORT_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite3.h"

/* For SQLITE_CONFIG_LOG: prints what SQLite logs, without the messages that change with each of its versions. */
void logged(void *unused, int code, const char *message);

/* Opens a database, with extended result codes; prints the error and returns null if that fails. */
sqlite3 *open_with(const char *name, int flags, const char *vfs);

/* The same, to read and write, made if it is missing, with the default VFS. */
sqlite3 *open_db(const char *name);

/* Runs SQL and prints it, its rows, and its result code if that is not 0; returns the code. */
int run(sqlite3 *db, const char *who, const char *sql);

/* The same, without printing. */
int quiet(sqlite3 *db, const char *sql);

/* The integer in the first row and column of a query; -1 if there is none. */
long long number(sqlite3 *db, const char *sql);

#endif
