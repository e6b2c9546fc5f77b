/* Many small transactions: writes VFS JOURNAL-MODE COUNT. Prints the seconds. */
#include <time.h>

#include "../../recipes/sqlite/check-support.h"

int main(int count, char **arguments) {
  if (count < 4) return 2;
  unlink("writes.db");
  sqlite3 *db = open_with("writes.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, arguments[1]);
  char sql[200];
  snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", arguments[2]);
  if (!db || quiet(db, sql) || quiet(db, "PRAGMA synchronous=NORMAL; CREATE TABLE t(x INTEGER PRIMARY KEY, y); CREATE INDEX i ON t(y)"))
    return 1;
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  int most = atoi(arguments[3]);
  for (int i = 0; i < most; i++) {
    snprintf(sql, sizeof sql, "INSERT INTO t(y) VALUES(hex(randomblob(50))); UPDATE t SET y=y||'%d' WHERE x=%d", i, i / 2 + 1);
    if (quiet(db, sql)) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%s %s: %d transactions in %.2f s\n", arguments[1], arguments[2], 2 * most,
         end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) * 1e-9);
  sqlite3_close(db);
  return 0;
}
