/* SPDX-License-Identifier: MIT */
/* check-conformance BidiCharacterTest.txt BidiMirroring.txt: Unicode's own tests of the algorithm, whose answers are levels and the visual order. */
#include <SheenBidi/SheenBidi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 256 };

static unsigned failures;

static void wrong(unsigned long line, const char *what) {
  if (failures++ < 20) printf("line %lu: %s\n", line, what);
}

/* `code points;direction;level of the paragraph;levels;order` */
static void test(char *text, unsigned long line) {
  SBUInt32 points[LONGEST];
  char *fields[5] = {text};
  for (int i = 1; i < 5; i++) {
    fields[i] = strchr(fields[i - 1], ';');
    if (fields[i] == NULL) return wrong(line, "not a test");
    *fields[i]++ = 0;
  }
  SBUInteger length = 0;
  for (char *at = fields[0], *end; length < LONGEST; at = end) {
    unsigned long point = strtoul(at, &end, 16);
    if (end == at) break;
    points[length++] = (SBUInt32)point;
  }
  SBLevel base = fields[1][0] == '0' ? 0 : fields[1][0] == '1' ? 1 : SBLevelDefaultLTR;
  SBCodepointSequence sequence = {SBStringEncodingUTF32, points, length};
  SBAlgorithmRef algorithm = SBAlgorithmCreate(&sequence);
  SBParagraphRef paragraph = SBAlgorithmCreateParagraph(algorithm, 0, length, base);
  if (paragraph == NULL) return wrong(line, "no paragraph");
  if (SBParagraphGetBaseLevel(paragraph) != (SBLevel)atoi(fields[2])) wrong(line, "the level of the paragraph");
  SBUInteger whole = SBParagraphGetLength(paragraph);
  SBLineRef of_line = SBParagraphCreateLine(paragraph, 0, whole);
  const SBRun *runs = SBLineGetRunsPtr(of_line);
  SBUInteger count = SBLineGetRunCount(of_line);
  int levels[LONGEST], order[LONGEST], wanted[LONGEST];
  SBUInteger shown = 0;
  for (SBUInteger i = 0; i < length; i++) levels[i] = -1;
  for (SBUInteger r = 0; r < count; r++)
    for (SBUInteger i = 0; i < runs[r].length; i++) {
      SBUInteger at = runs[r].level & 1 ? runs[r].offset + runs[r].length - 1 - i : runs[r].offset + i;
      levels[at] = runs[r].level;
      order[shown++] = (int)at;
    }
  /* What the algorithm takes out has an x for its level, and no place in the order. */
  SBUInteger at = 0;
  for (char *word = strtok(fields[3], " \n"); word != NULL && at < length; word = strtok(NULL, " \n"), at++) {
    wanted[at] = word[0] == 'x' ? -1 : atoi(word);
    if (at < whole && wanted[at] >= 0 && wanted[at] != levels[at]) {
      wrong(line, "a level");
      break;
    }
  }
  SBUInteger next = 0;
  for (char *word = strtok(fields[4], " \n"); word != NULL; word = strtok(NULL, " \n"), next++) {
    while (next < shown && wanted[order[next]] < 0) {
      memmove(order + next, order + next + 1, (shown - next - 1) * sizeof *order);
      shown--;
    }
    if (next >= shown || order[next] != atoi(word)) {
      wrong(line, "the order");
      break;
    }
  }
  SBLineRelease(of_line);
  SBParagraphRelease(paragraph);
  SBAlgorithmRelease(algorithm);
}

int main(int argc, char **argv) {
  static char text[8192];
  unsigned long line = 0, tests = 0, mirrors = 0;
  FILE *f = argc > 2 ? fopen(argv[1], "r") : NULL;
  if (f == NULL) return 2;
  while (fgets(text, sizeof text, f) != NULL) {
    line++;
    if (text[0] == '#' || text[0] == '\n' || text[0] == '\r') continue;
    test(text, line);
    tests++;
  }
  fclose(f);
  f = fopen(argv[2], "r");
  if (f == NULL) return 2;
  while (fgets(text, sizeof text, f) != NULL) {
    unsigned from, to;
    if (text[0] == '#' || sscanf(text, "%x; %x", &from, &to) != 2) continue;
    if (SBCodepointGetMirror(from) != to) wrong(from, "another mirror");
    mirrors++;
  }
  fclose(f);
  printf("%lu tests, %lu mirrors, %u failures\n", tests, mirrors, failures);
  return failures != 0;
}
