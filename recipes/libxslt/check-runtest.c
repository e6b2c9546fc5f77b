/* SPDX-License-Identifier: MIT */
/* runtest begins in tests/, where upstream's `make check` starts it. */
#undef main
#include <stdio.h>
#include <unistd.h>

int run_tests(int argc, char **argv);

int main(int argc, char **argv) {
  if (chdir("tests") != 0) {
    perror("tests");
    return 1;
  }
  return run_tests(argc, argv);
}
