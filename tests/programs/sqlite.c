/* sqlite.c [FOLDER]: a database on disk in FOLDER, and every feature that the recipe switches on. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                    \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            printf("line %d: not true: %s\n", __LINE__, #condition);                          \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

static sqlite3 *db;

static void run(const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("%s\n  %s\n", sql, message);
        exit(1);
    }
}

/* Prints a query's rows behind a title, columns with | between them, rows with a space. */
static void show(const char *title, const char *sql)
{
    sqlite3_stmt *statement;
    printf("%s:", title);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        printf(" %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *value = sqlite3_column_text(statement, i);
            printf("%c%s", i == 0 ? ' ' : '|', value ? (const char *)value : "NULL");
        }
    if (rc != SQLITE_DONE)
        printf(" %s", sqlite3_errmsg(db));
    puts("");
    sqlite3_finalize(statement);
}

static void on_disk(const char *path)
{
    REQUIRE(sqlite3_open(path, &db) == SQLITE_OK);
    run("PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096;"
        "CREATE TABLE planet (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, moons INTEGER CHECK (moons >= 0));"
        "BEGIN; INSERT INTO planet (name, moons) VALUES ('Mercury', 0), ('Venus', 0), ('Earth', 1), ('Mars', 2); COMMIT;"
        "BEGIN; DELETE FROM planet; ROLLBACK;"
        "SAVEPOINT s; UPDATE planet SET moons = 95 WHERE name = 'Mars'; ROLLBACK TO s; RELEASE s;");
    REQUIRE(sqlite3_exec(db, "INSERT INTO planet (name, moons) VALUES ('Earth', 1)", NULL, NULL, NULL) == SQLITE_CONSTRAINT);
    REQUIRE(sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_UNIQUE);
    REQUIRE(sqlite3_exec(db, "INSERT INTO planet (name, moons) VALUES ('Vulcan', -1)", NULL, NULL, NULL) == SQLITE_CONSTRAINT);

    /* Ten thousand rows in one transaction, then an open one that a second connection must not be able to write past. */
    run("BEGIN; CREATE TABLE number (n INTEGER PRIMARY KEY, square INTEGER);"
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) INSERT INTO number SELECT n, n * n FROM c; COMMIT;");
    run("BEGIN IMMEDIATE; INSERT INTO number VALUES (0, 0);");
    sqlite3 *other;
    REQUIRE(sqlite3_open(path, &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "INSERT INTO number VALUES (-1, 1)", NULL, NULL, NULL) == SQLITE_BUSY);
    REQUIRE(sqlite3_close(other) == SQLITE_OK);
    run("ROLLBACK");
    REQUIRE(sqlite3_close(db) == SQLITE_OK);

    REQUIRE(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    show("reopened", "SELECT name, moons FROM planet ORDER BY id");
    show("sum of squares", "SELECT count(*), sum(square) FROM number");
    show("integrity", "PRAGMA integrity_check");
    run("DROP TABLE number; VACUUM;");
    show("pages after vacuum", "PRAGMA page_count");
    /* Needs no folder for temporary files: there is none in this sandbox. */
    run("CREATE TEMP TABLE t AS SELECT name FROM planet");
    show("temporary table", "SELECT count(*) FROM t");
}

static void features(void)
{
    run("CREATE VIRTUAL TABLE f5 USING fts5(title, body, tokenize = 'porter unicode61');"
        "INSERT INTO f5 VALUES ('one', 'the quick brown fox jumps'), ('two', 'lazy dogs were jumping'), ('three', 'nothing of note');");
    show("fts5 MATCH", "SELECT title, highlight(f5, 1, '<', '>') FROM f5 WHERE f5 MATCH 'jump' ORDER BY title");
    show("fts5 phrase, NEAR", "SELECT title FROM f5 WHERE f5 MATCH '\"quick brown\" AND NEAR(fox the, 3)'");
    show("fts5 best first", "SELECT title FROM f5 WHERE f5 MATCH 'fox OR dogs' ORDER BY bm25(f5), title LIMIT 1");
    run("CREATE VIRTUAL TABLE f4 USING fts4(body, tokenize = porter);"
        "INSERT INTO f4 VALUES ('a sysroot of libraries'), ('a library of sysroots'), ('something else');"
        "CREATE VIRTUAL TABLE f3 USING fts3(body); INSERT INTO f3 VALUES ('old but there');");
    show("fts4 MATCH", "SELECT docid, snippet(f4, '<', '>') FROM f4 WHERE body MATCH 'library'");
    show("fts3 MATCH", "SELECT body FROM f3 WHERE body MATCH 'the*'");

    run("CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, y0, y1);"
        "INSERT INTO box VALUES (1, 0, 10, 0, 10), (2, 5, 15, 5, 15), (3, 20, 30, 20, 30);");
    show("rtree", "SELECT id FROM box WHERE x0 <= 12 AND x1 >= 8 AND y0 <= 12 AND y1 >= 8 ORDER BY id");

    show("json", "SELECT json_extract('{\"a\": [1, 2, {\"b\": \"c\"}]}', '$.a[2].b'), '{\"n\": 7}' ->> 'n', json_patch('{\"a\":1}', '{\"b\":2}')");
    show("json_each", "SELECT key, value FROM json_each('[10, 20]')");
    show("jsonb", "SELECT json(jsonb_set(jsonb('{\"a\":1}'), '$.a', 5)), json_group_array(name) FROM (SELECT name FROM planet ORDER BY name)");
    show("maths", "SELECT sqrt(2), round(sin(pi() / 6), 12), log2(1024), ceil(1.2), mod(7, 4), degrees(pi())");
    show("percentile", "SELECT median(value), percentile(value, 25) FROM json_each('[1, 2, 3, 4, 5]')");
    show("window", "SELECT name, sum(moons) OVER (ORDER BY id), row_number() OVER (ORDER BY name DESC) FROM planet ORDER BY id");
    show("dates", "SELECT datetime(0, 'unixepoch'), strftime('%j', '2024-12-31'), datetime(86400, 'unixepoch', 'localtime')");
    show("dbstat", "SELECT name, sum(pgsize) FROM dbstat WHERE name = 'planet' GROUP BY name");
    show("random differs", "SELECT random() <> random(), length(randomblob(16))");

    sqlite3_stmt *statement;
    REQUIRE(sqlite3_prepare_v2(db, "SELECT moons AS m FROM planet AS p", -1, &statement, NULL) == SQLITE_OK);
    printf("column metadata: %s.%s.%s AS %s, declared %s\n", sqlite3_column_database_name(statement, 0),
           sqlite3_column_table_name(statement, 0), sqlite3_column_origin_name(statement, 0), sqlite3_column_name(statement, 0),
           sqlite3_column_decltype(statement, 0));
    sqlite3_finalize(statement);
    const char *type, *collation;
    int not_null, primary, increment;
    REQUIRE(sqlite3_table_column_metadata(db, "main", "planet", "name", &type, &collation, &not_null, &primary, &increment) == SQLITE_OK);
    printf("table column metadata: %s %s not null %d\n", type, collation, not_null);
}

static void image(void)
{
    sqlite3_int64 size = 0;
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    REQUIRE(bytes != NULL && size > 0 && memcmp(bytes, "SQLite format 3", 16) == 0);
    REQUIRE(sqlite3_close(db) == SQLITE_OK);
    REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
    REQUIRE(sqlite3_deserialize(db, "main", bytes, size, size, SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK);
    run("INSERT INTO planet (name, moons) VALUES ('Jupiter', 97)");
    show("deserialized", "SELECT count(*), (SELECT count(*) FROM f5 WHERE f5 MATCH 'jump') FROM planet");

    sqlite3 *copy;
    REQUIRE(sqlite3_open(":memory:", &copy) == SQLITE_OK);
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", db, "main");
    REQUIRE(backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE && sqlite3_backup_finish(backup) == SQLITE_OK);
    REQUIRE(sqlite3_close(db) == SQLITE_OK);
    db = copy;
    show("backed up", "SELECT name FROM planet ORDER BY id DESC LIMIT 1");
    REQUIRE(sqlite3_close(db) == SQLITE_OK);
}

int main(int argc, char **argv)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/sqlite-test.db", argc > 1 ? argv[1] : ".");
    remove(path);
    REQUIRE(strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0 && strcmp(sqlite3_sourceid(), SQLITE_SOURCE_ID) == 0);
    printf("SQLite %s\n", sqlite3_libversion());
    printf("threads %d\n", sqlite3_threadsafe());
    static const char *const options[] = {"ENABLE_COLUMN_METADATA", "ENABLE_DBSTAT_VTAB", "ENABLE_FTS3",           "ENABLE_FTS4",
                                          "ENABLE_FTS5",            "ENABLE_RTREE",       "ENABLE_MATH_FUNCTIONS", "TEMP_STORE=2",
                                          "OMIT_LOAD_EXTENSION"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!sqlite3_compileoption_used(options[i]))
            printf("not compiled with %s\n", options[i]);
    /* No sqlite3_initialize: the library must start by itself. */
    on_disk(path);
    printf("VFS %s\n", sqlite3_vfs_find(NULL)->zName);
    features();
    image();
    REQUIRE(remove(path) == 0);
    puts("done");
    return 0;
}
