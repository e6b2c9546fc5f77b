/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What dlsym finds of the C library without being told: libffi can prepare a call of each function, and the calls below return what C's do. */
#include <dlfcn.h>
#include <ffi.h>
#include <ffi_wasi_dl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name and the list of parameters of each function that the table asks the linker for. */
static const char *const functions[][2] = {
#define FUNCTION(result, name, parameters) {#name, #parameters},
#define VARIABLE(name)
#define WEAK_FUNCTION(result, name, parameters)
#include "libc_symbols.h"
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static ffi_type *type_of(const char *word) {
  return strncmp(word, "int", 3) == 0      ? &ffi_type_sint32
         : strncmp(word, "long", 4) == 0   ? &ffi_type_sint64
         : strncmp(word, "float", 5) == 0  ? &ffi_type_float
         : strncmp(word, "double", 6) == 0 ? &ffi_type_double
                                           : NULL;
}

static void prepare_each(void) {
  int found = 0, prepared = 0;
  for (int i = 0; i < FUNCTIONS; i++) {
    if (dlsym(RTLD_DEFAULT, functions[i][0]) != NULL) found++;
    else printf("%s\n", dlerror());
    ffi_type *types[16];
    unsigned count = 0;
    for (const char *at = functions[i][1]; at != NULL; at = strchr(at, ',')) {
      ffi_type *type = type_of(at += strspn(at, "(, "));
      if (type != NULL) types[count++] = type;
    }
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, &ffi_type_void, types) == FFI_OK) prepared++;
    else printf("%s%s can't be called\n", functions[i][0], functions[i][1]);
  }
  printf("functions not found: %d, that can't be called: %d\n", FUNCTIONS - found, FUNCTIONS - prepared);
}

/* Letters of a type: i is int, z is size_t or a pointer, l is long long, d is double, f is float, v is void. */
typedef union {
  int i;
  void *z;
  long long l;
  double d;
  float f;
  ffi_arg wide;
} Value;

static ffi_type *typed(char letter) {
  return letter == 'i'   ? &ffi_type_sint
         : letter == 'z' ? &ffi_type_pointer
         : letter == 'l' ? &ffi_type_sint64
         : letter == 'd' ? &ffi_type_double
         : letter == 'f' ? &ffi_type_float
                         : &ffi_type_void;
}

/* Calls a function by its name: the first letter is the result's. */
static Value call(const char *name, const char *letters, ...) {
  ffi_type *types[8];
  void *pointers[8];
  Value values[8], result = {0};
  unsigned count = 0;
  va_list list;
  va_start(list, letters);
  for (const char *letter = letters + 1; *letter != '\0'; letter++, count++) {
    types[count] = typed(*letter);
    pointers[count] = &values[count];
    if (*letter == 'i') values[count].i = va_arg(list, int);
    else if (*letter == 'z') values[count].z = va_arg(list, void *);
    else if (*letter == 'l') values[count].l = va_arg(list, long long);
    else if (*letter == 'f') values[count].f = (float)va_arg(list, double);
    else values[count].d = va_arg(list, double);
  }
  va_end(list);
  ffi_cif cif;
  void (*function)(void) = FFI_FN(dlsym(RTLD_DEFAULT, name));
  if (function == NULL || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, typed(*letters), types) != FFI_OK) {
    printf("%s: can't be called\n", name);
    exit(1);
  }
  ffi_call(&cif, function, &result, pointers);
  return result;
}

static void integer(const char *name, Value value) { printf("%s %d\n", name, (int)value.wide); }
static void real(const char *name, Value value) { printf("%s %.6g\n", name, value.d); }
static void text(const char *name, Value value) { printf("%s %s\n", name, value.z != NULL ? (char *)value.z : "null"); }

#define INTEGER(name, ...) integer(name, call(name, __VA_ARGS__))
#define REAL(name, ...) real(name, call(name, __VA_ARGS__))
#define TEXT(name, ...) text(name, call(name, __VA_ARGS__))

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

int main(void) {
  prepare_each();

  char buffer[32] = "seven";
  INTEGER("strlen", "zz", buffer);
  INTEGER("strcmp", "izz", "a", "b");
  TEXT("strcat", "zzz", buffer, " up");
  TEXT("strchr", "zzi", buffer, 'u');
  TEXT("memset", "zziz", buffer, 'x', (void *)5);
  TEXT("strpbrk", "zzz", buffer, "pu");
  INTEGER("toupper", "ii", 'q');
  INTEGER("isdigit", "ii", '7');
  INTEGER("atoi", "iz", "1234");
  INTEGER("strtol", "izzi", "ff", NULL, 16);
  printf("strtoll %lld\n", call("strtoll", "lzzi", "-123456789012", NULL, 10).l);
  printf("llabs %lld\n", call("llabs", "ll", -5000000000LL).l);
  REAL("strtod", "dzz", "2.5e3", NULL);
  REAL("cos", "dd", 0.0);
  REAL("pow", "ddd", 2.0, 10.0);
  REAL("fma", "dddd", 2.0, 3.0, 4.0);
  REAL("ldexp", "ddi", 1.5, 4);
  printf("sqrtf %.3f\n", call("sqrtf", "ff", 2.25).f);
  INTEGER("setenv", "izzi", "SYMBOL", "found", 1);
  TEXT("getenv", "zz", "SYMBOL");
  int numbers[] = {5, 3, 9, 1, 7}, wanted = 7;
  call("qsort", "vzzzz", numbers, (void *)5, (void *)sizeof(int), (void *)compare);
  printf("qsort %d %d %d %d %d\n", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
  int *place = call("bsearch", "zzzzzz", &wanted, numbers, (void *)5, (void *)sizeof(int), (void *)compare).z;
  printf("bsearch %d\n", place != NULL ? (int)(place - numbers) : -1);
  void *memory = call("malloc", "zz", (void *)64).z;
  printf("malloc %s\n", memory != NULL ? "yes" : "no");
  call("free", "vz", memory);
  INTEGER("puts", "iz", "a line");
  printf("environ %s\n", *(char ***)dlsym(RTLD_DEFAULT, "environ") != NULL ? "yes" : "no");
  FILE **out = dlsym(RTLD_DEFAULT, "stdout");
  INTEGER("fputs", "izz", "to stdout\n", *out);
  printf("what WASI lacks: %s\n", dlsym(RTLD_DEFAULT, "fork") == NULL ? dlerror() : "found");
  printf("in no archive that is linked: %s\n", dlsym(RTLD_DEFAULT, "raise") == NULL ? dlerror() : "found");
}
