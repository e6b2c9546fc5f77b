/* A session with databases, driven line by line, so that a script can let several processes meet: session NAME DATABASE
 *
 *     SQL         is run and printed
 *     .step SQL   leaves a statement open after one row; .step alone takes the next row, .finish ends it
 *     .timeout N  milliseconds
 *     .reads N    reads the sum of t.x so many times, each in a transaction, until it is over 1000, and prints the changes seen
 *     .reopen     closes the connection and opens it again
 *     .close      closes and ends; .exit ends without closing
 * A line "NAME ready" follows each.
 */
#include "../../recipes/sqlite/check-support.h"

int main(int count, char **arguments) {
  if (count < 3) return 2;
  const char *who = arguments[1];
  sqlite3_config(SQLITE_CONFIG_LOG, logged, 0);
  sqlite3 *db = open_db(arguments[2]);
  sqlite3_stmt *statement = 0;
  char line[2000];
  printf("%s ready\n", who);
  fflush(stdout);
  while (db && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (!strcmp(line, ".exit")) exit(0);
    if (!strcmp(line, ".close")) break;
    if (!strncmp(line, ".step", 5)) {
      if (line[5]) sqlite3_prepare_v2(db, line + 6, -1, &statement, 0);
      int rc = sqlite3_step(statement);
      if (rc == SQLITE_ROW) printf("%s: row %s\n", who, sqlite3_column_text(statement, 0));
      else printf("%s: step %d %s\n", who, sqlite3_extended_errcode(db), sqlite3_errmsg(db));
    } else if (!strncmp(line, ".reads", 6)) {
      long long before = number(db, "SELECT sum(x) FROM t");
      printf("%s: sum %lld", who, before);
      for (int i = atoi(line + 6); i > 0 && before < 1000; i--) {
        long long sum = number(db, "SELECT sum(x) FROM t");
        if (sum != before && sqlite3_errcode(db) != SQLITE_BUSY) printf(" %lld", before = sum);
      }
      printf("\n");
    } else if (!strcmp(line, ".finish")) {
      sqlite3_finalize(statement);
      statement = 0;
    } else if (!strncmp(line, ".timeout", 8)) sqlite3_busy_timeout(db, atoi(line + 9));
    else if (!strcmp(line, ".reopen")) {
      sqlite3_close(db);
      db = open_db(arguments[2]);
    } else run(db, who, line);
    printf("%s ready\n", who);
    fflush(stdout);
  }
  sqlite3_close(db);
  return 0;
}
