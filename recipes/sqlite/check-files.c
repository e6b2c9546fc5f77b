/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files that are renamed, removed, linked; names; temporary files; entropy and time. */
#include <time.h>

#include "check-support.h"

static void make(const char *name) {
  unlink(name);
  sqlite3 *db = open_db(name);
  quiet(db, "CREATE TABLE t(x); INSERT INTO t VALUES('first')");
  sqlite3_close(db);
}

int main(int count, char **arguments) {
  sqlite3_config(SQLITE_CONFIG_LOG, logged, 0);
  if (count > 1 && !strcmp(arguments[1], "nofolder")) {
    /* Run with no writable place for temporary files. */
    sqlite3 *db = open_db(":memory:");
    run(db, "db", "PRAGMA temp_store=FILE");
    run(db, "db",
        "CREATE TEMP TABLE big(x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<30000) "
        "INSERT INTO big SELECT hex(randomblob(100)) FROM c");
    run(db, "db", "SELECT count(*), count(DISTINCT x) FROM (SELECT x FROM big ORDER BY x DESC)");
    run(db, "db", "CREATE INDEX temp.i ON big(x); BEGIN; DELETE FROM big WHERE rowid%2; ROLLBACK; PRAGMA temp.integrity_check");
    run(db, "db", "BEGIN; SAVEPOINT s; UPDATE big SET x=x||'1'; ROLLBACK TO s; COMMIT; SELECT sum(length(x)) FROM big");
    sqlite3_close(db);
    return 0;
  }

  printf("-- two names of one folder (preopened as / and as /alias) are one database\n");
  make("a.db");
  sqlite3 *a = open_db("a.db"), *b = open_db("/alias/a.db");
  if (b) {
    run(a, "a", "BEGIN EXCLUSIVE");
    run(b, "b", "SELECT * FROM t");
    run(a, "a", "COMMIT");
    run(b, "b", "SELECT * FROM t");
  }
  sqlite3_close(a);
  sqlite3_close(b);

  printf("-- renamed while open\n");
  make("a.db");
  a = open_db("a.db");
  run(a, "a", "SELECT * FROM t");
  rename("a.db", "renamed.db");
  run(a, "a", "SELECT * FROM t");
  run(a, "a", "INSERT INTO t VALUES('lost')");
  make("a.db");
  run(a, "a", "INSERT INTO t VALUES('lost')");
  b = open_db("a.db");
  run(b, "b", "INSERT INTO t VALUES('second'); SELECT count(*) FROM t");
  sqlite3_close(a);
  sqlite3_close(b);
  a = open_db("renamed.db");
  run(a, "a", "SELECT count(*) FROM t");
  sqlite3_close(a);

  printf("-- removed while open\n");
  make("a.db");
  a = open_db("a.db");
  run(a, "a", "SELECT * FROM t");
  unlink("a.db");
  run(a, "a", "SELECT * FROM t");
  run(a, "a", "INSERT INTO t VALUES('lost')");
  sqlite3_close(a);
  printf("the file is %s\n", access("a.db", F_OK) ? "gone" : "there");

  printf("-- hard links\n");
  make("a.db");
  link("a.db", "b.db");
  a = open_db("a.db");
  b = open_db("b.db");
  run(a, "a", "SELECT * FROM t");
  run(a, "a", "INSERT INTO t VALUES('no')");
  run(b, "b", "BEGIN IMMEDIATE");
  sqlite3_close(b);
  unlink("b.db");
  run(a, "a", "INSERT INTO t VALUES('yes'); SELECT count(*) FROM t");
  sqlite3_close(a);

  printf("-- hard links to a WAL database\n");
  a = open_db("a.db");
  run(a, "a", "PRAGMA journal_mode=WAL; INSERT INTO t VALUES('log')");
  link("a.db", "b.db");
  b = open_db("b.db");
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "SELECT count(*) FROM t");
  sqlite3_close(b);
  unlink("b.db");
  sqlite3_close(a);
  a = open_db("a.db");
  run(a, "a", "SELECT count(*) FROM t");
  sqlite3_close(a);

  printf("-- symbolic links lead to the file, its journal and its lock\n");
  mkdir("sub", 0777);
  make("sub/real.db");
  symlink("sub/real.db", "link.db");
  a = open_db("link.db");
  b = open_db("sub/../sub/real.db");
  if (a) {
    printf("a is %s\n", sqlite3_db_filename(a, "main"));
    run(a, "a", "BEGIN IMMEDIATE");
    run(b, "b", "BEGIN IMMEDIATE");
    printf("the folder of locks is beside the %s\n", access("sub/real.db-lock", F_OK) ? "link" : "file");
    run(a, "a", "ROLLBACK");
  }
  sqlite3_close(a);
  sqlite3_close(b);
  a = open_with("link.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, 0);

  printf("-- names\n");
  a = open_db("nowhere/a.db");
  a = open_db("sub");
  chdir("sub");
  a = open_db("real.db");
  if (a) printf("relative to the working folder: %s\n", sqlite3_db_filename(a, "main"));
  sqlite3_close(a);
  chdir("..");
  a = open_db("file:sub/ü %25.db?cache=private");
  run(a, "a", "CREATE TABLE t(x)");
  sqlite3_close(a);
  printf("with a blank, a percent sign and ü: %s\n", access("sub/ü %.db", F_OK) ? "no" : "yes");

  printf("-- what is in the way of the folder of locks\n");
  make("c.db");
  FILE *file = fopen("c.db-lock", "w");
  fclose(file);
  a = open_db("c.db");
  run(a, "a", "SELECT * FROM t");
  unlink("c.db-lock");
  run(a, "a", "SELECT * FROM t");
  mkdir("c.db-lock/other", 0777);
  sqlite3_close(a);
  printf("what is not ours stays: %s\n", access("c.db-lock/other", F_OK) ? "no" : "yes");
  rmdir("c.db-lock/other");
  rmdir("c.db-lock");

  printf("-- no locks at all where SQLite is told so\n");
  a = open_db("file:c.db?nolock=1");
  b = open_with("file:c.db?immutable=1", SQLITE_OPEN_READONLY, 0);
  run(a, "a", "BEGIN EXCLUSIVE");
  run(b, "b", "SELECT * FROM t");
  run(a, "a", "INSERT INTO t VALUES('x'); COMMIT");
  printf("folder of locks: %s\n", access("c.db-lock", F_OK) ? "none" : "there");
  sqlite3_close(a);
  sqlite3_close(b);

  printf("-- time\n");
  a = open_db(":memory:");
  long long sqlite_time = number(a, "SELECT unixepoch('now')"), system_time = time(0);
  printf("the same as the system's: %s\n", sqlite_time - system_time <= 1 && system_time - sqlite_time <= 1 ? "yes" : "no");
  int slept = sqlite3_sleep(20);
  printf("slept %d ms\n", slept);

  printf("-- entropy: two seeds of one second\n");
  sqlite3_randomness(0, 0);
  long long one = number(a, "SELECT random()");
  sqlite3_randomness(0, 0);
  printf("%s\n", one == number(a, "SELECT random()") ? "the same" : "different");
  sqlite3_close(a);

  printf("-- a connection left open at exit leaves no lock behind\n");
  a = open_db("c.db");
  run(a, "a", "BEGIN IMMEDIATE");
  return 0;
}
