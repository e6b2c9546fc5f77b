/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs those files of SQLite's own test suite that need no Tcl: whose commands are all of the few below, with SQL and results written out.
 *
 *     tcl FILE.test
 *
 * Prints each test that fails, and how many there were. A command that is not known here ends the run with status 2: such a file needs Tcl.
 * The head of upstream's tester.tcl describes the commands, Tcl(n) the syntax.
 */
#include "check-support.h"

typedef struct {
  char *text;
  int literal; /* in braces: nothing in it is substituted */
} Word;

enum { MOST_WORDS = 12 };

typedef struct {
  Word word[MOST_WORDS];
  int count;
} Command;

typedef struct {
  char **value;
  int count;
} List;

static sqlite3 *db;
static const char *null_value = "";
static int run_count, failed;

static void give_up(const char *why, const char *what) {
  printf("%s: %.*s\n", why, (int)strcspn(what, "\n"), what);
  exit(2);
}

static void *must(void *memory) { return memory ? memory : (give_up("no memory", ""), memory); }

static void add(List *list, const char *text, size_t length) {
  list->value = must(realloc(list->value, (list->count + 1) * sizeof *list->value));
  char *copy = list->value[list->count++] = must(malloc(length + 1));
  memcpy(copy, text, length);
  copy[length] = 0;
}

static void clear(List *list) {
  for (int i = 0; i < list->count; i++) free(list->value[i]);
  free(list->value);
  *list = (List){0, 0};
}

/* ---- Tcl's syntax ---- */

static const char *after_braces(const char *at) {
  int depth = 0;
  for (; *at; at++) {
    if (*at == '\\' && at[1]) at++;
    else if (*at == '{') depth++;
    else if (*at == '}' && --depth == 0) return at + 1;
  }
  give_up("braces without an end", "");
  return at;
}

/* Of backslashes in a quoted or bare word; what else would be substituted needs Tcl. In a list's element nothing is. */
static size_t unescape(char *out, const char *from, const char *end, int in_list) {
  size_t n = 0;
  for (; from < end; from++) {
    if ((*from == '$' || *from == '[') && !in_list) give_up("a substitution", from);
    if (*from != '\\' || from + 1 == end) {
      out[n++] = *from;
      continue;
    }
    switch (*++from) {
    case 'n': out[n++] = '\n'; break;
    case 't': out[n++] = '\t'; break;
    case '\n':
      out[n++] = ' ';
      break;
      /* clang-format off */
    case 'u': case 'x': case 'a': case 'b': case 'f': case 'r': case 'v': case '0': case '1': case '2': case '3':
      /* clang-format on */
      give_up("an escape", from);
      break;
    default: out[n++] = *from;
    }
  }
  return n;
}

static int ends_word(char c) { return c == 0 || strchr(" \t\r\n", c) != 0; }

/* One element or word at *at, whose end it is moved to. */
static void take(List *into, const char **at, int in_list, int *literal) {
  const char *from = *at, *end;
  *literal = 0;
  if (*from == '{') {
    end = after_braces(from);
    add(into, from + 1, end - from - 2);
    *literal = 1;
  } else {
    int quoted = *from == '"';
    from += quoted;
    for (end = from; *end && (quoted ? *end != '"' : !ends_word(*end) && (in_list || *end != ';')); end++)
      if (*end == '\\' && end[1]) end++;
    char *text = must(malloc(end - from + 1));
    add(into, text, unescape(text, from, end, in_list));
    free(text);
    end += quoted;
  }
  if (!ends_word(*end) && *end != ';') give_up("characters after a word", end);
  *at = end;
}

static List list_of(const char *text) {
  List list = {0, 0};
  int unused;
  while (*text) {
    if (ends_word(*text)) text++;
    else take(&list, &text, 1, &unused);
  }
  return list;
}

/* The next command at *at; 0 at the end. */
static int next_command(const char **at, Command *command) {
  const char *p = *at;
  List words = {0, 0};
  command->count = 0;
  for (;;) {
    while (*p && (strchr(" \t\r\n;", *p) || (*p == '\\' && p[1] == '\n'))) p++;
    if (*p != '#') break;
    for (; *p && *p != '\n'; p++)
      if (*p == '\\' && p[1]) p++;
  }
  while (*p && *p != '\n' && *p != ';') {
    if (*p == ' ' || *p == '\t' || *p == '\r') p++;
    else if (*p == '\\' && p[1] == '\n') p += 2;
    else if (command->count == 1 && !strcmp(words.value[0], "source")) {
      /* These have procedures, whose use is an unknown command here; genesis.tcl alone has data. */
      const char *start = p;
      while (*p && *p != '\n') p++;
      const char *data = strstr(start, "genesis.tcl");
      if (data && data < p) give_up("another file", start);
    } else if (command->count == 2 && !strcmp(words.value[0], "set") && strstr(words.value[1], "test")) {
      while (*p && *p != '\n') p++; /* testdir, testprefix */
    } else {
      if (command->count == MOST_WORDS) give_up("words", p);
      take(&words, &p, 0, &command->word[command->count].literal);
      command->word[command->count].text = words.value[command->count];
      command->count++;
    }
  }
  *at = p;
  free(words.value);
  return command->count > 0;
}

