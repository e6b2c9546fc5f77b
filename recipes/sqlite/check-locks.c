/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Connections of one process: SQLite's lock states, as CPython's test_sqlite3 uses them and beyond. */
#include <time.h>

#include "check-support.h"

static int state(sqlite3 *db) {
  int level = -1;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_LOCKSTATE, &level);
  return level;
}

static void states(const char *when, sqlite3 *a, sqlite3 *b) { printf("  %s: a %d, b %d\n", when, state(a), state(b)); }

static int busy_calls;
static sqlite3 *busy_releases;
static int busy(void *unused, int count) {
  (void)unused;
  busy_calls = count + 1;
  if (count == 2 && busy_releases) quiet(busy_releases, "COMMIT");
  return count < 5;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(void) {
  sqlite3_config(SQLITE_CONFIG_LOG, logged, 0);
  sqlite3_initialize();
  printf("default %s; by name:", sqlite3_vfs_find(0)->zName);
  const char *names[] = {"wasi", "unix", "unix-none", "unix-dotfile", "unix-excl", "memdb"};
  for (int i = 0; i < 6; i++) printf(" %s %s", names[i], sqlite3_vfs_find(names[i]) ? "yes" : "no");
  printf("\n");

  sqlite3 *a = open_db("locks.db"), *b = open_db("./locks.db");
  printf("-- reader and writer\n");
  run(a, "a", "CREATE TABLE t(x INTEGER PRIMARY KEY, y)");
  run(a, "a", "INSERT INTO t(y) VALUES('one'),('two')");
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "BEGIN");
  states("begun", a, b);
  run(a, "a", "SELECT count(*) FROM t");
  states("a read", a, b);
  run(a, "a", "INSERT INTO t(y) VALUES('three')");
  states("a wrote", a, b);
  run(b, "b", "SELECT count(*) FROM t");
  run(b, "b", "INSERT INTO t(y) VALUES('no')");
  states("b tried", a, b);

  sqlite3_stmt *cursor;
  sqlite3_prepare_v2(b, "SELECT y FROM t", -1, &cursor, 0);
  sqlite3_step(cursor);
  printf("b: reads %s\n", sqlite3_column_text(cursor, 0));
  run(a, "a", "COMMIT");
  states("a waits for b", a, b);
  sqlite3 *c = open_db("locks.db");
  run(c, "c", "SELECT count(*) FROM t"); /* PENDING keeps new readers out */
  sqlite3_finalize(cursor);
  run(a, "a", "COMMIT");
  states("a committed", a, b);
  run(c, "c", "SELECT count(*) FROM t");

  printf("-- an exclusive transaction\n");
  run(a, "a", "BEGIN EXCLUSIVE");
  states("a exclusive", a, b);
  run(b, "b", "SELECT count(*) FROM t");
  run(b, "b", "BEGIN IMMEDIATE");
  run(a, "a", "ROLLBACK");
  run(b, "b", "BEGIN IMMEDIATE");
  run(a, "a", "BEGIN IMMEDIATE");
  run(b, "b", "ROLLBACK");

  printf("-- a busy handler\n");
  run(a, "a", "BEGIN IMMEDIATE");
  sqlite3_busy_handler(b, busy, 0);
  run(b, "b", "BEGIN IMMEDIATE");
  printf("handler called %d times\n", busy_calls);
  busy_releases = a;
  run(b, "b", "BEGIN IMMEDIATE");
  printf("handler called %d times\n", busy_calls);
  run(b, "b", "COMMIT");
  sqlite3_busy_timeout(b, 300);
  run(a, "a", "BEGIN EXCLUSIVE");
  double begin = seconds();
  run(b, "b", "SELECT count(*) FROM t");
  double took = seconds() - begin;
  printf("time-out after %s\n", took > 0.25 && took < 3 ? "its time" : "another time");
  run(a, "a", "COMMIT");
  sqlite3_busy_timeout(b, 0);

  printf("-- savepoints\n");
  run(a, "a", "SAVEPOINT one");
  run(a, "a", "UPDATE t SET y='x' WHERE x=1");
  run(a, "a", "SAVEPOINT two");
  run(a, "a", "DELETE FROM t");
  run(b, "b", "SELECT group_concat(y) FROM t");
  run(a, "a", "ROLLBACK TO two");
  run(a, "a", "SELECT group_concat(y) FROM t");
  run(a, "a", "RELEASE one");
  run(b, "b", "SELECT group_concat(y) FROM t");

  printf("-- two that read and then want to write\n");
  run(a, "a", "BEGIN");
  run(b, "b", "BEGIN");
  run(a, "a", "SELECT count(*) FROM t");
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "INSERT INTO t(y) VALUES('four')");
  run(b, "b", "INSERT INTO t(y) VALUES('five')");
  run(a, "a", "COMMIT");
  run(b, "b", "ROLLBACK");
  run(a, "a", "COMMIT");

  printf("-- attached: a commit of two files\n");
  run(a, "a", "ATTACH 'second.db' AS s");
  run(b, "b", "ATTACH 'second.db' AS s");
  run(a, "a", "CREATE TABLE s.u(z)");
  run(a, "a", "BEGIN");
  run(a, "a", "INSERT INTO t(y) VALUES('both')");
  run(a, "a", "INSERT INTO u VALUES('both')");
  run(b, "b", "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)");
  run(a, "a", "COMMIT");
  run(b, "b", "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)");
  run(b, "b", "DETACH s");

  printf("-- backup while another connection reads and one writes\n");
  sqlite3 *d = open_db("copy.db");
  sqlite3_prepare_v2(b, "SELECT y FROM t", -1, &cursor, 0);
  sqlite3_step(cursor);
  sqlite3_backup *backup = sqlite3_backup_init(d, "main", b, "main");
  int steps = 0, rc;
  do {
    rc = sqlite3_backup_step(backup, 1);
    if (steps++ == 0) run(c, "c", "BEGIN IMMEDIATE; INSERT INTO t(y) VALUES('while')");
  } while (rc == SQLITE_OK || rc == SQLITE_BUSY);
  printf("backup %d, finish %d\n", rc, sqlite3_backup_finish(backup));
  sqlite3_finalize(cursor);
  run(c, "c", "COMMIT");
  run(d, "d", "SELECT count(*) FROM t; PRAGMA integrity_check");
  sqlite3_close(d);

  printf("-- exclusive locking mode\n");
  run(a, "a", "DETACH s");
  run(a, "a", "PRAGMA locking_mode=EXCLUSIVE");
  run(a, "a", "INSERT INTO t(y) VALUES('mine')");
  states("a keeps", a, b);
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "PRAGMA locking_mode=NORMAL");
  run(a, "a", "SELECT count(*) FROM t");
  states("a let go", a, b);
  run(b, "b", "SELECT count(*) FROM t");

  printf("-- every journal mode\n");
  const char *modes[] = {"PERSIST", "TRUNCATE", "MEMORY", "OFF", "DELETE"};
  for (int i = 0; i < 5; i++) {
    char sql[80];
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; INSERT INTO t(y) VALUES('%s')", modes[i], modes[i]);
    run(a, "a", sql);
    run(b, "b", "SELECT y FROM t ORDER BY x DESC LIMIT 1");
  }

  printf("-- closing\n");
  run(a, "a", "PRAGMA integrity_check");
  sqlite3_close(a);
  printf("folder of locks with b and c open: %s\n", access("locks.db-lock", F_OK) ? "no" : "yes");
  sqlite3_close(b);
  sqlite3_close(c);
  printf("with none: %s\n", access("locks.db-lock", F_OK) ? "no" : "yes");
  return 0;
}
