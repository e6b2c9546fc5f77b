/* One of several processes that write one database: hammer DATABASE WORKER SECONDS [verify|PAUSE]
 *
 * Each transaction moves an amount between accounts, whose sum never changes, and adds rows with a number that goes up by one for each
 * worker. "acked WORKER NUMBER" is printed after each commit; whoever kills a worker knows from it what must be there. PAUSE is in milliseconds,
 * after each commit: busy handlers are no queue, and without it one worker may keep another waiting for long.
 */
#include <time.h>

#include "../../recipes/sqlite/check-support.h"

static void fail(const char *what, sqlite3 *db) {
  printf("FAILED %s: %d %s\n", what, sqlite3_extended_errcode(db), sqlite3_errmsg(db));
  fflush(stdout);
  exit(1);
}

static int retries;

/* Until it is not busy. */
static void must(sqlite3 *db, const char *sql) {
  for (int i = 0; i < 2000; i++) {
    int rc = quiet(db, sql);
    if (rc == SQLITE_OK) return;
    if ((rc & 255) != SQLITE_BUSY) fail(sql, db);
    retries++;
    sqlite3_sleep(1 + i % 7);
  }
  fail(sql, db);
}

static void told(void *unused, int code, const char *message) {
  (void)unused;
  if ((code & 255) != SQLITE_BUSY && code != SQLITE_SCHEMA) printf("log %d: %s\n", code, message);
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  int worker = atoi(arguments[2]), pause = count > 4 ? atoi(arguments[4]) : 0;
  time_t end = time(0) + atoi(arguments[3]);
  sqlite3_config(SQLITE_CONFIG_LOG, told, 0);
  sqlite3 *writer = open_db(arguments[1]), *reader = open_db(arguments[1]);
  if (!writer || !reader) return 1;
  sqlite3_busy_timeout(writer, 2000);
  sqlite3_busy_timeout(reader, 2000);
  /* One after another: a COMMIT that is busy leaves the transaction open, and is what must be tried again. */
  must(writer, "BEGIN IMMEDIATE");
  must(writer, "CREATE TABLE IF NOT EXISTS row(worker, number, filler, UNIQUE(worker, number));"
               "CREATE TABLE IF NOT EXISTS account(id INTEGER PRIMARY KEY, amount);"
               "INSERT OR IGNORE INTO account VALUES(0,100),(1,100),(2,100),(3,100),(4,100)");
  must(writer, "COMMIT");
  if (count > 4 && !strcmp(arguments[4], "verify")) {
    run(reader, "verify", "PRAGMA integrity_check");
    run(reader, "verify", "SELECT sum(amount) FROM account");
    run(reader, "verify", "SELECT worker, count(*), max(number) FROM row GROUP BY worker");
    run(reader, "verify",
        "SELECT count(*) AS gaps FROM (SELECT worker, count(*) AS n, max(number) AS m FROM row GROUP BY worker) WHERE n<>m");
    return 0;
  }
  char sql[400];
  snprintf(sql, sizeof sql, "SELECT coalesce(max(number),0) FROM row WHERE worker=%d", worker);
  long long next = -1;
  for (int i = 0; next < 0 && i < 5000; i++) next = number(reader, sql);
  if (next < 0) fail("reading the last number", reader);
  long long commits = 0, checks = 0;
  while (time(0) < end) {
    next++;
    int size = (int)(next * 7919 % 3000), from = (int)(next % 5), to = (int)((next / 5 + worker) % 5);
    snprintf(sql, sizeof sql,
             "UPDATE account SET amount=amount-%d WHERE id=%d; UPDATE account SET amount=amount+%d WHERE id=%d;"
             "INSERT INTO row VALUES(%d,%lld,randomblob(%d))",
             size % 9, from, size % 9, to, worker, next, size);
    must(writer, next % 3 ? "BEGIN IMMEDIATE" : "BEGIN EXCLUSIVE");
    must(writer, sql);
    must(writer, "COMMIT");
    commits++;
    printf("acked %d %lld\n", worker, next);
    fflush(stdout);
    if (pause) sqlite3_sleep(pause);
    long long sum = number(reader, "SELECT sum(amount) FROM account");
    if (sum != 500 && sum != -1) fail("the sum of accounts", reader);
    if (sum == -1 && (sqlite3_errcode(reader) & 255) != SQLITE_BUSY) fail("reading", reader);
    if (next % 20 == 0) { /* The last one to leave removes the folder of locks that another one may be entering. */
      sqlite3_close(reader);
      sqlite3_close(writer);
      writer = open_db(arguments[1]);
      reader = open_db(arguments[1]);
      if (!writer || !reader) return 1;
      sqlite3_busy_timeout(writer, 2000);
      sqlite3_busy_timeout(reader, 2000);
    }
    if (next % 50 == 0) {
      sqlite3_stmt *statement = 0;
      int rc = sqlite3_prepare_v2(reader, "PRAGMA quick_check", -1, &statement, 0);
      if (!rc) rc = sqlite3_step(statement);
      if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "ok")) fail("quick_check", reader);
      if (rc == SQLITE_ROW) checks++;
      else if ((rc & 255) != SQLITE_BUSY) fail("quick_check", reader);
      sqlite3_finalize(statement);
    }
  }
  printf("done %d: %lld commits, %lld checks, %d retries\n", worker, commits, checks, retries);
  sqlite3_close(reader);
  sqlite3_close(writer);
  return 0;
}
