/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* WAL with several connections of one process. */
#include "check-support.h"

static long long wal_size(const char *name) {
  struct stat stat_;
  return stat(name, &stat_) ? -1 : (long long)stat_.st_size;
}

int main(void) {
  sqlite3_config(SQLITE_CONFIG_LOG, logged, 0);
  sqlite3 *a = open_db("wal.db"), *b = open_db("wal.db");
  run(a, "a", "PRAGMA journal_mode=WAL");
  run(a, "a", "CREATE TABLE t(x INTEGER PRIMARY KEY, y)");
  run(b, "b", "SELECT count(*) FROM t");
  run(b, "b", "PRAGMA journal_mode");

  printf("-- a reader keeps its snapshot while others write\n");
  run(b, "b", "BEGIN");
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "INSERT INTO t(y) VALUES('one'),('two')");
  run(b, "b", "SELECT count(*) FROM t");
  run(b, "b", "INSERT INTO t(y) VALUES('old')"); /* SQLITE_BUSY_SNAPSHOT */
  run(b, "b", "COMMIT");
  run(b, "b", "SELECT count(*) FROM t");

  printf("-- one writer\n");
  run(a, "a", "BEGIN IMMEDIATE");
  run(b, "b", "BEGIN IMMEDIATE");
  run(b, "b", "SELECT count(*) FROM t");
  run(a, "a", "COMMIT");

  printf("-- much data, several wal-index regions\n");
  run(a, "a",
      "BEGIN; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<20000) "
      "INSERT INTO t(y) SELECT hex(zeroblob(500)) FROM c; COMMIT");
  run(b, "b", "SELECT count(*), sum(length(y)) FROM t");
  run(b, "b", "PRAGMA integrity_check");
  printf("the log is %s\n", wal_size("wal.db-wal") > 20000000 ? "long" : "short");
  printf("a -shm file: %s\n", access("wal.db-shm", F_OK) ? "none" : "there");

  printf("-- a checkpoint with a reader in the way, and without\n");
  sqlite3_stmt *cursor;
  sqlite3_prepare_v2(b, "SELECT x FROM t", -1, &cursor, 0);
  sqlite3_step(cursor);
  run(a, "a", "UPDATE t SET y='changed' WHERE x<5");
  run(a, "a", "PRAGMA wal_checkpoint(TRUNCATE)");
  sqlite3_finalize(cursor);
  run(a, "a", "PRAGMA wal_checkpoint(TRUNCATE)");
  printf("the log is %lld long\n", wal_size("wal.db-wal"));
  run(b, "b", "SELECT count(*) FROM t WHERE y='changed'");

  printf("-- savepoints, attached, backup\n");
  run(a, "a", "SAVEPOINT s; DELETE FROM t WHERE x>10; SAVEPOINT u; DELETE FROM t; ROLLBACK TO u; RELEASE s");
  run(b, "b", "SELECT count(*) FROM t");
  sqlite3 *copy = open_db("copy.db");
  sqlite3_backup *backup = sqlite3_backup_init(copy, "main", b, "main");
  printf("backup %d", sqlite3_backup_step(backup, -1));
  printf(" %d\n", sqlite3_backup_finish(backup));
  run(copy, "copy", "SELECT count(*) FROM t");
  run(a, "a", "ATTACH 'copy.db' AS c; BEGIN; DELETE FROM main.t WHERE x=1; DELETE FROM c.t WHERE x=1; COMMIT");
  run(copy, "copy", "SELECT count(*) FROM t");
  run(a, "a", "DETACH c");
  sqlite3_close(copy);

  printf("-- an open transaction is dropped with its connection\n");
  sqlite3 *c = open_db("wal.db");
  run(c, "c", "BEGIN IMMEDIATE; DELETE FROM t");
  sqlite3_close(c);
  run(b, "b", "SELECT count(*) FROM t");
  run(b, "b", "INSERT INTO t(y) VALUES('after')");

  printf("-- read only\n");
  c = open_with("file:wal.db?mode=ro", SQLITE_OPEN_READONLY, 0);
  run(c, "c", "SELECT count(*) FROM t");
  run(c, "c", "DELETE FROM t");
  sqlite3_close(c);

  printf("-- leaving WAL needs the others gone\n");
  run(a, "a", "PRAGMA journal_mode=DELETE");
  sqlite3_close(b);
  run(a, "a", "PRAGMA journal_mode=DELETE");
  printf("the log: %lld\n", wal_size("wal.db-wal"));
  run(a, "a", "PRAGMA journal_mode=WAL; INSERT INTO t(y) VALUES('again')");

  printf("-- exclusive mode needs no shared memory\n");
  sqlite3_close(a);
  a = open_db("wal.db");
  run(a, "a", "PRAGMA locking_mode=EXCLUSIVE; SELECT count(*) FROM t; DELETE FROM t WHERE x<4");
  b = open_db("wal.db");
  run(b, "b", "SELECT count(*) FROM t");
  sqlite3_close(b);

  printf("-- the last one to close checkpoints and cleans up\n");
  sqlite3_close(a);
  a = open_db("wal.db");
  run(a, "a", "INSERT INTO t(y) VALUES('last')");
  printf("the log before: %s\n", wal_size("wal.db-wal") > 0 ? "there" : "none");
  sqlite3_close(a);
  printf("the log after: %lld, the folder of locks: %s\n", wal_size("wal.db-wal"), access("wal.db-lock", F_OK) ? "none" : "there");
  a = open_db("wal.db");
  run(a, "a", "SELECT count(*) FROM t; PRAGMA integrity_check; PRAGMA journal_mode");
  sqlite3_close(a);
  return 0;
}
