/* SPDX-License-Identifier: MIT */
/* check-tiles: upstream's tests of tiles and areas, one after another in one folder: the later ones read what the first ones make. */
#include <stdio.h>
#include <string.h>

int test_tile_encoder_main(int argc, char **argv);
int test_tile_decoder_main(int argc, char **argv);
int test_decode_area_main(int argc, char **argv);
int j2k_random_tile_access_main(int argc, char **argv);

typedef int (*Tool)(int argc, char **argv);

static const struct {
  const char *name;
  Tool tool;
  const char *arguments;
} tests[] = {
    {"tte0", test_tile_encoder_main, ""},
    {"tte1", test_tile_encoder_main, "3 2048 2048 1024 1024 8 1 tte1.j2k"},
    {"tte2", test_tile_encoder_main, "3 2048 2048 1024 1024 8 1 tte2.jp2"},
    {"tte3", test_tile_encoder_main, "1 2048 2048 1024 1024 8 1 tte3.j2k"},
    {"tte4", test_tile_encoder_main, "1 256 256 128 128 8 0 tte4.j2k"},
    {"tte5", test_tile_encoder_main, "1 512 512 256 256 8 0 tte5.j2k"},
    {"ttd0", test_tile_decoder_main, ""},
    {"ttd1", test_tile_decoder_main, "0 0 1024 1024 tte1.j2k"},
    {"ttd2", test_tile_decoder_main, "0 0 1024 1024 tte2.jp2"},
    {"rta1", j2k_random_tile_access_main, "tte1.j2k"},
    {"rta2", j2k_random_tile_access_main, "tte2.jp2"},
    {"rta3", j2k_random_tile_access_main, "tte3.j2k"},
    {"rta4", j2k_random_tile_access_main, "tte4.j2k"},
    {"rta5", j2k_random_tile_access_main, "tte5.j2k"},
    {"tda_prep_reversible_no_precinct", test_tile_encoder_main, "1 256 256 32 32 8 0 reversible.j2k 4 4 3 0 0 1"},
    {"tda_reversible_no_precinct", test_decode_area_main, "-q reversible.j2k"},
    {"tda_prep_reversible_203_201_17_19_no_precinct", test_tile_encoder_main, "1 203 201 17 19 8 0 odd.j2k 4 4 3 0 0 1"},
    {"tda_reversible_203_201_17_19_no_precinct", test_decode_area_main, "-q odd.j2k"},
    {"tda_prep_reversible_with_precinct", test_tile_encoder_main, "1 256 256 32 32 8 0 precinct.j2k 4 4 3 0 0 1 16 16"},
    {"tda_reversible_with_precinct", test_decode_area_main, "-q precinct.j2k"},
    {"tda_prep_irreversible_no_precinct", test_tile_encoder_main, "1 256 256 32 32 8 1 irreversible.j2k 4 4 3 0 0 1"},
    {"tda_irreversible_no_precinct", test_decode_area_main, "-q irreversible.j2k"},
    {"tda_prep_irreversible_203_201_17_19_no_precinct", test_tile_encoder_main, "1 203 201 17 19 8 1 odder.j2k 4 4 3 0 0 1"},
    {"tda_irreversible_203_201_17_19_no_precinct", test_decode_area_main, "-q odder.j2k"},
    {"tda_prep_strip", test_tile_encoder_main, "1 256 256 256 256 8 0 strip.j2k"},
    {"tda_strip", test_decode_area_main, "-q -strip_height 3 -strip_check strip.j2k"},
};

enum { TESTS = sizeof tests / sizeof *tests };

int main(void) {
  unsigned failures = 0;
  for (size_t i = 0; i < TESTS; i++) {
    char line[256], *words[32] = {(char *)tests[i].name};
    int count = 1;
    snprintf(line, sizeof line, "%s", tests[i].arguments);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) words[count++] = word;
    int status = tests[i].tool(count, words);
    if (status != 0) {
      failures++;
      printf("%s: status %d\n", tests[i].name, status);
    }
  }
  printf("%u tests, %u failures\n", (unsigned)TESTS, failures);
  return failures != 0;
}
