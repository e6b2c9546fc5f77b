/* SPDX-License-Identifier: MIT */
/* check-qtest PROGRAM: each `rbox ARGUMENTS | PROGRAM ARGUMENTS` of upstream's eg/q_test-ok.txt, and whether it still prints what stands there.
 * The library does both halves, as upstream's small programs call it.
 */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "libqhull_r/qhull_ra.h"

enum { ROOM = 1 << 20 };

static char front_end[16];
static char made[ROOM], *expected;

/* What the programs do not hand through, in the words of theirs that say so. */
static const char *hidden(void) {
  switch (front_end[1]) {
  case 'c': return " d v H Qbb Qf Qg Qm Qr Qu Qv Qx Qz TR E V Fp Gt Q0 Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 Q15 ";
  case 'd': return " d n v H U Qb QB Qc Qf Qg Qi Qm Qr Qv Qx TR E V FC Fi Fo Ft Fp FV Q0 Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 Q15 ";
  default:
    return " d n m v H U Qb QB Qc Qf Qg Qi Qm Qr Qv Qx TR E V Fa FA FC FM Fp FS Ft FV Gt Pv Q0 Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 Q15 ";
  }
}

/* Splits as a shell does, as far as q_test needs it. */
static int split(char *command, char **words, int most) {
  int count = 0;
  for (char *at = command; *at != 0 && count < most;) {
    while (*at == ' ') *at++ = 0;
    if (*at == 0 || *at == '#') {
      *at = 0;
      break;
    }
    char quote = *at == '\'' || *at == '"' ? *at++ : 0;
    words[count++] = at;
    while (*at != 0 && (quote ? *at != quote : *at != ' ')) at++;
    if (quote && *at != 0) *at++ = 0;
  }
  return count;
}

static int points(char *command) {
  char *words[64];
  int count = split(command, words, 64);
  FILE *out = fopen("points", "w");
  qhT qhull;
  qhT *qh = &qhull;
  if (out == NULL) return -1;
  qh_zero(qh, out);
  qh_init_A(qh, stdin, out, out, count, words);
  int status = qh_rboxpoints(qh, qh->qhull_command);
  fclose(out);
  return status;
}

static int hull(char *command) {
  char *words[64];
  int count = split(command, words, 64), size, dimension, curlong, totlong;
  boolT ismalloc;
  FILE *in = fopen("points", "r"), *out = fopen("output", "w");
  qhT qhull;
  qhT *qh = &qhull;
  if (in == NULL || out == NULL) return -1;
  qh_zero(qh, out);
  qh_init_A(qh, in, out, out, count, words);
  int status = setjmp(qh->errexit);
  if (status == 0) {
    qh->NOerrexit = False;
    if (strcmp(front_end, "qdelaunay") == 0) {
      qh_option(qh, "delaunay  Qbbound-last", NULL, NULL);
      qh->DELAUNAY = qh->SCALElast = qh->KEEPcoplanar = True;
    } else if (strcmp(front_end, "qvoronoi") == 0) {
      qh_option(qh, "voronoi  _bbound-last  _coplanar-keep", NULL, NULL);
      qh->DELAUNAY = qh->VORONOI = qh->SCALElast = True;
    }
    if (strcmp(front_end, "qhull") != 0) qh_checkflags(qh, qh->qhull_command, (char *)hidden());
    qh_initflags(qh, qh->qhull_command);
    pointT *given = qh_readpoints(qh, &size, &dimension, &ismalloc);
    qh_init_B(qh, given, size, dimension, ismalloc);
    qh_qhull(qh);
    qh_check_output(qh);
    qh_produce_output(qh);
    if (qh->VERIFYoutput && !qh->FORCEoutput && !qh->STOPadd && !qh->STOPcone && !qh->STOPpoint) qh_check_points(qh);
  }
  qh->NOerrexit = True;
  qh_freeqhull(qh, !qh_ALL);
  qh_memfreeshort(qh, &curlong, &totlong);
  if (curlong != 0 || totlong != 0) fprintf(out, "%d bytes of memory are left\n", totlong);
  fclose(in);
  fclose(out);
  return status;
}

/* Commands whose result is another each time (a seed from the clock), or hangs on rounding, or of whose output the file shows a part alone. */
static int left_out(const char *command) {
  static const char *const words[] = {" t ", " TO ", " FQ ", " FD ", " G ", " PF0.4 ", " PM10 ", " Tcvs ", " A-0.97 ", " C-1e-5 "};
  char padded[1024];
  snprintf(padded, sizeof padded, "%s ", command);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(padded, words[i]) != NULL) return 1;
  /* On a circle, sine and cosine decide. */
  static const char *const rounding[] = {"rbox c D6 | qhull Tcv C-0", "rbox c D7 | qhull Tv C-0", "rbox 100 r s Z1 G0.1 | qhull Tcv C-0",
                                         "rbox 5 r s D2 |"};
  for (size_t i = 0; i < sizeof rounding / sizeof *rounding; i++)
    if (strncmp(command, rounding[i], strlen(rounding[i])) == 0) return 1;
  return 0;
}

