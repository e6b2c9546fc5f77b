/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of SQLite share: see check-support.h. */
#include "check-support.h"

#include <stdio.h>
#include <string.h>

void logged(void *unused, int code, const char *message) {
  (void)unused;
  /* Not those that change with each of SQLite's versions. */
  if (code == SQLITE_ERROR || code == SQLITE_SCHEMA || strstr(message, "os_unix.c") || strstr(message, "at line")) return;
  printf("  log %d: %s\n", code, message);
}

sqlite3 *open_with(const char *name, int flags, const char *vfs) {
  sqlite3 *db = 0;
  int rc = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_URI, vfs);
  if (rc) {
    printf("open %s: %d %s\n", name, sqlite3_extended_errcode(db), sqlite3_errmsg(db));
    sqlite3_close(db);
    return 0;
  }
  sqlite3_extended_result_codes(db, 1);
  return db;
}

sqlite3 *open_db(const char *name) { return open_with(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0); }

static int print_row(void *first, int count, char **values, char **names) {
  (void)names;
  for (int i = 0; i < count; i++) printf("%s%s", i ? "|" : *(int *)first ? " = " : " ; ", values[i] ? values[i] : "NULL");
  *(int *)first = 0;
  return 0;
}

int run(sqlite3 *db, const char *who, const char *sql) {
  int first = 1;
  printf("%s: %s", who, sql);
  int rc = sqlite3_exec(db, sql, print_row, &first, 0);
  if (rc) printf(" -> %d %s", rc, sqlite3_errmsg(db));
  printf("\n");
  return rc;
}

int quiet(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, 0, 0, 0); }

long long number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = 0;
  long long value = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, 0) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
    value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}