/* ---- SQL ---- */

/* As Tcl writes it with the precision that tester.tcl sets. */
static void add_double(List *list, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.15g", value);
  if (value != value || value - value != 0) strcpy(text, value > 0 ? "Inf" : "-Inf");
  else if (!strpbrk(text, ".e")) strcat(text, ".0");
  add(list, text, strlen(text));
}

/* All values of all rows of all statements; a result code. */
static int evaluate(const char *sql, List *rows) {
  int rc = SQLITE_OK;
  while (*sql && rc == SQLITE_OK) {
    sqlite3_stmt *statement = 0;
    rc = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);
    if (rc || !statement) continue;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        if (type == SQLITE_NULL) add(rows, null_value, strlen(null_value));
        else if (type == SQLITE_FLOAT) add_double(rows, sqlite3_column_double(statement, i));
        else {
          const void *text = type == SQLITE_BLOB ? sqlite3_column_blob(statement, i) : sqlite3_column_text(statement, i);
          add(rows, text ? text : "", sqlite3_column_bytes(statement, i));
        }
      }
    }
    rc = sqlite3_finalize(statement);
  }
  return rc;
}

static void open_anew(const char *name) {
  if (sqlite3_close(db)) give_up("it does not close", "");
  db = 0;
  null_value = "";
  if (name && sqlite3_open(name, &db)) give_up("it does not open", name);
}

static void reset(void) {
  open_anew(0);
  const char *files[] = {"test.db", "test.db-journal", "test.db-wal"};
  for (int i = 0; i < 3; i++) unlink(files[i]);
  open_anew("test.db");
}

/* ---- tests ---- */

static int same(const List *a, const List *b) {
  if (a->count != b->count) return 0;
  for (int i = 0; i < a->count; i++)
    if (strcmp(a->value[i], b->value[i])) return 0;
  return 1;
}

static void print_list(const char *title, const List *list) {
  printf("  %s", title);
  for (int i = 0; i < list->count && i < 40; i++) printf(" {%.200s}", list->value[i]);
  printf("\n");
}

/* Runs SQL and compares; `caught` says that the expected list begins with 1 and a message, or with 0 and a list of the rows. */
static void test(const char *name, const char *sql, const char *expected_text, int caught) {
  const char *first = expected_text + strspn(expected_text, " \t\n");
  if (*first == '/' || !strncmp(first, "~/", 2) || !strncmp(first, "#/", 2)) give_up("a pattern", first);
  List rows = {0, 0}, expected = list_of(expected_text);
  int rc = evaluate(sql, &rows), ok;
  run_count++;
  if (caught) {
    List inner = {0, 0};
    if (expected.count == 2 && !strcmp(expected.value[0], "0")) inner = list_of(expected.value[1]);
    ok = expected.count == 2 && (rc ? !strcmp(expected.value[0], "1") && !strcmp(expected.value[1], sqlite3_errmsg(db))
                                    : !strcmp(expected.value[0], "0") && same(&rows, &inner));
    clear(&inner);
  } else ok = rc == SQLITE_OK && same(&rows, &expected);
  if (!ok) {
    failed++;
    printf("%s failed: %s\n", name, rc ? sqlite3_errmsg(db) : "");
    print_list("gave", &rows);
    print_list("must give", &expected);
  }
  clear(&rows);
  clear(&expected);
}

/* What this library lacks of what `ifcapable` asks for, as tester.tcl names it; all else it has. */
static int has(const char *feature) {
  /* clang-format off */
  const char *absent[] = {"stat4", "session", "icu", "icu_collations", "geopoly", "hiddencolumns", "update_delete_limit", "load_ext",
                          "memorymanage", "debug", "mutex",
                          "threadsafe", "shared_cache", "unlock_notify", "preupdate", "snapshot", "memdebug", "cursorhints",
                          "dbpage_vtab", "bytecode_vtab", "explain_comments", "offset_sql_func", "sqllog", "scanstatus", "null_trim",
                          "setlk_timeout", "fts2", "fts1", "zipvfs", "codec", "carray", "ordered_set_aggregate"};
  /* clang-format on */
  for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++)
    if (!strcmp(absent[i], feature)) return 0;
  return 1;
}

