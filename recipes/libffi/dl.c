/* SPDX-License-Identifier: MIT */
/* dlopen, dlsym, dlclose and dlerror of a static program: see ffi_wasi_dl.h.
 *
 * wasi-libc's libdl.a has functions that always fail, and CPython names that archive first. The linker's --wrap, in libffi.pc, replaces
 * calls of dlsym by calls of __wrap_dlsym, wherever dlsym is defined. A program that knows no dlsym gets nothing of this file. */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ffi_wasi_dl.h"

void *__wrap_dlopen(const char *, int);
void *__wrap_dlsym(void *restrict, const char *restrict);
int __wrap_dlclose(void *);
char *__wrap_dlerror(void);

enum { LISTS_MOST = 64 };
static const struct ffi_wasi_symbol *lists[LISTS_MOST];
static unsigned list_count;

static char message[160];
static bool failed;

/* What dlopen(NULL) returns: anything that is not null, RTLD_NEXT or another address. */
static char program;

int ffi_wasi_add_symbols(const struct ffi_wasi_symbol *symbols) {
  if (list_count == LISTS_MOST) return -1;
  lists[list_count++] = symbols;
  return 0;
}

static void fail(const char *name, const char *why) {
  failed = true;
  snprintf(message, sizeof message, "%.80s: %s", name, why);
}

/* The address is null if the table has a weak symbol that the program lacks. */
static void *find(const struct ffi_wasi_symbol *symbol, const char *name) {
  for (; symbol->name != NULL; symbol++)
    if (symbol->address != NULL && strcmp(symbol->name, name) == 0) return symbol->address;
  return NULL;
}

void *__wrap_dlopen(const char *name, int mode) {
  (void)mode;
  if (name == NULL || *name == '\0') return &program;
  fail(name, "cannot be opened: a WASI program is static, only dlopen(NULL) works");
  return NULL;
}

void *__wrap_dlsym(void *restrict handle, const char *restrict name) {
  if (handle != RTLD_DEFAULT && handle != &program) {
    fail(name, "no such handle");
    return NULL;
  }
  void *address = NULL;
  for (unsigned i = list_count; i-- > 0 && address == NULL;) address = find(lists[i], name);
  if (address == NULL) address = find(ffi_wasi_python_symbols, name);
  if (address == NULL) address = find(ffi_wasi_libc_symbols, name);
  if (address == NULL) fail(name, "not in libffi's tables, nor registered by the program (ffi_wasi_dl.h)");
  return address;
}

int __wrap_dlclose(void *handle) {
  if (handle == &program) return 0;
  fail("dlclose", "no such handle");
  return -1;
}

char *__wrap_dlerror(void) {
  bool told = failed;
  failed = false;
  return told ? message : NULL;
}
