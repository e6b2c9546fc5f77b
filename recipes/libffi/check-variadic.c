/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* printf and snprintf through ffi_call, and a variadic closure: arguments of every size, in an order that needs padding. */
#include <complex.h>
#include <ffi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  int a, b;
} Two;

typedef struct {
  double d;
} One;

typedef struct {
  char c;
} Narrow;

/* Reads what it is sent by va_arg, as clang compiles that. */
static int sum(int count, ...) {
  va_list list;
  va_start(list, count);
  int a = va_arg(list, int);
  Two t = va_arg(list, Two);
  One o = va_arg(list, One);
  int b = va_arg(list, int);
  long double q = va_arg(list, long double);
  Narrow n = va_arg(list, Narrow);
  float complex z = va_arg(list, float complex);
  long long w = va_arg(list, long long);
  va_end(list);
  printf("%d: %d (%d %d) %.2f %d %.2f %d %.1f%+.1fi %lld\n", count, a, t.a, t.b, o.d, b, (double)q, n.c, (double)crealf(z),
         (double)cimagf(z), w);
  return 42;
}

static void sum_closure(ffi_cif *cif, void *result, void **v, void *data) {
  (void)data;
  Two *t = v[2];
  float complex *z = v[7];
  printf("%u: %d (%d %d) %.2f %d %.2f %d %.1f%+.1fi %lld\n", cif->nargs - 1, *(int *)v[1], t->a, t->b, ((One *)v[3])->d, *(int *)v[4],
         (double)*(long double *)v[5], ((Narrow *)v[6])->c, (double)crealf(*z), (double)cimagf(*z), *(long long *)v[8]);
  *(ffi_arg *)result = 43;
}

#define CHECK(x) ((x) ? (void)0 : (printf("failed: %s\n", #x), exit(1)))

int main(void) {
  ffi_cif cif;
  ffi_arg result;
  {
    const char *format = "%s %d %.3f %lld %c %u\n", *text = "variadic";
    int d = -5, c = 'x';
    double f = 3.25;
    long long l = -1234567890123LL;
    unsigned u = 4000000000u;
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_sint, &ffi_type_double,
                         &ffi_type_sint64,  &ffi_type_sint,    &ffi_type_uint};
    void *values[] = {&format, &text, &d, &f, &l, &c, &u};
    CHECK(ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 7, &ffi_type_sint, types) == FFI_OK);
    ffi_call(&cif, (void (*)(void))printf, &result, values);
    printf("%d\n", (int)result);
  }
  {
    char to[32], *buffer = to;
    size_t size = sizeof to;
    const char *format = "nothing more";
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_pointer};
    void *values[] = {&buffer, &size, &format};
    CHECK(ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 3, 3, &ffi_type_sint, types) == FFI_OK);
    ffi_call(&cif, (void (*)(void))snprintf, &result, values);
    printf("%d %s\n", (int)result, to);
  }
  ffi_type *two_members[] = {&ffi_type_sint, &ffi_type_sint, NULL}, *one_members[] = {&ffi_type_double, NULL},
           *narrow_members[] = {&ffi_type_schar, NULL};
  ffi_type two = {0, 0, FFI_TYPE_STRUCT, two_members}, one = {0, 0, FFI_TYPE_STRUCT, one_members},
           narrow = {0, 0, FFI_TYPE_STRUCT, narrow_members};
  ffi_type *types[] = {&ffi_type_sint,          &ffi_type_sint,  &two, &one, &ffi_type_sint, &ffi_type_longdouble, &narrow,
                       &ffi_type_complex_float, &ffi_type_sint64};
  int count = 8, a = 1, b = 4;
  Two t = {2, 3};
  One o = {0.5};
  long double q = 0.25L;
  Narrow n = {-7};
  float complex z = 1.0f - 2.0f * I;
  long long w = -9;
  void *values[] = {&count, &a, &t, &o, &b, &q, &n, &z, &w};
  CHECK(ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 9, &ffi_type_sint, types) == FFI_OK);
  ffi_call(&cif, (void (*)(void))sum, &result, values);
  printf("%d\n", (int)result);

  void *code;
  ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
  CHECK(ffi_prep_closure_loc(closure, &cif, sum_closure, NULL, code) == FFI_OK);
  printf("%d\n", ((int (*)(int, ...))code)(count, a, t, o, b, q, n, z, w));
  ffi_call(&cif, (void (*)(void))code, &result, values);
  printf("%d\n", (int)result);
}
