/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Power cuts: a workload is recorded below SQLite and its VFS, call by call; then the power goes after each of the calls, in several ways,
 * and what SQLite makes of what is left is checked: its integrity, that every transaction is there whole or not at all, that none is missing
 * which was committed and synced, and that it can be written again. The locks of the process that died are in its way, too. Where nothing is
 * synced, only the process ends.
 *
 *     powercut [WORKLOAD]
 */
#include "check-support.h"

#include "memory-disk.h"

enum { TRANSACTIONS = 16, LEAST_CASES = 1000, LEAST_KILLS = 200 };

typedef struct {
  const char *name, *pragmas;
  int two_files;
  /* Commits that a power cut may take back: 1 where the removal of the journal is not synced, all where SQLite says so. */
  int unsure;
  /* Only processes are killed: what they wrote is there. */
  int only_kills;
  /* The folder of announcements is made of files in place of links. */
  int no_links;
} Workload;

static const Workload workloads[] = {
    {"delete-full", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", 0, 1, 0, 0},
    {"delete-extra", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA", 0, 0, 0, 0},
    {"truncate", "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL", 0, 0, 0, 0},
    {"persist", "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL", 0, 0, 0, 1},
    {"exclusive", "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL", 0, 0, 0, 0},
    {"two-files", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", 1, 1, 0, 0},
    {"wal-full", "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=20", 0, 0, 0, 0},
    {"delete-off", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF", 0, 0, 1, 0},
    {"persist-off", "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=OFF", 0, 0, 1, 0},
    {"wal-normal", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=20", 0, TRANSACTIONS, 0, 0},
};

static unsigned long long digests[TRANSACTIONS + 1]; /* of the content after so many transactions */
static int begun_at[TRANSACTIONS + 1], acked_at[TRANSACTIONS + 1];

static unsigned long long mix(unsigned long long digest, const void *data, int count) {
  for (int i = 0; i < count; i++) digest = (digest ^ ((const unsigned char *)data)[i]) * 1099511628211ULL;
  return digest;
}

/* Returns how many transactions are there; -1 for an error, -2 if the files disagree. */
static int content(sqlite3 *db, const Workload *workload, unsigned long long *digest) {
  *digest = 14695981039346656037ULL;
  int n = -1;
  for (int file = 0; file <= workload->two_files; file++) {
    sqlite3_stmt *s = 0;
    const char *sql = file ? "SELECT n, 0 FROM y.meta UNION ALL SELECT id, body FROM y.t ORDER BY 1"
                           : "SELECT n, 0 FROM main.meta UNION ALL SELECT id, body FROM main.t ORDER BY 1";
    int here = (int)number(db, file ? "SELECT n FROM y.meta" : "SELECT n FROM main.meta");
    if (here < 0) here = 0; /* before the first transaction there is no table */
    if (file && here != n) return -2;
    n = here;
    if (sqlite3_prepare_v2(db, sql, -1, &s, 0) != SQLITE_OK) {
      if (sqlite3_errcode(db) != SQLITE_ERROR) return -1;
      continue;
    }
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
      long long id = sqlite3_column_int64(s, 0);
      *digest = mix(*digest, &id, sizeof id);
      *digest = mix(*digest, sqlite3_column_blob(s, 1), sqlite3_column_bytes(s, 1));
    }
    sqlite3_finalize(s);
    if (rc != SQLITE_DONE) return -1;
  }
  return n;
}

static int change(sqlite3 *db, const char *file, int n) {
  char sql[1200];
  if (n == 1) {
    snprintf(sql, sizeof sql,
             "CREATE TABLE %s.meta(n); CREATE TABLE %s.t(id INTEGER PRIMARY KEY, body); CREATE INDEX %s.i ON t(body);"
             "INSERT INTO %s.meta VALUES(1)",
             file, file, file, file);
    return quiet(db, sql);
  }
  snprintf(sql, sizeof sql,
           "UPDATE %s.meta SET n=%d;"
           "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<%d)"
           "INSERT INTO %s.t(body) SELECT substr(replace(hex(zeroblob(%d)),'0',char(97+i%%26)),1,7+i*%d%%900) FROM c;"
           "UPDATE %s.t SET body=body||'%d' WHERE id%%%d=0; DELETE FROM %s.t WHERE id%%%d=1",
           file, n, n % 5 ? 4 + n % 4 : 60, file, 400 + n * 17, 13 + n * 31, file, n, 2 + n % 5, file, 3 + n % 7);
  return quiet(db, sql);
}

static char open_error[200];

static sqlite3 *open_workload(const Workload *workload, const char *pragmas) {
  sqlite3 *db = open_db("/x.db");
  if (!db) return 0;
  sqlite3_busy_timeout(db, 60000);
  if (workload->two_files && quiet(db, "ATTACH '/y.db' AS y")) {
    snprintf(open_error, sizeof open_error, "%d %s", sqlite3_extended_errcode(db), sqlite3_errmsg(db));
    sqlite3_close(db);
    return 0;
  }
  if (pragmas) quiet(db, pragmas);
  quiet(db, "PRAGMA cache_size=8");
  return db;
}

static int run_workload(const Workload *workload) {
  is_recording = 1;
  sqlite3 *db = open_workload(workload, workload->pragmas);
  int rc = !db;
  content(db, workload, &digests[0]);
  for (int n = 1; n <= TRANSACTIONS && !rc; n++) {
    begun_at[n] = recording.count;
    rc = quiet(db, "BEGIN");
    if (!rc) rc = change(db, "main", n);
    if (!rc && workload->two_files) rc = change(db, "y", n);
    if (!rc && n % 6 == 0) rc = quiet(db, "SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; RELEASE s");
    if (!rc) rc = quiet(db, "COMMIT");
    acked_at[n] = recording.count;
    if (!rc && n == 15) rc = quiet(db, "VACUUM");
    content(db, workload, &digests[n]);
  }
  if (rc) printf("workload: %s\n", sqlite3_errmsg(db));
  sqlite3_close(db);
  is_recording = 0;
  return rc;
}

static int problems, cases, taken_over, again;

static void problem(const Workload *workload, int at, Cut cut, const char *what, const char *detail) {
  if (++problems <= 20) printf("PROBLEM %s, operation %d of %d, cut %d: %s %s\n", workload->name, at, recording.count, cut, what, detail);
}

static void count_takeovers(void *unused, int code, const char *message) {
  (void)unused;
  if (code == SQLITE_NOTICE && strstr(message, "ended the lock")) taken_over++;
}

static int healthy(sqlite3 *db) {
  sqlite3_stmt *s = 0;
  int ok = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, 0) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
           !strcmp((const char *)sqlite3_column_text(s, 0), "ok");
  sqlite3_finalize(s);
  return ok;
}

/* Opens what is left on `disk` and checks it. */
static void check(const Workload *workload, int at, Cut cut) {
  int acked = 0, begun = 0;
  for (int n = 1; n <= TRANSACTIONS; n++) {
    if (acked_at[n] <= at) acked = n;
    if (begun_at[n] < at) begun = n;
  }
  cases++;
  sqlite3 *db = open_workload(workload, 0);
  if (!db) {
    problem(workload, at, cut, "can't be opened", open_error);
    return;
  }
  unsigned long long digest;
  int n = content(db, workload, &digest);
  char detail[200];
  snprintf(detail, sizeof detail, "%d there, %d acknowledged, %d begun; %s", n, acked, begun, sqlite3_errmsg(db));
  int least = cut == ALL_THERE ? acked : acked - workload->unsure;
  if (n < 0) problem(workload, at, cut, n == -2 ? "the files disagree" : "can't be read", detail);
  else if (n < least || n > begun) problem(workload, at, cut, "transactions are missing", detail);
  else if (digest != digests[n]) problem(workload, at, cut, "the content is of no transaction", detail);
  else if (!healthy(db)) problem(workload, at, cut, "integrity_check", detail);
  else if (cases % 4 == 0 && n > 0 && (change(db, "main", n + 1) || !healthy(db)))
    problem(workload, at, cut, "can't be written", sqlite3_errmsg(db));
  sqlite3_close(db);
}

int main(int count, char **arguments) {
  sqlite3_config(SQLITE_CONFIG_LOG, count_takeovers, 0);
  int known = 0;
  for (unsigned w = 0; w < sizeof workloads / sizeof *workloads; w++) {
    const Workload *workload = &workloads[w];
    if (count > 1 && strcmp(arguments[1], workload->name)) continue;
    known = 1;
    disk_seed(w + 1);
    disk_has_no_links = workload->no_links;
    cases = taken_over = again = 0;
    int before = problems, calls[OP_KINDS] = {0};
    disk = disk_new();
    if (run_workload(workload)) problems++;
    disk_free(disk);
    for (int i = 0; i < recording.count; i++) calls[recording.ops[i].kind]++;
    for (int at = 0; at <= recording.count; at++) {
      /* Around every sync and change of names, and at some of the writes between. */
      if (at % 19 && at < recording.count && recording.ops[at].kind == WRITE && at && recording.ops[at - 1].kind == WRITE) continue;
      for (Cut cut = ALL_THERE; cut < (workload->only_kills ? ALL_THERE + 1 : CUTS); cut++) {
        disk = disk_after(at, cut);
        Disk *left = cases % 12 == 0 ? disk_copy(disk) : 0;
        check(workload, at, cut);
        disk_free(disk);
        if (left) { /* The power goes a second time, while the first cut is being recovered from. */
          Recording first = recording;
          recording = (Recording){0};
          disk = disk_copy(left);
          is_recording = 1;
          disk_record_content();
          int start = recording.count;
          sqlite3 *db = open_workload(workload, 0);
          if (db) number(db, "SELECT n FROM meta");
          if (db && workload->two_files) number(db, "SELECT n FROM y.meta");
          int end = recording.count;
          is_recording = 0;
          sqlite3_close(db);
          disk_free(disk);
          for (int k = 0; k < 3 && end > start; k++) {
            disk = disk_after(start + 1 + (int)(disk_random() % (end - start)), SOME_SECTORS);
            check(workload, at, cut);
            again++;
            disk_free(disk);
          }
          recording_free();
          recording = first;
          disk_free(left);
        }
      }
    }
    printf("%s: %d calls (%d writes, %d truncations, %d syncs, %d of names), "
           "%d cases, of them %d second cuts, %d locks taken over, %d problems\n",
           workload->name, recording.count, calls[WRITE], calls[TRUNCATE], calls[SYNC], calls[MAKE] + calls[REMOVE] + calls[RENAME], cases,
           again, taken_over, problems - before);
    if (cases < (workload->only_kills ? LEAST_KILLS : LEAST_CASES)) problem(workload, 0, CUTS, "too few cases:", "is anything recorded?");
    fflush(stdout);
    recording_free();
  }
  return problems != 0 || !known;
}
