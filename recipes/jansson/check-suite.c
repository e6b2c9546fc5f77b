/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs upstream's json_process on the folder that a file is in, once as it is and, for the file that asks for it, without the space around it. */
#undef main
#include <stdio.h>
#include <string.h>

int upstream_main(int argc, char **argv);

int main(int argc, char **argv) {
  char folder[1000];
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(argv[argc - 1], '/') - argv[argc - 1]), argv[argc - 1]);
  argv[argc - 1] = folder;
  return upstream_main(argc, argv);
}
