/* SPDX-License-Identifier: MIT */
/* dlopen, dlsym, dlclose and dlerror of a static program: see ffi_wasi_dl.h.
 *
 * wasi-libc's libdl.a has weak ones that always fail, and CPython names that archive first. These are not weak, so that they replace
 * them as soon as this member is linked. The undefined symbol in libffi.pc links it; the linker drops what nothing calls. */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ffi_wasi_dl.h"

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

void *dlopen(const char *name, int mode) {
  (void)mode;
  if (name == NULL || *name == '\0') return &program;
  fail(name, "cannot be opened: a WASI program is static, only dlopen(NULL) works");
  return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name) {
  if (handle != RTLD_DEFAULT && handle != &program) {
    fail(name, "no such handle");
    return NULL;
  }
  for (unsigned i = list_count; i-- > 0;)
    for (const struct ffi_wasi_symbol *symbol = lists[i]; symbol->name != NULL; symbol++)
      if (strcmp(symbol->name, name) == 0) return symbol->address;
  fail(name, "not among the symbols that the program registered (ffi_wasi_dl.h)");
  return NULL;
}

int dlclose(void *handle) {
  if (handle == &program) return 0;
  fail("dlclose", "no such handle");
  return -1;
}

char *dlerror(void) {
  bool told = failed;
  failed = false;
  return told ? message : NULL;
}
