/* SPDX-License-Identifier: MIT */
/* Shows why there is no closure. A program that has this function itself does not get this file. */

#include <unistd.h>

#include "internal.h"

void ffi_wasi_closure_failed(const char *message) {
  (void)!write(STDERR_FILENO, message, strlen(message));
  (void)!write(STDERR_FILENO, "\n", 1);
}
