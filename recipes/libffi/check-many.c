/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How many closures of a signature there are at a time, for all signatures with up to four parameters and the longer ones that are promised more
 * than two. Each closure is called while all are alive, and must be the one that was asked for. */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 600 };

/* The shapes of callbacks that C libraries take, as docs/libffi.md of wasideps lists them: the result, then the parameters. */
static const char *const common[] = {"v",     "vi",     "vii",     "viii",  "viiii", "viiiii", "viiiiii", "i",    "ii",    "iii",   "iiii",
                                     "iiiii", "iiiiii", "iiiiiii", "li",    "lii",   "lil",    "liil",    "lili", "liiil", "liili", "iil",
                                     "iiil",  "iili",   "iiiil",   "iiili", "vil",   "viil",   "viiiil",  "di",   "dii",   "dd",    "ddd",
                                     "dddd",  "ddi",    "ddii",    "did",   "idd",   "idiii",  "ff",      "fff"};

/* Every signature is exhausted here: nobody wants to read that. */
void ffi_wasi_closure_failed(const char *message) { (void)message; }

static ffi_type *type_of(char letter) {
  switch (letter) {
  case 'd': return &ffi_type_double;
  case 'f': return &ffi_type_float;
  case 'i': return &ffi_type_sint;
  case 'l': return &ffi_type_sint64;
  default: return &ffi_type_void;
  }
}

static unsigned called;
static void handler(ffi_cif *cif, void *result, void **arguments, void *data) {
  called = (unsigned)data;
  for (unsigned i = 0; i < cif->nargs; i++)
    if (*(const char *)arguments[i] != (char)(i + 1)) {
      printf("wrong argument %u\n", i);
      exit(1);
    }
  memset(result, 0, cif->rtype == &ffi_type_double || cif->rtype == &ffi_type_sint64 ? 8 : cif->rtype == &ffi_type_void ? 0 : 4);
}

/* How many closures of the signature there are, up to MOST. */
static unsigned count_of(const char *letters) {
  static ffi_closure *closures[MOST];
  static void *codes[MOST];
  ffi_cif cif;
  ffi_type *types[8];
  union {
    char first;
    long long value;
  } values[8];
  void *pointers[8];
  long long result[2];
  unsigned count = (unsigned)strlen(letters) - 1, made = 0;
  for (unsigned i = 0; i < count; i++) {
    types[i] = type_of(letters[i + 1]);
    values[i].value = 0;
    values[i].first = (char)(i + 1);
    pointers[i] = &values[i];
  }
  if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, type_of(letters[0]), types) != FFI_OK) return 0;
  for (; made < MOST; made++) {
    closures[made] = ffi_closure_alloc(sizeof(ffi_closure), &codes[made]);
    if (ffi_prep_closure_loc(closures[made], &cif, handler, (void *)(made + 1), codes[made]) != FFI_OK) {
      ffi_closure_free(closures[made]);
      break;
    }
  }
  for (unsigned k = 0; k < made; k++) {
    ffi_call(&cif, (void (*)(void))codes[k], result, pointers);
    if (called != k + 1) {
      printf("%s: closure %u ran for %u\n", letters, called, k + 1);
      exit(1);
    }
  }
  for (unsigned k = 0; k < made; k++) ffi_closure_free(closures[k]);
  return made;
}

static unsigned signatures, least;
static void expect(const char *letters, unsigned promised) {
  unsigned made = count_of(letters);
  if (made < promised) {
    printf("%s: %u, not %u\n", letters, made, promised);
    exit(1);
  }
  if (signatures++ == 0 || made < least) least = made;
}

static void tell(const char *what) {
  printf("%s: %u signatures, at least %u each\n", what, signatures, least);
  signatures = 0;
}

static unsigned kinds(const char *letters) {
  return (strchr(letters, 'd') != NULL) + (strchr(letters, 'f') != NULL) + (strchr(letters, 'l') != NULL);
}

/* All signatures of `count` parameters with at least, or at most, one of d, f and l. */
static void all(unsigned count, int mixed, unsigned promised) {
  char letters[8] = "";
  for (unsigned r = 0; r < 5; r++)
    for (unsigned n = 0; n < 1U << 2 * count; n++) {
      letters[0] = "dfilv"[r];
      for (unsigned i = 0; i < count; i++) letters[i + 1] = "dfil"[n >> 2 * i & 3];
      if ((kinds(letters) > 1) == mixed) expect(letters, promised);
    }
}

int main(void) {
  for (size_t i = 0; i < sizeof common / sizeof *common; i++) expect(common[i], 512);
  tell("callbacks of C libraries");
  for (unsigned count = 0; count <= 4; count++) all(count, 0, 64);
  tell("up to four parameters, one type beside int");
  for (unsigned count = 0; count <= 2; count++) all(count, 1, 64);
  tell("up to two parameters, several types");
  all(3, 1, 4);
  tell("three parameters, several types");
  all(4, 1, 2);
  tell("four parameters, several types");
  expect("iiiiiiii", 64), expect("viiiiiiii", 64), expect("iiiiiiiii", 64), expect("viiiiiii", 64);
  tell("seven or eight ints");
}
