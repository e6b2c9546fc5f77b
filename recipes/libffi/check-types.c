/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One function for each type that C has on wasm32: it is called through ffi_call, and through a closure of the same type by C. Both
 * ways clang decides what the signature is, so that a wrong one traps. */
#include <complex.h>
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
typedef struct { char c; } Char;
typedef struct { Char c; } Nested;
typedef struct { int a[1]; } ArrayOfOne;
typedef struct { int a[2]; } ArrayOfTwo;
typedef struct { double d[1][1]; } Matrix;
typedef struct { float f; } Float;
typedef struct { long double q; } Quad;
typedef struct { float complex z; } Complex;
typedef struct { int x; } __attribute__((aligned(8))) Padded;
typedef struct { char c; double d; short s; } Mixed;
typedef struct { int b : 3; } Bits;
typedef union { float f; } Union;
typedef union { int i; float f; } EitherOf;
typedef struct { char c[33]; } Large;
typedef float complex fcomplex;
typedef double complex dcomplex;
typedef long double complex qcomplex;
typedef signed char schar;
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef long long llong;
typedef long double ldouble;
typedef void *pointer;

/* A closure with a long double between two integers, which is also returned: libffi has the call, but not this closure. */
FFI_WASI_CLOSURES(2, v, i, i, l, l, i)

#define STRUCTS(m)                                                                                                     \
  m(Char, {&ffi_type_schar}) m(Nested, {&type_Char}) m(ArrayOfOne, {&ffi_type_sint}) m(ArrayOfTwo, {&ffi_type_sint, &ffi_type_sint}) \
  m(Matrix, {&ffi_type_double}) m(Float, {&ffi_type_float}) m(Quad, {&ffi_type_longdouble}) m(Complex, {&ffi_type_complex_float})    \
  m(Mixed, {&ffi_type_schar, &ffi_type_double, &ffi_type_sshort}) m(Bits, {&ffi_type_sint}) m(Union, {&ffi_type_float})
#define SCALARS(m)                                                                                                     \
  m(schar, ffi_type_schar) m(uchar, ffi_type_uchar) m(short, ffi_type_sshort) m(ushort, ffi_type_ushort) m(int, ffi_type_sint)         \
  m(_Bool, ffi_type_uchar) m(llong, ffi_type_sint64) m(float, ffi_type_float) m(double, ffi_type_double) m(ldouble, ffi_type_longdouble) \
  m(pointer, ffi_type_pointer) m(fcomplex, ffi_type_complex_float) m(dcomplex, ffi_type_complex_double) m(qcomplex, ffi_type_complex_longdouble)
#define OTHERS(m) m(Padded, type_Padded) m(EitherOf, type_EitherOf) m(Large, type_Large)

#define DECLARE(T, ...)                                            \
  static ffi_type *members_##T[8] = __VA_ARGS__;                   \
  static ffi_type type_##T = {0, 0, FFI_TYPE_STRUCT, members_##T};
STRUCTS(DECLARE)
/* clang-format on */

/* What libffi can't lay out by itself comes with a size. */
static ffi_type *int_member[] = {&ffi_type_sint, NULL};
static ffi_type *either_members[] = {&ffi_type_sint, &ffi_type_float, NULL};
/* As ctypes describes a large array. */
static ffi_type *pointer_member[] = {&ffi_type_pointer, NULL};
static ffi_type type_Padded = {8, 8, FFI_TYPE_STRUCT, int_member};
static ffi_type type_EitherOf = {4, 4, FFI_TYPE_STRUCT, either_members};
static ffi_type type_Large = {33, 1, FFI_TYPE_STRUCT, pointer_member};

/* In: a number before and one after. Out: the same value. */
#define FUNCTION(T, ...)                                 \
  static T through_##T(int before, T value, int after) { \
    if (before != 17 || after != 19) {                   \
      printf("%s: wrong neighbours\n", #T);              \
      exit(1);                                           \
    }                                                    \
    return value;                                        \
  }
/* clang-format off */
STRUCTS(FUNCTION)
SCALARS(FUNCTION)
OTHERS(FUNCTION)
/* clang-format on */

static void echo(ffi_cif *cif, void *result, void **v, void *size) {
  if (*(int *)v[0] != 17 || *(int *)v[2] != 19) exit(1);
  /* Narrow integers are returned as ffi_arg. */
  ffi_type *type = cif->rtype;
  if (type->type == FFI_TYPE_SINT8) *(ffi_sarg *)result = *(signed char *)v[1];
  else if (type->type == FFI_TYPE_UINT8) *(ffi_arg *)result = *(unsigned char *)v[1];
  else if (type->type == FFI_TYPE_SINT16) *(ffi_sarg *)result = *(short *)v[1];
  else if (type->type == FFI_TYPE_UINT16) *(ffi_arg *)result = *(unsigned short *)v[1];
  else memcpy(result, v[1], (size_t)size);
}

/* Values of any type: bytes that are not negative, valid as _Bool, and no signalling NaN. */
static void invent(void *value, size_t size) { memset(value, 1, size); }

#define TRY(T, type)                                                                                                               \
  {                                                                                                                                \
    ffi_cif cif;                                                                                                                   \
    ffi_type *types[] = {&ffi_type_sint, &type, &ffi_type_sint};                                                                   \
    int before = 17;                                                                                                               \
    int after = 19;                                                                                                                \
    T value, back;                                                                                                                 \
    union {                                                                                                                        \
      T value;                                                                                                                     \
      ffi_arg wide;                                                                                                                \
    } result;                                                                                                                      \
    void *values[] = {&before, &value, &after}, *code;                                                                             \
    memset(&value, 0, sizeof value);                                                                                               \
    invent(&value, sizeof value);                                                                                                  \
    ffi_status status = ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &type, types);                                                      \
    if (status != FFI_OK || (type).size != sizeof(T) || (type).alignment != _Alignof(T)) {                                         \
      printf("%s: status %d size %u\n", #T, (int)status, (unsigned)(type).size);                                                   \
      return 1;                                                                                                                    \
    }                                                                                                                              \
    ffi_call(&cif, (void (*)(void))through_##T, &result, values);                                                                  \
    int called = memcmp(&result.value, &value, sizeof value) == 0;                                                                 \
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);                                                              \
    status = ffi_prep_closure_loc(closure, &cif, echo, (void *)sizeof(T), code);                                                   \
    back = ((T(*)(int, T, int))code)(before, value, after);                                                                        \
    printf("%-10s call %s, closure %s\n", #T, called ? "ok" : "wrong", memcmp(&back, &value, sizeof value) == 0 ? "ok" : "wrong"); \
    ffi_call(&cif, (void (*)(void))through_##T, NULL, values); /* a result that nobody wants */                                    \
    ffi_closure_free(closure);                                                                                                     \
  }
#define TRY_STRUCT(T, ...) TRY(T, type_##T)

/* Narrow results are widened by their sign. */
static signed char minus(void) { return -5; }
static unsigned short many(void) { return 65530; }

int main(void) {
  SCALARS(TRY)
  STRUCTS(TRY_STRUCT)
  OTHERS(TRY)
  ffi_cif cif;
  ffi_arg wide;
  ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_schar, NULL);
  ffi_call(&cif, (void (*)(void))minus, &wide, NULL);
  printf("%ld ", (long)wide);
  ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_ushort, NULL);
  ffi_call(&cif, (void (*)(void))many, &wide, NULL);
  printf("%lu\n", wide);
}
