/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs upstream's pcre2test on a file. After test 2, RunTest runs it again for the texts of some errors, and appends those; a program of WASI can't start
   another one, and so they are asked for here. */
#undef main
#define PCRE2_CODE_UNIT_WIDTH 0
#include "pcre2.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int upstream_main(int argc, char **argv);

static void errors(int bits) {
  static const int numbers[] = {-80, -62, -2, -1, 0, 100, 101, 191, 300};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    PCRE2_UCHAR8 text8[256];
    PCRE2_UCHAR16 text16[256];
    PCRE2_UCHAR32 text32[256];
    int rc = bits == 8    ? pcre2_get_error_message_8(numbers[i], text8, 256)
             : bits == 16 ? pcre2_get_error_message_16(numbers[i], text16, 256)
                          : pcre2_get_error_message_32(numbers[i], text32, 256);
    printf("Error %d: ", numbers[i]);
    if (rc == PCRE2_ERROR_BADDATA) printf("PCRE2_ERROR_BADDATA (unknown error number)");
    for (int j = 0; j < rc; j++) putchar(bits == 8 ? text8[j] : bits == 16 ? text16[j] : (int)text32[j]);
    putchar('\n');
  }
}

int main(int argc, char **argv) {
  /* In test 2, #loadtables opens this file in the current folder. */
  int second = access("testdata/testbtables", R_OK) == 0 && chdir("testdata") == 0, bits = -atoi(argv[2]);
  if (second) argv[3] += strlen("testdata/");
  int status = upstream_main(argc, argv);
  if (second && status == 0) errors(bits);
  return status;
}
