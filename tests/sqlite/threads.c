/* threads.c FOLDER WAL: six threads, each with a connection of its own, write into one database; then each row must be there. For the machine that
 * runs it, under ThreadSanitizer: threads.sh. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

enum { THREADS = 6, ROWS = 100 };

static char path[4096];
static const char *mode;

static sqlite3 *connect(void) {
  sqlite3 *db;
  char pragma[64];
  snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", mode);
  if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 600000) != SQLITE_OK ||
      sqlite3_exec(db, pragma, 0, 0, 0) != SQLITE_OK) {
    printf("connecting: %s\n", sqlite3_errmsg(db));
    exit(1);
  }
  return db;
}

static void execute(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, 0, 0, 0) == SQLITE_OK) return;
  printf("%s: %s\n", sql, sqlite3_errmsg(db));
  exit(1);
}

static void *work(void *number) {
  sqlite3 *db = connect();
  for (int row = 0; row < ROWS; row++) {
    char sql[128];
    snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO t VALUES (%d, randomblob(300)); COMMIT", *(int *)number * ROWS + row);
    execute(db, sql);
    execute(db, "SELECT count(*), max(length(data)) FROM t");
  }
  sqlite3_close(db);
  return 0;
}

static int all_are_there(void *unused, int count, char **values, char **names) {
  (void)unused;
  (void)names;
  if (count == 2 && atoi(values[0]) == THREADS * ROWS && !strcmp(values[1], "ok")) return 0;
  printf("%s rows, %s\n", values[0], values[1]);
  return 1;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  snprintf(path, sizeof path, "%s/db", arguments[1]);
  mode = arguments[2];
  sqlite3 *db = connect();
  execute(db, "CREATE TABLE t (number INTEGER PRIMARY KEY, data BLOB)");
  pthread_t threads[THREADS];
  int numbers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    if (pthread_create(&threads[i], 0, work, &numbers[i])) return 3;
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
  int rc = sqlite3_exec(db, "SELECT (SELECT count(*) FROM t), (SELECT integrity_check FROM pragma_integrity_check)", all_are_there, 0, 0);
  sqlite3_close(db);
  if (rc == SQLITE_OK) printf("%s: %d rows, ok\n", mode, THREADS * ROWS);
  return rc != SQLITE_OK;
}