/* `a`, `!a`, `a&&!b`, `a||b`: what upstream's files use. */
static int capable(const char *expression) {
  char name[80];
  int any = strstr(expression, "||") != 0, result = !any;
  if (any && strstr(expression, "&&")) give_up("a condition", expression);
  for (const char *p = expression; *p;) {
    p += strspn(p, " &|");
    int not = *p == '!';
    p += not;
    int length = (int)strcspn(p, " &|");
    if (!length) break;
    snprintf(name, sizeof name, "%.*s", length, p);
    int holds = has(name) != not;
    result = any ? result | holds : result & holds;
    p += length;
  }
  return result;
}

/* The SQL of `execsql {…}`, `catchsql {…}` and `db eval {…}`. */
static const char *sql_of(const Command *command, int *caught) {
  int eval = command->count == 3 && !strcmp(command->word[0].text, "db") && !strcmp(command->word[1].text, "eval");
  *caught = !strcmp(command->word[0].text, "catchsql");
  if (eval) return command->word[2].text;
  if (command->count == 2 && (*caught || !strcmp(command->word[0].text, "execsql"))) return command->word[1].text;
  return 0;
}

static int script(const char *text);

static int named(const Command *command, const char *name, int least, int most) {
  if (strcmp(command->word[0].text, name)) return 0;
  if (command->count < least || command->count > most) give_up("another form of it", name);
  return 1;
}

/* 0 when the file is to be left. */
static int run_command(const Command *command) {
  const Word *word = command->word;
  int caught;
  const char *sql = sql_of(command, &caught);
  if (sql) {
    List rows = {0, 0};
    if (evaluate(sql, &rows) && !caught) give_up("an error outside of a test", sqlite3_errmsg(db));
    clear(&rows);
  } else if (named(command, "do_execsql_test", 3, 4)) test(word[1].text, word[2].text, command->count > 3 ? word[3].text : "", 0);
  else if (named(command, "do_catchsql_test", 4, 4)) test(word[1].text, word[2].text, word[3].text, 1);
  else if (named(command, "integrity_check", 2, 2)) test(word[1].text, "PRAGMA integrity_check", "ok", 0);
  else if (named(command, "do_test", 4, 4)) {
    const char *body = word[2].text;
    Command inner, last;
    int any = 0;
    while (next_command(&body, &inner)) {
      if (any) run_command(&last);
      last = inner;
      any = 1;
    }
    sql = any ? sql_of(&last, &caught) : 0;
    if (!sql) give_up("do_test", word[2].text);
    test(word[1].text, sql, word[3].text, caught);
  } else if (named(command, "ifcapable", 3, 5)) {
    const char *block = capable(word[1].text) ? word[2].text : command->count == 5 ? word[4].text : "";
    return script(block);
  } else if (named(command, "db", 2, 3) && command->count == 3 && !strncmp(word[1].text, "null", 4)) null_value = word[2].text;
  else if (named(command, "reset_db", 1, 1)) reset();
  else if (named(command, "db", 2, 2) && !strcmp(word[1].text, "close")) open_anew(0);
  else if (named(command, "sqlite3", 3, 3) && !strcmp(word[1].text, "db")) open_anew(word[2].text);
  else if (named(command, "forcedelete", 2, MOST_WORDS)) {
    for (int i = 1; i < command->count; i++) unlink(word[i].text);
  } else if (named(command, "do_not_use_codec", 1, 1) || named(command, "unset", 2, MOST_WORDS)) return 1;
  else if (named(command, "finish_test", 1, 1) || named(command, "return", 1, 1)) return 0;
  else if (strcmp(word[0].text, "source") && !named(command, "set", 2, 2)) give_up("a command", word[0].text);
  return 1;
}

static int script(const char *text) {
  Command command;
  while (next_command(&text, &command))
    if (!run_command(&command)) return 0;
  return 1;
}

int main(int count, char **arguments) {
  FILE *file = count == 2 ? fopen(arguments[1], "rb") : 0;
  if (!file) return 3;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  char *text = must(malloc(size + 1));
  rewind(file);
  if (fread(text, 1, size, file) != (size_t)size) return 3;
  text[size] = 0;
  reset();
  script(text);
  printf("%d tests, %d failed\n", run_count, failed);
  return failed || !run_count;
}
