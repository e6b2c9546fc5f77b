/* Statements at SQLite's limits and beyond: each is answered or refused, and none ends the program. With an argument of the compiler
   (-DANSWERED) those within the limits must be answered: how much stack that takes. */
#include "stack.h"

#include <sqlite3.h>

#ifdef ANSWERED
#define ALLOWED(rc) ((rc) == SQLITE_OK)
#else
#define ALLOWED(rc) ((rc) == SQLITE_OK || (rc) == SQLITE_ERROR)
#endif

static sqlite3 *database;
static char statement[1 << 20];

/* `first`, then `times` the text `before`, `middle`, as often `after`, `last`. */
static int run(const char *first, const char *before, const char *middle, const char *after, const char *last, int times) {
    char *at = statement + sprintf(statement, "%s", first);
    for (int i = 0; i < times; i++) at += sprintf(at, "%s", before);
    at += sprintf(at, "%s", middle);
    for (int i = 0; i < times; i++) at += sprintf(at, "%s", after);
    sprintf(at, "%s", last);
    return sqlite3_exec(database, statement, NULL, NULL, NULL);
}

static const struct shape {
    const char *first, *before, *middle, *after, *last;
    int within; /* answered with enough stack; with more of them, refused */
} shapes[] = {
    {"SELECT ''", "", "", "||'a'", "", 490},
    {"SELECT ", "(1+", "1", ")", "", 490},
    {"SELECT ", "abs(", "1", ")", "", 490},
    {"SELECT ", "CASE WHEN ", "1", " THEN 1 END", "", 490},
    {"SELECT ", "1 BETWEEN 0 AND (", "1", ")", "", 160},
    {"SELECT ", "(SELECT ", "1", ")", "", 40},
    {"SELECT a FROM t WHERE a=1", "", "", " OR a=1", "", 990},
    {"SELECT a FROM t WHERE ", "NOT (a OR ", "1", ")", "", 490},
    {"SELECT * FROM ", "(SELECT * FROM ", "t", ")", "", 400},
    {"SELECT 1", "", "", " UNION ALL SELECT 1", "", 499},
    {"SELECT count(*) FROM (SELECT 1", "", "", " UNION ALL SELECT 1", ")", 470},
    {"SELECT 1", "", "", " EXCEPT SELECT 2", "", 340},
    {"SELECT 1", "", "", " UNION SELECT 2", " ORDER BY 1", 340},
    {"SELECT json_set('{}','$", "", "", ".a", "',1)", 990},
    {"SELECT json(jsonb('", "[", "", "]", "'))", 990},
    {"SELECT 'aaa' LIKE '", "%a", "", "", "'", 2490},
    {"SELECT 'aaa' GLOB '", "*a", "", "", "'", 2490},
    {"VALUES(1)", "", "", ",(1)", "", 5000},
};

static void chain_of_triggers(int length) {
    for (int i = 0; i <= length; i++) sqlite3_exec(database, sqlite3_mprintf("CREATE TABLE c%d(a)", i), NULL, NULL, NULL);
    for (int i = 0; i < length; i++)
        sqlite3_exec(database, sqlite3_mprintf("CREATE TRIGGER g%d AFTER INSERT ON c%d BEGIN INSERT INTO c%d SELECT new.a; END", i, i, i + 1), NULL,
                     NULL, NULL);
    REQUIRE(ALLOWED(sqlite3_exec(database, sqlite3_mprintf("INSERT INTO c%d VALUES(1)", length > 150 ? length - 150 : 0), NULL, NULL, NULL)));
#ifndef ANSWERED
    REQUIRE(ALLOWED(sqlite3_exec(database, "INSERT INTO c0 VALUES(1)", NULL, NULL, NULL)));
#endif
}

int main(void) {
    REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, "CREATE TABLE t(a); INSERT INTO t VALUES(1)", NULL, NULL, NULL) == SQLITE_OK);
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *one = &shapes[i];
        int rc = run(one->first, one->before, one->middle, one->after, one->last, one->within);
        if (!ALLOWED(rc)) printf("%s: %s\n", one->first, sqlite3_errmsg(database));
        REQUIRE(ALLOWED(rc));
#ifndef ANSWERED
        for (int times = one->within / 4; times < one->within * 5; times += one->within / 4 + 1) {
            rc = run(one->first, one->before, one->middle, one->after, one->last, times);
            REQUIRE(ALLOWED(rc));
        }
#endif
    }
    REQUIRE(ALLOWED(sqlite3_exec(database,
                                 "PRAGMA recursive_triggers=1; CREATE TABLE r(a);"
                                 "CREATE TRIGGER g AFTER INSERT ON r WHEN new.a>0 BEGIN INSERT INTO r VALUES(new.a-1); END;"
                                 "INSERT INTO r VALUES(998)",
                                 NULL, NULL, NULL)));
    chain_of_triggers(600);
    REQUIRE(sqlite3_exec(database, "PRAGMA integrity_check", NULL, NULL, NULL) == SQLITE_OK);
    REQUIRE(sqlite3_close(database) == SQLITE_OK);
}
