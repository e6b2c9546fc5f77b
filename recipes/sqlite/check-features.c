/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every feature that the recipe switches on, and those that SQLite has built in and a build can lose: one group of checks each.
 *
 *     features [GROUP]
 *
 * Each statement's rows must be what stands beside it. A feature that is switched on and has no group here is an error. */
#include <math.h>

#include "check-support.h"

typedef struct {
  const char *sql, *rows; /* columns are joined by `|`, rows by ` ; ` */
} Check;

static sqlite3 *db;
static int problems;

static void problem(const char *group, const char *what, const char *found, const char *expected) {
  problems++;
  printf("%s: %s\n  gave %s\n  must give %s\n", group, what, found, expected);
}

static int add_row(void *text, int count, char **values, char **names) {
  sqlite3_str *rows = text;
  (void)names;
  if (sqlite3_str_length(rows)) sqlite3_str_appendall(rows, " ; ");
  for (int i = 0; i < count; i++) sqlite3_str_appendf(rows, "%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
  return 0;
}

static void check(const char *group, const char *sql, const char *expected) {
  sqlite3_str *rows = sqlite3_str_new(db);
  char *error = 0;
  if (sqlite3_exec(db, sql, add_row, rows, &error)) sqlite3_str_appendf(rows, "%serror: %s", sqlite3_str_length(rows) ? " ; " : "", error);
  char *found = sqlite3_str_finish(rows);
  if (strcmp(found ? found : "", expected)) problem(group, sql, found ? found : "nothing", expected);
  sqlite3_free(found);
  sqlite3_free(error);
}

static void is_true(const char *group, const char *what, int holds) {
  if (!holds) problem(group, what, "false", "true");
}

static const Check fts3[] = {
    {"CREATE VIRTUAL TABLE a USING fts3(subject, body, tokenize=porter)", ""},
    {"INSERT INTO a VALUES('Running','the runners ran a long run'),('Standing','nobody stands here'),('Run','a short one')", ""},
    {"SELECT rowid FROM a WHERE a MATCH 'run' ORDER BY rowid", "1 ; 3"},
    {"SELECT rowid FROM a WHERE a MATCH 'body:run'", "1"},
    {"SELECT snippet(a,'[',']','…',1,4) FROM a WHERE a MATCH '\"long run\"'", "…ran a [long] [run]"},
    {"SELECT offsets(a) FROM a WHERE a MATCH 'short'", "1 0 2 5"},
    {"SELECT rowid FROM a WHERE a MATCH 'the NEAR/1 ran'", "1"},
    {"SELECT rowid FROM a WHERE a MATCH 'stan*'", "2"},
    {"INSERT INTO a(a) VALUES('integrity-check'); INSERT INTO a(a) VALUES('optimize'); SELECT count(*) FROM a_segdir", "1"},
    {"SELECT rowid FROM a WHERE a MATCH 'run -long' ORDER BY rowid", "3"}, /* the older syntax: FTS3_PARENTHESIS is off */
    {0, 0}};

static const Check fts4[] = {
    {"CREATE VIRTUAL TABLE b USING fts4(title, text, languageid=\"language\", prefix=\"2,4\", notindexed=title, order=desc, "
     "tokenize=unicode61)",
     ""},
    {"INSERT INTO b(title, text, language) VALUES('x','Größe und Maß',0),('y','groesse matters',0),('z','grosse mesure',1)", ""},
    {"SELECT rowid FROM b WHERE text MATCH 'große' UNION ALL SELECT rowid FROM b WHERE text MATCH 'GRÖßE'", "1 ; 1"},
    {"SELECT rowid FROM b WHERE text MATCH 'maß' UNION ALL SELECT rowid FROM b WHERE text MATCH 'mass'", "1"},
    {"SELECT rowid FROM b WHERE text MATCH 'gr*' ORDER BY rowid", "1 ; 2"},
    {"SELECT rowid FROM b WHERE text MATCH 'gr*' AND language=1", "3"},
    {"SELECT rowid FROM b WHERE b MATCH 'x'", ""},
    {"SELECT hex(matchinfo(b,'pcx')) FROM b WHERE b MATCH 'matters'", "0100000002000000000000000000000000000000010000000100000001000000"},
    {"CREATE VIRTUAL TABLE terms USING fts4aux(b); SELECT group_concat(term,' ') FROM terms WHERE col='*'",
     "groesse große matters maß und"},
    {"CREATE TABLE data(id INTEGER PRIMARY KEY, words); INSERT INTO data VALUES(7,'outside content')", ""},
    {"CREATE VIRTUAL TABLE c USING fts4(content=\"data\", words); INSERT INTO c(c) VALUES('rebuild'); SELECT docid, words FROM c WHERE "
     "c MATCH 'outside'",
     "7|outside content"},
    {"CREATE VIRTUAL TABLE tok USING fts3tokenize(unicode61, 'tokenchars=-'); SELECT group_concat(token,'|') FROM tok WHERE input='A-b "
     "C.d'",
     "a-b|c|d"},
    {0, 0}};

static const Check fts5[] = {
    {"CREATE VIRTUAL TABLE d USING fts5(title, body, tokenize='porter unicode61', prefix='2 3', detail=full)", ""},
    {"INSERT INTO d VALUES('One','a needle in the haystack'),('Two needles','needles, needles'),('Three','hay only')", ""},
    {"SELECT title FROM d WHERE d MATCH 'needle' ORDER BY rank", "Two needles ; One"},
    {"SELECT title FROM d('title:needle OR hay') ORDER BY title", "Three ; Two needles"},
    {"SELECT highlight(d,1,'<','>') FROM d WHERE d MATCH 'NEAR(needle haystack, 3)'", "a <needle> in the <haystack>"},
    {"SELECT round(bm25(d,10.0,1.0),3) < round(bm25(d,1.0,10.0),3) FROM d WHERE d MATCH 'title:needle'", "1"},
    {"SELECT rowid FROM d WHERE d MATCH '^hay'", "3"},
    {"DELETE FROM d WHERE rowid=2; SELECT count(*) FROM d WHERE d MATCH 'needle'", "1"},
    {"CREATE VIRTUAL TABLE v USING fts5vocab(d,'row'); SELECT term, doc, cnt FROM v WHERE term LIKE 'hay%' ORDER BY term", "haystack|1|1"},
    {"CREATE VIRTUAL TABLE tri USING fts5(x, tokenize='trigram'); INSERT INTO tri VALUES('substring search'); SELECT x FROM tri WHERE x "
     "LIKE '%string se%'",
     "substring search"},
    {"INSERT INTO d(d) VALUES('integrity-check'); INSERT INTO d(d,rank) VALUES('automerge',4); INSERT INTO d(d) VALUES('optimize')", ""},
    {"SELECT fts5_source_id()=sqlite_source_id() OR fts5_source_id() LIKE 'fts5: %'", "1"},
    {0, 0}};

static const Check rtree[] = {
    {"CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1, +label)", ""},
    {"WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE i<999) INSERT INTO r SELECT i, i%40, i%40+0.5, i/40, i/40+0.5, "
     "'n'||i FROM c",
     ""},
    {"SELECT group_concat(id,' ') FROM (SELECT id FROM r WHERE x0>=3 AND x1<=5 AND y0>=2 AND y1<4 ORDER BY id)", "83 84 123 124"},
    {"SELECT label FROM r WHERE id=999", "n999"},
    {"UPDATE r SET x1=100 WHERE id=5; SELECT id FROM r WHERE x1>50", "5"},
    {"INSERT INTO r VALUES(1000, 2, 1, 0, 0, 'x')", "error: rtree constraint failed: r.(x0<=x1)"},
    {"DELETE FROM r WHERE y0<20; SELECT count(*), rtreecheck('r') FROM r", "200|ok"},
    {"CREATE VIRTUAL TABLE ri USING rtree_i32(id, a, b); INSERT INTO ri VALUES(1,-2147483648,2147483647); SELECT typeof(a), b FROM ri",
     "integer|2147483647"},
    {"SELECT rtreedepth(data) FROM r_node WHERE nodeno=1", "1"},
    {0, 0}};

static const Check json[] = {
    {"SELECT json_extract('{\"a\":[1,2,{\"b\":\"ü\"}]}','$.a[2].b'), '{\"a\":5}'->>'a', '[1,[2]]'->1", "ü|5|[2]"},
    {"SELECT json_set('{}','$.x',json_array(1,null,'t')), json_remove('[0,1,2]','$[1]'), "
     "json_patch('{\"a\":1,\"b\":2}','{\"a\":null,\"c\":3}')",
     "{\"x\":[1,null,\"t\"]}|[0,2]|{\"b\":2,\"c\":3}"},
    {"SELECT key, value, type, fullkey FROM json_each('{\"a\":1,\"b\":[true]}')", "a|1|integer|$.a ; b|[true]|array|$.b"},
    {"SELECT count(*), max(path) FROM json_tree('[[1,[2]],3]')", "6|$[0][1]"},
    {"SELECT json_group_array(x), json_group_object(x,x*x) FROM (SELECT 1 AS x UNION SELECT 2)", "[1,2]|{\"1\":1,\"2\":4}"},
    {"SELECT json_valid('{a:1}'), json_valid('{a:1}',2), json('{a:+0x10,/*c*/b:.5}'), json_error_position('[1,2')",
     "0|1|{\"a\":16,\"b\":0.5}|5"},
    {"SELECT json_type(jsonb('[1]')), typeof(jsonb('[1]')), json(jsonb_insert('[1]','$[#]',2)), hex(jsonb('true'))", "array|blob|[1,2]|01"},
    {"SELECT json_extract('[1e308,-0.1,9007199254740993]','$[0]','$[1]','$[2]'), json_quote(3.0), json_pretty('[1]')",
     "[1e308,-0.1,9007199254740993]|3.0|[\n    1\n]"},
    {0, 0}};

static const Check maths[] = {
    {"SELECT sqrt(2)*sqrt(2)-2 < 1e-15, pow(2,10), power(2,-1), exp(0), ln(exp(1)), log(100), log10(1000), log2(8), log(3,81)",
     "1|1024.0|0.5|1.0|1.0|2.0|3.0|3.0|4.0"},
    {"SELECT ceil(-1.5), ceiling(1.2), floor(-1.5), trunc(-1.7), mod(7,4), mod(-7.5,2), sign(-3), sign(0), sign('x')",
     "-1.0|2.0|-2.0|-1.0|3.0|-1.5|-1|0|NULL"},
    {"SELECT round(sin(1),12), round(cos(1),12), round(tan(1),12), round(asin(1),12), round(acos(0),12), round(atan(1),12), "
     "round(atan2(-1,-1),12)",
     "0.841470984808|0.540302305868|1.557407724655|1.570796326795|1.570796326795|0.785398163397|-2.356194490192"},
    {"SELECT round(sinh(1),12), round(cosh(1),12), round(tanh(1),12), round(asinh(1),12), round(acosh(2),12), round(atanh(0.5),12)",
     "1.175201193644|1.543080634815|0.761594155956|0.88137358702|1.316957896925|0.549306144334"},
    {"SELECT round(degrees(pi()),9), round(radians(180)-pi(),12), round(pi(),12), sqrt(-1), ln(0), acos(2)",
     "180.0|0.0|3.14159265359|NULL|NULL|NULL"},
    {0, 0}};

static const Check percentile[] = {
    {"CREATE TABLE p(x); INSERT INTO p VALUES(1),(2),(3),(4),(10)", ""},
    {"SELECT median(x), percentile(x,25), round(percentile_cont(x,0.9),9), percentile_disc(x,0.9) FROM p", "3.0|2.0|7.6|4.0"},
    {"SELECT percentile(x,101) FROM p", "error: the fraction argument to percentile() is not between 0.0 and 100.0"},
    {"SELECT group_concat(m,' ') FROM (SELECT median(x) OVER (ORDER BY x ROWS 1 PRECEDING) AS m FROM p)", "1.0 1.5 2.5 3.5 7.0"},
    {0, 0}};

static const Check windows[] = {
    {"CREATE TABLE w(g, n); INSERT INTO w VALUES('a',1),('a',2),('a',2),('b',5),('b',9)", ""},
    {"SELECT group_concat(s,' ') FROM (SELECT sum(n) OVER (PARTITION BY g ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) "
     "AS s FROM w)",
     "1 3 5 5 14"},
    {"SELECT row_number() OVER o, rank() OVER o, dense_rank() OVER o, ntile(2) OVER o FROM w WHERE g='a' WINDOW o AS (ORDER BY n)",
     "1|1|1|1 ; 2|2|2|1 ; 3|2|2|2"},
    {"SELECT round(percent_rank() OVER o,3), round(cume_dist() OVER o,3) FROM w WHERE g='a' WINDOW o AS (ORDER BY n)",
     "0.0|0.333 ; 0.5|1.0 ; 0.5|1.0"},
    {"SELECT lag(n,1,-1) OVER o, lead(n) OVER o, first_value(n) OVER o, nth_value(n,2) OVER o FROM w WHERE g='b' WINDOW o AS (ORDER BY n)",
     "-1|9|5|NULL ; 5|NULL|5|9"},
    {"SELECT sum(n) FILTER (WHERE n>1) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM w",
     "NULL ; 2 ; 2 ; 9 ; 14"},
    {"SELECT max(n) OVER (ORDER BY n RANGE BETWEEN 3 PRECEDING AND 4 FOLLOWING) FROM w", "5 ; 5 ; 5 ; 9 ; 9"},
    {0, 0}};

static const Check dbstat[] = {
    {"CREATE TABLE st(x); CREATE INDEX sti ON st(x); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<500) "
     "INSERT INTO st SELECT printf('%0100d',i) FROM c",
     ""},
    {"SELECT pagetype, sum(ncell), count(*)>10 FROM dbstat WHERE name='st' GROUP BY 1 HAVING pagetype='leaf'", "leaf|500|1"},
    {"SELECT name, ncell>=500, payload>50000 FROM dbstat WHERE aggregate=TRUE AND name LIKE 'st%' ORDER BY name", "st|1|1 ; sti|1|1"},
    {"SELECT sum(pgsize)=(SELECT page_count FROM pragma_page_count)*(SELECT page_size FROM pragma_page_size)-"
     "(SELECT freelist_count FROM pragma_freelist_count)*(SELECT page_size FROM pragma_page_size) FROM dbstat",
     "1"},
    {0, 0}};

/* Built in, unless an SQLITE_OMIT_… takes them away. */
static const Check core[] = {
    {"CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, c AS (a*2) STORED, d DEFAULT (1+1), CHECK(length(b)<10)) STRICT",
     "error: missing datatype for t.c"},
    {"CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE UNIQUE, c INT AS (a*2) STORED, CHECK(length(b)<10)) STRICT", ""},
    {"INSERT INTO t(b) VALUES('x'),('y') RETURNING a, c", "1|2 ; 2|4"},
    {"INSERT INTO t(b) VALUES('X') ON CONFLICT(b) DO UPDATE SET b=excluded.b||'2' RETURNING a, b", "1|X2"},
    {"INSERT INTO t(b) VALUES(x'00')", "error: cannot store BLOB value in TEXT column t.b"},
    {"UPDATE t SET b=s.n FROM (SELECT 2 AS k, 'from' AS n) AS s WHERE t.a=s.k; SELECT b FROM t ORDER BY a", "X2 ; from"},
    {"CREATE TABLE parent(id PRIMARY KEY); CREATE TABLE child(p REFERENCES parent ON DELETE CASCADE); PRAGMA foreign_keys=ON; "
     "INSERT INTO parent VALUES(1); INSERT INTO child VALUES(1); DELETE FROM parent; SELECT count(*) FROM child",
     "0"},
    {"INSERT INTO child VALUES(5)", "error: FOREIGN KEY constraint failed"},
    {"CREATE TABLE l(x); CREATE TRIGGER tr AFTER UPDATE OF b ON t BEGIN INSERT INTO l VALUES(old.b||'>'||new.b); END; UPDATE t SET "
     "b='z' WHERE a=2; SELECT * FROM l",
     "from>z"},
    {"CREATE VIEW vw AS SELECT a, b FROM t; CREATE TRIGGER iv INSTEAD OF DELETE ON vw BEGIN DELETE FROM t WHERE a=old.a; END; DELETE "
     "FROM vw WHERE a=1; SELECT count(*) FROM t",
     "1"},
    {"WITH RECURSIVE f(a,b) AS MATERIALIZED (SELECT 0,1 UNION ALL SELECT b,a+b FROM f LIMIT 20) SELECT max(a) FROM f", "4181"},
    {"SELECT * FROM (SELECT 1 AS a) FULL JOIN (SELECT 2 AS b) ON a=b", "1|NULL ; NULL|2"},
    {"CREATE TABLE wr(k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO wr VALUES('b',1),('a',2); SELECT group_concat(k||v,' ') FROM wr",
     "a2 b1"},
    {"CREATE INDEX px ON t(lower(b)) WHERE a>1; SELECT a FROM t INDEXED BY px WHERE lower(b)='z' AND a>1", "2"},
    {"SELECT (1,2)<(1,3), 'abc' GLOB 'a*', 'ABC' LIKE 'a_c', 5 IS NOT DISTINCT FROM 5, 0x10, 1_000", "1|1|1|1|16|1000"},
    {"SELECT strftime('%Y-%m-%d %H:%M:%f','2024-02-29 12:00','+1 year','weekday 0'), unixepoch('1970-01-02'), julianday('2000-01-01'), "
     "timediff('2024-03-01','2024-02-01')",
     "2025-03-02 12:00:00.000|86400|2451544.5|+0000-01-00 00:00:00.000"},
    {"SELECT printf('%,d|%.3e|%q|%Q|%#x',1234567,12345.678,'it''s',NULL,255), format('%-5s|','a')",
     "1,234,567|1.235e+04|it''s|NULL|0xff|a    |"},
    {"SELECT 9223372036854775807+1, 1e308*10, -9223372036854775808, 1/0, 5%3, -5/2, ~0, 1<<62, 4611686018427387904*2",
     "9.2233720368547758e+18|Inf|-9223372036854775808|NULL|2|-2|-1|4611686018427387904|9.2233720368547758e+18"},
    {"SELECT substr('häßlich',2,3), length('häß'), upper('ä'||'a'), instr('xyz','z'), replace('aXa','a','b'), unicode('€'), char(8364), "
     "hex('€'), quote(x'00ff'), unhex('41')",
     "äßl|3|äA|3|bXb|8364|€|E282AC|X'00FF'|A"},
    {"SELECT concat('a',NULL,1), concat_ws('-',1,NULL,2), octet_length('€'), iif(0,1,2), coalesce(NULL,3), likely(1), string_agg('x',',')",
     "a1|1-2|3|2|3|1|x"},
    {"ALTER TABLE wr RENAME COLUMN v TO value; ALTER TABLE wr ADD COLUMN n DEFAULT 7; ALTER TABLE wr DROP COLUMN value; SELECT * FROM wr",
     "a|7 ; b|7"},
    {"CREATE TEMP TABLE tt(x); INSERT INTO tt VALUES(1); SELECT * FROM temp.tt; PRAGMA temp_store", "1 ; 0"},
    {"PRAGMA integrity_check; PRAGMA foreign_key_check; VACUUM; ANALYZE; SELECT count(*)>0 FROM sqlite_stat1; REINDEX", "ok ; 1"},
    {"ATTACH ':memory:' AS x; CREATE TABLE x.y(z); INSERT INTO y VALUES(3); SELECT z FROM x.y; DETACH x", "3"},
    {"SELECT value FROM generate_series(1,3)", "error: no such table: generate_series"}, /* the shell's, not the library's */
    {"SELECT load_extension('x')", "error: no such function: load_extension"},           /* SQLITE_OMIT_LOAD_EXTENSION */
    {0, 0}};

static void column_metadata(const char *group) {
  sqlite3_stmt *s = 0;
  quiet(db, "CREATE TABLE meta(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE)");
  is_true(group, "the statement compiles", sqlite3_prepare_v2(db, "SELECT m.name AS n, 1+1 FROM meta AS m", -1, &s, 0) == SQLITE_OK);
  const char *table = sqlite3_column_table_name(s, 0), *origin = sqlite3_column_origin_name(s, 0), *of = sqlite3_column_database_name(s, 0);
  is_true(group, "names of a column's table, origin and database",
          table && origin && of && !strcmp(table, "meta") && !strcmp(origin, "name") && !strcmp(of, "main"));
  is_true(group, "none for an expression", !sqlite3_column_table_name(s, 1) && !sqlite3_column_origin_name(s, 1));
  sqlite3_finalize(s);
  const char *type, *collation;
  int not_null, primary, automatic;
  int rc = sqlite3_table_column_metadata(db, 0, "meta", "name", &type, &collation, &not_null, &primary, &automatic);
  is_true(group, "of a column", !rc && !strcmp(type, "TEXT") && !strcmp(collation, "NOCASE") && not_null && !primary && !automatic);
  rc = sqlite3_table_column_metadata(db, 0, "meta", "id", &type, &collation, &not_null, &primary, &automatic);
  is_true(group, "of a key", !rc && !strcmp(type, "INTEGER") && primary && automatic);
  is_true(group, "of a column that is not there", sqlite3_table_column_metadata(db, 0, "meta", "no", 0, 0, 0, 0, 0) == SQLITE_ERROR);
}

static void serialize(const char *group) {
  sqlite3 *from, *to;
  sqlite3_open(":memory:", &from);
  sqlite3_open(":memory:", &to);
  quiet(from, "CREATE TABLE t(x); "
              "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<1000) INSERT INTO t SELECT i FROM c");
  sqlite3_int64 size = 0;
  unsigned char *image = sqlite3_serialize(from, "main", &size, 0);
  is_true(group, "an image", image && size > 4096 && !memcmp(image, "SQLite format 3", 16));
  int rc = sqlite3_deserialize(to, "main", image, size, size, SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  is_true(group, "taken in", rc == SQLITE_OK && number(to, "SELECT sum(x) FROM t") == 500500);
  is_true(group, "written", quiet(to, "INSERT INTO t SELECT x FROM t") == SQLITE_OK && number(to, "SELECT count(*) FROM t") == 2000);
  sqlite3_close(from);
  from = to;
  sqlite3_open("features.db", &to);
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
  is_true(group, "backed up to a file", sqlite3_backup_step(backup, -1) == SQLITE_DONE && sqlite3_backup_finish(backup) == SQLITE_OK);
  image = sqlite3_serialize(to, "main", &size, 0);
  FILE *file = fopen("features.db", "rb");
  unsigned char *bytes = malloc(size);
  is_true(group, "the image of a file is the file",
          file && fread(bytes, 1, size, file) == (size_t)size && fgetc(file) == EOF && !memcmp(bytes, image, size));
  if (file) fclose(file);
  free(bytes);
  sqlite3_free(image);
  sqlite3_close(from);
  sqlite3_close(to);
}

static void twice(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  sqlite3_result_int64(context, 2 * sqlite3_value_int64(values[0]));
}
static int backwards(void *unused, int n, const void *a, int m, const void *b) {
  (void)unused;
  int order = memcmp(a, b, n < m ? n : m);
  return order ? -order : m - n;
}
static int deny_delete(void *unused, int action, const char *a, const char *b, const char *c, const char *d) {
  return (void)unused, (void)a, (void)b, (void)c, (void)d, action == SQLITE_DELETE ? SQLITE_DENY : SQLITE_OK;
}
static int stop(void *calls) { return ++*(int *)calls > 3; }
static int told_update;
static void on_update(void *unused, int action, const char *of, const char *table, sqlite3_int64 row) {
  (void)unused, (void)of, (void)table;
  told_update = action == SQLITE_INSERT ? (int)row : -1;
}

/* What a program gives SQLite, and what it asks. */
static void interface(const char *group) {
  int rc = sqlite3_create_function(db, "twice", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, 0, twice, 0, 0);
  is_true(group, "a function", !rc && number(db, "SELECT twice(21)") == 42);
  sqlite3_create_collation(db, "backwards", SQLITE_UTF8, 0, backwards);
  check(group, "SELECT group_concat(x,'') FROM (SELECT 'a' AS x UNION SELECT 'b' UNION SELECT 'c' ORDER BY 1 COLLATE backwards)", "cba");
  quiet(db, "CREATE TABLE api(b)");
  sqlite3_update_hook(db, on_update, 0);
  quiet(db, "INSERT INTO api VALUES(zeroblob(10))");
  is_true(group, "an update hook", told_update == 1);
  sqlite3_blob *blob = 0;
  char byte = 0;
  rc = sqlite3_blob_open(db, "main", "api", "b", 1, 1, &blob);
  is_true(group, "a blob", !rc && !sqlite3_blob_write(blob, "Z", 1, 4) && !sqlite3_blob_read(blob, &byte, 1, 4) && byte == 'Z');
  sqlite3_blob_close(blob);
  sqlite3_set_authorizer(db, deny_delete, 0);
  check(group, "DELETE FROM api", "error: not authorized");
  sqlite3_set_authorizer(db, 0, 0);
  int calls = 0;
  sqlite3_progress_handler(db, 100, stop, &calls);
  check(group, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c", "error: interrupted");
  sqlite3_progress_handler(db, 0, 0, 0);
  is_true(group, "limits", sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1) == 1000000000);
  sqlite3_stmt *s = 0;
  sqlite3_prepare_v3(db, "SELECT ?1, :n, typeof(?3)", -1, SQLITE_PREPARE_PERSISTENT, &s, 0);
  sqlite3_bind_double(s, 1, 0.1);
  sqlite3_bind_text16(s, 2, u"wîde", -1, SQLITE_STATIC);
  sqlite3_bind_zeroblob(s, 3, 5);
  is_true(group, "parameters",
          sqlite3_step(s) == SQLITE_ROW && sqlite3_column_double(s, 0) == 0.1 && !strcmp((char *)sqlite3_column_text(s, 1), "wîde") &&
              !strcmp((char *)sqlite3_column_text(s, 2), "blob") && sqlite3_bind_parameter_index(s, ":n") == 2);
  char *expanded = sqlite3_expanded_sql(s);
  is_true(group, "expanded", expanded && !strcmp(expanded, "SELECT 0.1, 'wîde', typeof(zeroblob(5))"));
  sqlite3_free(expanded);
  sqlite3_finalize(s);
  is_true(group, "no threads", sqlite3_threadsafe() == 0);
  is_true(group, "keywords", sqlite3_keyword_check("SELECT", 6) && !sqlite3_keyword_check("SELEKT", 6));
  is_true(group, "complete", sqlite3_complete("SELECT 1;") && !sqlite3_complete("SELECT '1;"));
}

static const struct {
  const char *name;
  const char *option; /* that it stands for; 0 for what is built in */
  const Check *checks;
  void (*more)(const char *group);
} groups[] = {
    {"FTS3", "ENABLE_FTS3", fts3, 0},
    {"FTS4", "ENABLE_FTS4", fts4, 0},
    {"FTS5", "ENABLE_FTS5", fts5, 0},
    {"R*Tree", "ENABLE_RTREE", rtree, 0},
    {"maths functions", "ENABLE_MATH_FUNCTIONS", maths, 0},
    {"percentile", "ENABLE_PERCENTILE", percentile, 0},
    {"column metadata", "ENABLE_COLUMN_METADATA", 0, column_metadata},
    {"dbstat", "ENABLE_DBSTAT_VTAB", dbstat, 0},
    {"JSON", 0, json, 0},
    {"window functions", 0, windows, 0},
    {"serialize", 0, 0, serialize},
    {"SQL", 0, core, 0},
    {"interface", 0, 0, interface},
};
enum { GROUPS = sizeof groups / sizeof *groups };

int main(int count, char **arguments) {
  for (int g = 0; g < GROUPS; g++) {
    if (count > 1 && strcmp(arguments[1], groups[g].name)) continue;
    int before = problems;
    if (sqlite3_open(":memory:", &db)) return 2;
    for (const Check *c = groups[g].checks; c && c->sql; c++) check(groups[g].name, c->sql, c->rows);
    if (groups[g].more) groups[g].more(groups[g].name);
    is_true(groups[g].name, "all is closed", sqlite3_close(db) == SQLITE_OK);
    printf("%s: %s\n", groups[g].name, problems == before ? "ok" : "not ok");
  }
  const char *option;
  for (int i = 0; (option = sqlite3_compileoption_get(i)); i++) {
    int known = strncmp(option, "ENABLE_", 7) != 0;
    for (int g = 0; g < GROUPS; g++) known |= groups[g].option && !strcmp(groups[g].option, option);
    if (!known) problem("options", option, "no test", "a group of checks here");
  }
  for (int g = 0; g < GROUPS; g++)
    if (groups[g].option && !sqlite3_compileoption_used(groups[g].option))
      problem("options", groups[g].option, "switched off", "switched on");
  is_true("memory", "all is given back", (sqlite3_shutdown(), sqlite3_memory_used() == 0));
  return problems != 0;
}
