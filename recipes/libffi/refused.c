/* SPDX-License-Identifier: MIT */
/* Why there is no closure, in words: a status of libffi is a number, and callers such as CPython show no more than that. */

#include "internal.h"

static char message[512], last[sizeof message];
static size_t length;

const char *ffi_wasi_closure_error(void) { return message; }

/* Adds to the message, as far as there is room. */
static void add(const char *text) {
  for (; *text != '\0' && length < sizeof message - 1; text++) message[length++] = *text;
  message[length] = '\0';
}

static void add_number(unsigned number) {
  char digits[12], *at = digits + sizeof digits - 1;
  *at = '\0';
  do *--at = '0' + number % 10;
  while ((number /= 10) != 0);
  add(at);
}

/* Adds letters with commas between them. */
static void add_letters(const char *letters) {
  for (; *letters != '\0'; letters++) {
    add((char[]){*letters, '\0'});
    if (letters[1] != '\0') add(", ");
  }
}

/* Reports the message, unless it was the last one already: a program may try again and again. */
static void report(void) {
  if (strcmp(message, last) == 0) return;
  strcpy(last, message);
  ffi_wasi_closure_failed(message);
}

void FFI_HIDDEN ffi_wasi_refuse(const char *why) {
  length = 0;
  add("libffi: no closure: ");
  add(why);
  report();
}

void FFI_HIDDEN ffi_wasi_refuse_signature(const char *signature, unsigned size, const char *missing) {
  length = 0;
  add("libffi: ");
  if (size == 0) add("no closures have");
  else {
    add("all ");
    add_number(size);
    add(" closures are in use that have");
  }
  add(" the signature ");
  add((char[]){signature[0], '\0'});
  add("(");
  add_letters(signature + 1);
  if (size == 0 && missing != NULL) {
    add("), since the program does not use ");
    add(missing);
    add("; link it with -Wl,--undefined=");
    add(missing);
  } else {
    add("); for 64 more, put this into a C file of the program, below #include <ffi_wasi.h>: FFI_WASI_CLOSURES(64, ");
    add_letters(signature);
    add(")");
  }
  report();
}
