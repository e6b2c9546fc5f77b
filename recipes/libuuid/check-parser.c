/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Upstream's test_uuid with the line that its script prints after it, and err.h's functions, which wasi-libc declares and does not have. */
#undef main
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int test_uuid_main(int argc, char **argv);

void warnx(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

void warn(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, ": %s\n", strerror(error));
}

int main(int argc, char **argv) {
  int value = test_uuid_main(argc, argv);
  if (argc < 2) printf("return value: %d\n", value);
  return value;
}