/* The next line of a text; its end becomes a 0. */
static char *line(char **at) {
  char *here = *at, *end = strchr(here, '\n');
  if (*here == 0) return NULL;
  if (end == NULL) *at = here + strlen(here);
  else *end = 0, *at = end + 1;
  return here;
}

/* Whether two lines say the same: words are equal, numbers differ by rounding alone. */
static int alike(const char *a, const char *b) {
  for (;;) {
    while (isspace((unsigned char)*a)) a++;
    while (isspace((unsigned char)*b)) b++;
    if (*a == 0 || *b == 0) return *a == *b;
    char *a_end, *b_end;
    double x = strtod(a, &a_end), y = strtod(b, &b_end);
    if (a_end != a && b_end != b && isdigit((unsigned char)a[strspn(a, "+-.")])) {
      if (x != y && !(fabs(x - y) <= 2e-4 * fmax(1e-9, fabs(x)) || fabs(x - y) < 1e-11)) return 0;
      a = a_end, b = b_end;
    } else if (*a++ != *b++) return 0;
  }
}

/* What depends on the machine: time, addresses, the size of pointers, rounding errors. */
static int counts(const char *text) {
  static const char *const vary[] = {
      "seconds",        "CPU",         "distance",   "memory",      "bytes",  "Statistics for", "Options selected",
      "precision",      "Maximum",     "joggle",     "_run",        "width",  "Time",           "elapsed",
      "Verifying that", "Trace level", "wide facet", "hyperplanes", "run-id", "nearest facet",  "First post-merge",
      "Statistics:"};
  if (text[strspn(text, " \r")] == 0) return 0;
  for (size_t i = 0; i < sizeof vary / sizeof *vary; i++)
    if (strstr(text, vary[i]) != NULL) return 0;
  return 1;
}

/* `FQ` prints the command itself: that is none. */
static int is_command(const char *text, const char *itself) {
  static const char *const begins[] = {"rbox ",   "qhull ", "qconvex ", "qdelaunay ", "qvoronoi ", "qhalf ", "echo ",
                                       "user_eg", "===",    "cat ",     "set ",       "tail ",     "begin",  "#"};
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ') length--;
  if (strncmp(text, itself, length) == 0 && itself[length + strspn(itself + length, " ")] == 0) return 0;
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
    if (strncmp(text, begins[i], strlen(begins[i])) == 0) return 1;
  return 0;
}

/* The next line, without the list of options: that wraps by the length of run-id, a number that is another each time. */
static char *told(char **at) {
  char *text = line(at);
  while (text != NULL && strstr(text, "Options selected") != NULL) {
    while (strncmp(*at, "  ", 2) == 0) line(at);
    text = line(at);
  }
  return text;
}

/* Compares and prints the first difference. `want` ends at the next command. */
static int same(char *want, const char *itself) {
  FILE *f = fopen("output", "r");
  if (f == NULL) return 0;
  made[fread(made, 1, ROOM - 1, f)] = 0;
  fclose(f);
  char *got = made;
  for (;;) {
    char *a = told(&got), *b = told(&want);
    while (a != NULL && !counts(a)) a = told(&got);
    while (b != NULL && !is_command(b, itself) && !counts(b)) b = told(&want);
    if (b != NULL && is_command(b, itself)) b = NULL;
    if (a == NULL && b == NULL) return 1;
    if (a == NULL || b == NULL || !alike(a, b)) {
      printf("  it says      %s\n  expected is  %s\n", a ? a : "nothing", b ? b : "nothing");
      return 0;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  snprintf(front_end, sizeof front_end, "%s", argv[1]);
  FILE *f = fopen("eg/q_test-ok.txt", "r");
  if (f == NULL) return 2;
  expected = malloc(ROOM);
  expected[fread(expected, 1, ROOM - 1, f)] = 0;
  fclose(f);
  char *copy = malloc(ROOM), separator[32];
  int run = 0, differ = 0;
  snprintf(separator, sizeof separator, " | %s", front_end);
  for (char *at = expected; *at != 0;) {
    char *end = strchr(at, '\n');
    size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
    char command[1024] = "";
    if (length < sizeof command) memcpy(command, at, length);
    at += length + (end != NULL);
    char *pipe = strstr(command, separator);
    if (strncmp(command, "rbox ", 5) != 0 || pipe == NULL || strchr(pipe + 3, '|') != NULL || strpbrk(command, "<>;") != NULL) continue;
    if (pipe[strlen(separator)] != ' ' && pipe[strlen(separator)] != 0) continue;
    if (left_out(command)) continue;
    char shown[1024];
    strcpy(shown, command);
    *pipe = 0;
    run++;
    strcpy(copy, at);
    if (points(command) != 0 || hull(pipe + 3) < 0 || !same(copy, shown)) printf("%s\n", shown), differ++;
  }
  printf("%s: %d commands, %d differ\n", front_end, run, differ);
  return differ != 0;
}
